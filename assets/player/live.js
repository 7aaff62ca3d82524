/**
 * The WebSocket to `/api/live`. One move is under way at a time and the newest waits; what
 * was between them is dropped. `gan/ui/live.py` is the other end.
 */

import { readNotes, unpack } from "./wire.js";

const ANSWER_WITHIN = 5000;
const LONGEST_PAUSE = 10000;

export class LiveLink {
  /**
   * `onState(state)` tells "connecting", "live" or "off"; `onNotes(header, notes, sent)` gets
   * the answer to a move, `onError(text)` what the server could not do.
   */
  constructor({ url, onState, onNotes, onError }) {
    Object.assign(this, { url, onState, onNotes, onError });
    this.token = null;
    this.state = "off";
    this.number = 0;
    this.failures = 0;
    this.flying = null;
    this.waiting = null;
    this.sounds = new Map();
  }

  /** Connect for this token; null disconnects. */
  use(token) {
    if (token === this.token) return;
    this.token = token;
    this.failures = 0;
    clearTimeout(this.timer);
    this.#drop();
    if (token) this.#open();
    else this.#to("off");
  }

  #to(state) {
    if (state === this.state) return;
    this.state = state;
    this.onState(state);
  }

  #open() {
    if (this.state !== "off") this.#to("connecting");
    else if (this.failures === 0) this.#to("connecting");
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    // A proxy that swallows the handshake would leave us waiting for ever.
    const patience = setTimeout(() => socket.close(), 3000);
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", token: this.token }));
    socket.onmessage = (event) => {
      clearTimeout(patience);
      if (socket === this.socket) this.#receive(event.data);
    };
    socket.onclose = () => {
      clearTimeout(patience);
      if (socket === this.socket) this.#lost();
    };
  }

  #drop() {
    const { socket } = this;
    this.socket = null;
    if (socket) socket.onclose = socket.onmessage = null;
    socket?.close();
    this.#abandon();
  }

  #abandon() {
    clearTimeout(this.flying?.timer);
    this.flying = this.waiting = null;
    for (const { reject } of this.sounds.values()) reject(new Error("The connection was lost."));
    this.sounds.clear();
  }

  #lost() {
    this.socket = null;
    this.#abandon();
    this.failures += 1;
    this.#to(this.failures > 1 || this.state === "off" ? "off" : "connecting");
    const pause = Math.min(300 * 2 ** (this.failures - 1), LONGEST_PAUSE);
    this.timer = setTimeout(() => this.token && this.#open(), pause);
  }

  #receive(data) {
    if (!(data instanceof ArrayBuffer)) return;
    const { header, payload } = unpack(data);
    if (header.type === "ready") {
      this.failures = 0;
      this.#to("live");
    } else if (header.type === "notes") {
      this.#answered(header, payload);
    } else if (this.sounds.has(header.id)) {
      const { resolve, reject } = this.sounds.get(header.id);
      this.sounds.delete(header.id);
      if (header.type === "sound") resolve({ header, payload });
      else reject(new Error(header.message));
    } else if (header.type === "error") {
      this.onError(header.message);
      if (header.id === this.flying?.id) this.#next();
    }
  }

  #answered(header, payload) {
    if (header.id !== this.flying?.id) return;
    const { sent } = this.flying;
    this.#next();
    this.onNotes(header, readNotes(header.counts, payload), sent);
  }

  #next() {
    clearTimeout(this.flying?.timer);
    this.flying = null;
    const { waiting } = this;
    this.waiting = null;
    if (waiting) this.move(waiting);
  }

  /** Ask for the notes of these values; `asked` is when the user moved. */
  move({ values, base, asked = performance.now() }) {
    if (this.state !== "live") return false;
    if (this.flying) {
      // The wait began with the first of the moves that are dropped now.
      this.waiting = { values, base, asked: this.waiting?.asked ?? asked };
      return true;
    }
    const id = ++this.number;
    const timer = setTimeout(() => this.#next(), ANSWER_WITHIN);
    this.flying = { id, sent: asked, timer };
    this.socket.send(JSON.stringify({ type: "move", id, base, values }));
    return true;
  }

  /** Ask for the sound of these values; a promise of `{header, payload}`. */
  sound({ values, base, start, end }) {
    if (this.state !== "live") return Promise.reject(new Error("There is no connection."));
    const id = ++this.number;
    return new Promise((resolve, reject) => {
      this.sounds.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ type: "sound", id, base, values, start, end }));
      setTimeout(() => {
        if (this.sounds.delete(id)) reject(new Error("The sound took too long."));
      }, 2 * ANSWER_WITHIN);
    });
  }

  destroy() {
    this.token = null;
    clearTimeout(this.timer);
    this.#drop();
  }
}
