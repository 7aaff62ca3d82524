/**
 * Puts the parts of the recorder together. Keys are heard and, while it records, kept; what was
 * kept is told to Python when recording ends and when it changes.
 */

import { ComputerKeys } from "./computer_keys.js";
import { Hands } from "./hands.js";
import { MidiIn } from "./midi_in.js";
import { Session } from "./session.js";
import { keepSettings } from "./settings.js";
import { Synth } from "./synth.js";
import { Transport } from "./transport.js";
import { View } from "./view.js";

/** @import { Component, Press, Settings } from "./data" */

const TIMINGS_MAX = 500;

export class Controller {
  /** Milliseconds from each press to the call that sounds it. @type {number[]} */
  timings = [];
  #frame = 0;
  #quit = new AbortController();

  /** @param {Component} component */
  constructor(component) {
    this.component = component;
    this.session = new Session(component.data);
    this.synth = new Synth();
    this.hands = new Hands({
      strike: (press) => this.#strike(press),
      track: () => this.session.armed,
      onNote: (held, until) => this.transport.keep(held, until),
      onChange: () => this.#handsMoved(),
    });
    this.transport = new Transport(this.session, this.synth, this.hands, {
      onChange: () => this.#transportMoved(),
      onRecorded: () => this.#recorded(),
    });
    this.midi = new MidiIn({
      ...this.#played(),
      onPedal: (device, down, at) => this.hands.pedal(device, down, at),
      onLost: (device) => this.hands.letGo(device),
      onChange: () => this.view.midi.show(),
    });
    this.view = this.#makeView();
    this.keys = new ComputerKeys(this.root, {
      ...this.#played(),
      everywhere: () => this.session.recording,
      base: () => this.session.base,
      onOctave: (octaves) => this.#shift(octaves),
      onTransport: () => this.transport.toggle(),
      onLeave: () => this.hands.letGo("computer"),
    });
    this.#warm();
    Object.assign(this.root, { recorder: this }); // For the console, the tests and the benchmarks.
  }

  #makeView() {
    const { session, midi, transport } = this;
    const view = new View(session, midi, {
      ...this.#played(),
      onOctave: (octaves) => this.#shift(octaves),
      onRecord: () => transport.record(),
      onPlay: () => transport.toggle(),
      onUndo: () => this.#change(() => session.take.undo()),
      onClear: () => this.#change(() => session.take.clear()),
      onUse: () => this.use(),
      onArm: (track) => this.#arm(track),
      onChange: (change) => this.#choose(change),
    });
    view.onResize = () => this.#draw();
    return view;
  }

  /** What every kind of keyboard tells. */
  #played() {
    return {
      onPress: (/** @type {Press} */ press) => this.hands.press(press),
      onRelease: (/** @type {string} */ source, /** @type {number} */ at) => this.hands.release(source, at),
    };
  }

  get root() {
    return this.view.root;
  }

  /** The audio context is made now, and starts with the first gesture: a first note is not late. */
  #warm() {
    const listen = { signal: this.#quit.signal, capture: true };
    const wake = () => this.synth.wake();
    for (const kind of ["pointerdown", "keydown"]) window.addEventListener(kind, wake, listen);
    this.synth.context.onstatechange = () => this.#show();
  }

  /** @param {Component} component */
  update(component) {
    this.component = component;
    if (this.session.receive(component.data)) this.transport.stop();
    this.view.build();
    this.#handsMoved(); // The keys are new.
    this.#show();
  }

  // --- What the user does -----------------------------------------------------------------

  /** @param {Press} press */
  #strike({ pitch, velocity, at }) {
    const { synth, session } = this;
    synth.wake();
    const voice = synth.strike({ pitch, velocity, drum: session.track.is_drum });
    this.timings = [...this.timings.slice(1 - TIMINGS_MAX), performance.now() - at];
    return voice;
  }

  #handsMoved() {
    this.view.piano.light(new Set(this.hands.held.map(({ pitch }) => pitch)));
    this.#draw();
  }

  /** @param {-1 | 1} octaves */
  #shift(octaves) {
    this.session.shift(octaves);
    this.view.keys();
    this.#handsMoved();
  }

  /** @param {number} track */
  #arm(track) {
    this.session.arm(track);
    this.view.keys();
    this.#show();
  }

  /** @param {Partial<Settings>} change */
  #choose(change) {
    const { session } = this;
    session.settings = { ...session.settings, ...change };
    keepSettings(session.settings);
    this.#show();
  }

  /** @param {() => void} change of the take */
  #change(change) {
    change();
    if (!this.session.recording) this.#tell("take");
    this.#show();
  }

  #recorded() {
    this.view.say(`Recorded: ${this.session.take.notes.length} notes in all`);
    this.#tell("take");
  }

  /** Hand the take on. It is the page's then; undo brings it back here. */
  use() {
    const { session } = this;
    if (session.recording) this.transport.stop();
    if (!session.take.notes.length) return;
    this.#tell("use");
    session.take.clear();
    this.view.say("Handed on");
    this.#show();
  }

  /** @param {"take" | "use"} name */
  #tell(name) {
    this.component.setStateValue(name, this.session.event);
  }

  // --- What is seen -----------------------------------------------------------------------

  #transportMoved() {
    this.#show();
    if (!this.transport.running) return;
    cancelAnimationFrame(this.#frame);
    const frame = () => {
      this.#draw();
      if (this.transport.running) this.#frame = requestAnimationFrame(frame);
    };
    this.#frame = requestAnimationFrame(frame);
  }

  #show() {
    const { synth, transport } = this;
    const sorted = this.timings.toSorted((a, b) => a - b);
    const handling = sorted[Math.floor(sorted.length / 2)] ?? 0;
    const latency = synth.context.state === "running" ? synth.latency + handling : 0;
    this.view.show({ playing: transport.running, latency });
    this.#draw();
  }

  #draw() {
    this.view.draw(this.transport.growing, this.transport.beat);
  }

  /** The element is gone, perhaps for a moment only. */
  silence() {
    this.hands.letGo();
    this.transport.stop();
  }

  destroy() {
    this.#quit.abort();
    cancelAnimationFrame(this.#frame);
    this.transport.destroy();
    this.keys.destroy();
    this.midi.destroy();
    this.hands.letGo();
    this.synth.destroy();
    this.view.destroy();
  }
}
