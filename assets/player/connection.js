/**
 * The live connection as the user sees it: what its state is, why it is missing, and what that
 * means. Connects again by itself.
 */

import { LiveLink } from "./live.js";
import { ServerDialog } from "./server_dialog.js";
import { ServerWatch } from "./server_watch.js";

/**
 * @import { Notes, NotesHeader } from "./data"
 * @import { Status } from "./transport.js"
 */

const PATIENCE = 800; // milliseconds before a missing connection is worth a word
const NO_LIVE = "There is no live connection: picture and sound follow a moment after you move.";
const NO_SERVER = "The server does not answer. Your phrase is kept here, and this page goes on by "
  + "itself as soon as the server is back.";
const LOADING = "The server is back and loads the generator. Your phrase is kept meanwhile.";

export class Connection {
  #wanted = false;
  #waiting = false;
  #patient = true;
  #timer = 0;

  /**
   * @param {{
   *   assets: string,
   *   onChange: () => void,
   *   onNotes: (header: NotesHeader, notes: Notes, asked: number) => void,
   *   onError: (text: string) => void,
   *   onRefused: () => void,
   * }} options `assets` is where the player is served, `onRefused` says that the server has
   *   been restarted and does not know this page
   */
  constructor({ assets, onChange, onNotes, onError, onRefused }) {
    const root = assets.replace(/\/api\/player\/.*$/, "");
    const url = new URL(`${root}/api/live`, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    this.onChange = onChange;
    const onState = () => this.#changed();
    this.link = new LiveLink({ url: url.href, onState, onNotes, onError, onRefused });
    this.dialog = new ServerDialog();
    this.watch = new ServerWatch(`${root}/_stcore/health`, () => this.#watched());
  }

  /**
   * Connect for this token. `wanted` says whether there is anything that could be live,
   * `waiting` that the server has come back and makes the phrase ready.
   * @param {string | null} token
   * @param {{wanted: boolean, waiting: boolean}} how
   */
  use(token, { wanted, waiting }) {
    this.#wanted = wanted;
    this.#waiting = waiting;
    this.link.use(token);
    this.#changed();
  }

  /** What the transport shows. @returns {Status | null} */
  get status() {
    if (this.watch.gone) return "gone";
    if (!this.#wanted) return null;
    if (this.#waiting) return "connecting";
    return this.link.state === "off" ? "plain" : this.link.state;
  }

  /** A sentence for the user, or none. */
  get notice() {
    if (this.watch.gone) return NO_SERVER;
    if (this.#waiting) return LOADING;
    const missing = this.#wanted && this.link.state === "off" && !this.#patient;
    return missing ? NO_LIVE : "";
  }

  #changed() {
    clearTimeout(this.#timer);
    this.#patient = true;
    if (this.link.state === "live") this.watch.stop();
    else {
      this.watch.start();
      this.#timer = setTimeout(() => this.#lose(), PATIENCE);
    }
    this.onChange();
  }

  #lose() {
    this.#patient = false;
    this.onChange();
  }

  #watched() {
    // If it is back, the page has waited long enough.
    if (!this.watch.gone) this.link.retry();
    this.dialog.replace(this.watch.gone);
    this.onChange();
  }

  destroy() {
    clearTimeout(this.#timer);
    this.watch.stop();
    this.dialog.replace(false);
    this.link.destroy();
  }
}
