/**
 * Plays clips without a gap.
 *
 * Voices (stretches of a clip) are scheduled ahead, so a slow page does not interrupt the
 * sound; when a newer clip arrives, what is scheduled after the next boundary (a multiple of
 * `swapSteps`) is taken back and scheduled again from the newer clip. Where the newest clip is
 * not complete yet, the one before it goes on: playing never stops for want of sound. At the
 * end of the phrase the release of its notes rings on over the beginning of the next pass.
 */

import { Metronome } from "./metronome.js";
import { Mixer } from "./mixer.js";
import { Schedule } from "./schedule.js";
import { Voice } from "./voice.js";

/**
 * @import { Clip } from "./clip.js"
 * @import { Region } from "./data"
 * @import { Boundary } from "./schedule.js"
 */

/** @typedef {"stopped" | "waiting" | "playing"} PlayState "waiting" is for sound */
/** @typedef {Boundary & {limit?: number}} Cursor where the next voice begins */

const AHEAD = 1.6; // seconds
const SAFETY = 0.03; // seconds
const TICK = 100; // milliseconds
const LOG_LIMIT = 400;

export class Engine {
  /** @type {Clip | null} */
  clip = null;
  /** What goes on where `clip` has no sound yet. @type {Clip | null} */
  fallback = null;
  /** @type {PlayState} */
  state = "stopped";
  /** @type {Region} */
  region = [0, 64];
  /** @type {Cursor} */
  #cursor = { time: 0, step: 0 };
  #timer = 0;

  /** @param {{onState: (state: PlayState) => void}} handlers */
  constructor({ onState }) {
    this.onState = onState;
    this.mixer = new Mixer();
    this.metronome = new Metronome(this.mixer);
    this.schedule = new Schedule(this.mixer, this.metronome);
    this.steps = 64;
    this.loop = true;
    this.swapSteps = 4;
    this.step = 0; // Where playing starts, or has stopped.
    /** Changes from one clip to the next; for the tests and the benchmarks. */
    this.log = /** @type {{time: number, step: number, key: string, at: number}[]} */ ([]);
  }

  get context() {
    return this.mixer.context;
  }

  /** What is scheduled and what still sounds. */
  get voices() {
    return this.schedule.voices;
  }

  // --- Transport ------------------------------------------------------------------------

  async play() {
    if (this.state !== "stopped") return;
    this.#to("waiting");
    await this.context.resume();
    this.#tick();
  }

  #begin() {
    const [start, end] = this.range;
    if (this.step >= end - 1e-6 || this.step < start) this.step = start;
    if (!this.#clipAt(this.step)) return; // Begins when the sound is there.
    this.#cursor = { time: this.context.currentTime + 0.04, step: this.step };
    this.#to("playing");
    this.#tick();
  }

  pause() {
    if (this.state === "stopped") return;
    this.step = this.position() ?? this.step;
    this.schedule.silence();
    clearTimeout(this.#timer);
    this.#to("stopped");
  }

  /** @param {number} step */
  seek(step) {
    const wanted = Math.min(Math.max(step, 0), this.steps - 0.001);
    this.step = wanted;
    if (this.state !== "playing") return;
    const now = this.context.currentTime + 0.012;
    this.schedule.cut(now);
    this.#cursor = { time: now, step: wanted };
    if (!this.#clipAt(wanted)) this.#to("waiting");
    this.#tick();
  }

  /**
   * @param {Region} region
   * @param {boolean} loop
   */
  setRegion(region, loop) {
    const changed = region.some((step, i) => step !== this.region[i]) || loop !== this.loop;
    this.region = region;
    this.loop = loop;
    if (changed && this.state === "playing") this.#replan();
  }

  /** @param {boolean} on */
  setMetronome(on) {
    this.metronome.on = on;
    if (on) for (const voice of this.voices) this.metronome.schedule(voice);
    else this.metronome.cut(0);
  }

  /** Steps that are played: the loop region, or all without loop. @returns {Region} */
  get range() {
    return this.loop ? this.region : [0, this.steps];
  }

  /** @param {PlayState} state */
  #to(state) {
    if (state === this.state) return;
    this.state = state;
    this.onState(state);
  }

  // --- Clips ----------------------------------------------------------------------------

  /**
   * New sound. A clip of a higher order replaces the one on air at the next boundary.
   * @param {Clip} clip
   */
  offer(clip) {
    if (!this.clip || clip.order > this.clip.order) {
      if (this.clip?.complete || !this.fallback) this.fallback = this.clip;
      this.clip = clip;
    }
    // A complete clip needs no fallback once nothing older is scheduled.
    if (this.clip.complete) this.fallback = null;
    if (this.state === "waiting") this.#begin();
    else if (this.state === "playing") this.#improve(this.clip);
  }

  /** Forget all sound: other music, other tracks. */
  clear() {
    this.pause();
    this.clip = this.fallback = null;
  }

  /** @param {number} step */
  #clipAt(step) {
    if (this.clip?.pieceAt(step)) return this.clip;
    if (this.fallback?.pieceAt(step)) return this.fallback;
    return null;
  }

  /**
   * Put the newest clip on air from the first boundary at which it can be.
   * @param {Clip} clip
   */
  #improve(clip) {
    const from = this.context.currentTime + SAFETY;
    const boundary = this.schedule.entry(clip, from, this.swapSteps);
    if (!boundary) return;
    const { time, step } = boundary;
    this.schedule.cut(time);
    this.#cursor = { time, step };
    this.log.push({ time, step, key: clip.key, at: performance.now() });
    if (this.log.length > LOG_LIMIT) this.log.splice(0, LOG_LIMIT / 2);
    this.#tick();
  }

  /**
   * When and on which step a clip that arrived `delay` seconds from now would come in.
   * @returns {Boundary | null}
   */
  nextBoundary(delay = 0) {
    if (this.state !== "playing") return null;
    const from = this.context.currentTime + SAFETY + delay;
    return this.schedule.boundaryAfter(from, this.swapSteps) ?? { ...this.#cursor };
  }

  // --- Scheduling -----------------------------------------------------------------------

  #tick = () => {
    clearTimeout(this.#timer);
    if (this.state === "waiting") this.#begin();
    if (this.state !== "playing") return;
    const now = this.context.currentTime;
    this.schedule.tidy();
    // A page that slept longer than it planned ahead goes on from now.
    if (this.#cursor.time < now) this.#cursor.time = now + 0.02;
    while (this.#cursor.time < now + AHEAD) {
      if (!this.#addVoice()) return;
    }
    this.#timer = setTimeout(this.#tick, TICK);
  };

  /** Schedule one more voice at the cursor; false at the end of what is played once. */
  #addVoice() {
    const [start, end] = this.range;
    const cursor = this.#cursor;
    // A pass that began after the region goes on to the end of the phrase.
    cursor.limit ??= cursor.step < end - 1e-6 ? end : this.steps;
    if (cursor.step >= cursor.limit - 1e-6) {
      if (!this.loop) return this.#finish(cursor.time);
      this.#cursor = { time: cursor.time, step: start, limit: end };
      return true;
    }
    const clip = this.#clipAt(cursor.step);
    const piece = clip?.pieceAt(cursor.step);
    if (!clip || !piece) return this.#lookAgain();
    let until = Math.min(piece.end, cursor.limit);
    if (clip !== this.clip) {
      // Only to the next boundary, where the newer clip may have arrived.
      const next = (Math.floor(cursor.step / this.swapSteps + 1e-6) + 1) * this.swapSteps;
      until = Math.min(until, next);
    }
    const voice = new Voice(clip, cursor, until);
    // Only the end of the phrase is a natural end: there the release rings on.
    this.schedule.add(voice, piece, { fade: until < this.steps - 1e-6 });
    this.#cursor = { time: voice.t1, step: until, limit: cursor.limit };
    return true;
  }

  /** There is no sound at the cursor yet. */
  #lookAgain() {
    this.#timer = setTimeout(this.#tick, TICK);
    return false;
  }

  /** @param {number} time */
  #finish(time) {
    this.#cursor = { time: time + 1e6, step: this.steps };
    const stop = () => {
      if (this.state !== "playing") return;
      this.#to("stopped");
      this.step = 0;
      this.schedule.clear();
    };
    this.#timer = setTimeout(stop, Math.max(0, 1000 * (time - this.context.currentTime)));
    return false;
  }

  /** Loop or region has changed: schedule again from a moment that is not audible yet. */
  #replan() {
    const time = this.context.currentTime + SAFETY;
    const step = this.schedule.stepAt(time);
    if (step === null) return;
    this.schedule.cut(time);
    const [start, end] = this.region;
    const outside = this.loop && (step < start || step >= end);
    this.#cursor = { time, step: outside ? start : step };
    this.#tick();
  }

  /** The step that is heard now, or where it will start; null where nothing is scheduled. */
  position() {
    if (this.state !== "playing") return this.step;
    return this.schedule.stepAt(this.mixer.audibleTime());
  }

  destroy() {
    clearTimeout(this.#timer);
    this.state = "stopped";
    this.schedule.clear();
    this.mixer.destroy();
  }
}
