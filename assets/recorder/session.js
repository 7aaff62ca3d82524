/** All that the recorder knows: what Python sent last, and what the user has done since. */

import { same } from "../player/dom.js";
import { readSettings } from "./settings.js";
import { Take } from "./take.js";

/** @import { Note, Payload, Row, TakeEvent } from "./data" */

/** @param {Row} row @returns {Note} */
const noteOf = ([track, pitch, onset, end, velocity]) => ({ track, pitch, onset, end, velocity });

const DRUMS_FROM = 36; // the bass drum of General MIDI
const SPAN = 24; // semitones that one plays within

export class Session {
  settings = readSettings();
  /** Index of the track that is played. */
  armed = 0;
  /** The lowest key, a C. */
  base = 60;
  recording = false;
  /** The notes that were there already. @type {Note[]} */
  backing = [];
  #number = 0;

  /** @param {Payload} data */
  constructor(data) {
    this.data = data;
    this.take = new Take(this.beats);
    this.#begin();
  }

  get beats() {
    return this.data.bars * this.data.beats_per_bar;
  }

  get track() {
    return this.data.tracks[this.armed];
  }

  /**
   * Take in data of Python; says whether there are other tracks or bars, and so another take.
   * @param {Payload} data
   */
  receive(data) {
    const before = this.data;
    this.data = data;
    const names = (/** @type {Payload} */ { tracks }) => tracks.map(({ name }) => name);
    const other = !same(names(before), names(data)) || before.bars * before.beats_per_bar !== this.beats;
    if (other) this.#begin();
    else if (before.armed !== data.armed) this.arm(data.armed);
    this.backing = data.backing.map(noteOf);
    return other;
  }

  #begin() {
    const { data } = this;
    this.take = new Take(this.beats);
    this.take.adopt(data.take);
    this.backing = data.backing.map(noteOf);
    this.arm(data.armed);
  }

  /**
   * Play a track, around where its notes are.
   * @param {number} index
   */
  arm(index) {
    const { tracks } = this.data;
    this.armed = Math.min(index, tracks.length - 1);
    const { low, high, is_drum } = this.track;
    const there = this.backing.filter(({ track }) => track === this.armed).map(({ pitch }) => pitch);
    const sum = there.reduce((all, pitch) => all + pitch, 0);
    const middle = there.length ? sum / there.length : (low + high) / 2;
    const wanted = is_drum && low <= DRUMS_FROM ? DRUMS_FROM : Math.round((middle - SPAN / 2) / 12) * 12;
    this.base = Math.min(Math.max(wanted, 0), 96);
  }

  /** @param {-1 | 1} octaves */
  shift(octaves) {
    this.base = Math.min(Math.max(this.base + 12 * octaves, 0), 96);
  }

  /** @returns {TakeEvent & {number: number, session: string}} */
  get event() {
    this.#number = Math.max(Date.now(), this.#number + 1);
    const { data, settings, beats, armed, take } = this;
    return {
      number: this.#number,
      session: data.session,
      notes: take.rows,
      beats,
      tempo: data.tempo,
      armed,
      quantise: { grid: settings.grid, strength: settings.strength },
    };
  }
}
