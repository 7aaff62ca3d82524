/**
 * The computer's keys as a piano: A is C, W the black key after it, and so on; Z and X change the
 * octave. They count where the recorder has the focus, and everywhere while it records. Then they
 * mean nothing else: neither the player nor the page gets them. In a field one types.
 */

/** By their places, which are the same on every layout: C and up. */
const PLACES = (
  "KeyA KeyW KeyS KeyE KeyD KeyF KeyT KeyG KeyY KeyH KeyU KeyJ KeyK KeyO KeyL KeyP Semicolon Quote"
).split(" ");
const DOWN = "KeyZ";
const UP = "KeyX";
const FIELDS = "select, textarea, [contenteditable], [role=textbox], [role=combobox], input:not([type=range])";
const PRESSED_BY_SPACE = "button, summary, a, input";
export const VELOCITY = 92;

/** @param {string} code */
const sourceOf = (code) => `computer|${code}`;

export class ComputerKeys {
  #quit = new AbortController();

  /**
   * @param {HTMLElement} root
   * @param {{
   *   everywhere: () => boolean, base: () => number,
   *   onPress: (press: import("./data").Press) => void,
   *   onRelease: (source: string, at: number) => void,
   *   onOctave: (octaves: -1 | 1) => void, onTransport: () => void, onLeave: () => void,
   * }} options `base` is the pitch of the first key; `onLeave` says that key-ups may be missed
   */
  constructor(root, options) {
    this.root = root;
    this.options = options;
    const { signal } = this.#quit;
    // Before the page's own listeners, which hear nothing of what is meant for the recorder.
    const listen = { signal, capture: true };
    window.addEventListener("keydown", (event) => this.#pressed(event), listen);
    window.addEventListener("keyup", (event) => {
      options.onRelease(sourceOf(event.code), event.timeStamp || performance.now());
    }, listen);
    window.addEventListener("blur", () => options.onLeave(), { signal });
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const { target, code } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!(target instanceof Element) || target.closest(FIELDS)) return;
    if (!this.root.contains(target) && !this.options.everywhere()) return;
    if (!this.#does(code, event, target)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /**
   * @param {string} code
   * @param {KeyboardEvent} event
   * @param {Element} target
   */
  #does(code, event, target) {
    const { options } = this;
    const place = PLACES.indexOf(code);
    const known = place >= 0 || code === DOWN || code === UP;
    if (code === "Space") {
      if (target.closest(PRESSED_BY_SPACE)) return false;
      if (!event.repeat) options.onTransport();
      return true;
    }
    if (!known || event.repeat) return known;
    if (place < 0) {
      options.onOctave(code === DOWN ? -1 : 1);
    } else {
      const pitch = options.base() + place;
      const at = event.timeStamp || performance.now();
      if (pitch <= 127) options.onPress({ source: sourceOf(code), pitch, velocity: VELOCITY, at });
    }
    return true;
  }

  destroy() {
    this.#quit.abort();
  }
}

/** What stands on those keys, the first C's first, and on the two for the octave. */
export async function keyCaps() {
  const { keyboard } = /** @type {{keyboard?: {getLayoutMap(): Promise<Map<string, string>>}}} */ (
    /** @type {unknown} */ (navigator)
  );
  /** @type {Record<string, string>} */
  const usual = { Semicolon: ";", Quote: "'" };
  const layout = await keyboard?.getLayoutMap().catch(() => undefined);
  const cap = (/** @type {string} */ code) =>
    (layout?.get(code) ?? usual[code] ?? code.replace("Key", "")).toUpperCase();
  return { keys: PLACES.map(cap), down: cap(DOWN), up: cap(UP) };
}
