/** The latent sliders and the XY pad, one set of values behind both. */

import { clamp, el, icon, signed } from "./dom.js";

const SCREENFUL = 3;
let count = 0;

/** A value as text; with a sign where there are two directions to go. */
const said = (slider, value) => (slider.minimum < 0 ? signed(value) : value.toFixed(2));

/** A tooltip that a pointer, the keyboard and a screen reader can reach. */
function hint(slider) {
  if (!slider.help && !slider.also) return { button: null, id: null };
  const id = `gp-hint-${++count}`;
  const also = slider.also ? el("span", { class: "gp-also" }, slider.also) : null;
  const bubble = el("span", { class: "gp-bubble", id, role: "tooltip" }, slider.help, also);
  const button = el(
    "button",
    { class: "gp-hint", type: "button", "aria-label": `About ${slider.label}` },
    el("span", { "aria-hidden": "true" }, "i"),
    bubble,
  );
  button.setAttribute("aria-describedby", id);
  button.addEventListener("keydown", (event) => event.key === "Escape" && button.blur());
  return { button, id };
}

class SliderRow {
  constructor(slider, { onInput, onCommit }) {
    this.slider = slider;
    const { button, id } = hint(slider);
    const input = el("input", {
      type: "range",
      class: "gp-range",
      min: slider.minimum,
      max: slider.maximum,
      step: slider.step,
      "aria-label": slider.label,
      "aria-describedby": id,
      "data-slider": slider.id,
    });
    this.input = input;
    this.number = el("output", { class: "gp-number" });
    const label = el("span", { class: "gp-label" }, slider.short || slider.label);
    this.root = el(
      "div",
      { class: "gp-slider", title: "" },
      el("div", { class: "gp-slider-head" }, label, button, this.number),
      input,
    );
    input.addEventListener("input", () => {
      this.#mark(input.valueAsNumber);
      onInput({ [slider.id]: input.valueAsNumber });
    });
    input.addEventListener("change", () => onCommit());
    const reset = () => {
      onInput({ [slider.id]: slider.default });
      onCommit();
    };
    input.addEventListener("dblclick", reset);
    label.addEventListener("dblclick", reset);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Delete" || event.key === "Backspace") reset();
    });
  }

  set(value) {
    if (Math.abs(this.input.valueAsNumber - value) > 1e-9) this.input.value = value;
    this.#mark(value);
  }

  #mark(value) {
    const { minimum, maximum, default: home } = this.slider;
    const share = (number) => (100 * (clamp(number, minimum, maximum) - minimum)) / (maximum - minimum);
    const ends = [share(value), share(home)].sort((a, b) => a - b);
    this.input.style.setProperty("--from", `${ends[0]}%`);
    this.input.style.setProperty("--to", `${ends[1]}%`);
    this.input.style.setProperty("--home", `${share(home)}%`);
    const text = said(this.slider, value);
    this.input.setAttribute("aria-valuetext", text);
    this.number.value = text;
    this.root.classList.toggle("gp-moved", Math.abs(value - home) > 1e-9);
  }
}

/** Two sliders at once. Arrow keys move it too; its axes can be any two sliders. */
class Pad {
  constructor(sliders, axes, { onInput, onCommit, onAxes }) {
    Object.assign(this, { sliders, axes, onInput, onCommit, onAxes });
    this.values = {};
    this.dot = el("div", { class: "gp-dot" });
    this.cross = [el("div", { class: "gp-cross-x" }), el("div", { class: "gp-cross-y" })];
    this.surface = el(
      "div",
      { class: "gp-pad", tabIndex: 0, role: "application", "aria-roledescription": "XY pad" },
      ...this.cross,
      this.dot,
    );
    this.choices = ["x", "y"].map((axis, index) => this.#choice(axis, index));
    this.root = el(
      "div",
      { class: "gp-pad-panel" },
      el("div", { class: "gp-pad-axes" }, ...this.choices.map((choice) => choice.root)),
      this.surface,
    );
    this.surface.addEventListener("pointerdown", (event) => this.#grab(event));
    this.surface.addEventListener("keydown", (event) => this.#key(event));
    this.surface.addEventListener("dblclick", () => this.#reset());
  }

  #choice(axis, index) {
    const select = el(
      "select",
      { class: "gp-select", "aria-label": `${axis === "x" ? "Horizontal" : "Vertical"} axis of the XY pad` },
      ...this.sliders.map((slider) => el("option", { value: slider.id }, slider.label)),
    );
    select.addEventListener("change", () => {
      const axes = [...this.axes];
      // Choosing the other axis's slider swaps the two.
      if (axes[1 - index] === select.value) axes[1 - index] = axes[index];
      axes[index] = select.value;
      this.setAxes(axes);
      this.onAxes(axes);
    });
    const arrow = el("span", { class: "gp-axis", "aria-hidden": "true" }, axis === "x" ? "↔" : "↕");
    return { select, root: el("label", { class: "gp-pad-axis" }, arrow, select) };
  }

  #slider(index) {
    return this.sliders.find((slider) => slider.id === this.axes[index]) ?? this.sliders[index];
  }

  setAxes(axes) {
    this.axes = axes;
    this.choices.forEach(({ select }, index) => (select.value = this.#slider(index).id));
    this.set(this.values);
  }

  set(values) {
    this.values = values;
    const at = [0, 1].map((index) => {
      const { id, minimum, maximum, default: home } = this.#slider(index);
      return 100 * clamp(((values[id] ?? home) - minimum) / (maximum - minimum), 0, 1);
    });
    this.dot.style.left = this.cross[0].style.left = `${at[0]}%`;
    this.dot.style.top = this.cross[1].style.top = `${100 - at[1]}%`;
    const texts = [0, 1].map((index) => {
      const slider = this.#slider(index);
      return `${slider.label} ${said(slider, values[slider.id] ?? slider.default)}`;
    });
    this.surface.setAttribute("aria-label", `${texts.join(", ")}. Arrow keys move it.`);
  }

  #grab(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.surface.focus({ preventScroll: true });
    this.surface.setPointerCapture(event.pointerId);
    const move = ({ clientX, clientY }) => {
      const box = this.surface.getBoundingClientRect();
      this.#put(
        clamp((clientX - box.left) / box.width, 0, 1),
        clamp(1 - (clientY - box.top) / box.height, 0, 1),
      );
    };
    const drop = () => {
      this.surface.classList.remove("gp-held");
      for (const [name, listener] of listeners) this.surface.removeEventListener(name, listener);
      this.onCommit();
    };
    const listeners = [["pointermove", move], ["pointerup", drop], ["pointercancel", drop]];
    for (const [name, listener] of listeners) this.surface.addEventListener(name, listener);
    this.surface.classList.add("gp-held");
    move(event);
  }

  #put(...shares) {
    const values = {};
    shares.forEach((share, index) => {
      const { id, minimum, maximum, step } = this.#slider(index);
      const value = minimum + share * (maximum - minimum);
      values[id] = Math.round(value / step) * step;
    });
    this.onInput(values);
  }

  #key(event) {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [1, -1], ArrowUp: [1, 1] };
    if (event.key === "Delete" || event.key === "Backspace") return this.#reset();
    if (!moves[event.key]) return;
    event.preventDefault();
    const [index, sign] = moves[event.key];
    const { id, minimum, maximum, default: home } = this.#slider(index);
    const unit = (maximum - minimum) / (event.shiftKey ? 12 : 60);
    this.onInput({ [id]: clamp((this.values[id] ?? home) + sign * unit, minimum, maximum) });
    this.onCommit({ soon: true });
  }

  #reset() {
    const pairs = [0, 1].map((index) => [this.#slider(index).id, this.#slider(index).default]);
    this.onInput(Object.fromEntries(pairs));
    this.onCommit();
  }
}

export class Controls {
  /**
   * `onInput(values)` gets all values at each move, `onCommit({soon})` follows when the user
   * lets go (`soon` after a key, which another may follow), `onAxes(ids)` a choice of axes.
   */
  constructor({ onInput, onCommit, onAxes }) {
    Object.assign(this, { onInput, onCommit, onAxes });
    this.root = el("section", { class: "gp-controls", "aria-label": "Sound shaping" });
    this.values = {};
    this.rows = new Map();
  }

  /** Build the panel for these sliders; those of a track go onto its bench. */
  setup(sliders, axes, benches) {
    this.sliders = sliders;
    for (const bench of benches.values()) bench.replaceChildren();
    this.rows.clear();
    this.pad = null;
    this.root.replaceChildren();
    this.root.hidden = sliders.length === 0;
    this.root.parentElement?.classList.toggle("gp-alone", sliders.length === 0);
    if (!sliders.length) return;
    const handlers = {
      onInput: (values) => this.#moved(values),
      onCommit: (how) => this.onCommit(how ?? {}),
      onAxes: this.onAxes,
    };
    const groups = new Map();
    for (const slider of sliders) {
      const row = new SliderRow(slider, handlers);
      this.rows.set(slider.id, row);
      const bench = benches.get(slider.track);
      if (bench) bench.append(row.root);
      else groups.set(slider.group, [...(groups.get(slider.group) ?? []), row.root]);
    }
    const lists = this.#groups(groups);
    this.resetAll = el(
      "button",
      { class: "gp-text-button", type: "button", onclick: () => this.#resetAll() },
      icon("reset"),
      "Reset sliders",
    );
    this.root.append(el("div", { class: "gp-slider-side" }, ...lists, this.resetAll));
    if (sliders.length > 1) {
      const known = axes?.every((id) => this.rows.has(id)) && axes[0] !== axes[1];
      this.pad = new Pad(sliders, known ? axes : [sliders[0].id, sliders[1].id], handlers);
      this.root.append(this.pad.root);
      this.pad.setAxes(this.pad.axes);
    }
  }

  /** A list for each group; those that begin below a screenful are closed at first. */
  #groups(groups) {
    let count = 0;
    return [...groups].map(([name, rows]) => {
      const open = count < SCREENFUL;
      count += rows.length;
      const list = el("div", { class: "gp-sliders" }, ...rows);
      if (!name) return el("div", { class: "gp-group" }, list);
      return el("details", { class: "gp-group", open }, el("summary", {}, name), list);
    });
  }

  #moved(values) {
    this.set({ ...this.values, ...values });
    this.onInput(this.values);
  }

  #resetAll() {
    this.#moved(Object.fromEntries(this.sliders.map((slider) => [slider.id, slider.default])));
    this.onCommit({});
  }

  /** Show values without telling anyone. */
  set(values) {
    this.values = values;
    for (const [id, row] of this.rows) row.set(values[id] ?? row.slider.default);
    this.pad?.set(values);
    if (this.resetAll) {
      const home = this.sliders.every((s) => Math.abs((values[s.id] ?? s.default) - s.default) < 1e-9);
      this.resetAll.disabled = home;
    }
  }
}
