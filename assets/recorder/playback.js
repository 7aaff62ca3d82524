/** What is heard beside what one plays: clicks, the take, and the notes that were there already. */

import { BAR_HERTZ, BEAT_HERTZ, makeClick } from "../player/metronome.js";
import { quantised } from "./quantise.js";

/**
 * @import { Note, TakenNote } from "./data"
 * @import { Clock } from "./clock.js"
 * @import { Session } from "./session.js"
 * @import { Synth, Voice } from "./synth.js"
 */

export class Playback {
  /** @type {{beat: AudioBuffer, bar: AudioBuffer} | null} */
  #sounds = null;
  /** What is scheduled or rings. @type {Set<Voice>} */
  #voices = new Set();
  /** @type {Set<AudioBufferSourceNode>} */
  #clicks = new Set();

  /**
   * @param {Session} session
   * @param {Synth} synth
   * @param {Clock} clock
   */
  constructor(session, synth, clock) {
    this.session = session;
    this.synth = synth;
    this.clock = clock;
  }

  /**
   * Schedule what begins in these beats of the clock; those before 0 are the count-in.
   * @param {number} from
   * @param {number} to
   */
  due(from, to) {
    const { settings, take, backing, data, beats } = this.session;
    for (let beat = Math.ceil(from); beat < to; beat++) {
      if ((beat < 0 || settings.metronome) && !this.#isOver(beat)) {
        this.#click(this.clock.timeOf(beat), beat % data.beats_per_bar === 0);
      }
    }
    if (settings.backing) for (const note of backing) this.#note(note, from, to);
    for (const note of take.notes) this.#note(quantised(note, settings, beats), from, to);
  }

  /** @param {number} beat */
  #isOver(beat) {
    return !this.session.settings.loop && beat >= this.session.beats;
  }

  /**
   * @param {Note | TakenNote} note
   * @param {number} from
   * @param {number} to
   */
  #note(note, from, to) {
    const { beats, data } = this.session;
    const { clock, synth } = this;
    const first = Math.max(Math.ceil((from - note.onset) / beats), 0);
    for (let at = first * beats + note.onset; at < to; at += beats) {
      if (this.#isOver(at) || ("after" in note && at <= note.after)) continue;
      const voice = synth.strike({
        pitch: note.pitch,
        velocity: note.velocity,
        drum: data.tracks[note.track]?.is_drum ?? false,
        at: clock.timeOf(at),
        until: clock.timeOf(at + note.end - note.onset),
      });
      this.#voices.add(voice);
    }
  }

  /**
   * @param {number} time
   * @param {boolean} accent
   */
  #click(time, accent) {
    const { context, master } = this.synth.graph;
    this.#sounds ??= { beat: makeClick(context, BEAT_HERTZ), bar: makeClick(context, BAR_HERTZ) };
    const source = context.createBufferSource();
    source.buffer = accent ? this.#sounds.bar : this.#sounds.beat;
    source.connect(master);
    source.start(time);
    source.onended = () => this.#clicks.delete(source);
    this.#clicks.add(source);
  }

  /** Another round begins: what has rung out need not be remembered. */
  forget() {
    this.#voices = new Set([...this.#voices].slice(-64));
  }

  stop() {
    for (const voice of this.#voices) voice.stop();
    for (const click of this.#clicks) click.stop();
    this.#voices.clear();
    this.#clicks.clear();
  }
}
