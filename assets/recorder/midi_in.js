/** Notes from MIDI keyboards (Web MIDI), once the user has allowed it. Devices may come and go. */

/** @import { Press } from "./data" */

/** @typedef {"missing" | "off" | "asking" | "on" | "refused"} MidiState */

const NOTE_OFF = 8;
const NOTE_ON = 9;
const CONTROL = 11;
const SUSTAIN = 64;
const ALL_SOUND_OFF = 120;
const ALL_NOTES_OFF = 123;

/** @param {string} id */
const deviceOf = (id) => `midi:${id.replaceAll("|", "-")}`;

export class MidiIn {
  /** @type {MidiState} */
  state = "requestMIDIAccess" in navigator ? "off" : "missing";
  /** Id of the device that counts; empty for all. */
  device = "";
  /** 1 to 16; 0 for all. */
  channel = 0;
  /** The next note says which device and channel count. */
  learning = false;
  /** Names of devices that were here, by id. @type {Map<string, string>} */
  #names = new Map();
  /** @type {MIDIAccess | null} */
  #access = null;
  #gone = false;

  /**
   * @param {{
   *   onPress: (press: Press) => void, onRelease: (source: string, at: number) => void,
   *   onPedal: (device: string, down: boolean, at: number) => void,
   *   onLost: (device: string) => void, onChange: () => void,
   * }} options
   */
  constructor(options) {
    this.options = options;
  }

  /** Ask for permission. */
  async open() {
    if (this.state === "missing" || this.state === "on") return;
    this.#become("asking");
    try {
      const access = await navigator.requestMIDIAccess({ sysex: false });
      if (this.#gone) return;
      this.#access = access;
      access.onstatechange = () => this.#attach();
      this.#become("on");
      this.#attach();
    } catch {
      this.#become("refused");
    }
  }

  /** @param {MidiState} state */
  #become(state) {
    this.state = state;
    this.options.onChange();
  }

  /** @returns {MIDIInput[]} */
  get #inputs() {
    return [...(this.#access?.inputs.values() ?? [])];
  }

  /** Devices to choose from; one that was chosen and is gone stays among them. */
  get devices() {
    const here = this.#inputs.filter(({ state }) => state !== "disconnected");
    const found = here.map(({ id, name }) => ({ id, name: name || "MIDI device", here: true }));
    if (this.device && !here.some(({ id }) => id === this.device)) {
      found.push({ id: this.device, name: this.#names.get(this.device) ?? "MIDI device", here: false });
    }
    return found;
  }

  #attach() {
    const here = new Set();
    for (const input of this.#inputs) {
      if (input.state === "disconnected") continue;
      here.add(input.id);
      this.#names.set(input.id, input.name || "MIDI device");
      input.onmidimessage = (message) => this.#message(input.id, message);
    }
    for (const id of this.#names.keys()) if (!here.has(id)) this.options.onLost(deviceOf(id));
    this.options.onChange();
  }

  /**
   * @param {string} id
   * @param {MIDIMessageEvent} message
   */
  #message(id, { data, timeStamp }) {
    if (!data || data.length < 3) return;
    const [status, number, value] = data;
    const kind = status >> 4;
    const channel = (status & 15) + 1;
    const at = timeStamp || performance.now();
    const device = deviceOf(id);
    const source = `${device}|${channel}|${number}`;
    if (kind === NOTE_OFF || (kind === NOTE_ON && value === 0)) {
      this.options.onRelease(source, at); // Of any device: the choice may have changed meanwhile.
      return;
    }
    if (kind === NOTE_ON && this.learning) this.#learn(id, channel);
    if (!this.#counts(id, channel)) return;
    if (kind === NOTE_ON) this.options.onPress({ source, pitch: number, velocity: value, at });
    if (kind === CONTROL && number === SUSTAIN) this.options.onPedal(device, value >= 64, at);
    if (kind === CONTROL && (number === ALL_SOUND_OFF || number === ALL_NOTES_OFF)) this.options.onLost(device);
  }

  /**
   * @param {string} id
   * @param {number} channel
   */
  #counts(id, channel) {
    return (!this.device || this.device === id) && (!this.channel || this.channel === channel);
  }

  /**
   * @param {string} id
   * @param {number} channel
   */
  #learn(id, channel) {
    Object.assign(this, { device: id, channel, learning: false });
    this.options.onChange();
  }

  destroy() {
    this.#gone = true;
    for (const input of this.#inputs) input.onmidimessage = null;
    if (this.#access) this.#access.onstatechange = null;
  }
}
