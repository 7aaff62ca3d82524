/**
 * Plays takes without a gap.
 *
 * A *take* is the sound of one version of the phrase: stems in one or more *pieces*, each
 * covering a range of steps. A *voice* is one stretch of a take on the clock of the
 * AudioContext: it starts at time t0 on step s0 and hands over at time t1, step s1. Voices
 * are scheduled ahead, so a slow page does not interrupt the sound; when a newer take
 * arrives, what is scheduled after the next boundary (a multiple of `swapSteps`) is taken
 * back and scheduled again from the newer take, with a crossfade of a few milliseconds.
 * Where the newest take is not complete yet, the one before it goes on: playing never stops
 * for want of sound. At the end of the phrase the release of its notes rings on over the
 * beginning of the next pass.
 */

export const RATE = 44100;

const AHEAD = 1.6;
const SAFETY = 0.03;
const FADE = 0.008;
const TICK = 100;
const KNEE = 0.85;
const HEADROOM = 4;

/**
 * What stems add up to passes unchanged below KNEE; peaks above it are bent so that they stay
 * under full scale, where the sound card would cut them off.
 */
function limiter(context) {
  const input = context.createGain();
  input.gain.value = 1 / HEADROOM; // A shaper's curve ends at 1.
  const output = context.createWaveShaper();
  output.curve = Float32Array.from({ length: 8193 }, (_, i) => {
    const value = HEADROOM * (i / 4096 - 1);
    const over = Math.max(0, Math.abs(value) - KNEE) / (1 - KNEE);
    return Math.sign(value) * Math.min(Math.abs(value), KNEE + (1 - KNEE) * Math.tanh(over));
  });
  input.connect(output);
  return { input, output };
}

export class Take {
  /** `key` names the music, `order` grows from one take to the next. */
  constructor(key, order, stepSeconds, steps) {
    Object.assign(this, { key, order, stepSeconds, steps });
    this.pieces = [];
  }

  add(piece) {
    const inside = (other) => piece.start <= other.start && other.end <= piece.end;
    this.pieces = [...this.pieces.filter((other) => !inside(other)), piece];
  }

  /** The piece that plays longest from this step on, if any. */
  pieceAt(step) {
    let best = null;
    for (const piece of this.pieces) {
      if (piece.start <= step + 1e-6 && step < piece.end - 1e-6) {
        if (!best || piece.end > best.end) best = piece;
      }
    }
    return best;
  }

  /** One piece covers all. */
  get whole() {
    return this.pieces.some((piece) => piece.start <= 0 && piece.end >= this.steps);
  }

  /** The pieces together cover all. */
  get complete() {
    let step = 0;
    for (let piece; step < this.steps - 1e-6 && (piece = this.pieceAt(step)); ) step = piece.end;
    return step >= this.steps - 1e-6;
  }
}

export class Engine {
  /** `onState` is called with "stopped", "waiting" (for sound) or "playing". */
  constructor({ onState }) {
    this.onState = onState;
    this.state = "stopped";
    this.steps = 64;
    this.region = [0, 64];
    this.loop = true;
    this.swapSteps = 4;
    this.step = 0; // Where playing starts, or has stopped.
    this.levels = [];
    this.volume = 0.8;
    this.voices = [];
    this.log = [];
  }

  /** The audio context; made at the first use, which must be a user's gesture to be heard. */
  get context() {
    if (!this._context) {
      // At the rate of the stems: sources are then played as they are, not interpolated.
      this._context = new AudioContext({ latencyHint: "interactive", sampleRate: RATE });
      this.master = this._context.createGain();
      this.master.gain.value = this.volume;
      this.limiter = limiter(this._context);
      this.master.connect(this.limiter.input);
      this.limiter.output.connect(this._context.destination);
      this.tracks = [];
    }
    return this._context;
  }

  get hasContext() {
    return Boolean(this._context);
  }

  // --- Levels ---------------------------------------------------------------------------

  setVolume(volume) {
    this.volume = volume;
    if (this._context) this.#glide(this.master.gain, volume);
  }

  /** One gain a track, mute and solo already worked in. */
  setLevels(levels) {
    this.levels = levels;
    if (!this._context) return;
    levels.forEach((level, index) => this.#glide(this.#track(index).gain, level));
  }

  #glide(parameter, value) {
    parameter.setTargetAtTime(value, this._context.currentTime, 0.012);
  }

  #track(index) {
    if (!this.tracks[index]) {
      const gain = this._context.createGain();
      gain.gain.value = this.levels[index] ?? 1;
      gain.connect(this.master);
      this.tracks[index] = gain;
    }
    return this.tracks[index];
  }

  // --- Transport ------------------------------------------------------------------------

  async play() {
    const { context } = this;
    if (this.state !== "stopped") return;
    this.#to("waiting");
    await context.resume();
    if (this.state === "waiting") this.#begin();
  }

  #begin() {
    const [start, end] = this.range;
    if (this.step >= end - 1e-6 || this.step < start) this.step = start;
    if (!this.#takeFor(this.step)) return; // Begins when the sound is there.
    this.cursor = { time: this.context.currentTime + 0.04, step: this.step };
    this.#to("playing");
    this.#tick();
  }

  pause() {
    if (this.state === "stopped") return;
    this.step = this.position() ?? this.step;
    this.#silence(this.context.currentTime);
    clearTimeout(this.timer);
    this.#to("stopped");
  }

  seek(step) {
    const wanted = Math.min(Math.max(step, 0), this.steps - 0.001);
    this.step = wanted;
    if (this.state !== "playing") return;
    const now = this.context.currentTime + 0.012;
    this.#cut(now);
    this.cursor = { time: now, step: wanted };
    if (!this.#takeFor(wanted)) this.#to("waiting");
    this.#tick();
  }

  setRegion(region, loop) {
    const changed = region.some((step, i) => step !== this.region[i]) || loop !== this.loop;
    this.region = region;
    this.loop = loop;
    if (changed && this.state === "playing") this.#replan();
  }

  /** Steps that are played: the loop region, or all without loop. */
  get range() {
    return this.loop ? this.region : [0, this.steps];
  }

  #to(state) {
    if (state === this.state) return;
    this.state = state;
    this.onState(state);
  }

  // --- Takes ----------------------------------------------------------------------------

  /** New sound. A take of a higher order replaces the one on air at the next boundary. */
  offer(take) {
    if (!this.take || take.order > this.take.order) {
      if (this.take?.complete || !this.fallback) this.fallback = this.take ?? null;
      this.take = take;
    }
    // A complete take needs no fallback once nothing older is scheduled.
    if (this.take.complete) this.fallback = null;
    if (this.state === "waiting") this.#begin();
    else if (this.state === "playing") this.#improve();
  }

  /** Forget all sound: other music, other tracks. */
  clear() {
    this.pause();
    this.take = this.fallback = null;
  }

  #takeFor(step) {
    if (this.take?.pieceAt(step)) return this.take;
    if (this.fallback?.pieceAt(step)) return this.fallback;
    return null;
  }

  /** Boundary (time, step) of a voice at or after `from`, on the swap grid. */
  *#boundaries(voice, from) {
    const grid = this.swapSteps;
    const seconds = voice.take.stepSeconds;
    if (voice.t0 >= from) yield { time: voice.t0, step: voice.s0 };
    const first = voice.s0 + Math.max(0, from - voice.t0) / seconds;
    for (let step = Math.ceil(first / grid - 1e-6) * grid; step < voice.s1 - 1e-6; step += grid) {
      const time = voice.t0 + (step - voice.s0) * seconds;
      if (time >= from && time > voice.t0) yield { time, step };
    }
  }

  /** Put the newest take on air from the first boundary at which it can be. */
  #improve() {
    const from = this.context.currentTime + SAFETY;
    for (const voice of this.voices) {
      if (voice.take === this.take || voice.t1 <= from) continue;
      for (const { time, step } of this.#boundaries(voice, from)) {
        if (!this.take.pieceAt(step)) continue;
        this.#cut(time);
        this.cursor = { time, step };
        this.log.push({ kind: "swap", time, step, key: this.take.key, at: performance.now() });
        if (this.log.length > 400) this.log.splice(0, 200);
        this.#tick();
        return;
      }
    }
  }

  /** When and on which step a take that arrived `delay` seconds from now would come in. */
  nextBoundary(delay = 0) {
    if (this.state !== "playing") return null;
    const from = this.context.currentTime + SAFETY + delay;
    for (const voice of this.voices) {
      if (voice.t1 <= from) continue;
      for (const boundary of this.#boundaries(voice, from)) return boundary;
    }
    return this.cursor ? { ...this.cursor } : null;
  }

  // --- Scheduling -----------------------------------------------------------------------

  #tick = () => {
    clearTimeout(this.timer);
    if (this.state === "waiting") this.#begin();
    if (this.state !== "playing") return;
    const { context } = this;
    const now = context.currentTime;
    this.voices = this.voices.filter((voice) => voice.t1 > now - 1 || voice.sounding > 0);
    // A page that slept longer than it planned ahead goes on from now.
    if (this.cursor.time < now) this.cursor.time = now + 0.02;
    while (this.state === "playing" && this.cursor.time < now + AHEAD) {
      if (!this.#schedule()) break;
    }
    if (this.state !== "stopped") this.timer = setTimeout(this.#tick, TICK);
  };

  /** Schedule one more voice at the cursor; false if there is nothing to play there. */
  #schedule() {
    const { cursor } = this;
    const [start, end] = this.range;
    // A pass that began after the region goes on to the end of the phrase.
    cursor.limit ??= cursor.step < end - 1e-6 ? end : this.steps;
    if (cursor.step >= cursor.limit - 1e-6) {
      if (!this.loop) return this.#finish(cursor.time);
      this.cursor = { time: cursor.time, step: start, limit: end };
      return true;
    }
    const take = this.#takeFor(cursor.step);
    if (!take) return false;
    const piece = take.pieceAt(cursor.step);
    let until = Math.min(piece.end, cursor.limit);
    if (take !== this.take) {
      // Only to the next boundary, where the newer take may have arrived.
      const next = (Math.floor(cursor.step / this.swapSteps + 1e-6) + 1) * this.swapSteps;
      until = Math.min(until, next);
    }
    const voice = this.#voice(take, piece, until);
    // Only the end of the phrase is a natural end: there the release rings on.
    if (until < this.steps - 1e-6) this.#fadeOut(voice, voice.t1);
    this.cursor = { time: voice.t1, step: until, limit: cursor.limit };
    return true;
  }

  #finish(time) {
    clearTimeout(this.timer);
    this.timer = setTimeout(
      () => {
        if (this.state !== "playing") return;
        this.#to("stopped");
        this.step = 0;
        this.voices = [];
      },
      Math.max(0, 1000 * (time - this.context.currentTime)),
    );
    this.cursor = { time: time + 1e6, step: this.steps };
    return false;
  }

  #voice(take, piece, until) {
    const { time, step } = this.cursor;
    const offset = (step - piece.start) * take.stepSeconds;
    // The fade-in ends on the boundary where there is sound before it to fade in.
    const early = Math.min(FADE, offset, Math.max(0, time - this.context.currentTime));
    const voice = {
      take,
      t0: time,
      s0: step,
      t1: time + (until - step) * take.stepSeconds,
      s1: until,
      parts: [],
      sounding: 0,
      faded: Infinity,
    };
    piece.buffers.forEach((buffer, index) => {
      if (!buffer || offset >= buffer.duration) return;
      const source = this.context.createBufferSource();
      const envelope = this.context.createGain();
      source.buffer = buffer;
      if (step > 0) {
        envelope.gain.setValueAtTime(0, time - early);
        envelope.gain.linearRampToValueAtTime(1, time - early + Math.max(early, 0.001));
      } // The phrase itself begins with the attack of its notes.
      source.connect(envelope).connect(this.#track(index));
      source.start(time - early, offset - early);
      voice.sounding += 1;
      source.onended = () => {
        voice.sounding -= 1;
        envelope.disconnect();
      };
      voice.parts.push({ source, envelope });
    });
    this.voices.push(voice);
    return voice;
  }

  /** Let a voice end at this time: the fade takes the last moment before it. */
  #fadeOut(voice, time) {
    if (voice.faded <= time) return;
    voice.faded = time;
    for (const { source, envelope } of voice.parts) {
      const from = Math.max(time - FADE, this.context.currentTime, voice.t0);
      envelope.gain.cancelScheduledValues(from);
      envelope.gain.setValueAtTime(1, from);
      envelope.gain.linearRampToValueAtTime(0, Math.max(time, from + 0.004));
      source.stop(Math.max(time, from + 0.004) + 0.005);
    }
  }

  /** Take back all that is scheduled from this time on. */
  #cut(time) {
    const kept = [];
    for (const voice of this.voices) {
      if (voice.t0 >= time - 1e-4) {
        voice.parts.forEach(({ source, envelope }) => {
          source.onended = null;
          source.stop();
          envelope.disconnect();
        });
        continue;
      }
      if (voice.t1 > time + 1e-4) {
        this.#fadeOut(voice, time);
        voice.s1 = voice.s0 + (time - voice.t0) / voice.take.stepSeconds;
        voice.t1 = time;
      }
      kept.push(voice);
    }
    this.voices = kept;
  }

  #silence(time) {
    this.#cut(time);
    for (const voice of this.voices) this.#fadeOut(voice, time + 0.02); // Releases too.
    this.voices = [];
  }

  /** Loop or region has changed: schedule again from a moment that is not audible yet. */
  #replan() {
    const time = this.context.currentTime + SAFETY;
    const step = this.#stepAt(time);
    if (step === null) return;
    this.#cut(time);
    const [start, end] = this.region;
    const outside = this.loop && (step < start || step >= end);
    this.cursor = { time, step: outside ? start : step };
    this.#tick();
  }

  // --- Clock ----------------------------------------------------------------------------

  #stepAt(time) {
    let found = null;
    for (const voice of this.voices) {
      if (voice.t0 <= time && time < voice.t1) {
        found = voice.s0 + (time - voice.t0) / voice.take.stepSeconds;
      } else if (found === null && time < voice.t0) {
        return voice.s0;
      }
    }
    return found;
  }

  /** Seconds on the clock of the context that leave the loudspeaker now. */
  audibleTime() {
    const { context } = this;
    const stamp = context.getOutputTimestamp?.();
    if (stamp?.contextTime > 0) {
      const time = stamp.contextTime + (performance.now() - stamp.performanceTime) / 1000;
      // A stamp that is stale (a sleeping device) is worse than none.
      if (Math.abs(context.currentTime - time) < 0.5) return time;
    }
    return context.currentTime - (context.outputLatency || context.baseLatency || 0);
  }

  /** The step that is heard now, or where it will start. */
  position() {
    if (this.state !== "playing") return this.step;
    return this.#stepAt(this.audibleTime());
  }

  destroy() {
    clearTimeout(this.timer);
    this.state = "stopped";
    this._context?.close();
    this._context = null;
    this.voices = [];
  }
}
