/**
 * Drawing on the roll: press where nothing is and pull to the right for a note, press a note to
 * erase it. With the keyboard: arrows move, Shift with them makes a note longer or shorter,
 * Enter draws or erases. It lies over Plotly's own layer, so that drawing does not zoom.
 */

import { clamp, el, title } from "./dom.js";
import { noteName } from "./roll.js";
import { css } from "./theme.js";

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Pen {
  /** `onStroke({track, pitch, start, end, on})` once a stroke is done; `notes()` are on show. */
  constructor(roll, { notes, onStroke }) {
    Object.assign(this, { roll, notes, onStroke });
    this.track = 0;
    this.ghost = el("div", { class: "gp-ghost", hidden: true });
    this.layer = el("div", {
      class: "gp-pen", hidden: true, tabIndex: 0, role: "application", "aria-roledescription": "Drawing",
    }, this.ghost);
    this.layer.addEventListener("keydown", (event) => this.#key(event));
    this.layer.addEventListener("focus", () => this.layer.matches(":focus-visible") && this.#aim());
    this.layer.addEventListener("blur", () => this.#drop());
    this.layer.addEventListener("pointerdown", (event) => this.#press(event));
    this.layer.addEventListener("pointermove", (event) => this.#pull(event));
    this.layer.addEventListener("pointerup", (event) => this.#release(event));
    this.layer.addEventListener("pointercancel", () => this.#drop());
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

  #at(event) {
    const bounds = this.layer.getBoundingClientRect();
    const { steps, grid } = this.roll;
    const step = Math.floor(this.roll.stepAt(event.clientX - bounds.left));
    const pitch = this.roll.pitchAt(event.clientY - bounds.top);
    if (step < 0 || step >= steps || pitch < grid.pitch_min) return null;
    return pitch < grid.pitch_min + grid.pitches ? { step, pitch } : null;
  }

  /** The note under the pen: of the chosen track if it has one there, else of another. */
  #under({ step, pitch }) {
    const lists = this.notes();
    const order = [this.track, ...lists.keys()];
    for (const track of order) {
      const list = lists[track] ?? [];
      for (let i = 0; i < list.length; i += 3) {
        if (list[i + 2] === pitch && list[i] <= step && step < list[i + 1]) {
          return { track, start: list[i], end: list[i + 1], pitch };
        }
      }
    }
    return null;
  }

  #press(event) {
    if (event.button !== 0) return;
    const at = this.#at(event);
    if (!at) return;
    event.preventDefault();
    const note = this.#under(at);
    if (note) {
      this.onStroke({ ...note, on: false });
      return;
    }
    this.layer.setPointerCapture(event.pointerId);
    this.stroke = { track: this.track, pitch: at.pitch, start: at.step, end: at.step + 1, on: true };
    this.#show();
  }

  #pull(event) {
    if (!this.stroke) return;
    const bounds = this.layer.getBoundingClientRect();
    const step = Math.ceil(this.roll.stepAt(event.clientX - bounds.left));
    this.stroke.end = Math.min(Math.max(step, this.stroke.start + 1), this.roll.steps);
    this.#show();
  }

  #release() {
    const { stroke } = this;
    this.#drop();
    if (stroke) this.onStroke(stroke);
  }

  // --- With the keyboard ------------------------------------------------------------------

  focus() {
    this.layer.focus({ focusVisible: true, preventScroll: true });
    this.#aim();
  }

  /** Show where the next note would be, or which one would be erased. */
  #aim() {
    const { grid, steps, view } = this.roll;
    this.cursor ??= { step: 0, pitch: Math.round((view.y[0] + view.y[1]) / 2), length: grid.steps_per_beat / 2 };
    const { step, pitch, length } = this.cursor;
    const note = this.#under(this.cursor);
    this.stroke = note ?? { track: this.track, pitch, start: step, end: Math.min(step + length, steps), on: true };
    this.#show();
    this.stroke = null;
    const beat = Math.floor(step / grid.steps_per_beat);
    const where = `Bar ${Math.floor(beat / grid.beats_per_bar) + 1}, beat ${(beat % grid.beats_per_bar) + 1}`;
    const what = note ? `a note of ${title(this.roll.tracks[note.track].name)}, Enter erases it` : "Enter draws a note";
    this.layer.setAttribute("aria-label", `${noteName(pitch + this.roll.transpose)}, ${where}, ${what}.`);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = MOVES[event.key];
    if (!move && event.key !== "Enter") return;
    event.preventDefault();
    if (!this.cursor) this.#aim();
    const { cursor, roll } = this;
    if (!move) {
      const note = this.#under(cursor);
      const { step: start, pitch, length } = cursor;
      const drawn = { track: this.track, pitch, start, end: Math.min(start + length, roll.steps), on: true };
      this.onStroke(note ? { ...note, on: false } : drawn);
    } else if (event.shiftKey) {
      cursor.length = clamp(cursor.length + move[0], 1, roll.steps - cursor.step);
    } else {
      cursor.step = clamp(cursor.step + move[0], 0, roll.steps - 1);
      const { pitch_min, pitches } = roll.grid;
      cursor.pitch = clamp(cursor.pitch + move[1], pitch_min, pitch_min + pitches - 1);
    }
    this.#aim();
  }

  #show() {
    const { start, end, pitch, track } = this.stroke;
    const x = this.roll.x(start);
    const [colour] = this.roll.colours(track);
    this.ghost.hidden = false;
    Object.assign(this.ghost.style, {
      left: `${x}px`, width: `${this.roll.x(end) - x - 1}px`,
      top: `${this.roll.y(pitch)}px`, height: `${this.roll.rowHeight}px`, background: css(colour),
    });
  }

  #drop() {
    this.stroke = null;
    this.ghost.hidden = true;
  }
}
