/**
 * The roll with all that lies around and over it: ruler, keyboard, playhead, tooltip.
 * Keeps them in step with the range that the roll shows.
 */

import { Bars } from "./bars.js";
import { el, title } from "./dom.js";
import { Keyboard, Ruler } from "./frame.js";
import { Overlay } from "./overlay.js";
import { Pen } from "./pen.js";
import { Roll, noteName } from "./roll.js";
import { difference } from "./wire.js";

export class Stage {
  /**
   * `onSeek(step)`, `onRegion(start, end, done)`; `onDrawn(notes)` after the roll is drawn;
   * `onBar(kind, bar)` for a bar's buttons, `onStroke(stroke)` for what the pen did.
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
    this.empty = el("p", { class: "gp-empty", hidden: true },
      "No notes here. Move a density or fill slider to the right, or draw some.");
    this.whole = el("button", {
      class: "gp-whole", type: "button", hidden: true, onclick: () => this.roll.zoomOut(),
    }, "Show all");
    this.area = el(
      "div",
      { class: "gp-roll", role: "img" },
      this.roll.host, this.keyboard.canvas, this.overlay.layer, this.pen.layer, this.empty, this.tip, this.whole,
    );
    this.root = el("div", { class: "gp-stage" }, this.ruler.canvas, this.bars.root, this.area);
    this.notes = [];
    this.#listen();
    this.observer = new ResizeObserver(() => this.#resize());
    this.observer.observe(this.area);
  }

  async setup(grid, tracks, theme, transpose, notes) {
    this.tracks = tracks;
    this.notes = [];
    this.#resize();
    await this.roll.setup(grid, tracks, theme, transpose, notes);
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

  /** Show notes; what differs from those before is hinted at. Drawn with the next frame. */
  show(notes, { quiet = false, refit = false, slow = false } = {}) {
    if (!quiet && this.notes.length === notes.length) {
      this.overlay.flash(difference(notes, this.notes), difference(this.notes, notes), { slow });
    }
    this.notes = notes;
    this.empty.hidden = notes.some((list) => list.length);
    this.lit = null;
    this.refit = refit;
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.roll.draw(this.notes, { refit: this.refit });
      this.onDrawn(this.notes);
    });
  }

  recolour(audible, theme) {
    this.roll.recolour(audible, theme);
    this.lit = null;
    this.#follow();
  }

  setRegion(region, loop) {
    this.ruler.set(region, loop);
    this.overlay.setRegion(...(loop ? region : [0, this.roll.steps]));
  }

  /** Move the playhead; light what sounds while `playing`. */
  moveTo(step, playing) {
    this.overlay.moveTo(step);
    const cell = playing ? Math.floor(step) : null;
    if (cell === this.lit) return;
    this.lit = cell;
    const active = cell === null ? [] : this.#sounding(cell);
    this.overlay.setActive(active);
    this.keyboard.light(active);
  }

  #sounding(step) {
    const active = [];
    this.notes.forEach((list, track) => {
      if (!this.roll.audible[track]) return;
      for (let i = 0; i < list.length; i += 3) {
        if (list[i] <= step && step < list[i + 1]) {
          active.push({ note: [list[i], list[i + 1], list[i + 2]], track });
        }
      }
    });
    return active;
  }

  #listen() {
    const { area } = this;
    let press = null;
    area.addEventListener("pointerdown", (event) => {
      const inside = event.button === 0 && !this.pen.on && this.#at(event);
      press = inside && !this.whole.contains(event.target) ? { ...inside, event } : null;
    }, true);
    // Plotly covers the page while the button is down, so the release is seen there.
    this.release = (event) => {
      if (!press) return;
      const { clientX, clientY } = press.event;
      const moved = Math.hypot(event.clientX - clientX, event.clientY - clientY);
      if (moved < 4 && event.timeStamp - press.event.timeStamp < 500) this.onSeek(press.step);
      press = null;
    };
    window.addEventListener("pointerup", this.release, true);
    area.addEventListener("pointermove", (event) => this.#hover(event));
    area.addEventListener("pointerleave", () => (this.tip.hidden = true));
  }

  #at(event) {
    const bounds = this.area.getBoundingClientRect();
    const { left, width, height } = this.roll.box;
    const x = event.clientX - bounds.left - left;
    const y = event.clientY - bounds.top;
    if (!this.roll.ready || x < 0 || x > width || y < 0 || y > height) return null;
    return { x, y, step: this.roll.stepAt(x), pitch: this.roll.pitchAt(y) };
  }

  #hover(event) {
    const at = event.pointerType === "touch" ? null : this.#at(event);
    const notes = at ? this.#sounding(at.step).filter(({ note }) => note[2] === at.pitch) : [];
    this.tip.hidden = !notes.length;
    if (!notes.length) return;
    const { grid, transpose } = this.roll;
    const [onset, end] = notes[0].note;
    const bar = grid.beats_per_bar * grid.steps_per_beat;
    const beat = ((onset % bar) / grid.steps_per_beat + 1).toFixed(2).replace(/\.?0+$/, "");
    const seconds = (onset * (this.stepSeconds ?? 0.125)).toFixed(2);
    const names = notes.map(({ track }) => title(this.tracks[track].name)).join(", ");
    const length = end - onset;
    this.tip.replaceChildren(
      el("strong", {}, noteName(at.pitch + transpose)), ` ${names}`,
      el("span", {}, `Bar ${Math.floor(onset / bar) + 1}, beat ${beat} · ${seconds} s · ${length} ${length === 1 ? "step" : "steps"}`),
    );
    const { box } = this.roll;
    this.tip.style.transform =
      `translate(${Math.min(box.left + at.x + 14, box.left + box.width - 190)}px, ` +
      `${at.y > 64 ? at.y - 58 : at.y + 18}px)`;
  }

  destroy() {
    window.removeEventListener("pointerup", this.release, true);
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    this.overlay.destroy();
    this.roll.destroy();
  }
}
