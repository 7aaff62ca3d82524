/** What the user has chosen, kept in this browser. */

import { clamp } from "../player/dom.js";
import { GRIDS } from "./quantise.js";

/** @import { GridName, Settings, Switch } from "./data" */

const PLACE = "gan.recorder";
export const LATENCY_MAX = 250; // milliseconds

/** @type {Settings} */
const USUAL = {
  grid: "1/16", strength: 1, countIn: true, metronome: true, loop: true, overdub: true, backing: true, latency: 0,
};

/** @returns {Settings} */
export function readSettings() {
  /** @type {Record<string, unknown>} */
  let kept = {};
  try {
    const found = JSON.parse(localStorage.getItem(PLACE) ?? "{}");
    if (found && typeof found === "object") kept = found;
  } catch {
    // Storage that is switched off, or that holds something else: as at first.
  }
  const settings = { ...USUAL };
  for (const name of /** @type {Switch[]} */ (["countIn", "metronome", "loop", "overdub", "backing"])) {
    if (typeof kept[name] === "boolean") settings[name] = kept[name];
  }
  if (typeof kept.grid === "string" && kept.grid in GRIDS) settings.grid = /** @type {GridName} */ (kept.grid);
  if (Number.isFinite(kept.strength)) settings.strength = clamp(Number(kept.strength), 0, 1);
  if (Number.isFinite(kept.latency)) settings.latency = clamp(Number(kept.latency), -LATENCY_MAX, LATENCY_MAX);
  return settings;
}

/** @param {Settings} settings */
export function keepSettings(settings) {
  try {
    localStorage.setItem(PLACE, JSON.stringify(settings));
  } catch {
    // Then they hold until the page is left.
  }
}
