/** What the keys do, in a popover. */

import { el, icon } from "./dom.js";

/** @type {[keys: string, meaning: string][]} */
const KEYS = [
  ["Space", "Play and pause"],
  ["Home", "Back to the start"],
  ["L", "Loop on and off"],
  ["[ and ]", "Begin and end the loop at the playhead"],
  ["M", "Metronome on and off"],
  ["D", "Draw notes; then arrows move, Shift and an arrow sets the length, Enter draws or erases"],
  ["← →", "On a slider: change it. On the ruler: a beat back or on. In a row of buttons: to the next"],
  ["↑ ↓", "From slider to slider"],
  ["Page ↑ ↓", "On a slider: change it in large steps"],
  ["Delete", "On a slider: reset it"],
  ["Tab", "To the next group of controls"],
  ["Ctrl+Z", "Undo"],
];

let count = 0;

export class Help {
  constructor() {
    const id = `gp-help-${++count}`;
    const rows = KEYS.flatMap(([keys, meaning]) => [el("dt", {}, keys), el("dd", {}, meaning)]);
    this.panel = el(
      "div",
      { class: "gp-help", id, popover: "auto", role: "dialog", "aria-label": "Keys" },
      el("strong", {}, "Keys"),
      el("dl", {}, ...rows),
    );
    this.button = el(
      "button",
      { class: "gp-round", type: "button", "aria-label": "Keys", title: "What the keys do (?)", popovertarget: id },
      icon("keyboard"),
    );
  }

  toggle() {
    this.panel.togglePopover();
  }
}
