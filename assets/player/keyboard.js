/** Keys of the visible pitches, left of the roll; those that sound are lit in their track's colour. */

import { brush, clamp, el } from "./dom.js";
import { isBlack, noteName } from "./pitch.js";
import { KEYS_WIDTH } from "./roll_figure.js";
import { css, mix } from "./theme.js";

/**
 * @import { Note, Rgb } from "./data"
 * @import { Roll } from "./roll.js"
 */

/** @typedef {{note: Note, track: number}} SoundingNote */

const WIDTH = KEYS_WIDTH - 4;

/**
 * A canvas of this size in CSS pixels, cleared.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
export function sized(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = brush(canvas);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

export class Keyboard {
  canvas = el("canvas", { class: "gp-keys", "aria-hidden": "true" });
  /** Track by pitch. @type {Map<number, number>} */
  #lit = new Map();

  /** @param {Roll} roll */
  constructor(roll) {
    this.roll = roll;
  }

  /** @param {SoundingNote[]} active */
  light(active) {
    const lit = new Map(active.map(({ note, track }) => [note[2], track]));
    const known = this.#lit;
    const unchanged = lit.size === known.size && [...lit].every(([k, v]) => known.get(k) === v);
    this.#lit = lit;
    if (!unchanged) this.draw();
  }

  draw() {
    const { roll } = this;
    const { theme } = roll;
    if (!theme || !roll.height) return;
    const pen = sized(this.canvas, WIDTH, roll.height);
    /** @type {Rgb} */
    const white = theme.dark ? mix(theme.panel, theme.text, 0.82) : [255, 255, 255];
    /** @type {Rgb} */
    const black = theme.dark ? mix(theme.background, [0, 0, 0], 0.35) : [56, 60, 70];
    const [low, high] = roll.view.y.map(Math.round);
    pen.font = `500 ${clamp(roll.rowHeight + 1, 8.5, 11)}px ${theme.font}`;
    for (let pitch = low; pitch <= high; pitch++) this.#key(pen, pitch, white, black);
    // Names last: they are taller than a narrow row.
    pen.fillStyle = css([70, 74, 84]);
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (let pitch = low; pitch <= high; pitch++) {
      const sounding = pitch + roll.transpose;
      if (sounding % 12 !== 0 && (roll.rowHeight <= 13 || isBlack(sounding))) continue;
      pen.fillText(noteName(sounding), WIDTH - 4, roll.y(pitch) + roll.rowHeight / 2 + 0.5);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {number} pitch
   * @param {Rgb} white
   * @param {Rgb} black
   */
  #key(pen, pitch, white, black) {
    const { roll } = this;
    const height = roll.rowHeight;
    const top = roll.y(pitch);
    const track = this.#lit.get(pitch);
    const dark = isBlack(pitch + roll.transpose);
    pen.fillStyle = css(white);
    pen.fillRect(0, top, WIDTH, height + 0.5);
    pen.fillStyle = track === undefined ? css(dark ? black : white) : css(roll.colours(track)[1]);
    pen.fillRect(0, top, dark ? WIDTH * 0.6 : WIDTH, height);
    // White keys touch at E/F and B/C; elsewhere the line is the middle of the black key.
    pen.fillStyle = css(mix(white, [0, 0, 0], 0.22));
    const step = (pitch + roll.transpose) % 12;
    if (step === 0 || step === 5) pen.fillRect(0, top + height - 0.5, WIDTH, 0.75);
    if (dark) pen.fillRect(WIDTH * 0.6, top + height / 2, WIDTH * 0.4, 0.75);
  }
}
