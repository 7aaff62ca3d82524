/**
 * What moves over the roll: the playhead, notes as they sound, and what has just changed.
 * Added notes fade in, removed ones flash; with reduced motion neither happens.
 */

import { calm, el } from "./dom.js";
import { css } from "./theme.js";

const QUICK = 380; // milliseconds: while one drags, the next change is not far
const SLOW = 1000;

export class Overlay {
  constructor(roll) {
    this.roll = roll;
    this.canvas = el("canvas", { class: "gp-overlay", "aria-hidden": "true" });
    this.head = el("div", { class: "gp-playhead", "aria-hidden": "true" });
    this.shades = [el("div", { class: "gp-shade" }), el("div", { class: "gp-shade" })];
    this.layer = el("div", { class: "gp-layer" }, this.canvas, ...this.shades, this.head);
    this.changes = [];
    this.active = [];
    this.frame = 0;
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
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.scale = ratio;
    this.draw();
    if (this.step !== undefined) this.moveTo(this.step);
    if (this.region) this.setRegion(...this.region);
  }

  /** Show that notes came and went: a list of [onset, end, pitch] for each track. */
  flash(added, removed, { slow = false } = {}) {
    this.fade = slow ? SLOW : QUICK;
    if (calm()) return;
    const now = performance.now();
    const changes = [];
    added.forEach((list, track) => list.forEach((note) => changes.push({ note, track, now })));
    removed.forEach((list, track) =>
      list.forEach((note) => changes.push({ note, track, now, gone: true })),
    );
    // While dragging, each change shows the newest difference only.
    this.changes = changes;
    if (changes.length) this.animate();
  }

  /** Notes that sound now, lit up. */
  setActive(active) {
    this.active = active;
    this.animate();
  }

  animate() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
      if (this.changes.length) this.animate();
    });
  }

  draw() {
    const pen = this.canvas.getContext("2d");
    pen.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const { theme } = this.roll;
    if (!theme) return;
    if (this.roll.sketch) this.#sketch(pen, this.roll.sketch);
    const now = performance.now();
    this.changes = this.changes.filter((change) => now - change.now < this.fade);
    for (const change of this.changes) {
      const left = 1 - (now - change.now) / this.fade;
      const [start, held] = this.roll.colours(change.track);
      if (change.gone) this.#fill(pen, change.note, css(held, 0.5 * left * left));
      else this.#fill(pen, change.note, css(theme.dark ? [255, 255, 255] : start, 0.45 * left));
    }
    for (const { note, track } of this.active) {
      const [start] = this.roll.colours(track);
      this.#fill(pen, note, css(theme.dark ? [255, 255, 255] : start, theme.dark ? 0.4 : 0.55));
    }
  }

  /** The whole phrase, the first track on top, as the roll will show it. */
  #sketch(pen, notes) {
    for (let track = notes.length - 1; track >= 0; track--) {
      const [start, held] = this.roll.colours(track);
      for (let i = 0; i < notes[track].length; i += 3) {
        const [onset, end, pitch] = notes[track].slice(i, i + 3);
        this.#fill(pen, [onset, end, pitch], css(held));
        this.#fill(pen, [onset, onset + 0.4, pitch], css(start));
      }
    }
  }

  #fill(pen, [onset, end, pitch], colour) {
    const x = this.roll.x(onset);
    const height = this.roll.rowHeight;
    pen.fillStyle = colour;
    pen.fillRect(x, this.roll.y(pitch), Math.max(2, this.roll.x(end) - x - 1.5), height);
  }

  moveTo(step) {
    this.step = step;
    const x = this.roll.x(step);
    const inside = x >= -1 && x <= this.roll.box.width + 1;
    this.head.style.transform = `translateX(${x.toFixed(2)}px)`;
    this.head.style.opacity = inside ? 1 : 0;
  }

  /** Dim what lies outside the loop region, in steps. */
  setRegion(start, end) {
    this.region = [start, end];
    const { width } = this.roll.box;
    const from = Math.min(Math.max(this.roll.x(start), 0), width);
    const to = Math.min(Math.max(this.roll.x(end), 0), width);
    const [before, after] = this.shades;
    before.style.left = "0";
    before.style.width = `${from}px`;
    after.style.left = `${to}px`;
    after.style.width = `${width - to}px`;
  }

  destroy() {
    cancelAnimationFrame(this.frame);
  }
}
