/** What Streamlit mounts. See `gan/app/player/component.py` for what comes in and goes out. */

import { Controller } from "./controller.js";
import { mounting } from "./mounting.js";

/** @import { Component } from "./data" */

export const mount = mounting({
  make: (/** @type {Component} */ component) => new Controller(component),
  silence: (player) => player.engine.pause(),
  old: (host) => {
    const left = /** @type {(HTMLElement & {player: Controller}) | null} */ (
      host.querySelector(":scope > .gp-player")
    );
    left?.player.destroy();
  },
  style: new URL("player.css", import.meta.url),
});
