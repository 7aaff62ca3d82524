/** What Streamlit mounts. See `gan/app/map/component.py` for what comes in and goes out. */

import { mounting } from "../player/mounting.js";
import { Controller } from "./controller.js";

/** @import { Component } from "./data" */

export const mount = mounting({
  make: (/** @type {Component} */ component) => new Controller(component),
  silence: (map) => map.voice.hush(),
  old: (host) => {
    const left = /** @type {(HTMLElement & {map: Controller}) | null} */ (
      host.querySelector(":scope > .gm-map")
    );
    left?.map.destroy();
  },
  style: new URL("map.css", import.meta.url),
});
