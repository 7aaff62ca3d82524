/**
 * What the keys do. The space bar plays from anywhere on the page where it means nothing else;
 * the other keys count where the player has the focus.
 */

/**
 * `onEdge` puts an end of the loop region, `onBeat` moves from the ruler; each may answer false
 * where it has nothing to do.
 * @typedef {{
 *   onPlay: () => void, onLoop: () => void, onMetronome: () => void, onHelp: () => void,
 *   onPen: () => boolean | void, onEscape: () => boolean | void, onStart: () => void,
 *   onEdge: (which: 0 | 1) => void, onBeat: (direction: -1 | 1) => void,
 * }} Actions
 */

const FIELDS = "select, textarea, [contenteditable], input:not([type=range])";
const BUTTONS = "button, summary";

export class Keys {
  /** The button that was clicked last. @type {Element | null} */
  #clicked = null;
  #quit = new AbortController();

  /**
   * @param {HTMLElement} root
   * @param {HTMLElement} ruler
   * @param {Actions} actions
   */
  constructor(root, ruler, actions) {
    this.root = root;
    this.ruler = ruler;
    this.actions = actions;
    const { signal } = this.#quit;
    document.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    const click = (/** @type {PointerEvent} */ { target }) => {
      this.#clicked = target instanceof Element ? target.closest(BUTTONS) : null;
    };
    document.addEventListener("pointerdown", click, { signal, capture: true });
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const { target, key } = event;
    if (key === "Tab") this.#clicked = null;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (!(target instanceof Element) || target.closest(FIELDS)) return;
    const done = key === " " ? this.#space(target) : this.root.contains(target) && this.#other(key, target);
    if (done) event.preventDefault();
  }

  /** @param {Element} target */
  #space(target) {
    const button = target.closest(BUTTONS);
    // A button that was clicked keeps the focus; whoever presses the space bar then means to play.
    const clicked = button !== null && button === this.#clicked;
    if (button ? !clicked : target !== document.body && !this.root.contains(target)) return false;
    // Or it would be pressed when the key comes up.
    if (clicked && button instanceof HTMLElement) button.blur();
    this.actions.onPlay();
    return true;
  }

  /**
   * @param {string} key
   * @param {Element} target
   */
  #other(key, target) {
    const { actions } = this;
    const ruler = target === this.ruler;
    const slider = target instanceof HTMLInputElement;
    /** @type {Record<string, () => boolean | void>} */
    const meanings = {
      l: () => actions.onLoop(),
      m: () => actions.onMetronome(),
      d: () => actions.onPen(),
      "?": () => actions.onHelp(),
      Escape: () => actions.onEscape(),
      "[": () => actions.onEdge(0),
      "]": () => actions.onEdge(1),
      ArrowLeft: () => ruler && actions.onBeat(-1),
      ArrowRight: () => ruler && actions.onBeat(1),
      Home: () => !slider && actions.onStart(),
    };
    const does = meanings[key.length === 1 ? key.toLowerCase() : key];
    return Boolean(does) && does() !== false;
  }

  destroy() {
    this.#quit.abort();
  }
}
