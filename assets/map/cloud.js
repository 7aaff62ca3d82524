/** The phrases of a map as the server sends them, and who is near whom; see `gan/app/map/pack.py`. */

import { unpack } from "../player/wire.js";

/** @import { Note, Point } from "./data" */

export const UNKNOWN = 255;
const CELLS = 64; // of the grid by which points are found, a side

export class Cloud {
  /** @param {ArrayBuffer} buffer */
  constructor(buffer) {
    const { header, payload } = unpack(buffer);
    const { phrases, tracks, notes, measures } =
      /** @type {{phrases: number, tracks: number, notes: number, measures: number}} */ (
        /** @type {unknown} */ (header)
      );
    let at = payload.byteOffset;
    const take = (/** @type {number} */ bytes) => {
      at += bytes;
      return at - bytes;
    };
    this.size = phrases;
    this.tracks = tracks;
    this.measures = measures;
    this.xy = new Float32Array(buffer, take(8 * phrases), 2 * phrases);
    this.seeds = new Int32Array(buffer, take(4 * phrases), phrases);
    this.counts = new Uint16Array(buffer, take(2 * phrases * tracks), phrases * tracks);
    this.notes = new Uint16Array(buffer, take(6 * notes), 3 * notes);
    this.codes = new Uint8Array(buffer, take(phrases * measures), phrases * measures);
    this.families = new Uint8Array(buffer, take(phrases), phrases);
    /** Where the notes of each track of each phrase begin. */
    this.starts = new Uint32Array(phrases * tracks);
    for (let i = 1; i < this.starts.length; i++) this.starts[i] = this.starts[i - 1] + this.counts[i - 1];
    this.#index = new Map(Array.from(this.seeds, (seed, i) => [seed, i]));
    this.#grid = Array.from({ length: CELLS * CELLS }, () => /** @type {number[]} */ ([]));
    for (let i = 0; i < phrases; i++) this.#grid[cellOf(this.xy[2 * i]) + CELLS * cellOf(this.xy[2 * i + 1])].push(i);
  }

  /** @type {Map<number, number>} */
  #index;
  /** @type {number[][]} */
  #grid;

  /** @param {number} seed */
  indexOf(seed) {
    return this.#index.get(seed) ?? -1;
  }

  /**
   * @param {number} index
   * @returns {Point}
   */
  at(index) {
    return [this.xy[2 * index], this.xy[2 * index + 1]];
  }

  /**
   * @param {number} index
   * @returns {Note[]}
   */
  notesOf(index) {
    const found = [];
    for (let track = 0; track < this.tracks; track++) {
      const row = index * this.tracks + track;
      for (let k = 0; k < this.counts[row]; k++) {
        const i = 3 * (this.starts[row] + k);
        const [onset, length, pitch] = this.notes.subarray(i, i + 3);
        found.push({ track, onset, length, pitch });
      }
    }
    return found;
  }

  /**
   * The nearest point within a reach, -1 where there is none.
   * @param {Point} point
   * @param {number} reach
   * @param {(index: number) => boolean} counts whether a point does
   */
  nearest([x, y], reach, counts) {
    let best = -1;
    let least = reach * reach;
    const [left, right] = [cellOf(x - reach), cellOf(x + reach)];
    const [low, high] = [cellOf(y - reach), cellOf(y + reach)];
    for (let row = low; row <= high; row++) {
      for (let column = left; column <= right; column++) {
        for (const i of this.#grid[column + CELLS * row]) {
          const gap = (this.xy[2 * i] - x) ** 2 + (this.xy[2 * i + 1] - y) ** 2;
          if (gap <= least && counts(i)) [best, least] = [i, gap];
        }
      }
    }
    return best;
  }

  /**
   * The nearest point in a direction, within 45 degrees of it; -1 where there is none.
   * @param {Point} from
   * @param {Point} direction of length 1
   * @param {(index: number) => boolean} counts
   */
  towards([x, y], [dx, dy], counts) {
    let best = -1;
    let least = Infinity;
    for (let i = 0; i < this.size; i++) {
      const [gx, gy] = [this.xy[2 * i] - x, this.xy[2 * i + 1] - y];
      const forwards = gx * dx + gy * dy;
      const gap = Math.hypot(gx, gy);
      if (forwards <= 1e-9 || forwards < gap * Math.SQRT1_2 || gap >= least || !counts(i)) continue;
      [best, least] = [i, gap];
    }
    return best;
  }
}

/** @param {number} value from -1 to 1 */
function cellOf(value) {
  return Math.min(CELLS - 1, Math.max(0, Math.floor(((value + 1) / 2) * CELLS)));
}
