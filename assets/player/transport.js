/** Play, start, loop, position, volume, and the state of the live connection. */

import { el, icon, title } from "./dom.js";

const STATES = {
  live: ["Live", "Music follows while you drag."],
  connecting: ["Connecting", "Connecting for live changes."],
  plain: ["Not live", "There is no live connection: changes arrive a moment after you move."],
};

export class Transport {
  constructor({ onPlay, onStart, onLoop, onVolume, onPen }) {
    this.play = el("button", { class: "gp-play", type: "button", onclick: onPlay });
    this.start = el(
      "button",
      { class: "gp-round", type: "button", "aria-label": "Back to the start", title: "Back to the start (Home)", onclick: onStart },
      icon("start"),
    );
    this.loop = el(
      "button",
      { class: "gp-round", type: "button", "aria-label": "Loop", title: "Loop (L)", onclick: onLoop },
      icon("loop"),
    );
    this.pen = el(
      "button",
      { class: "gp-round gp-draw", type: "button", "aria-label": "Draw notes", title: "Draw and erase notes (D)", "aria-pressed": "false", onclick: () => onPen(this.pen.getAttribute("aria-pressed") !== "true") },
      icon("pen"),
    );
    this.penTrack = el("select", { class: "gp-pen-track", "aria-label": "Track to draw in", onchange: () => onPen(true) });
    this.where = el("span", { class: "gp-where" }, "1.1");
    this.clock = el("span", { class: "gp-clock" }, "0:00.0");
    this.tempo = el("span", { class: "gp-tempo" });
    this.volume = el("input", {
      type: "range", class: "gp-range gp-level", min: 0, max: 1, step: 0.01,
      "aria-label": "Volume", title: "Volume",
    });
    this.volume.addEventListener("input", () => {
      this.setVolume(this.volume.valueAsNumber);
      onVolume(this.volume.valueAsNumber);
    });
    this.status = el("span", { class: "gp-status", role: "status" });
    this.root = el(
      "div",
      { class: "gp-transport", role: "group", "aria-label": "Transport" },
      this.play,
      this.start,
      this.loop,
      this.pen,
      this.penTrack,
      el("div", { class: "gp-position" }, this.where, this.clock),
      this.tempo,
      el("span", { class: "gp-space" }),
      this.status,
      el("label", { class: "gp-volume" }, icon("volume"), this.volume),
    );
    this.setState("stopped");
    this.setPen(false);
  }

  /** The tracks that can be drawn in; none hides the pen. */
  setDrawable(tracks) {
    this.pen.hidden = !tracks.length;
    const { value } = this.penTrack;
    this.penTrack.replaceChildren(
      ...tracks.map((track, index) => el("option", { value: String(index) }, title(track.name))),
    );
    if (Number(value) < tracks.length) this.penTrack.value = value || "0";
  }

  setPen(on) {
    this.pen.setAttribute("aria-pressed", String(on));
    this.penTrack.hidden = !on;
  }

  setState(state) {
    const playing = state !== "stopped";
    this.play.replaceChildren(icon(playing ? "pause" : "play"));
    this.play.setAttribute("aria-label", playing ? "Pause" : "Play");
    this.play.title = playing ? "Pause (space)" : "Play (space)";
    this.play.classList.toggle("gp-waiting", state === "waiting");
  }

  /** Without a source of sound there is nothing to play. */
  setPlayable(playable) {
    this.play.disabled = !playable;
    if (!playable) this.play.title = "There is no sound here";
  }

  setLoop(on) {
    this.loop.setAttribute("aria-pressed", String(on));
  }

  setVolume(volume) {
    this.volume.value = volume;
    this.volume.style.setProperty("--from", "0%");
    this.volume.style.setProperty("--to", `${100 * volume}%`);
  }

  setTempo(tempo) {
    this.tempo.textContent = `${Math.round(tempo)} BPM`;
  }

  /** "live", "connecting" or "plain"; null shows nothing (a player without sliders). */
  setStatus(state) {
    this.status.hidden = !state;
    if (!state) return;
    const [name, text] = STATES[state];
    this.status.className = `gp-status gp-status-${state}`;
    this.status.textContent = name;
    this.status.title = text;
  }

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
