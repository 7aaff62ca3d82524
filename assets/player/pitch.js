/** Names and colours of piano keys. */

const BLACK_KEYS = new Set([1, 3, 6, 8, 10]);
const NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];

/** @param {number} pitch MIDI */
export const isBlack = (pitch) => BLACK_KEYS.has(pitch % 12);

/** @param {number} pitch MIDI */
export const noteName = (pitch) => NAMES[pitch % 12] + (Math.floor(pitch / 12) - 1);

/**
 * "Bar 2, beat 3".
 * @param {number} step
 * @param {import("./data").Grid} grid
 */
export function placeName(step, { beats_per_bar, steps_per_beat }) {
  const beat = Math.floor(step / steps_per_beat);
  return `Bar ${Math.floor(beat / beats_per_bar) + 1}, beat ${(beat % beats_per_bar) + 1}`;
}
