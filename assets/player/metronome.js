/** Clicks on the beats of what is scheduled, a higher one on the first of a bar. */

/**
 * @import { Mixer } from "./mixer.js"
 * @import { Voice } from "./voice.js"
 */

export const BEAT_HERTZ = 1000;
export const BAR_HERTZ = 1600;
const SECONDS = 0.05;

/**
 * @param {BaseAudioContext} context
 * @param {number} hertz
 */
export function makeClick(context, hertz) {
  const { sampleRate } = context;
  const buffer = context.createBuffer(1, Math.round(SECONDS * sampleRate), sampleRate);
  const data = buffer.getChannelData(0);
  for (let i = 0; i < data.length; i++) {
    const time = i / sampleRate;
    data[i] = 0.35 * Math.sin(2 * Math.PI * hertz * time) * Math.exp(-90 * time);
  }
  return buffer;
}

export class Metronome {
  /** @type {{time: number, source: AudioBufferSourceNode}[]} */
  #clicks = [];
  /** @type {{beat: AudioBuffer, bar: AudioBuffer} | null} */
  #sounds = null;

  /** @param {Mixer} mixer */
  constructor(mixer) {
    this.mixer = mixer;
    this.on = false;
    this.beat = 4; // steps
    this.bar = 16; // steps
  }

  /**
   * Schedule the clicks of a voice that do not lie in the past.
   * @param {Voice} voice
   */
  schedule(voice) {
    if (!this.on) return;
    const { context } = this.mixer;
    this.#clicks = this.#clicks.filter(({ time }) => time > context.currentTime - 1);
    const first = Math.ceil(voice.s0 / this.beat - 1e-6) * this.beat;
    for (let step = first; step < voice.s1 - 1e-6; step += this.beat) {
      const time = voice.timeOf(step);
      if (time >= context.currentTime) this.#click(time, step % this.bar === 0);
    }
  }

  /**
   * @param {number} time
   * @param {boolean} accent
   */
  #click(time, accent) {
    const { context, master } = this.mixer;
    this.#sounds ??= { beat: makeClick(context, BEAT_HERTZ), bar: makeClick(context, BAR_HERTZ) };
    const source = context.createBufferSource();
    source.buffer = accent ? this.#sounds.bar : this.#sounds.beat;
    source.connect(master);
    source.start(time);
    this.#clicks.push({ time, source });
  }

  /**
   * Take back all that is scheduled from this time on.
   * @param {number} time
   */
  cut(time) {
    const gone = this.#clicks.filter((click) => click.time >= time - 1e-4);
    for (const { source } of gone) source.stop();
    this.#clicks = this.#clicks.filter((click) => !gone.includes(click));
  }
}
