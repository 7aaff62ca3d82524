/** The notes that were played, layer upon layer. No clock and no sound: only what is kept. */

/** @import { Note, Row, TakenNote } from "./data" */

const NOTES_MAX = 4096; // as in gan/music/take.py
const UNDO_MAX = 64;
const EARLY = 0.5; // beats before the first one that still mean it
const SHORTEST = 0.02; // beats

/** @param {number} beats */
const short = (beats) => Math.round(beats * 1e4) / 1e4;

export class Take {
  /** @type {TakenNote[]} */
  notes = [];
  /** The notes before each layer. @type {TakenNote[][]} */
  #past = [];
  /** The next note begins a layer. */
  #fresh = true;

  /** @param {number} beats of the loop */
  constructor(beats) {
    this.beats = beats;
  }

  get full() {
    return this.notes.length >= NOTES_MAX;
  }

  get undoable() {
    return this.#past.length > 0;
  }

  /** Take over notes that are no layer of their own. @param {Row[]} rows */
  adopt(rows) {
    this.notes = rows.map(([track, pitch, onset, end, velocity]) => (
      { track, pitch, onset, end, velocity, after: Number.NEGATIVE_INFINITY }
    ));
    this.#past = [];
  }

  /** What is played from now on can be undone by itself. */
  layer() {
    this.#fresh = true;
  }

  /** All that is there can be heard from the start on. */
  rewind() {
    for (const note of this.notes) note.after = Number.NEGATIVE_INFINITY;
  }

  /**
   * Keep a note. Its times are beats since the clock began, which may be rounds ago.
   * @param {Note} played
   * @returns {boolean} whether there was room, and it was not played before the first beat
   */
  add({ track, pitch, onset, end, velocity }) {
    const { beats } = this;
    if (onset < -EARLY || this.full) return false;
    const from = Math.max(onset, 0);
    const round = Math.floor(from / beats) * beats;
    const length = Math.min(Math.max(end - from, SHORTEST), beats);
    const start = Math.min(short(from - round), beats - 1e-4);
    if (this.#fresh) this.#keep();
    this.#fresh = false;
    const note = { track, pitch, onset: start, end: short(start + length), velocity };
    // Moved on by quantising, it would be struck a second time in the round it was played in.
    this.notes = [...this.notes, { ...note, after: from + beats / 2 }];
    return true;
  }

  clear() {
    if (!this.notes.length) return;
    this.#keep();
    this.notes = [];
    this.#fresh = true;
  }

  undo() {
    this.notes = this.#past.pop() ?? [];
    this.#fresh = true;
  }

  #keep() {
    this.#past = [...this.#past, this.notes].slice(-UNDO_MAX);
  }

  /** @returns {Row[]} */
  get rows() {
    return this.notes.map(({ track, pitch, onset, end, velocity }) => (
      [track, pitch, onset, Math.min(end, short(onset + this.beats)), velocity]
    ));
  }
}
