/**
 * What Streamlit mounts. It calls `mount` again whenever the data change, on the same element;
 * the player is kept per element. See `gan/app/player/component.py` for what comes in and goes out.
 */

import { Controller } from "./controller.js";
import { el } from "./dom.js";

/** @import { Component } from "./data" */

/** @type {WeakMap<HTMLElement, Controller>} */
const players = new WeakMap();

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
    player = new Controller(component);
    players.set(host, player);
    host.append(player.root);
    await loadStyle(player.root);
  }
  await player.update(component);
  return () => {
    players.get(host)?.destroy();
    players.delete(host);
  };
}

/** @param {HTMLElement} root */
function loadStyle(root) {
  const link = el("link", { rel: "stylesheet", href: new URL("player.css", import.meta.url).href });
  const loaded = new Promise((resolve) => (link.onload = link.onerror = resolve));
  root.prepend(link);
  return loaded;
}
