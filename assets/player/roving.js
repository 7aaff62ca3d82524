/**
 * One Tab stop for a group of controls: the arrow keys move within it, and Tab comes back to
 * where one was ("roving tabindex" of the ARIA Authoring Practices). Rows of buttons go from
 * left to right; sliders, whose values left and right change, from top to bottom.
 */

/** @typedef {"horizontal" | "vertical"} Direction */

/** @type {Record<Direction, Record<string, number>>} */
const MOVES = {
  horizontal: { ArrowLeft: -1, ArrowRight: 1 },
  vertical: { ArrowUp: -1, ArrowDown: 1 },
};

/** @param {HTMLElement} item */
const usable = (item) => !item.matches(":disabled") && item.offsetParent !== null;

export class Roving {
  /**
   * @param {HTMLElement} root
   * @param {string} selector of the controls in the group
   * @param {Direction} direction
   */
  constructor(root, selector, direction) {
    this.root = root;
    this.selector = selector;
    this.moves = MOVES[direction];
    root.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener("focusin", ({ target }) => {
      if (target instanceof HTMLElement && target.matches(selector)) this.#choose(target);
    });
  }

  /** @returns {HTMLElement[]} */
  get items() {
    return Array.from(this.root.querySelectorAll(this.selector));
  }

  /** The group has other controls now, or others can be used. */
  update() {
    const { items } = this;
    const chosen = items.find((item) => item.tabIndex === 0 && !item.matches(":disabled"));
    const first = chosen ?? items.find((item) => !item.matches(":disabled"));
    if (first) this.#choose(first);
  }

  /** @param {HTMLElement} chosen */
  #choose(chosen) {
    for (const item of this.items) item.tabIndex = item === chosen ? 0 : -1;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const move = this.moves[event.key];
    const { target } = event;
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!(target instanceof HTMLElement) || !target.matches(this.selector)) return;
    event.preventDefault(); // At the ends too: up and down must not change a slider.
    const items = this.items.filter(usable);
    items[items.indexOf(target) + move]?.focus();
  }
}
