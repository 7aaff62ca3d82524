/** The settings: track, quantising, delay of what is played, and the switches. */

import { clamp, el, title } from "../player/dom.js";
import { GRIDS } from "./quantise.js";
import { LATENCY_MAX } from "./settings.js";

/**
 * @import { GridName, Settings, Switch } from "./data"
 * @import { Session } from "./session.js"
 */

/** @type {[name: Switch, label: string, help: string][]} */
const SWITCHES = [
  ["countIn", "Count-in", "A bar of clicks before recording"],
  ["metronome", "Metronome", "Clicks on the beats"],
  ["loop", "Loop", "Begin again after the last bar"],
  ["overdub", "Overdub", "Add to what is there. Otherwise recording begins afresh and ends after the last bar"],
  ["backing", "Hear the phrase", "Play what was there already"],
];

/** @type {Record<GridName, string>} */
const NAMES = { off: "Off", "1/16": "1/16", "1/8": "1/8" };

/**
 * @param {string} label
 * @param {HTMLElement} field
 * @param {string} help
 */
function labelled(label, field, help = "") {
  field.ariaLabel = label; // A list's options would be part of its name otherwise.
  return el("label", { class: "gr-label", title: help }, label, field);
}

export class Options {
  #track = el("select", { class: "gr-field", onchange: () => this.onArm(Number(this.#track.value)) });
  #grid = el(
    "select",
    { class: "gr-field", onchange: () => this.onChange({ grid: /** @type {GridName} */ (this.#grid.value) }) },
    ...Object.keys(GRIDS).map((name) => el("option", { value: name }, NAMES[/** @type {GridName} */ (name)])),
  );
  #strength = el("input", {
    class: "gr-range", type: "range", min: "0", max: "100", step: "5", "aria-label": "Strength of quantising",
    oninput: () => this.onChange({ strength: Number(this.#strength.value) / 100 }),
  });
  #percent = el("output", { class: "gr-words" });
  #latency = el("input", {
    class: "gr-field gr-number", type: "number", min: `${-LATENCY_MAX}`, max: `${LATENCY_MAX}`, step: "1",
    onchange: () => this.#delayed(),
  });
  /** @type {Map<Switch, HTMLButtonElement>} */
  #switches = new Map();
  switches = el("div", { class: "gr-switches", role: "group", "aria-label": "While recording" });
  root = el(
    "div",
    { class: "gr-options" },
    labelled("Track", this.#track),
    labelled("Quantise", this.#grid, "Moves notes to the nearest line; how you played is kept"),
    el("span", { class: "gr-label" }, this.#strength, this.#percent),
    labelled("Delay (ms)", this.#latency, "By how much your playing arrives late: notes are recorded so much earlier"),
  );

  /**
   * @param {Session} session
   * @param {{onArm: (track: number) => void, onChange: (change: Partial<Settings>) => void}} handlers
   */
  constructor(session, { onArm, onChange }) {
    this.session = session;
    this.onArm = onArm;
    this.onChange = onChange;
    for (const [name, label, help] of SWITCHES) {
      const flip = () => onChange({ [name]: !session.settings[name] });
      const button = el("button", { class: "gr-toggle", type: "button", title: help, onclick: flip }, label);
      this.#switches.set(name, button);
      this.switches.append(button);
    }
  }

  /** Other tracks. */
  build() {
    const { tracks } = this.session.data;
    this.#track.replaceChildren(...tracks.map(({ name }, i) => el("option", { value: `${i}` }, title(name))));
  }

  show() {
    const { settings, armed, backing } = this.session;
    this.#track.value = `${armed}`;
    this.#grid.value = settings.grid;
    this.#strength.value = `${Math.round(settings.strength * 100)}`;
    this.#strength.disabled = settings.grid === "off";
    this.#strength.style.setProperty("--to", `${settings.strength * 100}%`);
    this.#percent.textContent = `${Math.round(settings.strength * 100)}%`;
    if (document.activeElement !== this.#latency) this.#latency.value = `${settings.latency}`;
    for (const [name, button] of this.#switches) {
      button.setAttribute("aria-pressed", `${settings[name]}`);
      if (name === "backing") button.hidden = !backing.length;
    }
  }

  #delayed() {
    const latency = clamp(Math.round(Number(this.#latency.value)) || 0, -LATENCY_MAX, LATENCY_MAX);
    this.#latency.value = `${latency}`;
    this.onChange({ latency });
  }
}
