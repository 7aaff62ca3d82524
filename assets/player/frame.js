/** What frames the roll: the ruler with the loop region above, the keyboard on the left. */

import { clamp, el } from "./dom.js";
import { KEYS_WIDTH, isBlack, noteName } from "./roll.js";
import { css, mix } from "./theme.js";

export const RULER_HEIGHT = 30;
const GRIP = 7;

function sized(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

/** Keys of the visible pitches; those that sound are lit in the colour of their track. */
export class Keyboard {
  constructor(roll) {
    this.roll = roll;
    this.canvas = el("canvas", { class: "gp-keys", "aria-hidden": "true" });
    this.lit = new Map();
  }

  light(active) {
    const lit = new Map(active.map(({ note, track }) => [note[2], track]));
    const same = lit.size === this.lit.size && [...lit].every(([k, v]) => this.lit.get(k) === v);
    this.lit = lit;
    if (!same) this.draw();
  }

  draw() {
    const { roll } = this;
    const { theme } = roll;
    if (!theme || !roll.height) return;
    const width = KEYS_WIDTH - 4;
    const pen = sized(this.canvas, width, roll.height);
    const white = theme.dark ? mix(theme.panel, theme.text, 0.82) : [255, 255, 255];
    const black = theme.dark ? mix(theme.background, [0, 0, 0], 0.35) : [56, 60, 70];
    const height = roll.rowHeight;
    const [low, high] = roll.view.y.map(Math.round);
    pen.font = `500 ${clamp(height + 1, 8.5, 11)}px ${theme.font}`;
    pen.textBaseline = "middle";
    for (let pitch = low; pitch <= high; pitch++) {
      const sounding = pitch + roll.transpose;
      const top = roll.y(pitch);
      const track = this.lit.get(pitch);
      const dark = isBlack(sounding);
      pen.fillStyle = css(white);
      pen.fillRect(0, top, width, height + 0.5);
      pen.fillStyle = track === undefined ? css(dark ? black : white) : css(roll.colours(track)[1]);
      if (dark) pen.fillRect(0, top, width * 0.6, height);
      else pen.fillRect(0, top, width, height);
      // White keys touch at E/F and B/C; elsewhere the line is the middle of the black key.
      pen.fillStyle = css(mix(white, [0, 0, 0], 0.22));
      const step = sounding % 12;
      if (step === 0 || step === 5) pen.fillRect(0, top + height - 0.5, width, 0.75);
      if (dark) pen.fillRect(width * 0.6, top + height / 2, width * 0.4, 0.75);
    }
    // Names last: they are taller than a narrow row.
    pen.fillStyle = css([70, 74, 84]);
    pen.textAlign = "right";
    for (let pitch = low; pitch <= high; pitch++) {
      const sounding = pitch + roll.transpose;
      if (sounding % 12 !== 0 && (height <= 13 || isBlack(sounding))) continue;
      pen.fillText(noteName(sounding), width - 4, roll.y(pitch) + height / 2 + 0.5);
    }
  }
}

/** Bars and beats; drag to set the loop region, click to move there. */
export class Ruler {
  /** `onRegion(start, end, done)` and `onSeek(step)` tell what the user did, in steps. */
  constructor(roll, { onRegion, onSeek }) {
    Object.assign(this, { roll, onRegion, onSeek });
    this.region = [0, 0];
    this.loop = true;
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
    this.canvas.addEventListener("dblclick", () => onRegion(0, roll.steps, true));
  }

  #step(event) {
    const { left } = this.canvas.getBoundingClientRect();
    return clamp(this.roll.stepAt(event.clientX - left), 0, this.roll.steps);
  }

  #edge(event) {
    const { left } = this.canvas.getBoundingClientRect();
    const at = event.clientX - left;
    return this.region.findIndex((step) => Math.abs(this.roll.x(step) - at) < GRIP);
  }

  #cursor(event) {
    this.canvas.style.cursor = this.#edge(event) >= 0 ? "ew-resize" : "pointer";
  }

  #grab(event) {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    const origin = event.clientX;
    const edge = this.#edge(event);
    const anchor = edge >= 0 ? this.region[1 - edge] : this.#step(event);
    let moved = false;
    const drag = (move, done = false) => {
      moved ||= Math.abs(move.clientX - origin) > 4;
      if (!moved) return;
      const unit = move.shiftKey ? 1 : this.roll.grid.steps_per_beat;
      const [low, high] = [anchor, this.#step(move)].sort((a, b) => a - b);
      const start = edge >= 0 ? Math.round(low / unit) * unit : Math.floor(low / unit) * unit;
      const end = edge >= 0 ? Math.round(high / unit) * unit : Math.ceil(high / unit) * unit;
      if (end > start) this.onRegion(start, Math.min(end, this.roll.steps), done);
    };
    const drop = (up) => {
      this.canvas.removeEventListener("pointermove", drag);
      this.canvas.removeEventListener("pointerup", drop);
      this.canvas.removeEventListener("pointercancel", drop);
      if (moved) drag(up, true);
      else if (up.type === "pointerup") this.onSeek(this.#step(up));
    };
    this.canvas.addEventListener("pointermove", drag);
    this.canvas.addEventListener("pointerup", drop);
    this.canvas.addEventListener("pointercancel", drop);
  }

  set(region, loop) {
    this.region = region;
    this.loop = loop;
    this.draw();
  }

  draw() {
    const { roll } = this;
    const { theme, grid } = roll;
    if (!theme || !roll.width) return;
    const { width } = roll.box;
    const pen = sized(this.canvas, width, RULER_HEIGHT);
    const bar = grid.beats_per_bar * grid.steps_per_beat;
    const [from, to] = this.region.map((step) => roll.x(step));
    const whole = this.region[0] <= 0 && this.region[1] >= roll.steps;
    pen.fillStyle = css(this.loop ? theme.accent : theme.muted, whole ? 0.5 : 1);
    pen.beginPath();
    pen.roundRect(from + 1, RULER_HEIGHT - 6, Math.max(0, to - from - 2), 4, 2);
    pen.fill();
    if (!whole) {
      pen.fillStyle = css(theme.accent, this.loop ? 0.12 : 0.04);
      pen.fillRect(from, 0, to - from, RULER_HEIGHT - 2);
    }
    pen.font = `600 12px ${theme.font}`;
    pen.textBaseline = "middle";
    const wide = roll.x(grid.steps_per_beat) - roll.x(0) > 34;
    for (let step = 0; step < roll.steps; step += grid.steps_per_beat) {
      const x = roll.x(step);
      if (x < -40 || x > width) continue;
      const isBar = step % bar === 0;
      pen.fillStyle = css(theme.text, isBar ? 0.35 : 0.16);
      pen.fillRect(Math.round(x), isBar ? 4 : RULER_HEIGHT - 14, 1, isBar ? RULER_HEIGHT - 13 : 5);
      if (isBar || wide) {
        const beat = (step % bar) / grid.steps_per_beat + 1;
        pen.fillStyle = css(isBar ? theme.text : theme.muted, isBar ? 1 : 0.75);
        pen.font = `${isBar ? 600 : 400} ${isBar ? 12 : 10.5}px ${theme.font}`;
        pen.fillText(isBar ? String(step / bar + 1) : `${step / bar + 1 | 0}.${beat}`, x + 6, 11);
      }
    }
  }
}
