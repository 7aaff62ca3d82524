/**
 * Fetches the sound of what is on show, no more of it than is needed and no sooner.
 *
 * While the user drags and the loop plays, only what follows the next boundary is asked for,
 * and as late as the last answers allow: what is dragged past is never rendered. Once the user
 * has let go the rest follows, bar by bar in the order in which it will be heard, so that
 * what the user does next never waits for more than a bar. One request is under way at a time.
 */

import { Clip } from "./clip.js";
import { RATE } from "./mixer.js";
import { readStems, unpack } from "./wire.js";

/**
 * @import { Message, Region, SoundHeader, SoundRequest, Values } from "./data"
 * @import { Engine } from "./engine.js"
 */

/**
 * What is on show: `key` names the music, `settled` is false while the user drags.
 * @typedef {{
 *   key: string, values: Values, base: string, url: string | null, settled: boolean,
 *   steps: number, bar: number, beat: number,
 * }} Wanted
 */
/** @typedef {Wanted & {clip: Clip | null, order: number, failures: number, since: number, generation: number}} Target */
/** @typedef {{start: number, end: number}} Window steps */

const MARGIN = 0.05; // seconds
const WHOLE_AFTER = 2000; // milliseconds
const TRIES = 3;

export class SoundFetcher {
  /** The live way, null while there is none. @type {((request: SoundRequest) => Promise<Message<SoundHeader>>) | null} */
  ask = null;
  /** There will be no live way, so that sound comes over HTTP. */
  plain = false;
  /** @type {Target | null} */
  target = null;
  #order = 0;
  #generation = 0;
  /** Seconds that an answer takes; a guess until the first. */
  #latency = 0.15;
  #measured = false;
  #busy = false;
  #timer = 0;
  /** Reads sound before the user has allowed any to be made. */
  #reader = new OfflineAudioContext(2, 1, RATE);

  /** @param {{engine: Engine, onError: (text: string) => void}} options */
  constructor({ engine, onError }) {
    this.engine = engine;
    this.onError = onError;
  }

  /** @param {Wanted} wanted */
  want(wanted) {
    const since = performance.now();
    if (this.target?.key === wanted.key) Object.assign(this.target, wanted, { since });
    else {
      const order = ++this.#order;
      this.target = { ...wanted, clip: null, order, failures: 0, since, generation: this.#generation };
    }
    this.update();
  }

  /** See whether there is anything to fetch now. */
  update = () => {
    clearTimeout(this.#timer);
    if (this.#busy || !this.target) return;
    const window = this.#needed(this.target);
    if (window) this.#fetch(this.target, window);
  };

  /** @param {number} milliseconds */
  #lookAgain(milliseconds) {
    this.#timer = setTimeout(this.update, milliseconds);
    return null;
  }

  /**
   * Steps to ask for now, or null; may set a timer to look again.
   * @param {Target} target
   * @returns {Window | null}
   */
  #needed(target) {
    const { engine } = this;
    const all = { start: 0, end: target.steps };
    if (target.clip?.whole || target.failures > TRIES) return null;
    if (!this.ask) return this.plain && target.url ? all : null;
    if (target.clip?.complete) return this.#rest(target, all);
    // Let go: the first boundary that can be met with luck; what comes too late for it is
    // good for those that follow.
    const boundary = engine.nextBoundary(target.settled ? this.#latency / 2 : this.#latency);
    if (!boundary) return target.settled || engine.state === "waiting" ? this.#first(target) : null;
    if (target.clip?.pieceAt(boundary.step)) return this.#following(target, boundary.step);
    const slack = boundary.time - engine.context.currentTime - this.#latency - MARGIN;
    if (!target.settled && slack > 0.02) return this.#lookAgain(1000 * slack);
    return this.#window(target, Math.floor(boundary.step + 1e-6), 3 * target.beat);
  }

  /**
   * Nothing plays: a bar from where playing would begin, which tells how fast the line is; then
   * all of it, or on a slow line bar by bar.
   * @param {Target} target
   */
  #first(target) {
    if (this.#measured && !this.#slow) return { start: 0, end: target.steps };
    return this.#following(target, Math.floor(this.engine.step));
  }

  get #slow() {
    return this.#latency > 1;
  }

  /**
   * A bar at the first step ahead that has no sound yet, if there is one.
   * @param {Target} target
   * @param {number} from
   */
  #following(target, from) {
    const [start, end] = this.engine.range;
    /** @type {Region[]} */
    const path = from < end ? [[from, end], [start, from], [end, target.steps], [0, start]]
      : [[from, target.steps], [start, end], [end, from], [0, start]];
    let ahead = 0;
    for (const [first, last] of path) {
      for (let step = Math.floor(first); step < last; step++, ahead++) {
        if (target.clip?.pieceAt(step)) continue;
        if (target.settled || ahead <= 2 * target.beat) return this.#window(target, step, target.bar);
        return this.#lookAgain(200);
      }
    }
    return null;
  }

  /**
   * All in one piece, for a phrase that has stayed for a while: no seams from then on.
   * @param {Target} target
   * @param {Window} all
   */
  #rest(target, all) {
    if (this.#slow) return null; // On a slow line the seams cost less.
    const left = target.since + WHOLE_AFTER - performance.now();
    return left <= 0 ? all : this.#lookAgain(left);
  }

  /**
   * So many steps from here, and a beat before, whose releases ring into them.
   * @param {Target} target
   * @param {number} step
   * @param {number} length
   */
  #window({ steps, beat }, step, length) {
    return { start: Math.max(0, step - beat), end: Math.min(step + length, steps) };
  }

  /**
   * @param {Target} target
   * @param {Window} window
   */
  async #fetch(target, window) {
    this.#busy = true;
    const began = performance.now();
    try {
      const { values, base, url } = target;
      const { header, payload } = await (this.ask?.({ values, base, ...window }) ?? download(url));
      const buffers = await readStems(header, payload, this.#reader);
      target.clip ??= new Clip(target.key, target.order, header.step_seconds, target.steps);
      target.clip.add({ start: header.start, end: header.end, buffers });
      // Gone stale or not, it is newer than what is on air, unless all has been forgotten.
      if (target.generation === this.#generation) this.engine.offer(target.clip);
      const part = window.end - window.start < target.steps;
      if (part) this.#learn((performance.now() - began) / 1000);
    } catch (error) {
      target.failures += 1;
      if (target.failures > TRIES) this.onError(error instanceof Error ? error.message : String(error));
      else await new Promise((resolve) => setTimeout(resolve, 250 * target.failures));
    }
    this.#busy = false;
    this.update();
  }

  /** @param {number} seconds that the sound of a part of the phrase took */
  #learn(seconds) {
    this.#measured = true;
    this.#latency += 0.3 * (Math.min(seconds, 2) - this.#latency);
  }

  /** Other music altogether: nothing fetched before may be heard again. */
  clear() {
    this.target = null;
    this.#generation += 1;
    this.engine.clear();
  }

  destroy() {
    clearTimeout(this.#timer);
    this.target = null;
  }
}

/**
 * @param {string | null} url
 * @returns {Promise<Message<SoundHeader>>}
 */
async function download(url) {
  if (!url) throw new Error("There is no sound.");
  const answer = await fetch(url);
  if (!answer.ok) throw new Error((await answer.text()) || "There is no sound.");
  return /** @type {Message<SoundHeader>} */ (unpack(await answer.arrayBuffer()));
}
