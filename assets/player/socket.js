/**
 * One WebSocket to `/api/live` that says hello, and connects again when it is lost, after
 * pauses that grow. `gan/app/live/server.py` is the other end.
 */

import { unpack } from "./wire.js";

/** @import { Channel, Message } from "./data" */

/** @typedef {"off" | "connecting" | "live"} SocketState */

const PATIENCE = 3000; // milliseconds for the handshake
const FIRST_PAUSE = 300;
const LONGEST_PAUSE = 10000;
const REFUSED = 1008; // as in server.py: the token is not known, after a restart say

export class Socket {
  /** @type {SocketState} */
  state = "off";
  /** @type {WebSocket | null} */
  socket = null;
  /** @type {string | null} */
  #token = null;
  #timer = 0;

  /**
   * @param {string} url
   * @param {Channel} channel
   * @param {{
   *   onState: () => void, onMessage: (message: Message) => void, onRefused?: () => void,
   * }} handlers `onRefused` when the server does not know the token
   */
  constructor(url, channel, { onState, onMessage, onRefused = () => {} }) {
    this.url = url;
    this.channel = channel;
    this.onState = onState;
    this.onMessage = onMessage;
    this.onRefused = onRefused;
    this.failures = 0;
    this.retry = this.retry.bind(this);
    // A network that is back need not wait for the pause to end.
    window.addEventListener("online", this.retry);
  }

  /**
   * Connect for this token; null disconnects.
   * @param {string | null} token
   */
  use(token) {
    if (token === this.#token) return;
    this.#token = token;
    this.failures = 0;
    this.#drop();
    if (token) this.#open();
    else this.#to("off");
  }

  /** Try again now, if there is no connection. */
  retry() {
    if (!this.#token || this.socket) return;
    clearTimeout(this.#timer);
    this.#open();
  }

  /** @param {object} message */
  send(message) {
    this.socket?.send(JSON.stringify(message));
  }

  /** @param {SocketState} state */
  #to(state) {
    if (state === this.state) return;
    this.state = state;
    this.onState();
  }

  #open() {
    if (this.failures < 2) this.#to("connecting");
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    // A proxy that swallows the handshake would leave us waiting for ever.
    const patience = setTimeout(() => socket.close(), PATIENCE);
    socket.onopen = () =>
      socket.send(JSON.stringify({ type: "hello", token: this.#token, channel: this.channel }));
    socket.onmessage = ({ data }) => {
      clearTimeout(patience);
      if (socket === this.socket && data instanceof ArrayBuffer) this.#receive(unpack(data));
    };
    socket.onclose = ({ code }) => {
      clearTimeout(patience);
      if (socket !== this.socket) return;
      this.#lost();
      if (code === REFUSED) this.onRefused();
    };
  }

  /** @param {Message} message */
  #receive(message) {
    if (message.header.type !== "ready") return this.onMessage(message);
    this.failures = 0;
    this.#to("live");
  }

  #lost() {
    this.socket = null;
    this.failures += 1;
    const pause = Math.min(FIRST_PAUSE * 2 ** (this.failures - 1), LONGEST_PAUSE);
    // Not all pages at once, when a server comes back.
    this.#timer = setTimeout(this.retry, pause * (0.75 + 0.5 * Math.random()));
    this.#to(this.failures === 1 && this.state !== "off" ? "connecting" : "off");
  }

  #drop() {
    clearTimeout(this.#timer);
    const { socket } = this;
    this.socket = null;
    if (socket) socket.onclose = socket.onmessage = null;
    socket?.close();
  }

  destroy() {
    window.removeEventListener("online", this.retry);
    this.#token = null;
    this.#drop();
    this.state = "off";
  }
}
