/** What Streamlit mounts. See `gan/app/recorder/component.py` for what comes in and goes out. */

import { mounting } from "../player/mounting.js";
import { Controller } from "./controller.js";

/** @import { Component } from "./data" */

export const mount = mounting({
  make: (/** @type {Component} */ component) => new Controller(component),
  silence: (recorder) => recorder.silence(),
  old: (host) => {
    const left = /** @type {(HTMLElement & {recorder: Controller}) | null} */ (
      host.querySelector(":scope > .gr-recorder")
    );
    left?.recorder.destroy();
  },
  style: new URL("recorder.css", import.meta.url),
});
