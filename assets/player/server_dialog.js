/**
 * While the server is gone, Streamlit covers the page with a dialog that asks whether one is
 * connected to the internet. The player says what happened in its own words, and the page can
 * be used meanwhile; so that dialog, and no other, is closed, as its own button would. Should
 * another version of Streamlit look different, the dialog stays.
 */

const DIALOG = '[data-testid="stDialog"]';
const HEADING = "Connection error";

function close() {
  for (const dialog of document.querySelectorAll(DIALOG)) {
    if (dialog.querySelector("h2")?.textContent !== HEADING) continue;
    /** @type {HTMLElement | null} */ (dialog.querySelector('button[aria-label="Close"]'))?.click();
  }
}

export class ServerDialog {
  #observer = new MutationObserver(close);

  /** @param {boolean} on whether the player speaks instead of the dialog */
  replace(on) {
    this.#observer.disconnect();
    if (!on) return;
    close();
    this.#observer.observe(document.body, { childList: true });
  }
}
