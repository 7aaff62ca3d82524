/**
 * What moves over the roll: the playhead, notes as they sound, and what has just changed.
 * Added notes fade in, removed ones flash; with reduced motion neither happens.
 */

import { brush, clamp, el, reducedMotion } from "./dom.js";
import { css } from "./theme.js";
import { each } from "./wire.js";

/**
 * @import { Note, Notes, Region, Rgb } from "./data"
 * @import { SoundingNote } from "./keyboard.js"
 * @import { Roll } from "./roll.js"
 */

/** @typedef {{note: Note, track: number, since: number, removed: boolean}} Change */

const QUICK = 380; // milliseconds: while one drags, the next change is not far
const SLOW = 1000;
const WHITE = /** @type {Rgb} */ ([255, 255, 255]);

export class Overlay {
  canvas = el("canvas", { class: "gp-overlay", "aria-hidden": "true" });
  head = el("div", { class: "gp-playhead", "aria-hidden": "true" });
  shades = [el("div", { class: "gp-shade" }), el("div", { class: "gp-shade" })];
  layer = el("div", { class: "gp-layer" }, this.canvas, ...this.shades, this.head);
  /** @type {number | undefined} */
  step = undefined;
  #pen = brush(this.canvas);
  #scale = 1;
  #fade = QUICK;
  /** @type {Change[]} */
  #changes = [];
  /** @type {SoundingNote[]} */
  #active = [];
  /** @type {Region | null} */
  #region = null;
  #frame = 0;

  /** @param {Roll} roll */
  constructor(roll) {
    this.roll = roll;
  }

  /** Follow the size of the roll. */
  layout() {
    const { left, top, width, height } = this.roll.box;
    Object.assign(this.layer.style, {
      left: `${left}px`,
      top: `${top}px`,
      width: `${width}px`,
      height: `${height}px`,
    });
    this.#scale = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * this.#scale);
    this.canvas.height = Math.round(height * this.#scale);
    this.#draw();
    if (this.step !== undefined) this.moveTo(this.step);
    if (this.#region) this.setRegion(this.#region);
  }

  /**
   * Show that notes came and went, a list for each track.
   * @param {Note[][]} added
   * @param {Note[][]} removed
   */
  flash(added, removed, { slow = false } = {}) {
    this.#fade = slow ? SLOW : QUICK;
    if (reducedMotion()) return;
    const since = performance.now();
    const changes = (/** @type {Note[][]} */ lists, /** @type {boolean} */ gone) =>
      lists.flatMap((list, track) => list.map((note) => ({ note, track, since, removed: gone })));
    // While dragging, each change shows the newest difference only.
    this.#changes = [...changes(added, false), ...changes(removed, true)];
    if (this.#changes.length) this.#animate();
  }

  /**
   * Notes that sound now, lit up.
   * @param {SoundingNote[]} active
   */
  setActive(active) {
    this.#active = active;
    this.#animate();
  }

  #animate() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
      if (this.#changes.length) this.#animate();
    });
  }

  #draw() {
    const pen = this.#pen;
    pen.setTransform(this.#scale, 0, 0, this.#scale, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const { theme, sketch } = this.roll;
    if (!theme) return;
    if (sketch) this.#sketch(pen, sketch);
    const now = performance.now();
    this.#changes = this.#changes.filter((change) => now - change.since < this.#fade);
    for (const { note, track, since, removed } of this.#changes) {
      const left = 1 - (now - since) / this.#fade;
      const [start, held] = this.roll.colours(track);
      const added = theme.dark ? WHITE : start;
      this.#fill(pen, note, removed ? css(held, 0.5 * left * left) : css(added, 0.45 * left));
    }
    for (const { note, track } of this.#active) {
      const [start] = this.roll.colours(track);
      this.#fill(pen, note, theme.dark ? css(WHITE, 0.4) : css(start, 0.55));
    }
  }

  /**
   * The whole phrase, the first track on top, as the roll will show it.
   * @param {CanvasRenderingContext2D} pen
   * @param {Notes} notes
   */
  #sketch(pen, notes) {
    for (let track = notes.length - 1; track >= 0; track--) {
      const [start, held] = this.roll.colours(track);
      for (const [onset, end, pitch] of each(notes[track])) {
        this.#fill(pen, [onset, end, pitch], css(held));
        this.#fill(pen, [onset, onset + 0.4, pitch], css(start));
      }
    }
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Note} note
   * @param {string} colour
   */
  #fill(pen, [onset, end, pitch], colour) {
    const x = this.roll.x(onset);
    const height = this.roll.rowHeight;
    pen.fillStyle = colour;
    pen.fillRect(x, this.roll.y(pitch), Math.max(2, this.roll.x(end) - x - 1.5), height);
  }

  /** @param {number} step */
  moveTo(step) {
    this.step = step;
    const x = this.roll.x(step);
    const inside = x >= -1 && x <= this.roll.box.width + 1;
    this.head.style.transform = `translateX(${x.toFixed(2)}px)`;
    this.head.style.opacity = inside ? "1" : "0";
  }

  /**
   * Dim what lies outside the loop region.
   * @param {Region} region
   */
  setRegion(region) {
    this.#region = region;
    const { width } = this.roll.box;
    const [from, to] = region.map((step) => clamp(this.roll.x(step), 0, width));
    const [before, after] = this.shades;
    before.style.left = "0";
    before.style.width = `${from}px`;
    after.style.left = `${to}px`;
    after.style.width = `${width - to}px`;
  }

  destroy() {
    cancelAnimationFrame(this.#frame);
  }
}
