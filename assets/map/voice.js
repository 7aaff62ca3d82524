/**
 * A quiet synth that plays a phrase at once, from its notes alone: no sound has to come from the
 * server while the pointer wanders.
 */

/** @import { Note, Track } from "./data" */

const LEVEL = 0.16;
const ATTACK = 0.006; // seconds
const RELEASE = 0.09;
const LEAD = 0.03; // from the call to the first note
const FADE = 0.04;
/** Partials of a soft reed, the fundamental first. */
const PARTIALS = [0, 1, 0.42, 0.18, 0.1, 0.05, 0.03];

export class Voice {
  on = true;
  /** @type {AudioContext | null} */
  context = null;
  /** @type {{out: GainNode, sources: AudioScheduledSourceNode[], timer: number} | null} */
  #playing = null;
  /** @type {PeriodicWave | null} */
  #wave = null;
  /** @type {AudioBuffer | null} */
  #noise = null;

  /** Browsers are silent until a gesture; call it from one. */
  wake() {
    this.context ??= new AudioContext({ latencyHint: "interactive" });
    if (this.context.state === "suspended") void this.context.resume();
  }

  /** Whether the browser lets us be heard yet. */
  get awake() {
    return this.context?.state === "running";
  }

  /** Seconds of the phrase that plays, null in silence. */
  get sounding() {
    return this.#playing !== null;
  }

  /**
   * Play notes in tempo instead of what plays now.
   * @param {Note[]} notes
   * @param {Track[]} tracks
   * @param {{stepSeconds: number, steps: number, transpose: number, loop: boolean}} how
   */
  play(notes, tracks, how) {
    this.hush();
    this.wake();
    const { context } = this;
    if (!this.on || !context || context.state !== "running") return;
    const out = context.createGain();
    out.gain.value = LEVEL;
    out.connect(context.destination);
    const start = context.currentTime + LEAD;
    /** @type {AudioScheduledSourceNode[]} */
    const sources = [];
    for (const note of notes) {
      const at = start + note.onset * how.stepSeconds;
      const seconds = note.length * how.stepSeconds;
      if (tracks[note.track].is_drum) sources.push(this.#drum(context, out, note.pitch, at));
      else sources.push(this.#tone(context, out, note.pitch + how.transpose, at, seconds));
    }
    const again = () => (how.loop ? this.play(notes, tracks, how) : this.hush());
    const timer = setTimeout(again, 1000 * (LEAD + how.steps * how.stepSeconds));
    this.#playing = { out, sources, timer };
  }

  /** Silence, in a moment that does not click. */
  hush() {
    const { context } = this;
    if (!this.#playing || !context) return;
    const { out, sources, timer } = this.#playing;
    this.#playing = null;
    clearTimeout(timer);
    const end = context.currentTime + FADE;
    out.gain.setValueAtTime(LEVEL, context.currentTime);
    out.gain.linearRampToValueAtTime(0, end);
    for (const source of sources) source.stop(end);
    setTimeout(() => out.disconnect(), 1000 * FADE + 50);
  }

  /** @type {(context: AudioContext, out: GainNode, pitch: number, at: number, seconds: number) => OscillatorNode} */
  #tone(context, out, pitch, at, seconds) {
    this.#wave ??= context.createPeriodicWave(new Float32Array(PARTIALS.length), Float32Array.from(PARTIALS));
    const source = context.createOscillator();
    const envelope = context.createGain();
    source.setPeriodicWave(this.#wave);
    source.frequency.value = 440 * 2 ** ((pitch - 69) / 12);
    const peak = Math.min(1, 2 ** ((62 - pitch) / 30)); // high notes are louder to the ear
    envelope.gain.setValueAtTime(0, at);
    envelope.gain.linearRampToValueAtTime(peak, at + ATTACK);
    envelope.gain.setTargetAtTime(0.45 * peak, at + ATTACK, 0.25);
    envelope.gain.setTargetAtTime(0, at + seconds, RELEASE / 3);
    source.connect(envelope).connect(out);
    source.start(at);
    source.stop(at + seconds + RELEASE);
    return source;
  }

  /** @type {(context: AudioContext, out: GainNode, pitch: number, at: number) => AudioBufferSourceNode} */
  #drum(context, out, pitch, at) {
    if (!this.#noise) {
      this.#noise = context.createBuffer(1, context.sampleRate / 4, context.sampleRate);
      const samples = this.#noise.getChannelData(0);
      for (let i = 0; i < samples.length; i++) samples[i] = 2 * Math.random() - 1;
    }
    const source = context.createBufferSource();
    const filter = context.createBiquadFilter();
    const envelope = context.createGain();
    source.buffer = this.#noise;
    filter.type = pitch < 42 ? "lowpass" : "highpass";
    filter.frequency.value = pitch <= 36 ? 150 : pitch < 42 ? 1800 : 6000;
    envelope.gain.setValueAtTime(1, at);
    envelope.gain.setTargetAtTime(0, at, pitch < 42 ? 0.05 : 0.025);
    source.connect(filter).connect(envelope).connect(out);
    source.start(at);
    return source;
  }

  destroy() {
    this.hush();
    void this.context?.close();
    this.context = null;
  }
}
