/**
 * What the keys do. The space bar plays from anywhere on the page where it means nothing else;
 * the other keys count where the player has the focus.
 */

const FIELDS = "select, textarea, [contenteditable], input:not([type=range])";
const BUTTONS = "button, summary";

export class Keys {
  /**
   * `actions`: onPlay, onLoop, onPen, onStart, onEdge(0 or 1) for the ends of the loop region,
   * onBeat(-1 or 1) from the ruler, onEscape; each may answer false where it has nothing to do.
   */
  constructor(root, ruler, actions) {
    Object.assign(this, { root, ruler, actions });
    this.clicked = null;
    this.quit = new AbortController();
    const { signal } = this.quit;
    document.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    const click = (event) => (this.clicked = event.target.closest?.(BUTTONS));
    document.addEventListener("pointerdown", click, { signal, capture: true });
  }

  #pressed(event) {
    const { target, key } = event;
    if (key === "Tab") this.clicked = null;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (target.closest?.(FIELDS)) return;
    const done = key === " " ? this.#space(target) : this.root.contains(target) && this.#other(key, target);
    if (done) event.preventDefault();
  }

  #space(target) {
    const button = target.closest?.(BUTTONS);
    // A button that was clicked keeps the focus; whoever presses the space bar then means to play.
    const clicked = button && button === this.clicked;
    if (button ? !clicked : target !== document.body && !this.root.contains(target)) return false;
    if (clicked) button.blur(); // Or it would be pressed when the key comes up.
    this.actions.onPlay();
    return true;
  }

  #other(key, target) {
    const { actions } = this;
    const ruler = target === this.ruler;
    const does = {
      l: () => actions.onLoop(),
      d: () => actions.onPen(),
      Escape: () => actions.onEscape(),
      "[": () => actions.onEdge(0),
      "]": () => actions.onEdge(1),
      ArrowLeft: () => ruler && actions.onBeat(-1),
      ArrowRight: () => ruler && actions.onBeat(1),
      Home: () => target.type !== "range" && actions.onStart(),
    }[key.length === 1 ? key.toLowerCase() : key];
    return Boolean(does) && does() !== false;
  }

  destroy() {
    this.quit.abort();
  }
}
