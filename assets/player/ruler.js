/** Bars and beats over the roll; drag to set the loop region, click to move there. */

import { clamp, el } from "./dom.js";
import { sized } from "./keyboard.js";
import { placeName } from "./pitch.js";
import { css } from "./theme.js";

/**
 * @import { Grid, Region } from "./data"
 * @import { Roll } from "./roll.js"
 * @import { Theme } from "./theme.js"
 */

const HEIGHT = 30; // pixels
const GRIP = 7; // pixels
const CLICK = 4; // pixels

export class Ruler {
  /** @type {Region} */
  region = [0, 0];
  loop = true;
  #beat = -1;

  /**
   * @param {Roll} roll
   * @param {{
   *   onRegion: (region: Region, done: boolean) => void,
   *   onSeek: (step: number) => void,
   * }} handlers
   */
  constructor(roll, { onRegion, onSeek }) {
    this.roll = roll;
    this.onRegion = onRegion;
    this.onSeek = onSeek;
    this.canvas = el("canvas", {
      class: "gp-ruler",
      tabIndex: 0,
      role: "slider",
      "aria-label": "Position. Arrow keys move by a beat; bracket keys set the loop region here.",
      "aria-valuemin": "0",
      title: "Click to move there, drag to loop a part, double-click to loop all",
    });
    this.canvas.addEventListener("pointerdown", (event) => this.#grab(event));
    this.canvas.addEventListener("pointermove", (event) => this.#cursor(event));
    this.canvas.addEventListener("dblclick", () => onRegion([0, roll.steps], true));
  }

  /** @param {MouseEvent} event */
  #step(event) {
    const { left } = this.canvas.getBoundingClientRect();
    return clamp(this.roll.stepAt(event.clientX - left), 0, this.roll.steps);
  }

  /**
   * Which end of the region is under the pointer; -1 for none.
   * @param {MouseEvent} event
   */
  #edge(event) {
    const { left } = this.canvas.getBoundingClientRect();
    const at = event.clientX - left;
    return this.region.findIndex((step) => Math.abs(this.roll.x(step) - at) < GRIP);
  }

  /** @param {MouseEvent} event */
  #cursor(event) {
    this.canvas.style.cursor = this.#edge(event) >= 0 ? "ew-resize" : "pointer";
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    const origin = event.clientX;
    const edge = this.#edge(event);
    const anchor = edge >= 0 ? this.region[1 - edge] : this.#step(event);
    let moved = false;
    const drag = (/** @type {PointerEvent} */ move, done = false) => {
      moved ||= Math.abs(move.clientX - origin) > CLICK;
      if (moved) this.#pull(anchor, move, edge >= 0, done);
    };
    const pull = (/** @type {PointerEvent} */ move) => drag(move);
    const drop = (/** @type {PointerEvent} */ up) => {
      this.canvas.removeEventListener("pointermove", pull);
      this.canvas.removeEventListener("pointerup", drop);
      this.canvas.removeEventListener("pointercancel", drop);
      if (moved) drag(up, true);
      else if (up.type === "pointerup") this.onSeek(this.#step(up));
    };
    this.canvas.addEventListener("pointermove", pull);
    this.canvas.addEventListener("pointerup", drop);
    this.canvas.addEventListener("pointercancel", drop);
  }

  /**
   * The region from the anchor to the pointer, in whole beats, or in steps with Shift.
   * @param {number} anchor
   * @param {PointerEvent} move
   * @param {boolean} nearest an end of the region is being moved
   * @param {boolean} done
   */
  #pull(anchor, move, nearest, done) {
    const unit = move.shiftKey || !this.roll.grid ? 1 : this.roll.grid.steps_per_beat;
    const [low, high] = [anchor, this.#step(move)].sort((a, b) => a - b);
    const start = (nearest ? Math.round : Math.floor)(low / unit) * unit;
    const end = (nearest ? Math.round : Math.ceil)(high / unit) * unit;
    if (end > start) this.onRegion([start, Math.min(end, this.roll.steps)], done);
  }

  /**
   * @param {Region} region
   * @param {boolean} loop
   */
  set(region, loop) {
    this.region = region;
    this.loop = loop;
    this.draw();
  }

  /**
   * Tell where the playhead is, beat by beat.
   * @param {number} step
   * @param {Grid} grid
   */
  setPosition(step, grid) {
    const beat = Math.floor(step / grid.steps_per_beat);
    if (beat === this.#beat) return;
    this.#beat = beat;
    this.canvas.setAttribute("aria-valuemax", String(grid.bars * grid.beats_per_bar));
    this.canvas.setAttribute("aria-valuenow", String(beat));
    this.canvas.setAttribute("aria-valuetext", placeName(step, grid));
  }

  draw() {
    const { theme, grid, width, box } = this.roll;
    if (!theme || !grid || !width) return;
    const pen = sized(this.canvas, box.width, HEIGHT);
    this.#drawRegion(pen, theme);
    this.#drawBeats(pen, theme, grid);
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Theme} theme
   */
  #drawRegion(pen, theme) {
    const { roll, region, loop } = this;
    const [from, to] = region.map((step) => roll.x(step));
    const whole = region[0] <= 0 && region[1] >= roll.steps;
    pen.fillStyle = css(loop ? theme.accent : theme.muted, whole ? 0.5 : 1);
    pen.beginPath();
    pen.roundRect(from + 1, HEIGHT - 6, Math.max(0, to - from - 2), 4, 2);
    pen.fill();
    if (whole) return;
    pen.fillStyle = css(theme.accent, loop ? 0.12 : 0.04);
    pen.fillRect(from, 0, to - from, HEIGHT - 2);
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Theme} theme
   * @param {Grid} grid
   */
  #drawBeats(pen, theme, { beats_per_bar, steps_per_beat }) {
    const { roll } = this;
    const bar = beats_per_bar * steps_per_beat;
    const wide = roll.x(steps_per_beat) - roll.x(0) > 34;
    pen.textBaseline = "middle";
    for (let step = 0; step < roll.steps; step += steps_per_beat) {
      const x = roll.x(step);
      if (x < -40 || x > roll.box.width) continue;
      const isBar = step % bar === 0;
      pen.fillStyle = css(theme.text, isBar ? 0.35 : 0.16);
      pen.fillRect(Math.round(x), isBar ? 4 : HEIGHT - 14, 1, isBar ? HEIGHT - 13 : 5);
      if (!isBar && !wide) continue;
      const number = Math.floor(step / bar) + 1;
      const beat = (step % bar) / steps_per_beat + 1;
      pen.fillStyle = css(isBar ? theme.text : theme.muted, isBar ? 1 : 0.75);
      pen.font = `${isBar ? 600 : 400} ${isBar ? 12 : 10.5}px ${theme.font}`;
      pen.fillText(isBar ? String(number) : `${number}.${beat}`, x + 6, 11);
    }
  }
}
