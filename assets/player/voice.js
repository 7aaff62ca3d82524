/**
 * One stretch of a clip on the clock of the audio context: from time `t0` on step `s0` to time
 * `t1`, step `s1`, where the next voice takes over with a crossfade of a few milliseconds.
 */

/**
 * @import { Clip, Piece } from "./clip.js"
 * @import { Mixer } from "./mixer.js"
 */

const FADE = 0.008;

export class Voice {
  #fadedAt = Infinity;

  /**
   * @param {Clip} clip
   * @param {{time: number, step: number}} from
   * @param {number} until step
   */
  constructor(clip, { time, step }, until) {
    this.clip = clip;
    this.t0 = time;
    this.s0 = step;
    this.t1 = time + (until - step) * clip.stepSeconds;
    this.s1 = until;
    /** Sources that have not ended. */
    this.sounding = 0;
    /** @type {{source: AudioBufferSourceNode, envelope: GainNode}[]} */
    this.parts = [];
  }

  /**
   * The step at a time within.
   * @param {number} time
   */
  stepAt(time) {
    return this.s0 + (time - this.t0) / this.clip.stepSeconds;
  }

  /**
   * The time of a step within.
   * @param {number} step
   */
  timeOf(step) {
    return this.t0 + (step - this.s0) * this.clip.stepSeconds;
  }

  /**
   * Schedule the sound of a piece that covers the voice.
   * @param {Piece} piece
   * @param {Mixer} mixer
   */
  start(piece, mixer) {
    const { context } = mixer;
    const offset = (this.s0 - piece.start) * this.clip.stepSeconds;
    // The fade-in ends on the boundary where there is sound before it to fade in.
    const early = Math.min(FADE, offset, Math.max(0, this.t0 - context.currentTime));
    piece.buffers.forEach((buffer, index) => {
      if (!buffer || offset >= buffer.duration) return;
      const source = context.createBufferSource();
      const envelope = context.createGain();
      source.buffer = buffer;
      if (this.s0 > 0) {
        envelope.gain.setValueAtTime(0, this.t0 - early);
        envelope.gain.linearRampToValueAtTime(1, this.t0 - early + Math.max(early, 0.001));
      } // The phrase itself begins with the attack of its notes.
      source.connect(envelope).connect(mixer.track(index));
      source.start(this.t0 - early, offset - early);
      this.sounding += 1;
      source.onended = () => {
        this.sounding -= 1;
        envelope.disconnect();
      };
      this.parts.push({ source, envelope });
    });
  }

  /**
   * Let it end at this time: the fade takes the last moment before it.
   * @param {number} time
   * @param {number} now
   */
  fadeOut(time, now) {
    if (this.#fadedAt <= time) return;
    this.#fadedAt = time;
    const from = Math.max(time - FADE, now, this.t0);
    const to = Math.max(time, from + 0.004);
    for (const { source, envelope } of this.parts) {
      envelope.gain.cancelScheduledValues(from);
      envelope.gain.setValueAtTime(1, from);
      envelope.gain.linearRampToValueAtTime(0, to);
      source.stop(to + 0.005);
    }
  }

  /**
   * Hand over at this time instead of later.
   * @param {number} time
   * @param {number} now
   */
  shorten(time, now) {
    this.fadeOut(time, now);
    this.s1 = this.stepAt(time);
    this.t1 = time;
  }

  /** Take it back before it has sounded. */
  cancel() {
    for (const { source, envelope } of this.parts) {
      source.onended = null;
      source.stop();
      envelope.disconnect();
    }
  }
}
