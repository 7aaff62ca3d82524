/**
 * Levels, loop and pad axes: what the page keeps as the mix. It goes to the engine and the
 * controls at once, and to Streamlit a moment after the last change.
 */

import { clamp, debounce } from "./dom.js";

export class Mixer {
  /** `send(mix)` hands a mix to Streamlit. */
  constructor({ engine, strips, transport, stage, send }) {
    Object.assign(this, { engine, strips, transport, stage, send });
    this.region = [0, 0];
    this.axes = null;
    this.tell = debounce(() => this.#tell(), 500);
  }

  /** Take over the mix of new data, unless it is the one before or our own come back. */
  adopt(mix, steps) {
    const text = JSON.stringify(mix);
    if (text === this.seen && steps === this.steps) return;
    const known = text === this.sent && steps === this.steps;
    this.seen = text;
    this.steps = steps;
    if (known) return;
    this.strips.set(mix.tracks);
    this.transport.setVolume(mix.volume);
    this.engine.setVolume(mix.volume);
    this.engine.setLevels(this.strips.levels);
    const start = clamp(mix.loop_start, 0, steps - 1);
    this.region = [start, clamp(mix.loop_end ?? steps, start + 1, steps)];
    this.#loop(mix.loop);
  }

  /** Forget what was taken over: there are other strips. */
  reset() {
    this.seen = this.sent = null;
  }

  /** The user has moved a fader or pressed mute or solo. */
  levels() {
    this.engine.setLevels(this.strips.levels);
    this.tell();
  }

  setVolume(volume) {
    this.engine.setVolume(volume);
    this.tell();
  }

  setAxes(axes) {
    this.axes = axes;
    this.tell();
  }

  setLoop(on) {
    this.#loop(on);
    this.tell();
  }

  /** The region in steps; until `done` it is shown only. */
  setRegion(region, done) {
    this.region = region;
    this.stage.setRegion(region, true);
    if (done) this.setLoop(true);
  }

  #loop(on) {
    this.engine.setRegion(this.region, on);
    this.transport.setLoop(on);
    this.stage.setRegion(this.region, on);
  }

  #tell() {
    const mix = {
      tracks: this.strips.states,
      volume: this.engine.volume,
      loop: this.engine.loop,
      loop_start: this.region[0],
      loop_end: this.region[1] >= this.steps ? null : this.region[1],
      pad: this.axes ?? null,
    };
    this.sent = JSON.stringify(mix);
    this.send(mix);
  }

  destroy() {
    this.tell.cancel();
  }
}
