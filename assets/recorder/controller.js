/**
 * Puts the parts of the recorder together. Keys are heard and, while it records, kept; what was
 * kept is told to Python when recording ends and when it changes.
 */

import { Clock } from "./clock.js";
import { ComputerKeys } from "./computer_keys.js";
import { Hands } from "./hands.js";
import { MidiIn } from "./midi_in.js";
import { Playback } from "./playback.js";
import { Session } from "./session.js";
import { keepSettings } from "./settings.js";
import { Synth } from "./synth.js";
import { View } from "./view.js";

/**
 * @import { Component, Note, Press, Settings } from "./data"
 * @import { Held } from "./hands.js"
 */

const TIMINGS_MAX = 500;

export class Controller {
  /** Milliseconds from each press to the call that sounds it. @type {number[]} */
  timings = [];
  #round = 0;
  #frame = 0;
  #quit = new AbortController();

  /** @param {Component} component */
  constructor(component) {
    this.component = component;
    this.session = new Session(component.data);
    this.synth = new Synth();
    this.clock = new Clock({
      now: () => this.synth.context.currentTime,
      onDue: (from, to) => this.playback.due(from, to),
      onTick: () => this.#tick(),
    });
    this.playback = new Playback(this.session, this.synth, this.clock);
    this.hands = new Hands({
      strike: (press) => this.#strike(press),
      track: () => this.session.armed,
      onNote: (held, until) => this.#played(held, until),
      onChange: () => this.#handsMoved(),
    });
    const onPress = (/** @type {Press} */ press) => this.hands.press(press);
    const onRelease = (/** @type {string} */ source, /** @type {number} */ at) => this.hands.release(source, at);
    const onOctave = (/** @type {-1 | 1} */ octaves) => this.#shift(octaves);
    this.midi = new MidiIn({
      onPress,
      onRelease,
      onPedal: (device, down, at) => this.hands.pedal(device, down, at),
      onLost: (device) => this.hands.letGo(device),
      onChange: () => this.view?.midi.show(),
    });
    this.view = new View(this.session, this.midi, {
      onPress,
      onRelease,
      onOctave,
      onRecord: () => this.record(),
      onPlay: () => this.toggle(),
      onUndo: () => this.#change(() => this.session.take.undo()),
      onClear: () => this.#change(() => this.session.take.clear()),
      onUse: () => this.use(),
      onArm: (track) => this.#arm(track),
      onChange: (change) => this.#choose(change),
    });
    this.view.onResize = () => this.#draw();
    this.keys = new ComputerKeys(this.root, {
      everywhere: () => this.session.recording,
      base: () => this.session.base,
      onPress,
      onRelease,
      onOctave,
      onTransport: () => this.toggle(),
      onLeave: () => this.hands.letGo("computer"),
    });
    this.#warm();
    Object.assign(this.root, { recorder: this }); // For the console, the tests and the benchmarks.
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
    const { data } = component;
    if (this.session.receive(data)) this.stop();
    this.view.build();
    this.#show();
  }

  // --- Playing ----------------------------------------------------------------------------

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

  // --- Recording --------------------------------------------------------------------------

  /** The beat that was heard at a moment of `performance.now()`. @param {number} moment */
  #beatOf(moment) {
    return this.clock.beatAt(this.synth.heardAt(moment));
  }

  /**
   * @param {Held} held
   * @param {number} until
   */
  #played({ track, pitch, velocity, at }, until) {
    const { session, clock } = this;
    if (!session.recording || !clock.running) return;
    const late = session.settings.latency;
    const note = { track, pitch, velocity, onset: this.#beatOf(at - late), end: this.#beatOf(until - late) };
    session.take.add(note);
    this.#show();
  }

  /** Begin to record, or end it; what plays goes on. */
  record() {
    const { session, clock } = this;
    if (session.recording) {
      this.#finish();
      if (!session.settings.loop) this.stop();
      return;
    }
    this.hands.cut(performance.now()); // What is held already is no part of the take.
    session.take.layer();
    if (!session.settings.overdub) session.take.clear();
    session.recording = true;
    this.view.say("Recording");
    if (clock.running) this.#show();
    else this.#start(session.settings.countIn ? -session.data.beats_per_bar : 0);
  }

  /** Play what is there, or stop. */
  toggle() {
    if (this.clock.running) this.stop();
    else this.#start(0);
  }

  /** @param {number} beat */
  #start(beat) {
    const { clock, session, synth } = this;
    synth.wake();
    session.take.rewind();
    clock.tempo = session.data.tempo;
    this.#round = 0;
    clock.start(beat);
    this.#show();
    this.#animate();
  }

  stop() {
    const { clock, session } = this;
    if (session.recording) this.#finish();
    clock.stop();
    this.playback.stop();
    this.#show();
  }

  /** Recording ends here; Python is told. */
  #finish() {
    const { session, hands } = this;
    const now = performance.now();
    hands.cut(now);
    session.recording = false;
    this.view.say(`Recorded: ${session.take.notes.length} notes in all`);
    this.#tell("take");
    this.#show();
  }

  #tick() {
    const round = Math.floor(this.#beatOf(performance.now()) / this.session.beats);
    if (round <= this.#round) return;
    this.#round = round;
    const { session, playback } = this;
    playback.forget();
    if (!session.settings.loop) this.stop();
    else if (session.recording && session.settings.overdub) session.take.layer();
    else if (session.recording) this.#finish();
  }

  /** @param {() => void} change of the take */
  #change(change) {
    change();
    if (!this.session.recording) this.#tell("take");
    this.#show();
  }

  /** Hand the take on. It is the page's then; undo brings it back here. */
  use() {
    const { session } = this;
    if (session.recording) this.stop();
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

  #show() {
    const { clock, synth } = this;
    const sorted = this.timings.toSorted((a, b) => a - b);
    const handling = sorted[Math.floor(sorted.length / 2)] ?? 0;
    const latency = synth.context.state === "running" ? synth.latency + handling : 0;
    this.view.show({ playing: clock.running, latency });
    this.#draw();
  }

  #draw() {
    const { clock, session } = this;
    const beat = clock.running ? this.#beatOf(performance.now()) : null;
    this.view.draw(session.recording && beat !== null ? this.#growing(beat) : [], beat);
  }

  /**
   * Notes that are held, as far as they have come.
   * @param {number} beat
   * @returns {Note[]}
   */
  #growing(beat) {
    const { beats, settings } = this.session;
    const round = Math.max(Math.floor(beat / beats), 0) * beats;
    return this.hands.held
      .filter(({ at }) => !Number.isNaN(at))
      .map(({ track, pitch, velocity, at }) => {
        const onset = Math.max(this.#beatOf(at - settings.latency) - round, 0);
        return { track, pitch, velocity, onset, end: Math.max(beat - round, onset) };
      });
  }

  #animate() {
    cancelAnimationFrame(this.#frame);
    const frame = () => {
      this.#draw();
      if (this.clock.running) this.#frame = requestAnimationFrame(frame);
    };
    this.#frame = requestAnimationFrame(frame);
  }

  /** The element is gone, perhaps for a moment only. */
  silence() {
    this.hands.letGo();
    this.stop();
  }

  destroy() {
    this.#quit.abort();
    cancelAnimationFrame(this.#frame);
    this.session.recording = false; // Nothing is told to a page that has gone on.
    this.clock.stop();
    this.keys.destroy();
    this.midi.destroy();
    this.hands.letGo();
    this.synth.destroy();
    this.view.destroy();
  }
}
