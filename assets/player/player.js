/**
 * What Streamlit mounts. It calls `mount` again whenever the data change, on the same element;
 * the player is kept per element. See `gan/app/player/component.py` for what comes in and goes out.
 *
 * Where a run of the script interrupts another, Streamlit takes the element away and brings a new
 * one some milliseconds later. The player moves over, and neither sound nor state is lost.
 */

import { Controller } from "./controller.js";
import { el } from "./dom.js";

/** @import { Component } from "./data" */

const SILENT_AFTER = 600; // milliseconds
const GONE_AFTER = 5000;

/** @type {WeakMap<HTMLElement, Controller>} */
const players = new WeakMap();
/** Players whose element is gone, by the component's key. @type {Map<string, {player: Controller, timers: number[]}>} */
const leaving = new Map();

/** @param {Component} component */
export async function mount(component) {
  const host = component.parentElement;
  let player = players.get(host);
  if (!player) {
    // Left by another version of this module, which a running server may bring.
    const old = /** @type {(HTMLElement & {player: Controller}) | null} */ (
      host.querySelector(":scope > .gp-player")
    );
    old?.player.destroy();
    player = comeBack(component.key) ?? new Controller(component);
    players.set(host, player);
    host.append(player.root);
    await loadStyle();
  }
  await player.update(component);
  return () => leave(host, component.key);
}

/** @param {string} key */
function comeBack(key) {
  const found = leaving.get(key);
  for (const timer of found?.timers ?? []) clearTimeout(timer);
  leaving.delete(key);
  return found?.player;
}

/**
 * @param {HTMLElement} host
 * @param {string} key
 */
function leave(host, key) {
  const player = players.get(host);
  if (!player) return;
  players.delete(host);
  comeBack(key)?.destroy();
  const timers = [
    setTimeout(() => player.engine.pause(), SILENT_AFTER),
    setTimeout(() => comeBack(key)?.destroy(), GONE_AFTER),
  ];
  leaving.set(key, { player, timers });
}

/** @type {Promise<unknown> | undefined} */
let style;

function loadStyle() {
  style ??= new Promise((resolve) => {
    const href = new URL("player.css", import.meta.url).href;
    document.head.append(el("link", { rel: "stylesheet", href, onload: resolve, onerror: resolve }));
  });
  return style;
}
