/** Two sliders at once. Arrow keys move it too; its axes can be any two sliders. */

import { clamp, el } from "./dom.js";
import { valueText } from "./slider_row.js";

/**
 * @import { Slider, Values } from "./data"
 * @import { SliderHandlers } from "./slider_row.js"
 */

/** @typedef {[string, string]} Axes ids of the sliders from left to right and from bottom to top */

const STEPS = { fine: 60, coarse: 12 }; // key presses from end to end; coarse with Shift

/** @type {Record<string, [axis: number, direction: number]>} */
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [1, -1], ArrowUp: [1, 1] };

export class XYPad {
  /** @type {Values} */
  #values = {};

  /**
   * @param {Slider[]} sliders
   * @param {Axes} axes
   * @param {SliderHandlers & {onAxes: (axes: Axes) => void}} handlers
   */
  constructor(sliders, axes, { onInput, onCommit, onAxes }) {
    this.sliders = sliders;
    this.axes = axes;
    this.onInput = onInput;
    this.onCommit = onCommit;
    this.onAxes = onAxes;
    this.dot = el("div", { class: "gp-dot" });
    this.cross = [el("div", { class: "gp-cross-x" }), el("div", { class: "gp-cross-y" })];
    this.surface = el(
      "div",
      { class: "gp-pad", tabIndex: 0, role: "application", "aria-roledescription": "XY pad" },
      ...this.cross,
      this.dot,
    );
    this.choices = [
      this.#choice(0, "↔", "Horizontal axis of the XY pad"),
      this.#choice(1, "↕", "Vertical axis of the XY pad"),
    ];
    this.root = el(
      "div",
      { class: "gp-pad-panel" },
      el("div", { class: "gp-pad-axes" }, ...this.choices.map((choice) => choice.root)),
      this.surface,
    );
    this.surface.addEventListener("pointerdown", (event) => this.#grab(event));
    this.surface.addEventListener("keydown", (event) => this.#key(event));
    this.surface.addEventListener("dblclick", () => this.#reset({ soon: false }));
  }

  /**
   * @param {number} index
   * @param {string} arrow
   * @param {string} label
   */
  #choice(index, arrow, label) {
    const options = this.sliders.map((slider) => el("option", { value: slider.id }, slider.label));
    const select = el("select", { class: "gp-select", "aria-label": label }, ...options);
    select.addEventListener("change", () => {
      /** @type {Axes} */
      const axes = [...this.axes];
      // Choosing the other axis's slider swaps the two.
      if (axes[1 - index] === select.value) axes[1 - index] = axes[index];
      axes[index] = select.value;
      this.setAxes(axes);
      this.onAxes(axes);
    });
    const sign = el("span", { class: "gp-axis", "aria-hidden": "true" }, arrow);
    return { select, root: el("label", { class: "gp-pad-axis" }, sign, select) };
  }

  /** @param {number} index */
  #slider(index) {
    return this.sliders.find((slider) => slider.id === this.axes[index]) ?? this.sliders[index];
  }

  /** @param {Axes} axes */
  setAxes(axes) {
    this.axes = axes;
    this.choices.forEach(({ select }, index) => (select.value = this.#slider(index).id));
    this.set(this.#values);
  }

  /** @param {Values} values */
  set(values) {
    this.#values = values;
    const [x, y] = [0, 1].map((index) => {
      const { id, minimum, maximum, default: start } = this.#slider(index);
      return 100 * clamp(((values[id] ?? start) - minimum) / (maximum - minimum), 0, 1);
    });
    this.dot.style.left = this.cross[0].style.left = `${x}%`;
    this.dot.style.top = this.cross[1].style.top = `${100 - y}%`;
    const texts = [0, 1].map((index) => {
      const slider = this.#slider(index);
      return `${slider.label} ${valueText(slider, values[slider.id] ?? slider.default)}`;
    });
    this.surface.setAttribute("aria-label", `${texts.join(", ")}. Arrow keys move it.`);
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    const { surface } = this;
    surface.focus({ preventScroll: true });
    surface.setPointerCapture(event.pointerId);
    const move = (/** @type {PointerEvent} */ { clientX, clientY }) => {
      const box = surface.getBoundingClientRect();
      this.#put(clamp((clientX - box.left) / box.width, 0, 1), clamp(1 - (clientY - box.top) / box.height, 0, 1));
    };
    const drop = () => {
      surface.classList.remove("gp-held");
      surface.removeEventListener("pointermove", move);
      surface.removeEventListener("pointerup", drop);
      surface.removeEventListener("pointercancel", drop);
      this.onCommit({ soon: false });
    };
    surface.addEventListener("pointermove", move);
    surface.addEventListener("pointerup", drop);
    surface.addEventListener("pointercancel", drop);
    surface.classList.add("gp-held");
    move(event);
  }

  /** @param {...number} shares of the way from end to end, of either axis */
  #put(...shares) {
    const values = shares.map((share, index) => {
      const { id, minimum, maximum, step } = this.#slider(index);
      const value = minimum + share * (maximum - minimum);
      return [id, Math.round(value / step) * step];
    });
    this.onInput(Object.fromEntries(values));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Delete" || event.key === "Backspace") return this.#reset({ soon: true });
    if (!MOVES[event.key]) return;
    event.preventDefault();
    const [index, sign] = MOVES[event.key];
    const { id, minimum, maximum, default: start } = this.#slider(index);
    const unit = (maximum - minimum) / (event.shiftKey ? STEPS.coarse : STEPS.fine);
    const value = (this.#values[id] ?? start) + sign * unit;
    this.onInput({ [id]: clamp(value, minimum, maximum) });
    this.onCommit({ soon: true });
  }

  /** @param {{soon: boolean}} how */
  #reset(how) {
    const pairs = [0, 1].map((index) => [this.#slider(index).id, this.#slider(index).default]);
    this.onInput(Object.fromEntries(pairs));
    this.onCommit(how);
  }
}
