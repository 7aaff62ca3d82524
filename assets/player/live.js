/**
 * The live connection: notes while the user drags, and the sound of them.
 *
 * One move is under way at a time and the newest waits; what was between them is dropped.
 * Sound has a socket of its own, so that notes do not queue behind megabytes on a slow line,
 * and travels compressed unless the line has shown that it is fast.
 */

import { Socket } from "./socket.js";
import { readNotes } from "./wire.js";

/**
 * @import { Message, MoveRequest, Notes, NotesHeader, SoundFormat, SoundHeader, SoundRequest } from "./data"
 * @import { SocketState } from "./socket.js"
 */

/** @typedef {MoveRequest & {asked: number}} Move `asked` is when the user moved */

const ANSWER_WITHIN = 5000; // milliseconds
const SOUND_WITHIN = 30000;
// Bytes a second. Four tracks of PCM take 0.7 million for each second of music.
const FAST = 4e6;
const SLOW = 2e6;

export class LiveLink {
  /** @type {{id: number, asked: number, timer: number} | null} */
  flying = null;
  /** @type {Move | null} */
  #waiting = null;
  /** @type {Map<number, {resolve: (message: Message<SoundHeader>) => void, reject: (error: Error) => void, sent: number}>} */
  #sounds = new Map();
  #number = 0;
  /** Asked for of the next sound. @type {SoundFormat} */
  format = "flac";

  /**
   * @param {{
   *   url: string,
   *   onState: () => void,
   *   onNotes: (header: NotesHeader, notes: Notes, asked: number) => void,
   *   onError: (text: string) => void,
   *   onRefused: () => void,
   * }} options `onError` tells what the server could not do, `onRefused` that it does not know
   *   the token
   */
  constructor({ url, onState, onNotes, onError, onRefused }) {
    this.onState = onState;
    this.onNotes = onNotes;
    this.onError = onError;
    const onMessage = (/** @type {Message} */ message) => this.#receive(message);
    const onChange = () => this.#changed();
    this.notes = new Socket(url, "notes", { onMessage, onState: onChange, onRefused });
    this.sounds = new Socket(url, "sound", { onMessage, onState: onChange });
  }

  /** Of the notes. @returns {SocketState} */
  get state() {
    return this.notes.state;
  }

  get sounding() {
    return this.sounds.state === "live";
  }

  /** How often in a row connecting has failed. */
  get failures() {
    return this.notes.failures;
  }

  /**
   * Connect for this token; null disconnects.
   * @param {string | null} token
   */
  use(token) {
    this.notes.use(token);
    this.sounds.use(token);
  }

  retry() {
    this.notes.retry();
    this.sounds.retry();
  }

  #changed() {
    this.#abandon();
    this.onState();
  }

  /** What was asked on a connection that is lost is not answered any more. */
  #abandon() {
    if (this.state !== "live") {
      clearTimeout(this.flying?.timer);
      this.flying = this.#waiting = null;
    }
    if (this.sounding) return;
    for (const { reject } of this.#sounds.values()) reject(new Error("The connection was lost."));
    this.#sounds.clear();
  }

  /** @param {Message} message */
  #receive({ header, payload }) {
    if (header.type === "notes") {
      this.#answered(header, payload);
    } else if (header.type === "sound") {
      const waiting = this.#take(header.id);
      if (!waiting) return;
      this.#measure(payload.length, performance.now() - waiting.sent - (header.ms ?? 0) - header.encode_ms);
      waiting.resolve({ header, payload });
    } else if (header.type === "error") {
      const waiting = this.#take(header.id);
      if (waiting) waiting.reject(new Error(header.message));
      else this.onError(header.message);
      if (header.id === this.flying?.id) this.#next();
    }
  }

  /** @param {number | undefined} id */
  #take(id) {
    const waiting = id === undefined ? undefined : this.#sounds.get(id);
    if (id !== undefined) this.#sounds.delete(id);
    return waiting;
  }

  /**
   * Choose how sound is to come from how long the last one was on its way.
   * @param {number} bytes
   * @param {number} milliseconds
   */
  #measure(bytes, milliseconds) {
    if (bytes < 20_000) return; // The round trip says nothing about the line.
    const speed = bytes / Math.max(milliseconds / 1000, 0.001);
    if (speed > FAST) this.format = "pcm16";
    else if (speed < SLOW) this.format = "flac";
  }

  /**
   * @param {NotesHeader} header
   * @param {Uint8Array} payload
   */
  #answered(header, payload) {
    if (header.id !== this.flying?.id) return;
    const { asked } = this.flying;
    this.#next();
    this.onNotes(header, readNotes(header.counts, payload), asked);
  }

  #next() {
    clearTimeout(this.flying?.timer);
    this.flying = null;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting) this.move(waiting, waiting.asked);
  }

  /**
   * Ask for the notes of these values; false where there is no connection.
   * @param {MoveRequest} request
   */
  move({ values, base }, asked = performance.now()) {
    if (this.state !== "live") return false;
    if (this.flying) {
      // The wait began with the first of the moves that are dropped now.
      this.#waiting = { values, base, asked: this.#waiting?.asked ?? asked };
      return true;
    }
    const id = ++this.#number;
    this.flying = { id, asked, timer: setTimeout(() => this.#next(), ANSWER_WITHIN) };
    this.notes.send({ type: "move", id, base, values });
    return true;
  }

  /**
   * Ask for the sound of these values.
   * @param {SoundRequest} request
   * @returns {Promise<Message<SoundHeader>>}
   */
  sound(request) {
    if (!this.sounding) return Promise.reject(new Error("There is no connection."));
    const id = ++this.#number;
    return new Promise((resolve, reject) => {
      this.#sounds.set(id, { resolve, reject, sent: performance.now() });
      this.sounds.send({ type: "sound", id, format: this.format, ...request });
      setTimeout(() => {
        if (this.#sounds.delete(id)) reject(new Error("The sound took too long."));
      }, SOUND_WITHIN);
    });
  }

  destroy() {
    this.notes.destroy();
    this.sounds.destroy();
    this.#abandon();
  }
}
