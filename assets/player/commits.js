/**
 * Tells Python where the sliders are. On the live way that happens when the user lets go; on
 * the plain way while dragging too, one commit at a time, the next when the last has been
 * answered.
 */

import { debounce } from "./dom.js";

/**
 * @import { Events } from "./data"
 * @import { State } from "./state.js"
 */

const PAUSE = 120; // milliseconds between two commits on the plain way
const ANSWER_WITHIN = 1500;
const KEY_PAUSE = 300; // another key press may follow
const SOUND_FIRST = 250;

export class Commits {
  /** There is something that the commit under way does not say. */
  #unsent = false;
  #sentAt = 0;
  #timer = 0;

  /**
   * @param {State} state
   * @param {{
   *   tell: (event: Events["commit"] & {number: number}) => void,
   *   soundFirst: () => boolean,
   *   onReleased: () => void,
   * }} options `soundFirst` says whether sound is being fetched that the script's run would delay
   */
  constructor(state, { tell, soundFirst, onReleased }) {
    this.state = state;
    this.tell = tell;
    this.soundFirst = soundFirst;
    this.onReleased = onReleased;
    this.soon = debounce(() => this.release(), KEY_PAUSE);
  }

  /** The plain way, while the user drags. */
  dragged() {
    const { state } = this;
    this.#unsent = state.dragging;
    if (!state.dragging) return;
    const since = performance.now() - this.#sentAt;
    if ((!state.stale && since > PAUSE) || since > ANSWER_WITHIN) this.#send(false);
    else if (!state.stale) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.dragged(), PAUSE);
    }
  }

  /** An answer has come. */
  answered() {
    if (this.#unsent) this.dragged();
  }

  /** The user has let go. */
  release() {
    if (!this.state.dragging) return;
    this.state.dragging = false;
    this.soon.cancel();
    this.#send(true);
    this.onReleased();
  }

  /** @param {boolean} final */
  #send(final) {
    const { state } = this;
    this.#unsent = false;
    this.#sentAt = performance.now();
    const event = { number: state.next("commit"), values: { ...state.values }, final };
    const send = () => {
      if (event.number === state.last.commit) this.tell(event);
    };
    // The script's run and the new sound would wait for each other; the sound goes first.
    if (final && this.soundFirst()) setTimeout(send, SOUND_FIRST);
    else send();
  }

  /** Tell it again, to a server that has lost it. */
  repeat() {
    this.#send(true);
  }

  destroy() {
    clearTimeout(this.#timer);
    this.soon.cancel();
  }
}
