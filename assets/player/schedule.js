/** The voices that are scheduled on the clock of the audio context, in the order of time. */

/**
 * @import { Clip, Piece } from "./clip.js"
 * @import { Metronome } from "./metronome.js"
 * @import { Mixer } from "./mixer.js"
 * @import { Voice } from "./voice.js"
 */

/** @typedef {{time: number, step: number}} Boundary where one voice may take over from another */

const KEEP = 1; // seconds that a voice is remembered, for the playhead

/**
 * Boundaries of a voice at or after a time: multiples of `grid` steps, and its beginning.
 * @param {Voice} voice
 * @param {number} from
 * @param {number} grid
 * @returns {Generator<Boundary>}
 */
function* boundaries(voice, from, grid) {
  if (voice.t0 >= from) yield { time: voice.t0, step: voice.s0 };
  const first = Math.max(voice.s0, voice.stepAt(from));
  for (let step = Math.ceil(first / grid - 1e-6) * grid; step < voice.s1 - 1e-6; step += grid) {
    const time = voice.timeOf(step);
    if (time >= from && time > voice.t0) yield { time, step };
  }
}

export class Schedule {
  /** @type {Voice[]} */
  voices = [];

  /**
   * @param {Mixer} mixer
   * @param {Metronome} metronome clicks along
   */
  constructor(mixer, metronome) {
    this.mixer = mixer;
    this.metronome = metronome;
  }

  /**
   * @param {Voice} voice
   * @param {Piece} piece its sound
   * @param {{fade: boolean}} how whether it ends with a fade
   */
  add(voice, piece, { fade }) {
    voice.start(piece, this.mixer);
    if (fade) voice.fadeOut(voice.t1, this.mixer.context.currentTime);
    this.metronome.schedule(voice);
    this.voices.push(voice);
  }

  /**
   * Take back all that is scheduled from this time on.
   * @param {number} time
   */
  cut(time) {
    const now = this.mixer.context.currentTime;
    this.metronome.cut(time);
    this.voices = this.voices.filter((voice) => {
      const later = voice.t0 >= time - 1e-4;
      if (later) voice.cancel();
      else if (voice.t1 > time + 1e-4) voice.shorten(time, now);
      return !later;
    });
  }

  /** End all sound, releases too. */
  silence() {
    const now = this.mixer.context.currentTime;
    this.cut(now);
    for (const voice of this.voices) voice.fadeOut(now + 0.02, now);
    this.clear();
  }

  clear() {
    this.voices = [];
  }

  /** Forget what is over. */
  tidy() {
    const now = this.mixer.context.currentTime;
    this.voices = this.voices.filter((voice) => voice.t1 > now - KEEP || voice.sounding > 0);
  }

  /**
   * The first boundary at or after a time at which a clip can replace another.
   * @param {Clip} clip
   * @param {number} from
   * @param {number} grid steps
   */
  entry(clip, from, grid) {
    for (const voice of this.voices) {
      if (voice.clip === clip || voice.t1 <= from) continue;
      for (const boundary of boundaries(voice, from, grid)) {
        if (clip.pieceAt(boundary.step)) return boundary;
      }
    }
    return null;
  }

  /**
   * @param {number} from
   * @param {number} grid steps
   * @returns {Boundary | null}
   */
  boundaryAfter(from, grid) {
    for (const voice of this.voices) {
      if (voice.t1 <= from) continue;
      for (const boundary of boundaries(voice, from, grid)) return boundary;
    }
    return null;
  }

  /**
   * The step that sounds at a time; null where nothing is scheduled.
   * @param {number} time
   */
  stepAt(time) {
    let found = null;
    for (const voice of this.voices) {
      if (voice.t0 <= time && time < voice.t1) found = voice.stepAt(time);
      else if (found === null && time < voice.t0) return voice.s0;
    }
    return found;
  }
}
