/**
 * Tempo and key in the transport. The tempo is typed, stepped with the arrow keys, or dragged to
 * either side; keys are named as C major and A minor sound in them.
 */

import { clamp, el, signed } from "./dom.js";

/** @import { Payload } from "./data" */

/** @typedef {{tempo: number, transpose: number}} Play */

const PIXELS = 4; // of drag for one more
const CLICK = 3; // pixels

const KEYS = ["C", "D♭", "D", "E♭", "E", "F", "G♭", "G", "A♭", "A", "B♭", "B"];

/**
 * The keys that C major and A minor become.
 * @param {number} shift in semitones
 */
function keyName(shift) {
  const major = KEYS[(shift + 24) % 12];
  const minor = KEYS[(shift + 24 + 9) % 12].toLowerCase();
  return shift ? `${major} / ${minor} (${signed(shift, 0)})` : `${major} / ${minor}`;
}

export class Tempo {
  /** @type {Play} */
  #play = { tempo: 120, transpose: 0 };
  /** Quarter notes a minute. */
  #least = 0;
  #most = Infinity;

  /** @param {{onPlay: (play: Play) => void}} handlers `onPlay` gets what the user chose */
  constructor({ onPlay }) {
    this.onPlay = onPlay;
    this.plain = el("span", { class: "gp-tempo" });
    this.number = el("input", {
      type: "number", class: "gp-number-field", step: 1,
      inputMode: "numeric", "aria-label": "Tempo in beats a minute",
      title: "Tempo: type, drag to the side, or arrow keys",
    });
    const label = "Key: semitones up or down";
    this.key = el("select", { class: "gp-key-field", "aria-label": label, title: label });
    this.fields = el(
      "div",
      { class: "gp-tempo-fields", hidden: true },
      el("label", { class: "gp-field" }, this.number, el("span", { "aria-hidden": "true" }, "BPM")),
      el("label", { class: "gp-field" }, el("span", { "aria-hidden": "true" }, "Key"), this.key),
    );
    this.root = el("div", { class: "gp-tempo-side" }, this.plain, this.fields);
    this.number.addEventListener("input", () => this.#typed());
    this.number.addEventListener("blur", () => this.set(this.#play));
    this.number.addEventListener("keydown", (event) => this.#key(event));
    this.number.addEventListener("pointerdown", (event) => this.#grab(event));
    this.key.addEventListener("change", () => this.#choose({ transpose: Number(this.key.value) }));
  }

  /**
   * `transport` says whether they can be changed here.
   * @param {Payload} data
   */
  setup({ transport, tempo_range, transpose_max }) {
    this.plain.hidden = transport;
    this.fields.hidden = !transport;
    [this.#least, this.#most] = tempo_range;
    this.number.min = String(this.#least);
    this.number.max = String(this.#most);
    if (this.key.length === 2 * transpose_max + 1) return;
    const shifts = Array.from({ length: 2 * transpose_max + 1 }, (_, i) => transpose_max - i);
    this.key.replaceChildren(
      ...shifts.map((shift) => el("option", { value: String(shift) }, keyName(shift))),
    );
  }

  /** @param {Play} play */
  set(play) {
    this.#play = play;
    this.plain.textContent = `${Math.round(play.tempo)} BPM`;
    this.number.value = String(Math.round(play.tempo));
    this.key.value = String(play.transpose);
  }

  /** @param {Partial<Play>} part */
  #choose(part) {
    this.#play = { ...this.#play, ...part };
    this.onPlay(this.#play);
  }

  #typed() {
    const tempo = this.number.valueAsNumber;
    // While one types, 1 and 12 are on the way to 120.
    if (tempo >= this.#least && tempo <= this.#most) this.#choose({ tempo });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Enter" || event.key === "Escape") this.number.blur();
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    if (event.button !== 0 || document.activeElement === this.number) return;
    const { number } = this;
    const first = this.#play.tempo;
    let dragged = false;
    const move = (/** @type {PointerEvent} */ { clientX }) => {
      dragged ||= Math.abs(clientX - event.clientX) > CLICK;
      if (!dragged) return;
      const tempo = clamp(Math.round(first + (clientX - event.clientX) / PIXELS), this.#least, this.#most);
      number.value = String(tempo);
      if (tempo !== this.#play.tempo) this.#choose({ tempo });
    };
    const drop = () => {
      number.removeEventListener("pointermove", move);
      number.removeEventListener("pointerup", drop);
      number.removeEventListener("pointercancel", drop);
      if (!dragged) number.select();
      else number.blur();
    };
    number.setPointerCapture(event.pointerId);
    number.addEventListener("pointermove", move);
    number.addEventListener("pointerup", drop);
    number.addEventListener("pointercancel", drop);
  }
}
