/**
 * Fetches the sound of what is on show, no more of it than is needed and no sooner.
 *
 * While the user drags and the loop plays, only what follows the next boundary is asked for,
 * and as late as the last answers allow: what is dragged past is never rendered. Once the user
 * has let go the rest follows, bar by bar in the order in which it will be heard, so that
 * what the user does next never waits for more than a bar. One request is under way at a time.
 */

import { RATE, Take } from "./engine.js";
import { readStems, unpack } from "./wire.js";

const MARGIN = 0.05;
const PATIENCE = 2000;

export class Supply {
  /** `ask({values, base, start, end})` is the live way, null while there is none. */
  constructor({ engine, onError }) {
    Object.assign(this, { engine, onError });
    this.ask = null;
    this.target = null;
    this.order = 0;
    this.era = 0;
    this.latency = 0.15;
    this.busy = false;
    // Reads sound before the user has allowed any to be made.
    this.reader = new OfflineAudioContext(2, 1, RATE);
  }

  /**
   * What is on show: `{key, values, base, url, settled, steps, bar, beat}`. `key` names the
   * music; `settled` is false while the user drags.
   */
  want(target) {
    const known = this.target?.key === target.key;
    this.target = known
      ? Object.assign(this.target, target)
      : { ...target, take: null, order: ++this.order, failures: 0, era: this.era };
    this.target.since = performance.now();
    this.pump();
  }

  pump = () => {
    clearTimeout(this.timer);
    if (this.busy || !this.target) return;
    const window = this.#needed();
    if (window) this.#fetch(this.target, window);
  };

  /** Steps to ask for now, or null; may set a timer to look again. */
  #needed() {
    const { target, engine } = this;
    const all = { start: 0, end: target.steps };
    if (target.take?.whole || target.failures > 3) return null;
    if (!this.ask) return target.url ? all : null;
    if (target.take?.complete) return this.#rest(all);
    // Let go: the first boundary that can be met with luck; what comes too late for it is
    // good for those that follow.
    const boundary = engine.nextBoundary(target.settled ? this.latency / 2 : this.latency);
    if (!boundary) return target.settled || engine.state === "waiting" ? all : null;
    if (target.take?.pieceAt(boundary.step)) return this.#following(boundary.step);
    const slack = boundary.time - engine.context.currentTime - this.latency - MARGIN;
    if (!target.settled && slack > 0.02) {
      this.timer = setTimeout(this.pump, 1000 * slack);
      return null;
    }
    return this.#window(Math.floor(boundary.step + 1e-6), 3 * target.beat);
  }

  /** A bar at the first step ahead that has no sound yet, if there is one. */
  #following(from) {
    const { target, engine } = this;
    const [start, end] = engine.range;
    const path = from < end ? [[from, end], [start, from], [end, target.steps], [0, start]]
      : [[from, target.steps], [start, end], [end, from], [0, start]];
    let ahead = 0;
    for (const [first, last] of path) {
      for (let step = Math.floor(first); step < last; step++, ahead++) {
        if (target.take.pieceAt(step)) continue;
        if (target.settled || ahead <= 2 * target.beat) return this.#window(step, target.bar);
        this.timer = setTimeout(this.pump, 200);
        return null;
      }
    }
    return null;
  }

  /** All in one piece, for a phrase that has stayed for a while: no seams from then on. */
  #rest(all) {
    const left = this.target.since + PATIENCE - performance.now();
    if (left <= 0) return all;
    this.timer = setTimeout(this.pump, left);
    return null;
  }

  /** So many steps from here, and a beat before, whose releases ring into them. */
  #window(step, length) {
    const { steps, beat } = this.target;
    return { start: Math.max(0, step - beat), end: Math.min(step + length, steps) };
  }

  async #fetch(target, window) {
    this.busy = true;
    const began = performance.now();
    try {
      const { header, payload } = this.ask
        ? await this.ask({ values: target.values, base: target.base, ...window })
        : await this.#download(target.url);
      const buffers = await readStems(header, payload, this.reader);
      target.take ??= new Take(target.key, target.order, header.step_seconds, target.steps);
      target.take.add({ start: header.start, end: header.end, buffers });
      // Gone stale or not, it is newer than what is on air, unless all has been forgotten.
      if (target.era === this.era) this.engine.offer(target.take);
      if (window.end - window.start < target.steps) {
        const seconds = (performance.now() - began) / 1000;
        this.latency += 0.3 * (Math.min(seconds, 2) - this.latency);
      }
    } catch (error) {
      target.failures += 1;
      if (target.failures > 3) this.onError(error.message);
      else await new Promise((resolve) => setTimeout(resolve, 250 * target.failures));
    }
    this.busy = false;
    this.pump();
  }

  async #download(url) {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error((await answer.text()) || "There is no sound.");
    return unpack(await answer.arrayBuffer());
  }

  /** Other music altogether: nothing fetched before may be heard again. */
  clear() {
    this.target = null;
    this.era += 1;
    this.engine.clear();
  }

  destroy() {
    clearTimeout(this.timer);
    this.target = null;
  }
}
