/** The audio context, a gain for each track, the volume, and a limiter at the end. */

export const RATE = 44100;

const KNEE = 0.85;
const HEADROOM = 4;

/**
 * What stems add up to passes unchanged below KNEE; peaks above it are bent so that they stay
 * under full scale, where the sound card would cut them off.
 * @param {AudioContext} context
 */
function makeLimiter(context) {
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

/** @param {number} volume */
function makeGraph(volume) {
  // At the rate of the stems: sources are then played as they are, not interpolated.
  const context = new AudioContext({ latencyHint: "interactive", sampleRate: RATE });
  const master = context.createGain();
  master.gain.value = volume;
  const limiter = makeLimiter(context);
  master.connect(limiter.input);
  limiter.output.connect(context.destination);
  return { context, master, limiter, tracks: /** @type {GainNode[]} */ ([]) };
}

export class Mixer {
  /** @type {ReturnType<typeof makeGraph> | null} */
  #graph = null;

  constructor() {
    this.volume = 0.8;
    /** @type {number[]} */
    this.levels = [];
  }

  /** Made at the first use, which must be a user's gesture to be heard. */
  get graph() {
    this.#graph ??= makeGraph(this.volume);
    return this.#graph;
  }

  get context() {
    return this.graph.context;
  }

  get master() {
    return this.graph.master;
  }

  get started() {
    return this.#graph !== null;
  }

  /** @param {number} volume 0 to 1 */
  setVolume(volume) {
    this.volume = volume;
    if (this.#graph) this.#glide(this.#graph.master, volume);
  }

  /**
   * One gain a track, mute and solo already worked in.
   * @param {number[]} levels
   */
  setLevels(levels) {
    this.levels = levels;
    if (!this.#graph) return;
    levels.forEach((level, index) => this.#glide(this.track(index), level));
  }

  /**
   * @param {GainNode} node
   * @param {number} value
   */
  #glide(node, value) {
    node.gain.setTargetAtTime(value, this.context.currentTime, 0.012);
  }

  /**
   * The input of a track.
   * @param {number} index
   */
  track(index) {
    const { context, master, tracks } = this.graph;
    if (!tracks[index]) {
      tracks[index] = context.createGain();
      tracks[index].gain.value = this.levels[index] ?? 1;
      tracks[index].connect(master);
    }
    return tracks[index];
  }

  /** Seconds on the clock of the context that leave the loudspeaker now. */
  audibleTime() {
    const { context } = this;
    const { contextTime = 0, performanceTime = 0 } = context.getOutputTimestamp?.() ?? {};
    if (contextTime > 0) {
      const time = contextTime + (performance.now() - performanceTime) / 1000;
      // A stamp that is stale (a sleeping device) is worse than none.
      if (Math.abs(context.currentTime - time) < 0.5) return time;
    }
    return context.currentTime - (context.outputLatency || context.baseLatency || 0);
  }

  destroy() {
    this.#graph?.context.close();
    this.#graph = null;
  }
}
