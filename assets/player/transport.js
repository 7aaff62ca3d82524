/** Play, start, loop, metronome, pen, position, tempo, volume, and the state of the connection. */

import { el, icon, title } from "./dom.js";
import { Help } from "./help.js";
import { Roving } from "./roving.js";
import { Tempo } from "./tempo.js";

/**
 * @import { Grid, Track } from "./data"
 * @import { PlayState } from "./engine.js"
 * @import { Play } from "./tempo.js"
 */

/** @typedef {"live" | "connecting" | "plain" | "gone"} Status */

/** @type {Record<Status, [name: string, meaning: string]>} */
const STATUS = {
  live: ["Live", "Music follows while you drag."],
  connecting: ["Connecting", "Connecting for live changes."],
  plain: ["Not live", "There is no live connection: changes arrive a moment after you move."],
  gone: ["No server", "The server does not answer; the page connects again by itself."],
};

/**
 * @param {Parameters<typeof icon>[0]} name
 * @param {string} label
 * @param {string} hint
 * @param {() => void} onclick
 */
function round(name, label, hint, onclick) {
  const attributes = { class: "gp-round", type: "button", "aria-label": label, title: hint, onclick };
  return el("button", attributes, icon(name));
}

export class Transport {
  /**
   * @param {{
   *   onPlay: () => void, onStart: () => void, onLoop: () => void, onMetronome: () => void,
   *   onVolume: (volume: number) => void, onPen: (on: boolean, track: number) => void,
   *   onTempo: (play: Play) => void,
   * }} handlers
   */
  constructor({ onPlay, onStart, onLoop, onMetronome, onVolume, onPen, onTempo }) {
    this.play = el("button", { class: "gp-play", type: "button", onclick: onPlay });
    this.start = round("start", "Back to the start", "Back to the start (Home)", onStart);
    this.loop = round("loop", "Loop", "Loop (L)", onLoop);
    this.metronome = round("metronome", "Metronome", "Metronome (M)", onMetronome);
    const drawing = () => this.pen.getAttribute("aria-pressed") === "true";
    const track = () => Number(this.penTrack.value) || 0;
    this.pen = round("pen", "Draw notes", "Draw and erase notes (D)", () => onPen(!drawing(), track()));
    this.penTrack = el("select", {
      class: "gp-pen-track", "aria-label": "Track to draw in", onchange: () => onPen(true, track()),
    });
    this.where = el("span", { class: "gp-where" }, "1.1");
    this.clock = el("span", { class: "gp-clock" }, "0:00.0");
    this.tempo = new Tempo({ onPlay: onTempo });
    this.volume = el("input", {
      type: "range", class: "gp-range gp-level", min: 0, max: 1, step: 0.01,
      "aria-label": "Volume", title: "Volume",
    });
    this.volume.addEventListener("input", () => onVolume(this.volume.valueAsNumber));
    this.status = el("span", { class: "gp-status", role: "status" });
    this.help = new Help();
    this.root = el(
      "div",
      { class: "gp-transport", role: "toolbar", "aria-label": "Transport" },
      this.play, this.start, this.loop, this.metronome, this.pen, this.penTrack,
      el("div", { class: "gp-position" }, this.where, this.clock),
      this.tempo.root,
      el("span", { class: "gp-space" }),
      this.status,
      this.help.button,
      this.help.panel,
      el("label", { class: "gp-volume" }, icon("volume"), this.volume),
    );
    this.roving = new Roving(this.root, "button", "horizontal");
    this.setState("stopped");
    this.setPen(false);
    this.setMetronome(false);
  }

  /** @param {Track[]} tracks that can be drawn in; none hides the pen */
  setDrawable(tracks) {
    this.pen.hidden = !tracks.length;
    const { value } = this.penTrack;
    this.penTrack.replaceChildren(
      ...tracks.map((track, index) => el("option", { value: String(index) }, title(track.name))),
    );
    if (Number(value) < tracks.length) this.penTrack.value = value || "0";
  }

  /** @param {boolean} on */
  setPen(on) {
    this.pen.setAttribute("aria-pressed", String(on));
    this.penTrack.hidden = !on;
  }

  /** @param {boolean} on */
  setMetronome(on) {
    this.metronome.setAttribute("aria-pressed", String(on));
  }

  /** @param {PlayState} state */
  setState(state) {
    const playing = state !== "stopped";
    this.play.replaceChildren(icon(playing ? "pause" : "play"));
    this.play.setAttribute("aria-label", playing ? "Pause" : "Play");
    this.play.title = playing ? "Pause (space)" : "Play (space)";
    this.play.classList.toggle("gp-waiting", state === "waiting");
  }

  /** @param {boolean} playable without a source of sound there is nothing to play */
  setPlayable(playable) {
    this.play.disabled = !playable;
    if (!playable) this.play.title = "There is no sound here";
    this.roving.update();
  }

  /** @param {boolean} on */
  setLoop(on) {
    this.loop.setAttribute("aria-pressed", String(on));
  }

  /** @param {number} volume */
  setVolume(volume) {
    this.volume.valueAsNumber = volume;
    this.volume.style.setProperty("--from", "0%");
    this.volume.style.setProperty("--to", `${100 * volume}%`);
  }

  /** @param {Status | null} status null shows nothing (a player without sliders) */
  setStatus(status) {
    this.status.hidden = !status;
    if (!status) return;
    const [name, meaning] = STATUS[status];
    this.status.className = `gp-status gp-status-${status}`;
    this.status.textContent = name;
    this.status.title = meaning;
  }

  /**
   * @param {number} step
   * @param {Grid} grid
   * @param {number} stepSeconds
   */
  setPosition(step, grid, stepSeconds) {
    const bar = grid.beats_per_bar * grid.steps_per_beat;
    const beat = Math.floor((step % bar) / grid.steps_per_beat) + 1;
    const where = `${Math.floor(step / bar) + 1}.${beat}`;
    const seconds = step * stepSeconds;
    const clock = `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;
    if (where !== this.where.textContent) this.where.textContent = where;
    if (clock !== this.clock.textContent) this.clock.textContent = clock;
  }
}
