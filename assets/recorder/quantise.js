/** Moves what was played towards a grid; `gan/music/take.py` does the same. */

/** @import { GridName, Note, Quantise } from "./data" */

/** Beats between two lines. @type {Record<GridName, number>} */
export const GRIDS = { off: 0, "1/16": 0.25, "1/8": 0.5 };

/**
 * The onset moves, and the end with it. What was played just before the loop begins again
 * belongs to its first beat.
 * @template {Note} N
 * @param {N} note
 * @param {Quantise} how
 * @param {number} beats of the loop
 * @returns {N}
 */
export function quantised(note, { grid, strength }, beats) {
  const size = GRIDS[grid];
  if (!size) return note;
  const line = Math.floor(note.onset / size + 0.5) * size;
  let shift = strength * (line - note.onset);
  if (note.onset + shift >= beats) shift -= beats;
  return { ...note, onset: note.onset + shift, end: note.end + shift };
}
