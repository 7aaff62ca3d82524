/**
 * Puts the parts of the player together. Data come in and change the state; what the user does
 * changes the state, is shown, and is told to Python.
 */

import { Commits } from "./commits.js";
import { Connection } from "./connection.js";
import { Engine } from "./engine.js";
import { Keys } from "./keys.js";
import { Playback } from "./playback.js";
import { Reports } from "./reports.js";
import { SoundFetcher } from "./sound_fetcher.js";
import { State } from "./state.js";
import { Timings } from "./timings.js";
import { View } from "./view.js";
import { keyOfNotes } from "./wire.js";

/**
 * @import { Component, Mix, Notes, NotesHeader, Stroke, Values } from "./data"
 * @import { Play } from "./tempo.js"
 * @import { Handlers } from "./view.js"
 */

export class Controller {
  timings = new Timings();
  /** Something has been built again and has not been filled yet. */
  #fresh = true;
  /** @type {Mix | null} */
  #mixShown = null;
  #quit = new AbortController();

  /** @param {Component} component */
  constructor(component) {
    this.state = new State(component.data);
    this.reports = new Reports(this.state, component);
    this.engine = new Engine({ onState: (state) => this.playback.changed(state) });
    const onError = (/** @type {string} */ text) => this.view.say(text);
    this.fetcher = new SoundFetcher({ engine: this.engine, onError });
    this.connection = new Connection({
      assets: component.data.assets,
      onChange: () => this.#connected(),
      onNotes: (header, notes, asked) => this.#arrived(header, notes, asked),
      onError,
      // The script runs again when something changes, and then knows this page.
      onRefused: () => this.reports.tell("resume", {}),
    });
    this.commits = new Commits(this.state, {
      tell: (event) => this.reports.tell("commit", event, event.number),
      soundFirst: () => this.link.state === "live" && this.engine.state === "playing",
      // With an answer on its way, its notes are what is to be heard.
      onReleased: () => this.link.state === "live" && !this.link.flying && this.#wantSound(),
    });
    this.view = new View(this.state, this.#handlers());
    const { state, engine, fetcher } = this;
    const { stage, transport } = this.view;
    this.playback = new Playback({ state, engine, fetcher, stage, transport, onMix: this.reports.mix });
    this.keys = this.#makeKeys();
    this.#listen();
    Object.assign(this.root, { player: this }); // For the console, the tests and the benchmarks.
  }

  /** @returns {Handlers} */
  #handlers() {
    const { state, reports, commits } = this;
    return {
      stage: {
        onSeek: (step) => this.playback.seek(step),
        onRegion: (region, done) => this.playback.dragRegion(region, done),
        onDrawn: () => this.timings.drawn(),
        onBar: (kind, bar) => reports.tell("action", { kind, bar }),
        onStroke: (stroke) => this.#draw(stroke),
      },
      transport: {
        onPlay: () => this.playback.toggle(),
        onStart: () => this.playback.toStart(),
        onLoop: () => this.playback.toggleLoop(),
        onMetronome: () => this.playback.toggleMetronome(),
        onVolume: (volume) => this.#changeMix(() => state.changeMix({ volume })),
        onPen: (on, track) => this.view.setDrawing(on, track),
        onTempo: (play) => this.#choosePlay(play),
      },
      strips: {
        onMix: (name, change) => this.#changeMix(() => state.changeTrack(name, change)),
        onAction: (kind, track) => reports.tell("action", { kind, track }),
      },
      controls: {
        onInput: (values) => this.#moved(values),
        onCommit: ({ soon }) => (soon ? commits.soon() : commits.release()),
        onAxes: (pad) => this.#changeMix(() => state.changeMix({ pad })),
      },
    };
  }

  #makeKeys() {
    const { playback, state, view } = this;
    const { stage, transport } = view;
    return new Keys(view.root, stage.ruler.canvas, {
      onPlay: () => playback.toggle(),
      onLoop: () => playback.toggleLoop(),
      onMetronome: () => playback.toggleMetronome(),
      onHelp: () => transport.help.toggle(),
      onPen: () => state.data.editable && view.setDrawing(!state.drawing, stage.pen.track, true),
      onEscape: () => state.drawing && view.setDrawing(false, stage.pen.track),
      onStart: () => playback.toStart(),
      onEdge: (which) => playback.setEdge(which),
      onBeat: (direction) => playback.seekBeat(direction),
    });
  }

  #listen() {
    const options = { signal: this.#quit.signal, capture: true };
    const { state } = this;
    const press = () => {
      state.pressed = true;
    };
    const release = () => {
      state.pressed = false;
      // A slider that comes back to where it was picked up tells of no change.
      setTimeout(() => !state.pressed && this.commits.release());
    };
    this.root.addEventListener("pointerdown", press, options);
    window.addEventListener("pointerup", release, options);
    window.addEventListener("pointercancel", release, options);
  }

  get root() {
    return this.view.root;
  }

  get stage() {
    return this.view.stage;
  }

  get link() {
    return this.connection.link;
  }

  /** What Python sent last. */
  get data() {
    return this.state.data;
  }

  // --- What comes in --------------------------------------------------------------------

  /** @param {Component} component */
  async update(component) {
    this.reports.component = component;
    const { state, view } = this;
    const changes = state.receive(component.data);
    const { data } = state;
    if (changes.phrase) this.#otherPhrase();
    this.#fresh ||= changes.strips;
    const built = view.build(changes);
    this.connection.use(data.token, { wanted: data.sliders.length > 0, waiting: state.waiting });
    if (changes.session) this.#tellAgain();
    await built;
    if (state.data !== data || this.#quit.signal.aborted) return; // Newer data came meanwhile.
    const playable = Boolean(data.token || data.sound || this.engine.clip?.complete);
    view.refresh({ playable });
    if (state.mix !== this.#mixShown) this.#showMix();
    this.playback.place();
    this.#adopt();
  }

  /** What is on air belongs to other tracks. Another key plays on. */
  #otherPhrase() {
    const { engine, state } = this;
    const { beats_per_bar, steps_per_beat } = state.data.grid;
    this.fetcher.clear();
    engine.steps = state.steps;
    engine.metronome.beat = steps_per_beat;
    engine.metronome.bar = beats_per_bar * steps_per_beat;
  }

  /** What the session before had not answered, for the new one. */
  #tellAgain() {
    if (this.state.stale || this.state.dragging) this.commits.repeat();
    this.reports.repeat();
  }

  /** Take over values and notes, unless they are older than what the user did last. */
  #adopt() {
    const { state, view } = this;
    const fresh = this.#fresh;
    if (state.waiting || (state.stale && !fresh)) return;
    this.#fresh = false;
    if (!state.dragging) {
      state.adoptValues();
      view.showValues();
    } else if (this.link.state === "live" && !fresh) {
      return; // The roll follows the finger.
    }
    state.adoptNotes();
    view.showNotes({ quiet: fresh, refit: !state.dragging });
    this.#wantSound();
    if (!state.dragging) view.speak();
    this.commits.answered();
  }

  /**
   * @param {NotesHeader} header
   * @param {Notes} notes
   * @param {number} asked
   */
  #arrived(header, notes, asked) {
    const { values, data, dragging } = this.state;
    if (header.base !== data.base || notes.length !== data.tracks.length) {
      // The page has gone on to another state meanwhile: ask again on top of that.
      if (dragging) this.link.move({ values, base: data.base });
      return;
    }
    this.view.say(this.connection.notice);
    this.timings.answered(asked, header.ms);
    this.state.shown = notes;
    this.view.showNotes();
    this.#wantSound();
  }

  /** The connection has come or gone. */
  #connected() {
    const { link, status, notice } = this.connection;
    this.fetcher.ask = link.sounding ? (request) => link.sound(request) : null;
    this.fetcher.plain = link.sounds.state === "off";
    this.fetcher.update();
    this.view.transport.setStatus(status);
    this.view.say(notice);
  }

  // --- What the user does ---------------------------------------------------------------

  /** @param {Values} values that move */
  #moved(values) {
    const { state } = this;
    state.values = { ...state.values, ...values };
    state.dragging = true;
    this.view.showValues();
    if (!state.pressed) this.commits.soon();
    const live = this.link.move({ values: state.values, base: this.data.base });
    if (!live) this.commits.dragged();
  }

  /** @param {() => void} change of the state */
  #changeMix(change) {
    change();
    this.#showMix();
    this.reports.mix();
  }

  #showMix() {
    const { mix, levels } = this.state;
    this.#mixShown = mix;
    this.view.showMix();
    this.engine.mixer.setVolume(mix.volume);
    this.engine.mixer.setLevels(levels);
    this.playback.showLoop();
  }

  /** @param {Play} play */
  #choosePlay(play) {
    this.state.choose(play);
    this.reports.play();
  }

  /**
   * A stroke shows at once and is told to the page, which answers with the phrase as it now is.
   * @param {Stroke} stroke
   */
  #draw(stroke) {
    this.state.draw(stroke);
    this.reports.strokes();
    this.stage.show(this.state.shown);
  }

  #wantSound() {
    const { data, values, shown, committed, dragging, steps } = this.state;
    const key = keyOfNotes(shown);
    const { beats_per_bar, steps_per_beat } = data.grid;
    // While one drags, on the beat; what one has decided on, as soon as it is in time.
    this.engine.swapSteps = dragging ? data.swap_steps : data.release_steps;
    this.fetcher.want({
      key: `${key} ${data.sound_key}`,
      values,
      base: data.base,
      url: key === committed ? data.sound : null,
      settled: !dragging,
      steps,
      bar: beats_per_bar * steps_per_beat,
      beat: steps_per_beat,
    });
  }

  destroy() {
    this.#quit.abort();
    this.keys.destroy();
    this.commits.destroy();
    this.reports.destroy();
    this.playback.destroy();
    this.connection.destroy();
    this.fetcher.destroy();
    this.engine.destroy();
    this.view.destroy();
  }
}
