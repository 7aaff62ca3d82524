/** A slider with its name, what it does, and its value. */

import { clamp, el, signed } from "./dom.js";

/** @import { Slider, Values } from "./data" */

/**
 * `onInput` gets the values that move; `onCommit` follows when the user lets go, `soon` after a
 * key, which another may follow.
 * @typedef {{
 *   onInput: (values: Values) => void,
 *   onCommit: (how: {soon: boolean}) => void,
 * }} SliderHandlers
 */

let count = 0;

/**
 * A value as text; with a sign where there are two directions to go.
 * @param {Slider} slider
 * @param {number} value
 */
export const valueText = (slider, value) => (slider.minimum < 0 ? signed(value) : value.toFixed(2));

/**
 * A tooltip for a pointer; the slider shows it too while the keyboard is on it, and a screen
 * reader reads it as the slider's description. So the button is no Tab stop of its own.
 * @param {Slider} slider
 */
function hint(slider) {
  if (!slider.help && !slider.also) return { button: null, id: null };
  const id = `gp-hint-${++count}`;
  const also = slider.also ? el("span", { class: "gp-also" }, slider.also) : null;
  const bubble = el("span", { class: "gp-bubble", id, role: "tooltip" }, slider.help, also);
  const button = el(
    "button",
    { class: "gp-hint", type: "button", tabIndex: -1, "aria-label": `About ${slider.label}`, "aria-describedby": id },
    el("span", { "aria-hidden": "true" }, "i"),
    bubble,
  );
  button.addEventListener("keydown", (event) => event.key === "Escape" && button.blur());
  return { button, id };
}

export class SliderRow {
  /**
   * @param {Slider} slider
   * @param {SliderHandlers} handlers
   */
  constructor(slider, { onInput, onCommit }) {
    this.slider = slider;
    const { button, id } = hint(slider);
    this.input = el("input", {
      type: "range",
      class: "gp-range",
      min: slider.minimum,
      max: slider.maximum,
      step: slider.step,
      "aria-label": slider.label,
      "aria-describedby": id,
      "data-slider": slider.id,
    });
    this.number = el("output", { class: "gp-number" });
    const label = el("span", { class: "gp-label" }, slider.short || slider.label);
    this.root = el(
      "div",
      { class: "gp-slider", title: "" },
      el("div", { class: "gp-slider-head" }, label, button, this.number),
      this.input,
    );
    const reset = (/** @type {{soon: boolean}} */ how) => {
      onInput({ [slider.id]: slider.default });
      onCommit(how);
    };
    label.addEventListener("dblclick", () => reset({ soon: false }));
    this.input.addEventListener("dblclick", () => reset({ soon: false }));
    this.#listen(this.input, { onInput, onCommit }, () => reset({ soon: true }));
  }

  /**
   * @param {HTMLInputElement} input
   * @param {SliderHandlers} handlers
   * @param {() => void} reset
   */
  #listen(input, { onInput, onCommit }, reset) {
    let byKey = false;
    input.addEventListener("pointerdown", () => (byKey = false));
    input.addEventListener("keydown", (event) => {
      byKey = true;
      if (event.key === "Delete" || event.key === "Backspace") reset();
    });
    input.addEventListener("input", () => onInput({ [this.slider.id]: input.valueAsNumber }));
    input.addEventListener("change", () => onCommit({ soon: byKey }));
  }

  /** @param {number} value */
  set(value) {
    if (Math.abs(this.input.valueAsNumber - value) > 1e-9) this.input.valueAsNumber = value;
    const { minimum, maximum, default: start } = this.slider;
    const share = (/** @type {number} */ number) =>
      (100 * (clamp(number, minimum, maximum) - minimum)) / (maximum - minimum);
    const ends = [share(value), share(start)].sort((a, b) => a - b);
    this.input.style.setProperty("--from", `${ends[0]}%`);
    this.input.style.setProperty("--to", `${ends[1]}%`);
    const text = valueText(this.slider, value);
    this.input.setAttribute("aria-valuetext", text);
    this.number.value = text;
    this.root.classList.toggle("gp-moved", Math.abs(value - start) > 1e-9);
  }
}
