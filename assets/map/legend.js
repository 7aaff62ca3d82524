/** What colours mean, and which points are kept: families to switch, or a histogram with a range. */

import { brush, el } from "../player/dom.js";
import { css } from "../player/theme.js";
import { UNKNOWN } from "./cloud.js";
import { BY_FAMILY, shade } from "./look.js";

/**
 * @import { Theme } from "../player/theme.js"
 * @import { Cloud } from "./cloud.js"
 * @import { Payload } from "./data"
 * @import { Look } from "./look.js"
 */

const BINS = 32;
const LEVELS = 254;
const HEIGHT = 40;

export class Legend {
  families = el("div", { class: "gm-families", role: "group", "aria-label": "Families" });
  bars = el("canvas", { class: "gm-bars", "aria-hidden": "true" });
  low = this.#thumb("At least");
  high = this.#thumb("At most");
  text = el("output", { class: "gm-range-text" });
  clear = el("button", { class: "gm-clear", type: "button", onclick: () => this.#clear() }, "Clear filters");
  range = el("div", { class: "gm-range" }, this.bars, this.low, this.high, this.text);
  root = el("div", { class: "gm-legend" }, this.families, this.range, this.clear);
  /** @type {Payload | null} */
  #data = null;
  /** @type {Cloud | null} */
  #cloud = null;

  /**
   * @param {Look} look
   * @param {() => void} changed
   */
  constructor(look, changed) {
    this.look = look;
    this.changed = changed;
  }

  /** @param {string} label */
  #thumb(label) {
    return el("input", {
      type: "range", min: 0, max: LEVELS, class: "gm-thumb", "aria-label": label,
      oninput: (/** @type {Event} */ event) => this.#slide(event.target === this.low),
    });
  }

  /** @param {boolean} lower */
  #slide(lower) {
    let [least, most] = [Number(this.low.value), Number(this.high.value)];
    if (least > most) [least, most] = lower ? [most, most] : [least, least];
    if (least === 0 && most === LEVELS) this.look.ranges.delete(this.look.by);
    else this.look.ranges.set(this.look.by, [least, most]);
    this.changed();
  }

  #clear() {
    this.look.ranges.clear();
    this.look.dark.clear();
    this.changed();
  }

  /**
   * @param {Payload} data
   * @param {Cloud} cloud
   * @param {Theme} theme
   */
  update(data, cloud, theme) {
    this.#data = data;
    this.#cloud = cloud;
    const { look } = this;
    const byFamily = look.by === BY_FAMILY;
    this.families.hidden = !byFamily;
    this.range.hidden = byFamily;
    this.clear.hidden = !look.ranges.size && !look.dark.size;
    if (byFamily) this.#showFamilies();
    else this.#showRange(theme);
  }

  #showFamilies() {
    const { look } = this;
    const families = this.#data?.families ?? [];
    if (this.families.childElementCount !== families.length) {
      this.families.replaceChildren(
        ...families.map((_, k) =>
          el("button", { type: "button", class: "gm-family", onclick: () => this.#switch(k) }, el("i"), el("span")),
        ),
      );
    }
    families.forEach(({ name }, k) => {
      const button = this.families.children[k];
      button.setAttribute("aria-pressed", String(!look.dark.has(k)));
      const [dot, text] = button.children;
      /** @type {HTMLElement} */ (dot).style.background = css(look.familyColours[k]);
      text.textContent = name;
    });
  }

  /** @param {number} family */
  #switch(family) {
    const { dark } = this.look;
    if (!dark.delete(family)) dark.add(family);
    this.changed();
  }

  /** @param {Theme} theme */
  #showRange(theme) {
    const { look } = this;
    const measure = this.#data?.measures[look.by];
    if (!measure) return;
    const [least, most] = look.ranges.get(look.by) ?? [0, LEVELS];
    this.low.value = String(least);
    this.high.value = String(most);
    this.low.style.zIndex = least > LEVELS / 2 ? "2" : "1";
    const value = (/** @type {number} */ code) =>
      Number((measure.low + (code / LEVELS) * (measure.high - measure.low)).toPrecision(3));
    this.text.textContent = `${value(least)} to ${value(most)}`;
    this.#histogram(theme, least, most);
  }

  /** @type {(theme: Theme, least: number, most: number) => void} */
  #histogram(theme, least, most) {
    const cloud = this.#cloud;
    const width = this.bars.clientWidth || 280;
    if (!cloud) return;
    const counts = new Array(BINS).fill(0);
    for (let i = 0; i < cloud.size; i++) {
      const code = cloud.codes[i * cloud.measures + this.look.by];
      if (code !== UNKNOWN) counts[Math.min(BINS - 1, Math.floor((code / (LEVELS + 1)) * BINS))] += 1;
    }
    const ratio = window.devicePixelRatio || 1;
    Object.assign(this.bars, { width: Math.round(width * ratio), height: HEIGHT * ratio });
    const pen = brush(this.bars);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const tallest = Math.max(...counts, 1);
    counts.forEach((count, k) => {
      const inside = ((k + 1) / BINS) * LEVELS > least && (k / BINS) * LEVELS <= most;
      const height = Math.max((count / tallest) * (HEIGHT - 2), count ? 1.5 : 0);
      pen.fillStyle = inside ? css(shade(k / (BINS - 1), theme)) : css(theme.text, 0.14);
      pen.fillRect((k * width) / BINS + 0.5, HEIGHT - height, width / BINS - 1, height);
    });
  }
}
