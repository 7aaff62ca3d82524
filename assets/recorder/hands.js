/** Which keys are down, on the screen, the computer and MIDI keyboards, and what they sound. */

/**
 * @import { Press } from "./data"
 * @import { Voice } from "./synth.js"
 */

/** @typedef {Press & {track: number, voice: Voice, pedalled?: boolean}} Held */

export class Hands {
  /** By source. @type {Map<string, Held>} */
  #held = new Map();
  /** Devices whose sustain pedal is down. @type {Set<string>} */
  #pedals = new Set();

  /**
   * @param {{
   *   strike: (press: Press) => Voice,
   *   track: () => number,
   *   onNote: (held: Held, until: number) => void,
   *   onChange: () => void,
   * }} options `onNote` is told a note once it is over; `until` is of `performance.now()`
   */
  constructor({ strike, track, onNote, onChange }) {
    this.strike = strike;
    this.track = track;
    this.onNote = onNote;
    this.onChange = onChange;
  }

  get held() {
    return [...this.#held.values()];
  }

  /** @param {Press} press */
  press(press) {
    const voice = this.strike(press); // Before anything else: one hears this.
    this.#end(press.source, press.at);
    this.#held.set(press.source, { ...press, track: this.track(), voice });
    this.onChange();
  }

  /**
   * @param {string} source
   * @param {number} at
   */
  release(source, at) {
    const held = this.#held.get(source);
    if (!held) return;
    const [device] = source.split("|");
    if (this.#pedals.has(device)) held.pedalled = true;
    else this.#end(source, at);
    this.onChange();
  }

  /**
   * @param {string} device
   * @param {boolean} down
   * @param {number} at
   */
  pedal(device, down, at) {
    if (down) {
      this.#pedals.add(device);
      return;
    }
    this.#pedals.delete(device);
    const left = [...this.#held].filter(([source, held]) => held.pedalled && source.split("|")[0] === device);
    for (const [source] of left) this.#end(source, at);
    this.onChange();
  }

  /**
   * Let go of all, or of all keys of one device.
   * @param {string} [device]
   */
  letGo(device, at = performance.now()) {
    for (const source of [...this.#held.keys()]) {
      if (device === undefined || source.split("|")[0] === device) this.#end(source, at);
    }
    if (device === undefined) this.#pedals.clear();
    else this.#pedals.delete(device);
    this.onChange();
  }

  /**
   * Recording ends: what is held counts until now, and sounds on.
   * @param {number} at
   */
  cut(at) {
    for (const held of this.#held.values()) {
      this.onNote(held, at);
      held.at = Number.NaN; // It has been told.
    }
  }

  /**
   * @param {string} source
   * @param {number} at
   */
  #end(source, at) {
    const held = this.#held.get(source);
    if (!held) return;
    this.#held.delete(source);
    held.voice.stop();
    if (!Number.isNaN(held.at)) this.onNote(held, at);
  }
}
