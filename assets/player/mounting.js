/**
 * Keeps what a component has made while Streamlit moves its element about. Streamlit calls
 * `mount` again whenever the data change, on the same element. Where a run of the script
 * interrupts another, it takes the element away and brings a new one some milliseconds later;
 * what was made moves over, and neither sound nor state is lost.
 */

import { el } from "./dom.js";

const SILENT_AFTER = 600; // milliseconds
const GONE_AFTER = 5000;

/** @typedef {{key: string, parentElement: HTMLElement}} Place */

/**
 * The `mount` of a component: it makes what is shown once for each element.
 * @template {Place} C
 * @template {{root: HTMLElement, update: (component: C) => unknown, destroy: () => void}} T
 * @param {{make: (component: C) => T, silence: (made: T) => void, old: (host: HTMLElement) => void, style: URL}} how
 *   `silence` what has lost its element; `old` ends what another version of the module left, which
 *   a running server may bring; `style` is the style sheet
 */
export function mounting({ make, silence, old, style }) {
  /** @type {WeakMap<HTMLElement, T>} */
  const shown = new WeakMap();
  /** What has lost its element, by the component's key. @type {Map<string, {made: T, timers: number[]}>} */
  const leaving = new Map();
  /** @type {Promise<unknown> | undefined} */
  let styled;

  /** @param {string} key */
  const comeBack = (key) => {
    const found = leaving.get(key);
    for (const timer of found?.timers ?? []) clearTimeout(timer);
    leaving.delete(key);
    return found?.made;
  };

  /**
   * @param {HTMLElement} host
   * @param {string} key
   */
  const leave = (host, key) => {
    const made = shown.get(host);
    if (!made) return;
    shown.delete(host);
    comeBack(key)?.destroy();
    const timers = [
      setTimeout(() => silence(made), SILENT_AFTER),
      setTimeout(() => comeBack(key)?.destroy(), GONE_AFTER),
    ];
    leaving.set(key, { made, timers });
  };

  const loadStyle = () =>
    new Promise((resolve) => {
      const { href } = style;
      document.head.append(el("link", { rel: "stylesheet", href, onload: resolve, onerror: resolve }));
    });

  return async (/** @type {C} */ component) => {
    const { key, parentElement: host } = component;
    let made = shown.get(host);
    if (!made) {
      old(host);
      made = comeBack(key) ?? make(component);
      shown.set(host, made);
      host.append(made.root);
      styled ??= loadStyle();
      await styled;
    }
    await made.update(component);
    return () => leave(host, key);
  };
}
