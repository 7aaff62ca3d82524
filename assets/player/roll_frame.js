/** Which steps and pitches the roll shows, and where on it they are. */

import { EDGE, KEYS_WIDTH } from "./roll_figure.js";
import { each } from "./wire.js";

/** @import { Grid, Notes, Region } from "./data" */

const LEAST_PITCHES = 30;
const WITHOUT_NOTES = /** @type {Region} */ ([48, 84]);

export class RollFrame {
  width = 0;
  height = 0;
  steps = 64;
  /** @type {Grid | null} */
  grid = null;
  /** @type {{x: Region, y: Region}} */
  view = { x: [0, 64], y: [0, 1] };
  /** The lowest and highest pitch of the view that is not zoomed. @type {Region | null} */
  #home = null;

  /** @param {Grid} grid to begin with */
  reset(grid) {
    this.grid = grid;
    this.steps = grid.bars * grid.beats_per_bar * grid.steps_per_beat;
    this.#home = null;
    this.view = { x: [0, this.steps], y: [0, 1] };
  }

  /**
   * True if that is another size.
   * @param {number} width
   * @param {number} height
   */
  setSize(width, height) {
    if (width === this.width && height === this.height) return false;
    this.width = width;
    this.height = height;
    return true;
  }

  /**
   * @param {Region} x
   * @param {Region} y
   */
  setView(x, y) {
    this.view = { x: [...x], y: [...y] };
  }

  // --- The range on show ------------------------------------------------------------------

  /**
   * Pitches that show all of the notes with a margin, at least two octaves and a half.
   * @param {Notes} notes
   * @param {Grid} grid
   * @returns {Region}
   */
  #span(notes, { pitch_min, pitches }) {
    const all = notes.flatMap((list) => Array.from(each(list), ([, , pitch]) => pitch));
    const low = all.length ? Math.min(...all) - 2 : WITHOUT_NOTES[0];
    const high = all.length ? Math.max(...all) + 2 : WITHOUT_NOTES[1];
    const missing = Math.max(0, LEAST_PITCHES - (high - low)) / 2;
    return [
      Math.max(Math.floor(low - missing), pitch_min),
      Math.min(Math.ceil(high + missing), pitch_min + pitches - 1),
    ];
  }

  /**
   * Change the pitches on show so that all notes are in; true if the view has changed.
   * @param {Notes} notes
   */
  fit(notes, refit = false) {
    if (!this.grid) return false;
    let [low, high] = this.#span(notes, this.grid);
    const home = this.#home;
    const shown = home ? home[1] - home[0] : 0;
    // A range that grows and shrinks with every note would be worse than a row too many.
    if (home && !(refit && high - low < 0.75 * shown)) {
      low = Math.min(low, home[0]);
      high = Math.max(high, home[1]);
    }
    if (home && low === home[0] && high === home[1]) return false;
    const zoomed = home && !this.#atHome(home);
    this.#home = notes.length ? [low, high] : null;
    if (zoomed) return false;
    this.view.y = [low - 0.5, high + 0.5];
    return true;
  }

  /** @param {Region} home */
  #atHome([low, high]) {
    const [from, to] = this.view.y;
    return Math.abs(from - low + 0.5) < 0.01 && Math.abs(to - high - 0.5) < 0.01;
  }

  /** What Plotly has to be told to show the whole phrase and all of its pitches. */
  get whole() {
    const [low, high] = this.#home ?? WITHOUT_NOTES;
    return { "xaxis.range": [0, this.steps], "yaxis.range": [low - 0.5, high + 0.5] };
  }

  get zoomed() {
    const [from, to] = this.view.x;
    return to - from < this.steps - 0.01 || (this.#home !== null && !this.#atHome(this.#home));
  }

  // --- Pixels -----------------------------------------------------------------------------

  /** Rectangle of the plot itself inside the host, in pixels. */
  get box() {
    const width = Math.max(1, this.width - KEYS_WIDTH - EDGE);
    return { left: KEYS_WIDTH, top: 0, width, height: this.height };
  }

  /**
   * Pixels from the left edge of the plot.
   * @param {number} step
   */
  x(step) {
    const [from, to] = this.view.x;
    return ((step - from) / (to - from)) * this.box.width;
  }

  /**
   * Pixels from the top to the upper edge of a pitch's row.
   * @param {number} pitch
   */
  y(pitch) {
    const [low, high] = this.view.y;
    return ((high - pitch - 0.5) / (high - low)) * this.box.height;
  }

  get rowHeight() {
    const [low, high] = this.view.y;
    return this.box.height / (high - low);
  }

  /** @param {number} pixels from the left edge of the plot */
  stepAt(pixels) {
    const [from, to] = this.view.x;
    return from + (pixels / this.box.width) * (to - from);
  }

  /** @param {number} pixels from the top */
  pitchAt(pixels) {
    const [low, high] = this.view.y;
    return Math.round(high - (pixels / this.box.height) * (high - low));
  }
}
