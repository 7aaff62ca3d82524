/**
 * Numbered commits of slider values to Streamlit.
 *
 * Data from Python name the last commit that they know of (`echo`); data that know of fewer
 * than were sent are stale. Without a live connection values are committed while the user
 * drags as well: one at a time, the next when the last has been answered.
 */

const PAUSE = 120;
const PATIENCE = 1500;
// The script's run and the new sound would wait for each other; the sound goes first.
const SOUND_FIRST = 250;

export class Commits {
  /** `send(event)` hands an event to Streamlit, `values()` gives the values on show. */
  constructor({ send, values }) {
    Object.assign(this, { send, values });
    this.last = 0;
    this.echo = 0;
    this.sentAt = -Infinity;
  }

  /** New data know of the commit `echo`. A new session knows of none. */
  heard(echo, { newSession }) {
    this.echo = echo;
    if (newSession) this.last = 0;
  }

  get stale() {
    return this.echo < this.last;
  }

  /** The user has let go. */
  final({ soundFirst }) {
    clearTimeout(this.timer);
    const event = this.#event(true);
    const send = () => event.number === this.last && this.send(event);
    if (soundFirst) setTimeout(send, SOUND_FIRST);
    else send();
  }

  /** The user drags on, the plain way. Call it again when an answer has come. */
  during() {
    clearTimeout(this.timer);
    const since = performance.now() - this.sentAt;
    const wait = (this.stale ? PATIENCE : PAUSE) - since;
    if (wait <= 0) this.send(this.#event(false));
    else this.timer = setTimeout(() => this.during(), wait);
  }

  #event(final) {
    this.sentAt = performance.now();
    this.last = Math.max(Date.now(), this.last + 1);
    return { number: this.last, values: { ...this.values() }, final };
  }

  destroy() {
    clearTimeout(this.timer);
  }
}
