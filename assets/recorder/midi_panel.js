/** What one sees of Web MIDI: the button that asks for it, then device, channel and learn. */

import { el } from "../player/dom.js";

/** @import { MidiIn, MidiState } from "./midi_in.js" */

const CHANNELS = 16;

/** @type {Record<MidiState, string>} */
const WORDS = {
  missing: "This browser has no Web MIDI. Chrome, Edge and Firefox have it.",
  off: "",
  asking: "The browser asks whether this page may use MIDI.",
  on: "",
  refused: "The browser did not allow MIDI. Allow it in the settings of this site, and press again.",
};

export class MidiPanel {
  #open = el("button", { class: "gr-button", type: "button", onclick: () => this.midi.open() }, "MIDI keyboard");
  #device = el("select", { class: "gr-field", "aria-label": "MIDI device", onchange: () => this.#chosen() });
  #channel = el("select", { class: "gr-field", "aria-label": "MIDI channel", onchange: () => this.#chosen() });
  #learn = el(
    "button",
    {
      class: "gr-toggle", type: "button", "aria-pressed": "false", onclick: () => this.#toggle(),
      title: "The next note that you play says which device and channel count",
    },
    "Learn",
  );
  #words = el("span", { class: "gr-words", role: "status" });
  #chooser = el("span", { class: "gr-chooser", hidden: true }, this.#device, this.#channel, this.#learn);
  root = el("div", { class: "gr-midi", role: "group", "aria-label": "MIDI" }, this.#open, this.#chooser, this.#words);

  /** @param {MidiIn} midi */
  constructor(midi) {
    this.midi = midi;
    const channels = Array.from({ length: CHANNELS }, (_, i) => el("option", { value: `${i + 1}` }, `Channel ${i + 1}`));
    this.#channel.append(el("option", { value: "0" }, "All channels"), ...channels);
    this.show();
  }

  show() {
    const { state, device, channel, learning, devices } = this.midi;
    this.#open.hidden = state === "on";
    this.#open.disabled = state === "missing" || state === "asking";
    this.#chooser.hidden = state !== "on";
    const options = devices.map(({ id, name, here }) =>
      el("option", { value: id }, here ? name : `${name} (not connected)`));
    this.#device.replaceChildren(el("option", { value: "" }, "All devices"), ...options);
    this.#device.value = device;
    this.#channel.value = `${channel}`;
    this.#learn.setAttribute("aria-pressed", `${learning}`);
    const none = state === "on" && !devices.length ? "Connect a keyboard; it appears here." : WORDS[state];
    this.#words.textContent = learning ? "Play a note on your keyboard." : none;
  }

  #chosen() {
    Object.assign(this.midi, { device: this.#device.value, channel: Number(this.#channel.value) });
    this.show();
  }

  #toggle() {
    this.midi.learning = !this.midi.learning;
    this.show();
  }
}
