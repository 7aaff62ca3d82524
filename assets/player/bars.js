/** A row over the roll with two buttons for each bar: keep it, and another take of it. */

import { el, icon } from "./dom.js";
import { Roving } from "./roving.js";

/**
 * @import { Events } from "./data"
 * @import { Roll } from "./roll.js"
 */

/** @typedef {(kind: Events["action"]["kind"], bar: number) => void} OnBar */

const LEAST_WIDTH = 24; // pixels

class Bar {
  locked = false;

  /**
   * @param {number} index
   * @param {OnBar} onAction
   */
  constructor(index, onAction) {
    this.index = index;
    this.lock = el("button", {
      class: "gp-toggle gp-lock", type: "button",
      onclick: () => onAction(this.locked ? "unlock" : "lock", index),
    });
    this.dice = el("button", {
      class: "gp-toggle gp-dice", type: "button", "aria-label": `Another take of bar ${index + 1}`,
      onclick: () => onAction("reroll", index),
    }, icon("dice"));
    this.root = el("div", { class: "gp-bar" }, this.lock, this.dice);
    this.set(false);
  }

  /** @param {boolean} locked */
  set(locked) {
    this.locked = locked;
    const label = `Keep bar ${this.index + 1} while the rest moves`;
    this.lock.replaceChildren(icon(locked ? "lock" : "unlock"));
    this.lock.title = label;
    this.lock.setAttribute("aria-label", label);
    this.lock.setAttribute("aria-pressed", String(locked));
    this.dice.disabled = locked;
    this.dice.title = locked ? `Bar ${this.index + 1} is kept: unlock it for another take` : `Another take of bar ${this.index + 1}`;
    this.root.classList.toggle("gp-kept", locked);
  }
}

export class Bars {
  root = el("div", { class: "gp-bars", role: "toolbar", "aria-label": "Bars", hidden: true });
  /** @type {Bar[]} */
  #bars = [];
  #roving = new Roving(this.root, "button", "horizontal");

  /**
   * @param {Roll} roll
   * @param {{onAction: OnBar}} handlers
   */
  constructor(roll, { onAction }) {
    this.roll = roll;
    this.onAction = onAction;
  }

  /**
   * `locked` says for each bar whether it is kept; null where bars cannot be.
   * @param {boolean[] | null} locked
   */
  set(locked) {
    this.root.hidden = !locked;
    if (!locked) return;
    if (this.#bars.length !== locked.length) {
      this.#bars = locked.map((_, index) => new Bar(index, this.onAction));
      this.root.replaceChildren(...this.#bars.map((bar) => bar.root));
      this.layout();
    }
    locked.forEach((on, index) => this.#bars[index].set(on));
    this.#roving.update();
  }

  /** Follow the range that the roll shows. */
  layout() {
    const { grid, box } = this.roll;
    if (!grid) return;
    const steps = grid.beats_per_bar * grid.steps_per_beat;
    this.#bars.forEach(({ root, index }) => {
      const from = Math.max(this.roll.x(index * steps), 0);
      const to = Math.min(this.roll.x((index + 1) * steps), box.width);
      root.hidden = to - from < LEAST_WIDTH;
      root.style.left = `${from}px`;
      root.style.width = `${to - from}px`;
    });
  }
}
