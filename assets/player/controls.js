/** The panel of the sliders and the XY pad, one set of values behind both. */

import { el, icon } from "./dom.js";
import { Roving } from "./roving.js";
import { SliderRow } from "./slider_row.js";
import { XYPad } from "./xy_pad.js";

/**
 * @import { Slider, Values } from "./data"
 * @import { SliderHandlers } from "./slider_row.js"
 * @import { Axes } from "./xy_pad.js"
 */

const OPEN_AT_FIRST = 3; // sliders in the groups before

export class Controls {
  root = el("section", { class: "gp-controls", "aria-label": "Sound shaping" });
  /** @type {Slider[]} */
  #sliders = [];
  /** @type {Map<string, SliderRow>} */
  #rows = new Map();
  /** @type {XYPad | null} */
  #pad = null;

  /** @param {SliderHandlers & {onAxes: (axes: Axes) => void}} handlers */
  constructor(handlers) {
    this.handlers = handlers;
    this.resetAll = el(
      "button",
      { class: "gp-text-button", type: "button", onclick: () => this.#resetAll() },
      icon("reset"),
      "Reset sliders",
    );
  }

  /**
   * Build the panel for these sliders; those of a track go to its place.
   * @param {Slider[]} sliders
   * @param {Axes | null} axes
   * @param {Map<string, HTMLElement>} places
   */
  setup(sliders, axes, places) {
    const focused = document.activeElement?.getAttribute("data-slider");
    this.#sliders = sliders;
    this.#rows = new Map(sliders.map((slider) => [slider.id, new SliderRow(slider, this.handlers)]));
    this.#pad = null;
    for (const place of places.values()) place.replaceChildren();
    this.root.replaceChildren();
    this.root.hidden = sliders.length === 0;
    this.root.parentElement?.classList.toggle("gp-alone", sliders.length === 0);
    if (!sliders.length) return;
    const groups = this.#place(places);
    this.root.append(el("div", { class: "gp-slider-side" }, ...this.#lists(groups), this.resetAll));
    if (sliders.length > 1) this.root.append(this.#makePad(sliders, axes).root);
    // Keys that are pressed meanwhile are still meant for it.
    if (focused) this.#rows.get(focused)?.input.focus({ preventScroll: true });
  }

  /**
   * @param {Slider[]} sliders
   * @param {Axes | null} axes
   */
  #makePad(sliders, axes) {
    const known = axes?.every((id) => this.#rows.has(id)) && axes[0] !== axes[1] ? axes : null;
    const pad = new XYPad(sliders, known ?? [sliders[0].id, sliders[1].id], this.handlers);
    pad.setAxes(pad.axes);
    this.#pad = pad;
    return pad;
  }

  /**
   * Put the sliders of tracks to their places; those that are left, by group.
   * @param {Map<string, HTMLElement>} places
   */
  #place(places) {
    /** @type {Map<string, HTMLElement[]>} */
    const groups = new Map();
    for (const { slider, root } of this.#rows.values()) {
      const place = places.get(slider.track);
      if (place) place.append(root);
      else groups.set(slider.group, [...(groups.get(slider.group) ?? []), root]);
    }
    return groups;
  }

  /**
   * A list for each group; those that begin below a screenful are closed at first.
   * @param {Map<string, HTMLElement[]>} groups
   */
  #lists(groups) {
    let count = 0;
    return [...groups].map(([name, rows]) => {
      const open = count < OPEN_AT_FIRST;
      count += rows.length;
      const list = el("div", { class: "gp-sliders" }, ...rows);
      new Roving(list, ".gp-range", "vertical").update();
      if (!name) return el("div", { class: "gp-group" }, list);
      return el("details", { class: "gp-group", open }, el("summary", {}, name), list);
    });
  }

  #resetAll() {
    const { onInput, onCommit } = this.handlers;
    onInput(Object.fromEntries(this.#sliders.map((slider) => [slider.id, slider.default])));
    onCommit({ soon: false });
  }

  /**
   * Show values without telling anyone.
   * @param {Values} values
   */
  set(values) {
    for (const [id, row] of this.#rows) row.set(values[id] ?? row.slider.default);
    this.#pad?.set(values);
    const moved = (/** @type {Slider} */ { id, default: start }) => Math.abs((values[id] ?? start) - start) > 1e-9;
    this.resetAll.disabled = !this.#sliders.some(moved);
  }

  /** Move the focus to the first slider. */
  focus() {
    this.#rows.values().next().value?.input.focus();
  }
}
