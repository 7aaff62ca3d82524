/**
 * The roll with all that lies around and over it: ruler, keyboard, playhead, tooltip.
 * Keeps them in step with the range that the roll shows.
 */

import { Bars } from "./bars.js";
import { el, title } from "./dom.js";
import { Keyboard } from "./keyboard.js";
import { Overlay } from "./overlay.js";
import { Pen } from "./pen.js";
import { noteName } from "./pitch.js";
import { Roll } from "./roll.js";
import { Ruler } from "./ruler.js";
import { difference, each } from "./wire.js";

/**
 * @import { Events, Notes, Region, Stroke, Track } from "./data"
 * @import { SoundingNote } from "./keyboard.js"
 * @import { RollSetup } from "./roll.js"
 * @import { Theme } from "./theme.js"
 */

/** @typedef {{quiet?: boolean, refit?: boolean, slow?: boolean}} ShowOptions */

const CLICK = { pixels: 4, milliseconds: 500 };
const TIP_WIDTH = 190;
const EMPTY = "No notes here. Move a density or fill slider to the right, or draw some.";

export class Stage {
  /** @type {Notes} */
  notes = [];
  stepSeconds = 0.125;
  /** @type {Track[]} */
  #tracks = [];
  /** The step whose notes are lit; null for none. @type {number | null | undefined} */
  #lit = undefined;
  #refit = false;
  #frame = 0;
  #quit = new AbortController();

  /**
   * @param {{
   *   onSeek: (step: number) => void,
   *   onRegion: (region: Region, done: boolean) => void,
   *   onDrawn: () => void,
   *   onBar: (kind: Events["action"]["kind"], bar: number) => void,
   *   onStroke: (stroke: Stroke) => void,
   * }} handlers `onDrawn` after the roll is drawn, `onStroke` for what the pen did
   */
  constructor({ onSeek, onRegion, onDrawn, onBar, onStroke }) {
    this.onDrawn = onDrawn;
    this.onSeek = onSeek;
    this.roll = new Roll({ onView: () => this.#follow() });
    this.overlay = new Overlay(this.roll);
    this.keyboard = new Keyboard(this.roll);
    this.ruler = new Ruler(this.roll, { onRegion, onSeek });
    this.bars = new Bars(this.roll, { onAction: onBar });
    this.pen = new Pen(this.roll, { notes: () => this.notes, onStroke });
    this.tip = el("div", { class: "gp-tip", hidden: true });
    this.empty = el("p", { class: "gp-empty", hidden: true }, EMPTY);
    this.whole = el("button", {
      class: "gp-whole", type: "button", hidden: true, onclick: () => this.roll.zoomOut(),
    }, "Show all");
    this.area = el(
      "div",
      { class: "gp-roll", role: "img" },
      this.roll.host, this.keyboard.canvas, this.overlay.layer, this.pen.layer, this.empty, this.tip, this.whole,
    );
    this.root = el("div", { class: "gp-stage" }, this.ruler.canvas, this.bars.root, this.area);
    this.#listen();
    this.observer = new ResizeObserver(() => this.#resize());
    this.observer.observe(this.area);
  }

  /**
   * @param {RollSetup} setup
   * @param {Notes} notes
   */
  async setup(setup, notes) {
    this.#tracks = this.pen.tracks = setup.tracks;
    this.pen.grid = setup.grid;
    this.notes = [];
    this.#resize();
    await this.roll.setup(setup, notes);
  }

  #resize() {
    const { clientWidth, clientHeight } = this.area;
    if (clientWidth && clientHeight) this.roll.resize(clientWidth, clientHeight);
  }

  #follow() {
    if (!this.roll.grid) return;
    this.overlay.layout();
    this.keyboard.draw();
    this.ruler.draw();
    this.bars.layout();
    this.pen.layout();
    this.whole.hidden = !this.roll.ready || !this.roll.zoomed;
  }

  /**
   * Show notes; what differs from those before is hinted at. Drawn with the next frame.
   * @param {Notes} notes
   * @param {ShowOptions} options
   */
  show(notes, { quiet = false, refit = false, slow = false } = {}) {
    if (!quiet && this.notes.length === notes.length) {
      this.overlay.flash(difference(notes, this.notes), difference(this.notes, notes), { slow });
    }
    this.notes = notes;
    this.empty.hidden = notes.some((list) => list.length);
    this.#lit = undefined;
    this.#refit = refit;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.roll.draw(this.notes, { refit: this.#refit });
      this.onDrawn();
    });
  }

  /**
   * @param {boolean[]} audible
   * @param {Theme} theme
   */
  recolour(audible, theme) {
    this.roll.recolour(audible, theme);
    this.#lit = undefined;
    this.#follow();
  }

  /**
   * @param {Region} region
   * @param {boolean} loop
   */
  setRegion(region, loop) {
    this.ruler.set(region, loop);
    this.overlay.setRegion(loop ? region : [0, this.roll.steps]);
  }

  /**
   * Move the playhead; light what sounds while `playing`.
   * @param {number} step
   * @param {boolean} playing
   */
  moveTo(step, playing) {
    this.overlay.moveTo(step);
    if (this.roll.grid) this.ruler.setPosition(step, this.roll.grid);
    const cell = playing ? Math.floor(step) : null;
    if (cell === this.#lit) return;
    this.#lit = cell;
    const active = cell === null ? [] : this.#sounding(cell);
    this.overlay.setActive(active);
    this.keyboard.light(active);
  }

  /**
   * @param {number} step
   * @returns {SoundingNote[]}
   */
  #sounding(step) {
    return this.notes.flatMap((list, track) => {
      if (!this.roll.audible[track]) return [];
      const active = Array.from(each(list)).filter(([onset, end]) => onset <= step && step < end);
      return active.map((note) => ({ note, track }));
    });
  }

  #listen() {
    const { area } = this;
    /** @type {{step: number, event: PointerEvent} | null} */
    let press = null;
    const grab = (/** @type {PointerEvent} */ event) => {
      const at = event.button === 0 && !this.pen.on ? this.#at(event) : null;
      const onButton = event.target instanceof Node && this.whole.contains(event.target);
      press = at && !onButton ? { step: at.step, event } : null;
    };
    const release = (/** @type {PointerEvent} */ event) => {
      if (!press) return;
      const moved = Math.hypot(event.clientX - press.event.clientX, event.clientY - press.event.clientY);
      const lasted = event.timeStamp - press.event.timeStamp;
      if (moved < CLICK.pixels && lasted < CLICK.milliseconds) this.onSeek(press.step);
      press = null;
    };
    area.addEventListener("pointerdown", grab, true);
    // Plotly covers the page while the button is down, so the release is seen there.
    window.addEventListener("pointerup", release, { capture: true, signal: this.#quit.signal });
    area.addEventListener("pointermove", (event) => this.#hover(event));
    area.addEventListener("pointerleave", () => (this.tip.hidden = true));
  }

  /** @param {PointerEvent} event */
  #at(event) {
    const bounds = this.area.getBoundingClientRect();
    const { left, width, height } = this.roll.box;
    const x = event.clientX - bounds.left - left;
    const y = event.clientY - bounds.top;
    if (!this.roll.ready || x < 0 || x > width || y < 0 || y > height) return null;
    return { x, y, step: this.roll.stepAt(x), pitch: this.roll.pitchAt(y) };
  }

  /** @param {PointerEvent} event */
  #hover(event) {
    const at = event.pointerType === "touch" ? null : this.#at(event);
    const sounding = at ? this.#sounding(at.step).filter(({ note }) => note[2] === at.pitch) : [];
    this.tip.hidden = !sounding.length;
    if (!at || !sounding.length) return;
    this.tip.replaceChildren(...this.#describe(sounding));
    const { box } = this.roll;
    const x = Math.min(box.left + at.x + 14, box.left + box.width - TIP_WIDTH);
    this.tip.style.transform = `translate(${x}px, ${at.y > 64 ? at.y - 58 : at.y + 18}px)`;
  }

  /** @param {SoundingNote[]} sounding notes of one pitch */
  #describe(sounding) {
    const { grid, transpose } = this.roll;
    if (!grid) return [];
    const [onset, end, pitch] = sounding[0].note;
    const bar = grid.beats_per_bar * grid.steps_per_beat;
    const beat = ((onset % bar) / grid.steps_per_beat + 1).toFixed(2).replace(/\.?0+$/, "");
    const seconds = (onset * this.stepSeconds).toFixed(2);
    const length = `${end - onset} ${end - onset === 1 ? "step" : "steps"}`;
    const names = sounding.map(({ track }) => title(this.#tracks[track].name)).join(", ");
    return [
      el("strong", {}, noteName(pitch + transpose)), ` ${names}`,
      el("span", {}, `Bar ${Math.floor(onset / bar) + 1}, beat ${beat} · ${seconds} s · ${length}`),
    ];
  }

  destroy() {
    this.#quit.abort();
    cancelAnimationFrame(this.#frame);
    this.observer.disconnect();
    this.overlay.destroy();
    this.roll.destroy();
  }
}
