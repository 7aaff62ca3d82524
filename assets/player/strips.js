/** A channel strip for each track: colour and name, mute, solo, volume; lock and dice if any. */

import { el, icon, title } from "./dom.js";
import { Roving } from "./roving.js";
import { css, readable, rgb } from "./theme.js";

/**
 * @import { Events, Track, TrackMix } from "./data"
 * @import { Theme } from "./theme.js"
 */

/**
 * `onMix` tells which track is to be heard in another way, `onAction` that a button was pressed.
 * @typedef {{
 *   onMix: (name: string, change: Partial<TrackMix>) => void,
 *   onAction: (kind: Events["action"]["kind"], track: string) => void,
 * }} StripHandlers
 */

/**
 * @param {string} letter
 * @param {string} label
 * @param {string} className
 * @param {() => void} onclick
 */
function toggle(letter, label, className, onclick) {
  const attributes = {
    class: `gp-toggle ${className}`, type: "button", "aria-label": label, title: label, onclick,
  };
  return el("button", { ...attributes, "aria-pressed": "false" }, letter);
}

class Strip {
  #mix = { mute: false, solo: false, volume: 1 };

  /**
   * @param {Track} track
   * @param {StripHandlers} handlers
   */
  constructor(track, { onMix, onAction }) {
    this.track = track;
    this.locked = Boolean(track.locked);
    const name = title(track.name);
    const change = (/** @type {Partial<TrackMix>} */ part) => onMix(track.name, part);
    this.mute = toggle("M", `Mute ${name}`, "gp-mute", () => change({ mute: !this.#mix.mute }));
    this.solo = toggle("S", `Solo ${name}`, "gp-solo", () => change({ solo: !this.#mix.solo }));
    this.volume = el("input", {
      type: "range", class: "gp-range gp-level", min: 0, max: 1, step: 0.01,
      "aria-label": `Volume of ${name}`, title: `Volume of ${name}`,
    });
    this.volume.addEventListener("input", () => change({ volume: this.volume.valueAsNumber }));
    this.volume.addEventListener("dblclick", () => change({ volume: 1 }));
    this.lock = this.#lock(onAction);
    this.dice = this.#dice(name, onAction);
    const { instrument } = track;
    const plays = instrument ? el("span", { class: "gp-instrument", title: instrument }, instrument) : null;
    const buttons = el(
      "div",
      { class: "gp-buttons", role: "toolbar", "aria-label": name },
      this.mute, this.solo, this.lock, this.dice,
    );
    this.sliders = el("div", { class: "gp-track-sliders" });
    this.root = el(
      "div",
      { class: "gp-strip", role: "group", "aria-label": name },
      el("div", { class: "gp-names" }, el("span", { class: "gp-swatch", "aria-hidden": "true" }), el("span", { class: "gp-track-name" }, name)),
      buttons,
      el("div", { class: "gp-second" }, plays, this.volume),
      this.sliders,
    );
    this.roving = [new Roving(buttons, "button", "horizontal"), new Roving(this.root, ".gp-range", "vertical")];
    this.setLocked(track.locked);
  }

  /** @param {StripHandlers["onAction"]} onAction */
  #lock(onAction) {
    if (this.track.locked === null) return null;
    return el("button", {
      class: "gp-toggle gp-lock", type: "button",
      onclick: () => onAction(this.locked ? "unlock" : "lock", this.track.name),
    });
  }

  /**
   * @param {string} name
   * @param {StripHandlers["onAction"]} onAction
   */
  #dice(name, onAction) {
    if (!this.track.reroll) return null;
    return el("button", {
      class: "gp-toggle gp-dice", type: "button", "aria-label": `Another take of ${name}`,
      onclick: () => onAction("reroll", this.track.name),
    }, icon("dice"));
  }

  /** @param {boolean | null} locked null where the track cannot be */
  setLocked(locked) {
    this.locked = Boolean(locked);
    const name = title(this.track.name);
    if (this.dice) {
      this.dice.disabled = this.locked;
      this.dice.title = locked ? `${name} is kept: unlock it for another take` : `Another take of ${name}`;
    }
    this.root.classList.toggle("gp-locked", this.locked);
    for (const row of this.sliders.children) {
      const text = locked ? `${name} is kept: now this moves the other tracks only` : "";
      row.setAttribute("title", text);
    }
    if (this.lock) {
      const label = `Keep ${name} while the rest moves`;
      this.lock.replaceChildren(icon(locked ? "lock" : "unlock"));
      this.lock.title = label;
      this.lock.setAttribute("aria-label", label);
      this.lock.setAttribute("aria-pressed", String(this.locked));
    }
    for (const group of this.roving) group.update();
  }

  /**
   * @param {TrackMix} mix
   * @param {boolean} audible
   */
  setMix(mix, audible) {
    this.#mix = mix;
    this.mute.setAttribute("aria-pressed", String(mix.mute));
    this.solo.setAttribute("aria-pressed", String(mix.solo));
    this.volume.valueAsNumber = mix.volume;
    this.volume.style.setProperty("--from", "0%");
    this.volume.style.setProperty("--to", `${100 * mix.volume}%`);
    this.root.classList.toggle("gp-silent", !audible);
  }
}

export class Strips {
  root = el("section", { class: "gp-strips", "aria-label": "Tracks" });
  /** @type {Strip[]} */
  #strips = [];

  /** @param {StripHandlers} handlers */
  constructor(handlers) {
    this.handlers = handlers;
  }

  /** @param {Track[]} tracks */
  setup(tracks) {
    this.#strips = tracks.map((track) => new Strip(track, this.handlers));
    const columns = tracks.length < 3 || tracks.length === 4 ? 2 : 3;
    this.root.style.setProperty("--gp-columns", String(columns));
    this.root.classList.toggle("gp-inline", columns === 2);
    this.root.replaceChildren(...this.#strips.map((strip) => strip.root));
  }

  /** @param {Track[]} tracks */
  setLocked(tracks) {
    tracks.forEach(({ locked }, index) => this.#strips[index]?.setLocked(locked));
  }

  /** @param {Theme} theme */
  recolour(theme) {
    for (const { root, track } of this.#strips) {
      root.style.setProperty("--gp-track", css(readable(rgb(track.colour), theme)));
    }
  }

  /**
   * @param {TrackMix[]} mixes
   * @param {boolean[]} audible
   */
  setMix(mixes, audible) {
    this.#strips.forEach((strip, index) => strip.setMix(mixes[index], audible[index]));
  }

  /** Under each track, by its name, the place for sliders that shape it. */
  get sliderPlaces() {
    return new Map(this.#strips.map(({ track, sliders }) => [track.name, sliders]));
  }
}
