/**
 * The keyboard on the screen. Touch and mouse play it, and slide over it; the lower on a key, the
 * louder. It is one Tab stop: arrows go from key to key, Enter and the space bar play.
 */

import { clamp, el } from "../player/dom.js";
import { isBlack, noteName } from "../player/pitch.js";
import { Roving } from "../player/roving.js";
import { VELOCITY } from "./computer_keys.js";

/** @import { Press } from "./data" */

const SOFTEST = 36;
const LOUDEST = 122;

/** @param {string | number} name of the pointer, or the pitch of a key */
const sourceOf = (name) => `screen|${name}`;

export class Piano {
  root = el("div", { class: "gr-piano", role: "group", "aria-label": "Piano keys" });
  #roving = new Roving(this.root, ".gr-key", "horizontal");
  /** By pitch. @type {Map<number, HTMLButtonElement>} */
  #keys = new Map();
  /** The pitch under each pointer that is down; null between keys. @type {Map<number, number | null>} */
  #pointers = new Map();

  /**
   * @param {{onPress: (press: Press) => void, onRelease: (source: string, at: number) => void}} options
   */
  constructor({ onPress, onRelease }) {
    this.onPress = onPress;
    this.onRelease = onRelease;
    const { root } = this;
    root.addEventListener("pointerdown", (event) => this.#down(event));
    root.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) {
      root.addEventListener(end, (event) => this.#up(event));
    }
    root.addEventListener("keydown", (event) => this.#typed(event));
    root.addEventListener("keyup", ({ target, timeStamp }) => this.#let(target, timeStamp));
    root.addEventListener("focusout", ({ target, timeStamp }) => this.#let(target, timeStamp));
    root.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  /**
   * @param {number} base the lowest pitch, a C
   * @param {number} octaves
   * @param {{low: number, high: number}} range what the track can say
   * @param {string[]} caps what stands on the computer's keys
   */
  build(base, octaves, { low, high }, caps) {
    const focused = Number(this.root.querySelector(":focus")?.getAttribute("data-pitch") ?? -1);
    const pitches = Array.from({ length: 12 * octaves + 1 }, (_, i) => base + i).filter((pitch) => pitch <= 127);
    const width = 100 / pitches.filter((pitch) => !isBlack(pitch)).length;
    let whites = 0;
    this.#keys = new Map(pitches.map((pitch) => {
      const black = isBlack(pitch);
      const left = black ? (whites - 0.31) * width : whites++ * width;
      const outside = pitch < low || pitch > high;
      const key = el(
        "button",
        {
          class: `gr-key ${black ? "gr-black" : "gr-white"}`, type: "button", tabIndex: -1, "data-pitch": pitch,
          "aria-label": outside ? `${noteName(pitch)}, not a note of this track` : noteName(pitch),
          style: `left: ${left}%; width: ${width * (black ? 0.62 : 1)}%`,
        },
        el("span", { class: "gr-cap", "aria-hidden": "true" }, caps[pitch - base] ?? ""),
        pitch % 12 === 0 ? el("span", { class: "gr-c", "aria-hidden": "true" }, noteName(pitch)) : null,
      );
      key.classList.toggle("gr-outside", outside);
      return [pitch, key];
    }));
    this.root.replaceChildren(...this.#keys.values());
    this.#roving.update();
    this.#keys.get(focused)?.focus();
  }

  /** @param {Set<number>} pitches that sound */
  light(pitches) {
    for (const [pitch, key] of this.#keys) key.classList.toggle("gr-down", pitches.has(pitch));
  }

  // --- Touch and mouse --------------------------------------------------------------------

  /** @param {PointerEvent} event */
  #keyAt({ clientX, clientY }) {
    const found = document.elementFromPoint(clientX, clientY)?.closest(".gr-key");
    return found instanceof HTMLElement && this.root.contains(found) ? found : null;
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    // A finger stays with the element that it went down on; moves of it are looked up here.
    this.root.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, null);
    this.#slide(event);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (this.#pointers.has(event.pointerId)) this.#slide(event);
  }

  /** @param {PointerEvent} event */
  #slide(event) {
    const { pointerId: id, timeStamp: at } = event;
    const key = this.#keyAt(event);
    const pitch = key ? Number(key.dataset.pitch) : null;
    if (pitch === this.#pointers.get(id)) return;
    this.#pointers.set(id, pitch);
    this.onRelease(sourceOf(id), at);
    if (!key || pitch === null) return;
    const { top, height } = key.getBoundingClientRect();
    const share = clamp((event.clientY - top) / height, 0, 1);
    const velocity = Math.round(SOFTEST + (LOUDEST - SOFTEST) * share);
    this.onPress({ source: sourceOf(id), pitch, velocity, at });
  }

  /** @param {PointerEvent} event */
  #up({ pointerId, timeStamp }) {
    if (this.#pointers.delete(pointerId)) this.onRelease(sourceOf(pointerId), timeStamp);
  }

  // --- The key that has the focus ---------------------------------------------------------

  /** @param {KeyboardEvent} event */
  #typed(event) {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (event.repeat || !(event.target instanceof HTMLElement)) return;
    const pitch = Number(event.target.dataset.pitch);
    this.onPress({ source: sourceOf(`key ${pitch}`), pitch, velocity: VELOCITY, at: event.timeStamp });
  }

  /**
   * @param {EventTarget | null} target
   * @param {number} at
   */
  #let(target, at) {
    if (target instanceof HTMLElement && target.dataset.pitch) {
      this.onRelease(sourceOf(`key ${target.dataset.pitch}`), at);
    }
  }
}
