/** A stretch of a take on the clock of the AudioContext: t0, s0 to t1, s1 (seconds, steps). */

const FADE = 0.008;

export class Voice {
  /** Schedules itself from `time` and `step` on; `output(track)` is where a stem goes. */
  constructor({ context, take, piece, time, step, until, output }) {
    Object.assign(this, { context, take, t0: time, s0: step, s1: until });
    this.t1 = time + (until - step) * take.stepSeconds;
    this.parts = [];
    this.sounding = 0;
    this.faded = Infinity;
    const offset = (step - piece.start) * take.stepSeconds;
    // The fade-in ends on the boundary where there is sound before it to fade in.
    const early = Math.min(FADE, offset, Math.max(0, time - context.currentTime));
    piece.buffers.forEach((buffer, index) => {
      if (buffer && offset < buffer.duration) this.#add(buffer, output(index), offset, early);
    });
  }

  #add(buffer, output, offset, early) {
    const source = this.context.createBufferSource();
    const envelope = this.context.createGain();
    const start = this.t0 - early;
    source.buffer = buffer;
    if (this.s0 > 0) {
      envelope.gain.setValueAtTime(0, start);
      envelope.gain.linearRampToValueAtTime(1, start + Math.max(early, 0.001));
    } // The phrase itself begins with the attack of its notes.
    source.connect(envelope).connect(output);
    source.start(start, offset - early);
    this.sounding += 1;
    source.onended = () => {
      this.sounding -= 1;
      envelope.disconnect();
    };
    this.parts.push({ source, envelope });
  }

  stepAt(time) {
    return this.s0 + (time - this.t0) / this.take.stepSeconds;
  }

  /** End at this time: the fade takes the last moment before it. */
  fadeOut(time) {
    if (this.faded <= time) return;
    this.faded = time;
    const from = Math.max(time - FADE, this.context.currentTime, this.t0);
    const end = Math.max(time, from + 0.004);
    for (const { source, envelope } of this.parts) {
      envelope.gain.cancelScheduledValues(from);
      envelope.gain.setValueAtTime(1, from);
      envelope.gain.linearRampToValueAtTime(0, end);
      source.stop(end + 0.005);
    }
  }

  /** Hand over at this time at the latest; false if nothing of the voice is left. */
  endBy(time) {
    if (this.t0 >= time - 1e-4) {
      for (const { source, envelope } of this.parts) {
        source.onended = null;
        source.stop();
        envelope.disconnect();
      }
      return false;
    }
    if (this.t1 > time + 1e-4) {
      this.fadeOut(time);
      this.s1 = this.stepAt(time);
      this.t1 = time;
    }
    return true;
  }
}
