/** All of the recorder that can be seen, as the session says it is. */

import { el, icon } from "../player/dom.js";
import { Roving } from "../player/roving.js";
import { applyTheme, readTheme } from "../player/theme.js";
import { keyCaps } from "./computer_keys.js";
import { MidiPanel } from "./midi_panel.js";
import { Options } from "./options.js";
import { Piano } from "./piano.js";
import { Sketch } from "./sketch.js";

/**
 * @import { Note } from "./data"
 * @import { MidiIn } from "./midi_in.js"
 * @import { Session } from "./session.js"
 */

/**
 * @typedef {{
 *   onRecord: () => void, onPlay: () => void, onUndo: () => void, onClear: () => void,
 *   onUse: () => void, onOctave: (octaves: -1 | 1) => void,
 * }} Buttons
 * @typedef {Buttons & ConstructorParameters<typeof Piano>[0] & ConstructorParameters<typeof Options>[1]} Handlers
 */

const NARROW = 620; // pixels: one octave instead of two
const FIELDS = "select, input, textarea";
const FULL = "There is no room for more notes. Hand them on, or clear them.";
const TOUCH = window.matchMedia("(pointer: coarse)");

/**
 * @param {"record" | "play" | "undo" | "bin"} shape
 * @param {string} label
 * @param {() => void} onclick
 */
const round = (shape, label, onclick) =>
  el("button", { class: `gr-round gr-${shape}`, type: "button", "aria-label": label, title: label, onclick }, icon(shape));

export class View {
  #caps = { keys: /** @type {string[]} */ ([]), down: "Z", up: "X" };
  #octaves = 2;
  #playing = false;
  position = el("span", { class: "gr-position", "aria-hidden": "true" }, "1.1");
  spoken = el("p", { class: "gr-spoken", "aria-live": "polite" });
  #hint = el("p", { class: "gr-hint" });
  root = el("div", { class: "gr-recorder", role: "group", "aria-label": "Recorder", tabIndex: -1 });

  /**
   * @param {Session} session
   * @param {MidiIn} midi
   * @param {Handlers} handlers
   */
  constructor(session, midi, handlers) {
    this.session = session;
    this.record = round("record", "Record", handlers.onRecord);
    this.play = round("play", "Play", handlers.onPlay);
    this.undo = round("undo", "Undo the last take", handlers.onUndo);
    this.clear = round("bin", "Clear", handlers.onClear);
    this.use = el("button", { class: "gr-use", type: "button", onclick: handlers.onUse });
    this.options = new Options(session, handlers);
    this.midi = new MidiPanel(midi);
    this.sketch = new Sketch(session);
    this.piano = new Piano(handlers);
    this.toolbar = this.#assemble(handlers);
    this.resized = new ResizeObserver(() => this.#resize());
    this.resized.observe(this.root);
    this.root.addEventListener("click", (event) => this.#clicked(event));
    void keyCaps().then((caps) => {
      this.#caps = caps;
      this.keys();
    });
  }

  /** @param {Handlers} handlers */
  #assemble({ onOctave }) {
    const { record, play, undo, clear, position, options, use, sketch, piano, midi, spoken } = this;
    const bar = el(
      "div",
      { class: "gr-bar", role: "toolbar", "aria-label": "Recording" },
      record, play, undo, clear, position, options.switches, el("span", { class: "gr-space" }), use,
    );
    const octave = (/** @type {-1 | 1} */ by, /** @type {string} */ text, /** @type {string} */ label) =>
      el("button", { class: "gr-octave", type: "button", "aria-label": label, title: label, onclick: () => onOctave(by) }, text);
    const keys = el(
      "div", { class: "gr-keys" },
      octave(-1, "−", "An octave lower"), piano.root, octave(1, "+", "An octave higher"),
    );
    const settings = el("div", { class: "gr-settings" }, options.root, midi.root);
    this.root.append(bar, settings, sketch.canvas, keys, this.#hint, spoken);
    return new Roving(bar, "button:not([hidden])", "horizontal");
  }

  /**
   * Whoever clicks a button here wants to play on: the keys of the computer are the piano's then,
   * and the space bar the transport's.
   * @param {MouseEvent} event
   */
  #clicked({ detail, target }) {
    if (detail > 0 && target instanceof Element && !target.closest(FIELDS)) this.root.focus({ preventScroll: true });
  }

  #resize() {
    const { clientWidth } = this.root;
    if (!clientWidth || clientWidth === this.sketch.width) return;
    this.sketch.width = clientWidth;
    const octaves = clientWidth < NARROW ? 1 : 2;
    const other = octaves !== this.#octaves;
    this.#octaves = octaves;
    if (other) this.keys();
    this.onResize();
  }

  onResize = () => {};

  /** Other tracks, or another theme. */
  build() {
    const theme = readTheme(this.root);
    applyTheme(this.root, theme);
    this.sketch.dress(theme);
    this.options.build();
    this.use.textContent = this.session.data.use;
    this.keys();
  }

  /** Other keys: an octave, a track, a width. */
  keys() {
    const { session, piano } = this;
    if (!session.track) return;
    piano.build(session.base, this.#octaves, session.track, this.#caps.keys);
    this.root.style.setProperty("--gr-track", this.sketch.colour(session.armed));
    this.toolbar.update();
  }

  /**
   * @param {{playing: boolean, latency: number}} now `latency` in milliseconds, 0 where unknown
   */
  show({ playing, latency }) {
    const { session, record, play, undo, clear, use, options } = this;
    const { take, recording } = session;
    const empty = !take.notes.length;
    record.classList.toggle("gr-on", recording);
    const words = recording ? "Stop recording" : "Record";
    Object.assign(record, { title: words, ariaLabel: words });
    if (playing !== this.#playing) {
      play.replaceChildren(icon(playing ? "stop" : "play"));
      Object.assign(play, { title: playing ? "Stop" : "Play", ariaLabel: playing ? "Stop" : "Play" });
      this.#playing = playing;
    }
    undo.disabled = !take.undoable;
    clear.disabled = empty;
    use.disabled = empty;
    options.show();
    this.toolbar.update();
    const { keys, down, up } = this.#caps;
    const heard = latency ? ` Sound comes after about ${Math.round(latency)} ms.` : "";
    const how = TOUCH.matches
      ? "The lower you touch a key, the louder it is."
      : `Click here, then play on ${keys.slice(0, 5).join(" ") || "A W S E D"} …; `
        + `${down} and ${up} change the octave, the space bar plays and stops.`;
    this.#hint.textContent = take.full ? FULL : how + heard;
    const count = take.notes.length;
    this.sketch.canvas.setAttribute("aria-label", `What you played: ${count === 1 ? "1 note" : `${count} notes`}`);
  }

  /**
   * @param {Note[]} held
   * @param {number | null} beat
   */
  draw(held, beat) {
    const { data, beats } = this.session;
    this.sketch.draw(held, beat);
    const at = Math.floor(beat === null ? 0 : beat);
    const inside = ((at % beats) + beats) % beats;
    const per = data.beats_per_bar;
    // Before the first beat it counts: 1 2 3 4.
    const place = at < 0 ? `${(((at % per) + per) % per) + 1}` : `${Math.floor(inside / per) + 1}.${(inside % per) + 1}`;
    if (this.position.textContent !== place) this.position.textContent = place;
    this.position.classList.toggle("gr-counting", at < 0);
  }

  /** @param {string} text */
  say(text) {
    this.spoken.textContent = text;
  }

  destroy() {
    this.resized.disconnect();
    this.root.remove();
  }
}
