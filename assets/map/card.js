/** A small roll of the phrase under the pointer. */

import { brush, el } from "../player/dom.js";
import { css, readable, rgb } from "../player/theme.js";

/**
 * @import { Theme } from "../player/theme.js"
 * @import { Note, Payload, Point } from "./data"
 */

const WIDTH = 200;
const HEIGHT = 84;
const GAP = 16; // pixels between a point and its card

export class Card {
  canvas = el("canvas", { class: "gm-roll", width: 2 * WIDTH, height: 2 * HEIGHT });
  title = el("span", { class: "gm-card-title" });
  note = el("span", { class: "gm-card-note" });
  root = el("div", { class: "gm-card", hidden: true }, this.canvas, el("div", { class: "gm-card-text" }, this.title, this.note));

  /**
   * @param {string} title
   * @param {Note[]} notes
   * @param {Payload} data
   * @param {Theme} theme
   */
  show(title, notes, data, theme) {
    this.title.textContent = title;
    this.root.hidden = false;
    const pen = brush(this.canvas);
    pen.setTransform(2, 0, 0, 2, 0, 0);
    pen.fillStyle = css(theme.background);
    pen.fillRect(0, 0, WIDTH, HEIGHT);
    const pitches = notes.map(({ pitch }) => pitch);
    const low = Math.min(...pitches, data.pitch_min + data.pitches) - 1;
    const high = Math.max(...pitches, data.pitch_min, low + 24) + 1;
    const [step, row] = [WIDTH / data.steps, HEIGHT / (high - low + 1)];
    pen.fillStyle = css(theme.text, 0.16);
    for (let at = data.steps_per_bar; at < data.steps; at += data.steps_per_bar) pen.fillRect(at * step, 0, 1, HEIGHT);
    const colours = data.tracks.map(({ colour }) => css(readable(rgb(colour), theme)));
    for (const { track, pitch, onset, length } of notes) {
      pen.fillStyle = colours[track];
      pen.fillRect(onset * step, (high - pitch) * row, Math.max(length * step - 0.7, 1.2), Math.max(row - 0.3, 1.6));
    }
  }

  /**
   * Beside a point, within the picture.
   * @param {Point} at pixels
   * @param {number} width of the picture
   * @param {number} height
   */
  move([x, y], width, height) {
    const { offsetWidth, offsetHeight } = this.root;
    const left = x + GAP + offsetWidth < width ? x + GAP : x - GAP - offsetWidth;
    const top = y + GAP + offsetHeight < height ? y + GAP : y - GAP - offsetHeight;
    this.root.style.left = `${Math.max(4, Math.min(left, width - offsetWidth - 4))}px`;
    this.root.style.top = `${Math.max(4, top)}px`;
  }

  hide() {
    this.root.hidden = true;
  }
}
