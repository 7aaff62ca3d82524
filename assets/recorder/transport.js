/** Playing and recording in time: from the count-in to the end of a take. */

import { Clock } from "./clock.js";
import { Playback } from "./playback.js";

/**
 * @import { Note } from "./data"
 * @import { Hands, Held } from "./hands.js"
 * @import { Session } from "./session.js"
 * @import { Synth } from "./synth.js"
 */

export class Transport {
  #round = 0;

  /**
   * @param {Session} session
   * @param {Synth} synth
   * @param {Hands} hands
   * @param {{onChange: () => void, onRecorded: () => void}} options `onRecorded` once recording
   *   has ended
   */
  constructor(session, synth, hands, { onChange, onRecorded }) {
    this.session = session;
    this.synth = synth;
    this.hands = hands;
    this.onChange = onChange;
    this.onRecorded = onRecorded;
    this.clock = new Clock({
      now: () => synth.context.currentTime,
      onDue: (from, to) => this.playback.due(from, to),
      onTick: () => this.#tick(),
    });
    this.playback = new Playback(session, synth, this.clock);
  }

  get running() {
    return this.clock.running;
  }

  /** The beat that is heard now, null where nothing plays. */
  get beat() {
    return this.running ? this.#beatOf(performance.now()) : null;
  }

  /** The beat that was heard at a moment of `performance.now()`. @param {number} moment */
  #beatOf(moment) {
    return this.clock.beatAt(this.synth.heardAt(moment));
  }

  /** Begin to record, or end it; what plays goes on. */
  record() {
    const { session, hands } = this;
    if (session.recording) {
      this.#finish();
      if (!session.settings.loop) this.stop();
      return;
    }
    hands.cut(performance.now()); // What is held already is no part of the take.
    session.take.layer();
    if (!session.settings.overdub) session.take.clear();
    session.recording = true;
    if (this.running) this.onChange();
    else this.#start(session.settings.countIn ? -session.data.beats_per_bar : 0);
  }

  /** Play what is there, or stop. */
  toggle() {
    if (this.running) this.stop();
    else this.#start(0);
  }

  /** @param {number} beat */
  #start(beat) {
    const { clock, session, synth } = this;
    synth.wake();
    session.take.rewind();
    clock.tempo = session.data.tempo;
    this.#round = 0;
    clock.start(beat);
    this.onChange();
  }

  stop() {
    if (this.session.recording) this.#finish();
    this.clock.stop();
    this.playback.stop();
    this.onChange();
  }

  #finish() {
    this.hands.cut(performance.now());
    this.session.recording = false;
    this.onRecorded();
    this.onChange();
  }

  #tick() {
    const round = Math.floor(this.#beatOf(performance.now()) / this.session.beats);
    if (round <= this.#round) return;
    this.#round = round;
    const { session, playback } = this;
    playback.forget();
    if (!session.settings.loop) this.stop();
    else if (session.recording && session.settings.overdub) session.take.layer();
    else if (session.recording) this.#finish();
  }

  /**
   * A note is over; while it records, it is kept.
   * @param {Held} held
   * @param {number} until as of `performance.now()`
   */
  keep({ track, pitch, velocity, at }, until) {
    const { session } = this;
    if (!session.recording || !this.running) return;
    const late = session.settings.latency;
    session.take.add({
      track, pitch, velocity, onset: this.#beatOf(at - late), end: this.#beatOf(until - late),
    });
    this.onChange();
  }

  /**
   * Notes that are held while it records, as far as they have come in this round.
   * @returns {Note[]}
   */
  get growing() {
    const { beat, session } = this;
    if (!session.recording || beat === null) return [];
    const { beats, settings } = session;
    const round = Math.max(Math.floor(beat / beats), 0) * beats;
    return this.hands.held
      .filter(({ at }) => !Number.isNaN(at))
      .map(({ track, pitch, velocity, at }) => {
        const onset = Math.max(this.#beatOf(at - settings.latency) - round, 0);
        return { track, pitch, velocity, onset, end: Math.max(beat - round, onset) };
      });
  }

  destroy() {
    this.session.recording = false; // Nothing is told to a page that has gone on.
    this.clock.stop();
  }
}
