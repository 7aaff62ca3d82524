/**
 * All that the player knows: what Python sent last, and what the user has done since. The views
 * are told; they keep nothing that is here.
 *
 * What the user does goes to Python as numbered events. Data tell which of them they know
 * (`seen`), so that older data do not undo what was done meanwhile.
 */

import { compare } from "./changes.js";
import { clamp, same } from "./dom.js";
import { keyOfNotes, notesFromJson, withStrokes } from "./wire.js";

/**
 * @import { Events, Mix, Notes, Payload, Region, Stroke, TrackMix, Values } from "./data"
 * @import { Play } from "./tempo.js"
 */

/** @typedef {keyof Events} EventName */
/** @typedef {Stroke & {number: number}} NumberedStroke */

const STROKES_AT_ONCE = 64; // as `read_strokes` in events.py
const AS_IT_IS = /** @type {TrackMix} */ ({ mute: false, solo: false, volume: 1 });

export class State {
  /** @type {Payload | null} */
  #before = null;
  /** The mix that Python is known to have. @type {Mix | null} */
  #mixKnown = null;
  /** Strokes that Python does not know of yet. @type {NumberedStroke[]} */
  #strokes = [];
  /** Number of the last event of each kind. @type {Record<EventName, number>} */
  last = { commit: 0, mix: 0, action: 0, edit: 0, play: 0, resume: 0 };
  /** The notes on show. @type {Notes} */
  shown = [];
  /** Names the notes of the data. */
  committed = "";
  /** @type {Values} */
  values = {};
  /** A slider is being moved. */
  dragging = false;
  /** A pointer is down in the player. */
  pressed = false;
  drawing = false;
  /** Python makes the phrase on show ready again, after a restart. */
  waiting = false;
  /** Tempo and key as the user has just chosen them. @type {Play | null} */
  chosen = null;

  /** @param {Payload} data */
  constructor(data) {
    this.data = data;
    this.mix = data.mix;
  }

  /**
   * Take in data of Python; says what has to be built again.
   * @param {Payload} given
   */
  receive(given) {
    const before = this.#before;
    this.waiting = Boolean(before) && this.#standsIn(given);
    // The phrase stays, without a connection, until Python has it again.
    const data = before && this.waiting ? { ...before, assets: given.assets, token: null, sound: null } : given;
    const changes = compare(before, data);
    const unanswered = this.stale;
    this.#before = this.data = data;
    if (changes.session) this.#begin(data, unanswered);
    else {
      if (!same(data.mix, this.#mixKnown)) this.mix = this.#mixKnown = data.mix;
      this.#strokes = this.#strokes.filter((stroke) => stroke.number > data.seen.edit);
      if (data.seen.play >= this.last.play) this.chosen = null;
    }
    if (changes.sliders) this.dragging = false;
    return changes;
  }

  /**
   * Whether these notes only stand in for the phrase that is on show.
   * @param {Payload} given
   */
  #standsIn(given) {
    const before = this.#before;
    return given.preview && before !== null && !before.preview && !compare(before, given).phrase;
  }

  /**
   * A new session, after a restart of the server, knows of no events. What the user did and the
   * old one had not answered counts in the new one.
   * @param {Payload} data
   * @param {boolean} unanswered there was a commit that the old one had not answered
   */
  #begin(data, unanswered) {
    this.last = { commit: unanswered ? 1 : 0, mix: 0, action: 0, edit: 0, play: 0, resume: 0 };
    this.#mixKnown = data.mix;
  }

  /**
   * The number of the next event of a kind.
   * @param {EventName} name
   */
  next(name) {
    this.last[name] = Math.max(Date.now(), this.last[name] + 1);
    return this.last[name];
  }

  // --- Notes and values -----------------------------------------------------------------

  /** The data do not know yet what the user committed last. */
  get stale() {
    return this.data.seen.commit < this.last.commit;
  }

  /** Take over the values of the sliders. */
  adoptValues() {
    this.values = Object.fromEntries(this.data.sliders.map(({ id, value }) => [id, value]));
  }

  /** Take over the notes. */
  adoptNotes() {
    this.committed = keyOfNotes(notesFromJson(this.data.notes));
    this.shown = this.notes;
  }

  /** The notes of the data, with what has been drawn since. */
  get notes() {
    return withStrokes(notesFromJson(this.data.notes), this.#strokes);
  }

  /** @param {Stroke} stroke */
  draw(stroke) {
    this.#strokes.push({ ...stroke, number: this.next("edit") });
    this.shown = withStrokes(this.shown, [stroke]);
  }

  /** Strokes that Python has not acknowledged, the oldest first. */
  get untold() {
    return this.#strokes.slice(0, STROKES_AT_ONCE);
  }

  // --- What is heard --------------------------------------------------------------------

  get steps() {
    const { bars, beats_per_bar, steps_per_beat } = this.data.grid;
    return bars * beats_per_bar * steps_per_beat;
  }

  get stepSeconds() {
    return 60 / this.data.tempo / this.data.grid.steps_per_beat;
  }

  /** Tempo and key as they are shown. @returns {Play} */
  get play() {
    return this.chosen ?? { tempo: this.data.tempo, transpose: this.data.transpose };
  }

  /** @param {Play} play */
  choose(play) {
    this.chosen = play;
    this.next("play"); // Data that do not know of it do not count.
  }

  /** The loop region. @returns {Region} */
  get region() {
    const start = clamp(this.mix.loop_start, 0, this.steps - 1);
    return [start, clamp(this.mix.loop_end ?? this.steps, start + 1, this.steps)];
  }

  /** @returns {TrackMix[]} */
  get trackMixes() {
    return this.data.tracks.map(({ name }) => ({ ...AS_IT_IS, ...this.mix.tracks[name] }));
  }

  /** Which tracks are heard: those with solo if any has it, less the muted. */
  get audible() {
    const mixes = this.trackMixes;
    const solo = mixes.some((mix) => mix.solo);
    return mixes.map((mix) => !mix.mute && (!solo || mix.solo));
  }

  /** Gain of each track. */
  get levels() {
    const { audible } = this;
    // Loudness is felt about as the square of the position of a fader.
    return this.trackMixes.map(({ volume }, index) => (audible[index] ? volume ** 2 : 0));
  }

  /** @param {Partial<Mix>} change */
  changeMix(change) {
    this.mix = { ...this.mix, ...change };
  }

  /**
   * @param {string} name
   * @param {Partial<TrackMix>} change
   */
  changeTrack(name, change) {
    const mix = { ...AS_IT_IS, ...this.mix.tracks[name], ...change };
    this.changeMix({ tracks: { ...this.mix.tracks, [name]: mix } });
  }

  /**
   * @param {Region} region
   * @param {boolean} loop
   */
  changeRegion([start, end], loop) {
    this.changeMix({ loop, loop_start: start, loop_end: end >= this.steps ? null : end });
  }

  /** The mix to tell Python, which will send it back. */
  tellMix() {
    const tracks = Object.fromEntries(this.data.tracks.map(({ name }, i) => [name, this.trackMixes[i]]));
    this.mix = { ...this.mix, tracks };
    this.#mixKnown = this.mix;
    return this.mix;
  }
}
