/** What fingers, the mouse and the wheel do on the picture: wander, pan, zoom, draw, choose. */

/** @import { Point } from "./data" */

const STILL = 5; // pixels that a click may move

/**
 * @typedef {{
 *   hover: (at: Point) => void, leave: () => void, choose: (at: Point, touch: boolean) => void,
 *   pan: (dx: number, dy: number) => void, zoom: (factor: number, at: Point) => void,
 *   draw: (at: Point) => void, drawn: () => void, drawing: () => boolean, wake: () => void,
 * }} Handlers `at` is in pixels of the picture
 */

export class Pointer {
  /** Fingers or buttons that are down. @type {Map<number, Point>} */
  #down = new Map();
  #moved = 0;
  #draws = false;

  /**
   * @param {HTMLElement} target
   * @param {Handlers} handlers
   */
  constructor(target, handlers) {
    this.target = target;
    this.handlers = handlers;
    target.addEventListener("pointerdown", (event) => this.#press(event));
    target.addEventListener("pointermove", (event) => this.#move(event));
    target.addEventListener("pointerup", (event) => this.#lift(event, true));
    target.addEventListener("pointercancel", (event) => this.#lift(event, false));
    target.addEventListener("pointerleave", () => this.#down.size || handlers.leave());
    target.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  /**
   * @param {MouseEvent} event
   * @returns {Point}
   */
  #at(event) {
    const box = this.target.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button) return;
    this.handlers.wake();
    this.target.setPointerCapture(event.pointerId);
    this.#down.set(event.pointerId, this.#at(event));
    if (this.#down.size > 1) return;
    this.#moved = 0;
    this.#draws = event.shiftKey || this.handlers.drawing();
    if (this.#draws) this.handlers.draw(this.#at(event));
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const at = this.#at(event);
    const before = this.#down.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") this.handlers.hover(at);
      return;
    }
    const [dx, dy] = [at[0] - before[0], at[1] - before[1]];
    this.#moved += Math.hypot(dx, dy);
    if (this.#down.size > 1) this.#pinch(event.pointerId, before, at);
    else if (this.#draws) this.handlers.draw(at);
    else if (this.#moved > STILL) this.handlers.pan(dx, dy);
    this.#down.set(event.pointerId, at);
  }

  /**
   * @param {number} id
   * @param {Point} before
   * @param {Point} now
   */
  #pinch(id, before, now) {
    const other = [...this.#down].find(([each]) => each !== id)?.[1];
    if (!other) return;
    const far = (/** @type {Point} */ at) => Math.max(Math.hypot(at[0] - other[0], at[1] - other[1]), 1);
    this.#draws = false;
    this.handlers.zoom(far(now) / far(before), [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]);
  }

  /**
   * @param {PointerEvent} event
   * @param {boolean} whole whether it was not taken away by the browser
   */
  #lift(event, whole) {
    if (!this.#down.delete(event.pointerId) || this.#down.size) return;
    if (this.#draws) this.handlers.drawn();
    else if (whole && this.#moved <= STILL) this.handlers.choose(this.#at(event), event.pointerType === "touch");
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    // Without a key the wheel scrolls the page, until one has clicked into the map.
    if (!event.ctrlKey && document.activeElement !== this.target) return;
    event.preventDefault();
    this.handlers.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), this.#at(event));
  }
}
