/**
 * Finds out, while there is no live connection, whether the server is gone or only its socket
 * is blocked. Asks Streamlit's own address for that, more and more rarely.
 */

const PATIENCE = 3000; // milliseconds
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 8000;

export class ServerWatch {
  /** The server does not answer. */
  gone = false;
  #failures = 0;
  #timer = 0;
  #watching = false;

  /**
   * @param {string} url
   * @param {() => void} onChange when the server has gone or come back
   */
  constructor(url, onChange) {
    this.url = url;
    this.onChange = onChange;
  }

  start() {
    if (this.#watching) return;
    this.#watching = true;
    this.#failures = 0;
    this.#timer = setTimeout(() => this.#look(), FIRST_PAUSE);
  }

  stop() {
    this.#watching = false;
    clearTimeout(this.#timer);
    this.#set(false);
  }

  async #look() {
    const answers = await this.#ask();
    if (!this.#watching) return;
    this.#failures = answers ? 0 : this.#failures + 1;
    this.#set(!answers);
    // One that answers may still go while its socket stays blocked, but there is no hurry.
    const pause = answers ? LONGEST_PAUSE : FIRST_PAUSE * 2 ** this.#failures;
    this.#timer = setTimeout(() => this.#look(), Math.min(pause, LONGEST_PAUSE));
  }

  async #ask() {
    try {
      const options = { cache: /** @type {const} */ ("no-store"), signal: AbortSignal.timeout(PATIENCE) };
      return (await fetch(this.url, options)).status < 500;
    } catch {
      return false; // The network's own error, or no answer in time.
    }
  }

  /** @param {boolean} gone */
  #set(gone) {
    if (gone === this.gone) return;
    this.gone = gone;
    this.onChange();
  }
}
