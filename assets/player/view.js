/** All of the player that can be seen, as the state says it is. */

import { Controls } from "./controls.js";
import { el, title } from "./dom.js";
import { Roving } from "./roving.js";
import { Stage } from "./stage.js";
import { Strips } from "./strips.js";
import { applyTheme, readTheme } from "./theme.js";
import { Transport } from "./transport.js";

/**
 * @import { Changes } from "./changes.js"
 * @import { SliderHandlers } from "./slider_row.js"
 * @import { ShowOptions } from "./stage.js"
 * @import { State } from "./state.js"
 * @import { StripHandlers } from "./strips.js"
 * @import { Axes } from "./xy_pad.js"
 */

/**
 * What the user does, part by part.
 * @typedef {{
 *   stage: ConstructorParameters<typeof Stage>[0],
 *   transport: ConstructorParameters<typeof Transport>[0],
 *   strips: StripHandlers,
 *   controls: SliderHandlers & {onAxes: (axes: Axes) => void},
 * }} Handlers
 */

/**
 * @param {string} text
 * @param {() => void} onclick
 */
const skipTo = (text, onclick) => el("button", { type: "button", class: "gp-skip-button", onclick }, text);

export class View {
  notice = el("p", { class: "gp-notice", role: "status", hidden: true });
  spoken = el("p", { class: "gp-spoken", "aria-live": "polite" });
  root = el("div", { class: "gp-player gp-loading", role: "group", "aria-label": "Player" });
  theme = readTheme(this.root);
  /** Plotly does not bear being called while it still builds. @type {Promise<unknown>} */
  #building = Promise.resolve();

  /**
   * @param {State} state
   * @param {Handlers} handlers
   */
  constructor(state, handlers) {
    this.state = state;
    this.stage = new Stage(handlers.stage);
    this.transport = new Transport(handlers.transport);
    this.strips = new Strips(handlers.strips);
    this.controls = new Controls(handlers.controls);
    this.#assemble();
  }

  #assemble() {
    const { transport, stage, notice, strips, controls, spoken } = this;
    const after = el("span", { class: "gp-after", tabIndex: -1, "aria-label": "End of the player" });
    const skips = el(
      "div",
      { class: "gp-skip", role: "toolbar", "aria-label": "Skip" },
      skipTo("Skip to the sliders", () => controls.focus()),
      skipTo("Skip the player", () => after.focus()),
    );
    new Roving(skips, "button", "horizontal").update();
    const view = el("div", { class: "gp-view" }, transport.root, stage.root, notice);
    const left = el("div", { class: "gp-left" }, view, strips.root);
    this.root.append(skips, el("div", { class: "gp-body" }, left, controls.root, spoken), after);
  }

  /**
   * Build again what has changed; resolves when the roll is there.
   * @param {Changes} changes
   */
  build(changes) {
    const { data, mix, values } = this.state;
    this.root.style.setProperty("--gp-height", `${data.height}px`);
    this.theme = readTheme(this.root);
    applyTheme(this.root, this.theme);
    if (changes.strips) this.strips.setup(data.tracks);
    // Sliders before the roll: they decide how much room it has.
    if (changes.sliders) {
      this.controls.setup(data.sliders, mix.pad ?? data.pad, this.strips.sliderPlaces);
      this.controls.set(values);
    }
    if (changes.drawable) {
      this.transport.setDrawable(data.editable ? data.tracks : []);
      this.setDrawing(false, this.stage.pen.track);
    }
    if (changes.roll) {
      const { grid, tracks, transpose } = data;
      const setup = { grid, tracks, transpose, theme: this.theme };
      const build = () => this.stage.setup(setup, this.state.notes);
      this.#building = this.#building.then(build, build);
    }
    return this.#building;
  }

  /**
   * Bring all parts to what is known.
   * @param {{playable: boolean}} how
   */
  refresh({ playable }) {
    const { data, stepSeconds, play, audible, notes: shown } = this.state;
    const { transport, stage } = this;
    // Without a phrase yet, the roll waits for one.
    this.root.classList.toggle("gp-loading", data.preview && shown.every((list) => !list.length));
    stage.stepSeconds = stepSeconds;
    transport.tempo.setup(data);
    transport.tempo.set(play);
    transport.setPlayable(playable);
    this.strips.setLocked(data.tracks);
    this.strips.recolour(this.theme);
    stage.bars.set(data.bars);
    stage.recolour(audible, this.theme);
  }

  showMix() {
    const { mix, trackMixes, audible } = this.state;
    this.strips.setMix(trackMixes, audible);
    this.transport.setVolume(mix.volume);
    this.stage.recolour(audible, this.theme);
  }

  showValues() {
    this.controls.set(this.state.values);
  }

  /** @param {ShowOptions} [options] */
  showNotes(options) {
    this.stage.show(this.state.shown, { slow: !this.state.dragging, ...options });
  }

  /**
   * @param {boolean} on
   * @param {number} track
   */
  setDrawing(on, track, byKey = false) {
    const drawing = on && this.state.data.editable;
    const { pen } = this.stage;
    this.state.drawing = drawing;
    this.transport.setPen(drawing);
    pen.track = track;
    pen.on = drawing;
    if (byKey && drawing) pen.focus();
  }

  /** For a screen reader. */
  speak() {
    const { shown, data } = this.state;
    const counts = shown.map((list, i) => `${title(data.tracks[i].name)} ${list.length / 3}`);
    this.spoken.textContent = `Notes: ${counts.join(", ")}.`;
    this.stage.area.setAttribute("aria-label", `Piano roll. ${this.spoken.textContent}`);
  }

  /** @param {string} text a sentence for the user, or none */
  say(text) {
    if (this.notice.textContent === text) return;
    this.notice.textContent = text;
    this.notice.hidden = !text;
  }

  destroy() {
    this.stage.destroy();
    this.root.remove();
  }
}
