/** Decides what a new payload changes; fields are compared one by one. */

import { same } from "./dom.js";

/** @import { Payload, Track } from "./data" */

/**
 * What differs between two payloads.
 *
 * session   another run of the server, which knows nothing of the events so far
 * phrase    other tracks or another length: sound fetched so far belongs to none of them
 * roll      the roll is to be built again
 * strips    the strips are to be built again, and with them the sliders under them
 * sliders   the sliders are to be built again
 * drawable  which tracks can be drawn in
 * @typedef {Record<"session" | "phrase" | "roll" | "strips" | "sliders" | "drawable", boolean>} Changes
 */

/**
 * @template {object} T
 * @param {T[]} items
 * @param {(keyof T)[]} names of fields to leave out
 */
function without(items, ...names) {
  return items.map((item) =>
    Object.fromEntries(Object.entries(item).filter(([name]) => !names.includes(/** @type {keyof T} */ (name)))),
  );
}

/**
 * @param {Payload | null} before
 * @param {Payload} after
 * @returns {Changes}
 */
export function compare(before, after) {
  if (!before) {
    return { session: false, phrase: true, roll: true, strips: true, sliders: true, drawable: true };
  }
  const fields = (/** @type {keyof Track} */ name) => [before, after].map(({ tracks }) => tracks.map((track) => track[name]));
  const [names, colours, locks] = [fields("name"), fields("colour"), fields("locked")];
  const lockable = locks.map((values) => values.map((value) => value !== null));
  const phrase = !same(before.grid, after.grid) || !same(names[0], names[1]);
  const roll = phrase || before.transpose !== after.transpose || !same(colours[0], colours[1]);
  const strips = roll || !same(lockable[0], lockable[1])
    || !same(without(before.tracks, "locked"), without(after.tracks, "locked"));
  return {
    session: before.session !== after.session,
    phrase,
    roll,
    strips,
    sliders: strips || !same(without(before.sliders, "value"), without(after.sliders, "value")),
    drawable: strips || before.editable !== after.editable,
  };
}
