/**
 * A small instrument that answers at once: strings that decay as a piano's do, and noise for drums.
 * Nothing in its way delays: no compressor, which looks ahead, and no resampling.
 */

const VOICES = 32;
const ATTACK = 0.002; // seconds
const RELEASE = 0.07;
const LONGEST = 14;
/** Partials of the string, the fundamental first. */
const PARTIALS = [1, 0.55, 0.32, 0.2, 0.13, 0.09, 0.06, 0.04, 0.03, 0.02];

/** @typedef {{stop: (at?: number) => void}} Voice */
/** @typedef {{pitch: number, velocity: number, drum: boolean, at?: number, until?: number}} Strike */

/** @param {number} pitch MIDI */
const hertz = (pitch) => 440 * 2 ** ((pitch - 69) / 12);

/**
 * What a drum of General MIDI sounds like: tone in hertz (0 for none), cut-off of the noise, seconds.
 * @param {number} pitch
 * @returns {[tone: number, noise: number, seconds: number]}
 */
function drumOf(pitch) {
  if (pitch <= 36) return [52, 300, 0.22]; // bass drums
  if (pitch === 42 || pitch === 44) return [0, 8000, 0.05]; // closed hi-hats
  if (pitch === 46) return [0, 8000, 0.3];
  if (pitch >= 49) return [0, 5000, 0.7]; // cymbals
  if (pitch === 37 || pitch === 38 || pitch === 40 || pitch === 39) return [180, 1800, 0.16]; // snares
  return [hertz(pitch - 5), 600, 0.25]; // toms
}

export class Synth {
  /** In the order in which they began. @type {Set<Voice>} */
  #voices = new Set();
  /** @type {ReturnType<Synth["make"]> | null} */
  #graph = null;

  /** Everything that takes time, before the first key is pressed. */
  make() {
    const context = new AudioContext({ latencyHint: "interactive" });
    const master = context.createGain();
    master.gain.value = 0.5;
    const limiter = context.createWaveShaper();
    limiter.curve = Float32Array.from({ length: 2049 }, (_, i) => Math.tanh(2 * (i / 1024 - 1)) / 1.1);
    master.connect(limiter).connect(context.destination);
    const real = new Float32Array(PARTIALS.length + 1);
    const string = context.createPeriodicWave(real, Float32Array.from([0, ...PARTIALS]));
    const noise = context.createBuffer(1, context.sampleRate, context.sampleRate);
    const samples = noise.getChannelData(0);
    for (let i = 0; i < samples.length; i++) samples[i] = 2 * Math.random() - 1;
    return { context, master, string, noise };
  }

  get graph() {
    this.#graph ??= this.make();
    return this.#graph;
  }

  get context() {
    return this.graph.context;
  }

  /** Browsers are silent until a user's gesture; this counts from then on. */
  wake() {
    const { context } = this;
    if (context.state === "suspended") void context.resume();
  }

  /** Milliseconds from a sample's computation to the ear, as the browser reports them. */
  get latency() {
    const { baseLatency, outputLatency } = this.context;
    return 1000 * (baseLatency + (outputLatency || 0));
  }

  /**
   * Context time of what was heard at a moment of `performance.now()`.
   * @param {number} moment
   */
  heardAt(moment) {
    const { context } = this;
    const { contextTime = 0, performanceTime = 0 } = context.getOutputTimestamp();
    const heard = contextTime + (moment - performanceTime) / 1000;
    const late = context.currentTime - heard;
    if (performanceTime > 0 && late > -0.1 && late < 1) return heard;
    return context.currentTime - this.latency / 1000 - (performance.now() - moment) / 1000;
  }

  /**
   * Strike a note, now or at a context time; it rings until `until`, or until it is stopped.
   * @param {Strike} strike
   * @returns {Voice}
   */
  strike({ pitch, velocity, drum, at = 0, until }) {
    const time = Math.max(at, this.context.currentTime);
    const voice = drum ? this.#drum(pitch, velocity, time) : this.#string(pitch, velocity, time);
    this.#voices.add(voice);
    if (this.#voices.size > VOICES) {
      const [oldest] = this.#voices;
      oldest.stop();
      this.#voices.delete(oldest);
    }
    if (until !== undefined) voice.stop(until);
    return voice;
  }

  /**
   * @param {number} pitch
   * @param {number} velocity
   * @param {number} time
   * @returns {Voice}
   */
  #string(pitch, velocity, time) {
    const { context, master, string } = this.graph;
    const frequency = hertz(pitch);
    const force = velocity / 127;
    const gain = context.createGain();
    const filter = context.createBiquadFilter();
    filter.frequency.setValueAtTime(Math.min(frequency * (3 + 9 * force), 16000), time);
    filter.frequency.setTargetAtTime(Math.min(frequency * 2.5, 9000), time, 0.35);
    const peak = 0.42 * force ** 1.4;
    const low = 2 ** ((60 - pitch) / 24);
    gain.gain.setValueAtTime(0, time);
    gain.gain.linearRampToValueAtTime(peak, time + ATTACK);
    gain.gain.setTargetAtTime(peak * 0.4, time + ATTACK, 0.16 * low);
    gain.gain.setTargetAtTime(0, time + 0.5 * low, 1.3 * low);
    filter.connect(gain).connect(master);
    const sources = [-1.5, 1.5].map((detune) => {
      const source = context.createOscillator();
      source.setPeriodicWave(string);
      source.frequency.value = frequency;
      source.detune.value = detune;
      source.connect(filter);
      return source;
    });
    return this.#started(sources, gain, time, Math.min(8 * low, LONGEST));
  }

  /**
   * @param {number} pitch
   * @param {number} velocity
   * @param {number} time
   * @returns {Voice}
   */
  #drum(pitch, velocity, time) {
    const { context, master, noise } = this.graph;
    const [tone, cut, seconds] = drumOf(pitch);
    const gain = context.createGain();
    gain.gain.setValueAtTime(0.8 * (velocity / 127) ** 1.4, time);
    gain.gain.setTargetAtTime(0, time, seconds / 4);
    gain.connect(master);
    const hiss = context.createBufferSource();
    hiss.buffer = noise;
    const filter = context.createBiquadFilter();
    filter.type = tone ? "lowpass" : "highpass";
    filter.frequency.value = cut;
    hiss.connect(filter).connect(gain);
    /** @type {AudioScheduledSourceNode[]} */
    const sources = [hiss];
    if (tone) {
      const skin = context.createOscillator();
      skin.frequency.setValueAtTime(tone * 2.2, time);
      skin.frequency.setTargetAtTime(tone, time, 0.02);
      skin.connect(gain);
      sources.push(skin);
    }
    return this.#started(sources, gain, time, seconds * 2, false);
  }

  /**
   * @param {AudioScheduledSourceNode[]} sources
   * @param {GainNode} gain
   * @param {number} time
   * @param {number} seconds after which it has died away
   * @param {boolean} damped whether it ends when the key comes up
   * @returns {Voice}
   */
  #started(sources, gain, time, seconds, damped = true) {
    const { context } = this;
    for (const source of sources) {
      source.start(time);
      source.stop(time + seconds);
    }
    /** @type {Voice} */
    const voice = {
      stop: (at = 0) => {
        // One that has not begun yet is never heard.
        const taken = at <= time && context.currentTime < time;
        if (!taken && !damped) return;
        const end = taken ? time : Math.max(at, context.currentTime, time + 0.03);
        gain.gain.cancelScheduledValues(end);
        gain.gain.setTargetAtTime(0, end, RELEASE);
        for (const source of sources) source.stop(taken ? time : end + 8 * RELEASE);
      },
    };
    sources[0].onended = () => {
      gain.disconnect();
      this.#voices.delete(voice);
    };
    return voice;
  }

  destroy() {
    void this.#graph?.context.close();
    this.#graph = null;
  }
}
