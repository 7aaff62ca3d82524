/**
 * Puts the parts of the player together and hands data to them. What is known is in `state.js`;
 * what the user does changes the state, is shown, and is told to Python.
 */

import { Commits } from "./commits.js";
import { Connection } from "./connection.js";
import { Controls } from "./controls.js";
import { debounce, el, title } from "./dom.js";
import { Engine } from "./engine.js";
import { Keys } from "./keys.js";
import { Playback } from "./playback.js";
import { Roving } from "./roving.js";
import { SoundFetcher } from "./sound_fetcher.js";
import { Stage } from "./stage.js";
import { State } from "./state.js";
import { Strips } from "./strips.js";
import { applyTheme, readTheme } from "./theme.js";
import { Timings } from "./timings.js";
import { Transport } from "./transport.js";
import { keyOfNotes } from "./wire.js";

/**
 * @import { Component, Events, Mix, Notes, NotesHeader, Stroke, Values } from "./data"
 * @import { ShowOptions } from "./stage.js"
 * @import { Changes, EventName } from "./state.js"
 * @import { Play } from "./tempo.js"
 */

const MIX_PAUSE = 500; // milliseconds: another move of a fader may follow
const PLAY_PAUSE = 350;

export class Controller {
  timings = new Timings();
  notice = el("p", { class: "gp-notice", role: "status", hidden: true });
  spoken = el("p", { class: "gp-spoken", "aria-live": "polite" });
  /** Something has been built again and has not been filled yet. */
  #fresh = true;
  /** The mix on show. @type {Mix | null} */
  #mixShown = null;
  /** Plotly does not bear being called while it still builds. @type {Promise<unknown>} */
  #building = Promise.resolve();
  #quit = new AbortController();

  /** @param {Component} component */
  constructor(component) {
    this.component = component;
    this.state = new State(component.data);
    this.engine = new Engine({ onState: (state) => this.playback.changed(state) });
    const onError = (/** @type {string} */ text) => this.#say(text);
    this.fetcher = new SoundFetcher({ engine: this.engine, onError });
    this.connection = new Connection({
      assets: component.data.assets,
      onChange: () => this.#connected(),
      onNotes: (header, notes, asked) => this.#arrived(header, notes, asked),
      onError,
      // The script runs again when something changes, and then knows this page.
      onRefused: () => this.#tell("resume", {}),
    });
    this.tellMix = debounce(() => this.#tell("mix", this.state.tellMix()), MIX_PAUSE);
    this.tellPlay = debounce(() => this.#tell("play", this.state.play), PLAY_PAUSE);
    this.commits = new Commits(this.state, {
      tell: (event) => this.#tell("commit", event, event.number),
      soundFirst: () => this.link.state === "live" && this.engine.state === "playing",
      // With an answer on its way, its notes are what is to be heard.
      onReleased: () => this.link.state === "live" && !this.link.flying && this.#wantSound(),
    });
    this.stage = this.#makeStage();
    this.transport = this.#makeTransport();
    this.strips = new Strips({
      onMix: (name, change) => this.#changeMix(() => this.state.changeTrack(name, change)),
      onAction: (kind, track) => this.#tell("action", { kind, track }),
    });
    this.controls = new Controls({
      onInput: (values) => this.#moved(values),
      onCommit: ({ soon }) => (soon ? this.commits.soon() : this.commits.release()),
      onAxes: (pad) => this.#changeMix(() => this.state.changeMix({ pad })),
    });
    const { state, engine, fetcher, stage, transport } = this;
    this.playback = new Playback({ state, engine, fetcher, stage, transport, onMix: this.tellMix });
    this.root = this.#assemble();
    Object.assign(this.root, { player: this }); // For the console, the tests and the benchmarks.
    this.keys = this.#makeKeys();
    this.#listen();
  }

  #makeStage() {
    return new Stage({
      onSeek: (step) => this.playback.seek(step),
      onRegion: (region, done) => this.playback.dragRegion(region, done),
      onDrawn: () => this.timings.drawn(),
      onBar: (kind, bar) => this.#tell("action", { kind, bar }),
      onStroke: (stroke) => this.#draw(stroke),
    });
  }

  #makeTransport() {
    return new Transport({
      onPlay: () => this.playback.toggle(),
      onStart: () => this.playback.toStart(),
      onLoop: () => this.playback.toggleLoop(),
      onMetronome: () => this.playback.toggleMetronome(),
      onVolume: (volume) => this.#changeMix(() => this.state.changeMix({ volume })),
      onPen: (on, track) => this.#setDrawing(on, track),
      onTempo: (play) => this.#choosePlay(play),
    });
  }

  #makeKeys() {
    const { playback, state, stage } = this;
    return new Keys(this.root, stage.ruler.canvas, {
      onPlay: () => playback.toggle(),
      onLoop: () => playback.toggleLoop(),
      onMetronome: () => playback.toggleMetronome(),
      onHelp: () => this.transport.help.toggle(),
      onPen: () => state.data.editable && this.#setDrawing(!state.drawing, stage.pen.track, true),
      onEscape: () => state.drawing && this.#setDrawing(false, stage.pen.track),
      onStart: () => playback.toStart(),
      onEdge: (which) => playback.setEdge(which),
      onBeat: (direction) => playback.seekBeat(direction),
    });
  }

  #assemble() {
    const after = el("span", { class: "gp-after", tabIndex: -1, "aria-label": "End of the player" });
    const skip = (/** @type {string} */ text, /** @type {() => void} */ onclick) =>
      el("button", { type: "button", class: "gp-skip-button", onclick }, text);
    const skips = el(
      "div",
      { class: "gp-skip", role: "toolbar", "aria-label": "Skip" },
      skip("Skip to the sliders", () => this.controls.focus()),
      skip("Skip the player", () => after.focus()),
    );
    new Roving(skips, "button", "horizontal").update();
    const view = el("div", { class: "gp-view" }, this.transport.root, this.stage.root, this.notice);
    const left = el("div", { class: "gp-left" }, view, this.strips.root);
    const body = el("div", { class: "gp-body" }, left, this.controls.root, this.spoken);
    const attributes = { class: "gp-player gp-loading", role: "group", "aria-label": "Player" };
    return el("div", attributes, skips, body, after);
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
    this.component = component;
    const { state } = this;
    const changes = state.receive(component.data);
    const { data } = state;
    this.root.style.setProperty("--gp-height", `${data.height}px`);
    this.theme = readTheme(this.root);
    applyTheme(this.root, this.theme);
    this.#build(changes);
    this.connection.use(data.token, { wanted: data.sliders.length > 0, waiting: state.waiting });
    if (changes.session) this.#tellAgain();
    await this.#building;
    if (state.data !== data || this.#quit.signal.aborted) return; // Newer data came meanwhile.
    this.#refresh();
    this.#adopt();
    this.root.classList.remove("gp-loading");
  }

  /** @param {Changes} changes */
  #build(changes) {
    const { data, steps } = this.state;
    const { beats_per_bar, steps_per_beat } = data.grid;
    if (changes.phrase) {
      // What is on air belongs to other tracks. Another key plays on.
      this.fetcher.clear();
      this.engine.steps = steps;
      this.engine.metronome.beat = steps_per_beat;
      this.engine.metronome.bar = beats_per_bar * steps_per_beat;
    }
    if (changes.strips) this.strips.setup(data.tracks);
    // Sliders before the roll: they decide how much room it has.
    if (changes.sliders) {
      const axes = this.state.mix.pad ?? data.pad;
      this.controls.setup(data.sliders, axes, this.strips.sliderPlaces);
      this.controls.set(this.state.values);
    }
    if (changes.drawable) {
      this.transport.setDrawable(data.editable ? data.tracks : []);
      this.#setDrawing(false, this.stage.pen.track);
    }
    if (changes.roll) this.#buildRoll();
    this.#fresh ||= changes.strips;
  }

  #buildRoll() {
    const { data, theme } = this;
    const { grid, tracks, transpose } = data;
    if (!theme) return;
    const build = () => this.stage.setup({ grid, tracks, theme, transpose }, this.state.notes);
    this.#building = this.#building.then(build, build);
  }

  /** Bring all parts to what is known. */
  #refresh() {
    const { data, stepSeconds, play } = this.state;
    const { transport, stage } = this;
    stage.stepSeconds = stepSeconds;
    transport.tempo.setEditable(data.transport);
    transport.tempo.set(play);
    transport.setPlayable(Boolean(data.token || data.sound || this.engine.clip?.complete));
    this.strips.setLocked(data.tracks);
    stage.bars.set(data.bars);
    if (this.state.mix !== this.#mixShown) this.#showMix();
    if (!this.theme) return;
    this.strips.recolour(this.theme);
    stage.recolour(this.state.audible, this.theme);
    this.playback.place();
  }

  /** Take over values and notes, unless they are older than what the user did last. */
  #adopt() {
    const { state } = this;
    const fresh = this.#fresh;
    if (state.waiting || (state.stale && !fresh)) return;
    this.#fresh = false;
    if (!state.dragging) {
      state.adoptValues();
      this.controls.set(state.values);
    } else if (this.link.state === "live" && !fresh) {
      return; // The roll follows the finger.
    }
    state.adoptNotes();
    this.#show({ quiet: fresh, refit: !state.dragging });
    if (!state.dragging) this.#speak();
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
    this.#say(this.connection.notice);
    this.timings.answered(asked, header.ms);
    this.state.shown = notes;
    this.#show();
  }

  /** The connection has come or gone. */
  #connected() {
    const { link, status, notice } = this.connection;
    this.fetcher.ask = link.sounding ? (request) => link.sound(request) : null;
    this.fetcher.plain = link.sounds.state === "off";
    this.fetcher.update();
    this.transport.setStatus(status);
    this.#say(notice);
  }

  // --- What goes out --------------------------------------------------------------------

  /**
   * @template {EventName} K
   * @param {K} name
   * @param {Events[K]} event
   */
  #tell(name, event, number = this.state.next(name)) {
    this.component.setStateValue(name, { ...event, number, session: this.data.session });
  }

  /** What the session before had not taken in, for the new one. */
  #tellAgain() {
    const { state } = this;
    if (state.stale || state.dragging) this.commits.repeat();
    if (state.untold.length) this.#tellStrokes();
    if (state.chosen) this.tellPlay();
    this.tellMix();
  }

  #tellStrokes() {
    const strokes = this.state.untold;
    this.#tell("edit", { strokes }, strokes[strokes.length - 1].number);
  }

  // --- What the user does ---------------------------------------------------------------

  /** @param {Values} values that move */
  #moved(values) {
    const { state } = this;
    state.values = { ...state.values, ...values };
    state.dragging = true;
    this.controls.set(state.values);
    if (!state.pressed) this.commits.soon();
    const live = this.link.move({ values: state.values, base: this.data.base });
    if (!live) this.commits.dragged();
  }

  /** @param {() => void} change of the state */
  #changeMix(change) {
    change();
    this.#showMix();
    this.tellMix();
  }

  #showMix() {
    const { mix, levels, trackMixes, audible } = this.state;
    this.#mixShown = mix;
    this.strips.setMix(trackMixes, audible);
    this.transport.setVolume(mix.volume);
    this.engine.mixer.setVolume(mix.volume);
    this.engine.mixer.setLevels(levels);
    this.playback.showLoop();
    if (this.theme) this.stage.recolour(audible, this.theme);
  }

  /** @param {Play} play */
  #choosePlay(play) {
    this.state.choose(play);
    this.tellPlay();
  }

  /**
   * @param {boolean} on
   * @param {number} track
   */
  #setDrawing(on, track, byKey = false) {
    const drawing = on && this.data.editable;
    const { pen } = this.stage;
    this.state.drawing = drawing;
    this.transport.setPen(drawing);
    pen.track = track;
    pen.on = drawing;
    if (byKey && drawing) pen.focus();
  }

  /**
   * A stroke shows at once and is told to the page, which answers with the phrase as it now is.
   * @param {Stroke} stroke
   */
  #draw(stroke) {
    this.state.draw(stroke);
    this.#tellStrokes();
    this.stage.show(this.state.shown);
  }

  // --- Picture, sound, words ------------------------------------------------------------

  /** @param {ShowOptions} [options] */
  #show(options) {
    this.stage.show(this.state.shown, { slow: !this.state.dragging, ...options });
    this.#wantSound();
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

  #speak() {
    const counts = this.state.shown.map((list, i) => `${title(this.data.tracks[i].name)} ${list.length / 3}`);
    this.spoken.textContent = `Notes: ${counts.join(", ")}.`;
    this.stage.area.setAttribute("aria-label", `Piano roll. ${this.spoken.textContent}`);
  }

  /** @param {string} text */
  #say(text) {
    if (this.notice.textContent === text) return;
    this.notice.textContent = text;
    this.notice.hidden = !text;
  }

  destroy() {
    this.#quit.abort();
    this.keys.destroy();
    this.commits.destroy();
    this.tellMix.cancel();
    this.tellPlay.cancel();
    this.playback.destroy();
    this.connection.destroy();
    this.fetcher.destroy();
    this.engine.destroy();
    this.stage.destroy();
    this.root.remove();
  }
}
