/**
 * Drawing on the roll: press where nothing is and pull to the right for a note, press a note to
 * erase it. With the keyboard: arrows move, Shift with them makes a note longer or shorter,
 * Enter draws or erases. It lies over Plotly's own layer, so that drawing does not zoom.
 */

import { clamp, el, title } from "./dom.js";
import { noteName, placeName } from "./pitch.js";
import { css } from "./theme.js";
import { each } from "./wire.js";

/**
 * @import { Grid, Notes, Stroke, Track } from "./data"
 * @import { Roll } from "./roll.js"
 */

/** @type {Record<string, [number, number]>} steps and semitones */
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Pen {
  /** @type {Grid | null} */
  grid = null;
  /** @type {Track[]} */
  tracks = [];
  /** The track to draw in. */
  track = 0;
  ghost = el("div", { class: "gp-ghost", hidden: true });
  layer = el("div", {
    class: "gp-pen", hidden: true, tabIndex: 0, role: "application", "aria-roledescription": "Drawing",
  }, this.ghost);
  /** What is being drawn. @type {Stroke | null} */
  #stroke = null;
  /** Where the keyboard draws. @type {{step: number, pitch: number, length: number} | null} */
  #cursor = null;

  /**
   * @param {Roll} roll
   * @param {{notes: () => Notes, onStroke: (stroke: Stroke) => void}} options
   *   `onStroke` once a stroke is done; `notes` are those on show
   */
  constructor(roll, { notes, onStroke }) {
    this.roll = roll;
    this.notes = notes;
    this.onStroke = onStroke;
    const { layer } = this;
    layer.addEventListener("keydown", (event) => this.#key(event));
    layer.addEventListener("focus", () => layer.matches(":focus-visible") && this.#aim());
    layer.addEventListener("blur", () => this.#drop());
    layer.addEventListener("pointerdown", (event) => this.#press(event));
    layer.addEventListener("pointermove", (event) => this.#pull(event));
    layer.addEventListener("pointerup", () => this.#release());
    layer.addEventListener("pointercancel", () => this.#drop());
  }

  set on(on) {
    this.layer.hidden = !on;
    this.#drop();
  }

  get on() {
    return !this.layer.hidden;
  }

  layout() {
    const { left, top, width, height } = this.roll.box;
    Object.assign(this.layer.style, {
      left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px`,
    });
  }

  /** @param {PointerEvent} event */
  #at(event) {
    if (!this.grid) return null;
    const bounds = this.layer.getBoundingClientRect();
    const { pitch_min, pitches } = this.grid;
    const step = Math.floor(this.roll.stepAt(event.clientX - bounds.left));
    const pitch = this.roll.pitchAt(event.clientY - bounds.top);
    if (step < 0 || step >= this.roll.steps || pitch < pitch_min) return null;
    return pitch < pitch_min + pitches ? { step, pitch } : null;
  }

  /**
   * The note under the pen: of the chosen track if it has one there, else of another.
   * @param {{step: number, pitch: number}} at
   * @returns {Stroke | null} that erases it
   */
  #under({ step, pitch }) {
    const lists = this.notes();
    for (const track of [this.track, ...lists.keys()]) {
      for (const [start, end, height] of each(lists[track] ?? new Uint16Array())) {
        if (height === pitch && start <= step && step < end) return { track, start, end, pitch, on: false };
      }
    }
    return null;
  }

  /** @param {PointerEvent} event */
  #press(event) {
    const at = event.button === 0 ? this.#at(event) : null;
    if (!at) return;
    event.preventDefault();
    const erasing = this.#under(at);
    if (erasing) {
      this.onStroke(erasing);
      return;
    }
    this.layer.setPointerCapture(event.pointerId);
    this.#stroke = { track: this.track, pitch: at.pitch, start: at.step, end: at.step + 1, on: true };
    this.#show(this.#stroke);
  }

  /** @param {PointerEvent} event */
  #pull(event) {
    if (!this.#stroke) return;
    const bounds = this.layer.getBoundingClientRect();
    const step = Math.ceil(this.roll.stepAt(event.clientX - bounds.left));
    this.#stroke.end = clamp(step, this.#stroke.start + 1, this.roll.steps);
    this.#show(this.#stroke);
  }

  #release() {
    const stroke = this.#stroke;
    this.#drop();
    if (stroke) this.onStroke(stroke);
  }

  // --- With the keyboard ------------------------------------------------------------------

  focus() {
    this.layer.focus({ focusVisible: true, preventScroll: true });
    this.#aim();
  }

  /** @param {Grid} grid */
  #cursorIn(grid) {
    const [low, high] = this.roll.view.y;
    this.#cursor ??= { step: 0, pitch: Math.round((low + high) / 2), length: grid.steps_per_beat / 2 };
    return this.#cursor;
  }

  /**
   * What Enter would do at the cursor.
   * @param {Grid} grid
   * @returns {Stroke}
   */
  #strokeAt(grid) {
    const cursor = this.#cursorIn(grid);
    const { step, pitch, length } = cursor;
    const end = Math.min(step + length, this.roll.steps);
    return this.#under(cursor) ?? { track: this.track, pitch, start: step, end, on: true };
  }

  /** Show where the next note would be, or which one would be erased. */
  #aim() {
    if (!this.grid) return;
    const stroke = this.#strokeAt(this.grid);
    const { step, pitch } = this.#cursorIn(this.grid);
    this.#show(stroke);
    const name = title(this.tracks[stroke.track].name);
    const what = stroke.on ? "Enter draws a note" : `a note of ${name}, Enter erases it`;
    const where = `${noteName(pitch + this.roll.transpose)}, ${placeName(step, this.grid)}`;
    this.layer.setAttribute("aria-label", `${where}, ${what}.`);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.grid) return;
    const move = MOVES[event.key];
    if (!move && event.key !== "Enter") return;
    event.preventDefault();
    const cursor = this.#cursorIn(this.grid);
    const { steps } = this.roll;
    if (!move) {
      this.onStroke(this.#strokeAt(this.grid));
    } else if (event.shiftKey) {
      cursor.length = clamp(cursor.length + move[0], 1, steps - cursor.step);
    } else {
      const { pitch_min, pitches } = this.grid;
      cursor.step = clamp(cursor.step + move[0], 0, steps - 1);
      cursor.pitch = clamp(cursor.pitch + move[1], pitch_min, pitch_min + pitches - 1);
    }
    this.#aim();
  }

  /** @param {Stroke} stroke */
  #show({ start, end, pitch, track }) {
    const x = this.roll.x(start);
    const [colour] = this.roll.colours(track);
    this.ghost.hidden = false;
    Object.assign(this.ghost.style, {
      left: `${x}px`, width: `${this.roll.x(end) - x - 1}px`,
      top: `${this.roll.y(pitch)}px`, height: `${this.roll.rowHeight}px`, background: css(colour),
    });
  }

  #drop() {
    this.#stroke = null;
    this.ghost.hidden = true;
  }
}
