/** A strip for each track: its colour and name, mute, solo, volume; lock and dice if any. */

import { el, icon, title } from "./dom.js";
import { css, readable } from "./theme.js";

function toggle(letter, label, className, onclick) {
  return el(
    "button",
    { class: `gp-toggle ${className}`, type: "button", "aria-label": label, "aria-pressed": "false", title: label, onclick },
    letter,
  );
}

class Strip {
  constructor(track, { onChange, onAction }) {
    this.track = track;
    this.state = { mute: false, solo: false, volume: 1 };
    const name = title(track.name);
    this.swatch = el("span", { class: "gp-swatch", "aria-hidden": "true" });
    const flip = (what) => () => {
      this.set({ ...this.state, [what]: !this.state[what] });
      onChange();
    };
    this.mute = toggle("M", `Mute ${name}`, "gp-mute", flip("mute"));
    this.solo = toggle("S", `Solo ${name}`, "gp-solo", flip("solo"));
    this.volume = el("input", {
      type: "range", class: "gp-range gp-level", min: 0, max: 1, step: 0.01,
      "aria-label": `Volume of ${name}`, title: `Volume of ${name}`,
    });
    this.volume.addEventListener("input", () => {
      this.set({ ...this.state, volume: this.volume.valueAsNumber });
      onChange();
    });
    this.volume.addEventListener("dblclick", () => {
      this.set({ ...this.state, volume: 1 });
      onChange();
    });
    const extras = this.#extras(name, onAction);
    const label = el("span", { class: "gp-track-name" }, name);
    const { instrument } = track;
    const plays = instrument ? el("span", { class: "gp-instrument", title: instrument }, instrument) : null;
    this.bench = el("div", { class: "gp-bench" });
    this.root = el(
      "div",
      { class: "gp-strip", role: "group", "aria-label": name },
      el("div", { class: "gp-names" }, this.swatch, label),
      el("div", { class: "gp-buttons" }, this.mute, this.solo, ...extras),
      el("div", { class: "gp-second" }, plays, this.volume),
      this.bench,
    );
  }

  #extras(name, onAction) {
    const extras = [];
    if (this.track.locked !== null && this.track.locked !== undefined) {
      this.lock = el("button", {
        class: "gp-toggle gp-lock", type: "button",
        onclick: () => onAction(this.track.locked ? "unlock" : "lock", this.track.name),
      });
      extras.push(this.lock);
    }
    if (this.track.reroll) {
      this.dice = el("button", {
        class: "gp-toggle gp-dice", type: "button", "aria-label": `Another take of ${name}`,
        onclick: () => onAction("reroll", this.track.name),
      }, icon("dice"));
      extras.push(this.dice);
    }
    this.setLocked(this.track.locked);
    return extras;
  }

  setLocked(locked) {
    this.track.locked = locked;
    const name = title(this.track.name);
    if (this.dice) {
      this.dice.disabled = Boolean(locked);
      this.dice.title = locked ? `${name} is kept: unlock it for another take` : `Another take of ${name}`;
    }
    this.root?.classList.toggle("gp-locked", Boolean(locked));
    for (const row of this.bench?.children ?? []) {
      row.title = locked ? `${name} is kept: now this moves the other tracks only` : "";
    }
    if (!this.lock) return;
    const label = `Keep ${name} while the rest moves`;
    this.lock.replaceChildren(icon(locked ? "lock" : "unlock"));
    this.lock.title = label;
    this.lock.setAttribute("aria-label", label);
    this.lock.setAttribute("aria-pressed", String(Boolean(locked)));
  }

  set(state) {
    this.state = { mute: false, solo: false, volume: 1, ...state };
    this.mute.setAttribute("aria-pressed", String(this.state.mute));
    this.solo.setAttribute("aria-pressed", String(this.state.solo));
    this.volume.value = this.state.volume;
    this.volume.style.setProperty("--from", "0%");
    this.volume.style.setProperty("--to", `${100 * this.state.volume}%`);
  }
}

export class Strips {
  constructor({ onChange, onAction }) {
    Object.assign(this, { onChange, onAction });
    this.root = el("section", { class: "gp-strips", "aria-label": "Tracks" });
    this.strips = [];
  }

  setup(tracks) {
    this.strips = tracks.map(
      (track) => new Strip(track, { onChange: () => this.#changed(), onAction: this.onAction }),
    );
    const columns = tracks.length < 3 || tracks.length === 4 ? 2 : 3;
    this.root.style.setProperty("--gp-columns", columns);
    this.root.classList.toggle("gp-inline", columns === 2);
    this.root.replaceChildren(...this.strips.map((strip) => strip.root));
  }

  #changed() {
    this.#show();
    this.onChange();
  }

  #show() {
    this.audible.forEach((on, index) => this.strips[index].root.classList.toggle("gp-silent", !on));
  }

  recolour(theme) {
    for (const strip of this.strips) {
      strip.root.style.setProperty("--gp-track", css(readable(strip.track.rgb, theme)));
    }
  }

  set(states) {
    for (const strip of this.strips) strip.set(states[strip.track.name] ?? {});
    this.#show();
  }

  /** Under each track, by its name, the place for sliders that shape it. */
  get benches() {
    return new Map(this.strips.map(({ track, bench }) => [track.name, bench]));
  }

  get states() {
    return Object.fromEntries(this.strips.map(({ track, state }) => [track.name, { ...state }]));
  }

  /** Which tracks are heard: those with solo if any has it, less the muted. */
  get audible() {
    const solo = this.strips.some(({ state }) => state.solo);
    return this.strips.map(({ state }) => !state.mute && (!solo || state.solo));
  }

  get levels() {
    const { audible } = this;
    // Loudness is felt about as the square of the position of a fader.
    return this.strips.map(({ state }, index) => (audible[index] ? state.volume ** 2 : 0));
  }
}
