/** How the points look: which colour each has, and which of them are in the dark. */

import { css, mix, readable, rgb } from "../player/theme.js";
import { UNKNOWN } from "./cloud.js";

/**
 * @import { Rgb } from "../player/data"
 * @import { Theme } from "../player/theme.js"
 * @import { Cloud } from "./cloud.js"
 * @import { Family } from "./data"
 */

export const BY_FAMILY = -1;
const LEVELS = 254;
const SHADES = 16;
/** From the least of an attribute to the most, blue to yellow: told apart by lightness too. */
const RAMP = ["#30418f", "#2f7f9f", "#3fae7f", "#a9c957", "#f2d64b"];

export class Look {
  /** Index of a measure, or `BY_FAMILY`. */
  by = BY_FAMILY;
  /** Families that are in the dark. @type {Set<number>} */
  dark = new Set();
  /** For a measure the codes that are kept. @type {Map<number, [least: number, most: number]>} */
  ranges = new Map();
  /** @type {string[]} */
  colours = [];
  /** The colour of each point, by index into `colours`. */
  groups = new Uint8Array(0);
  /** 1 where a point passes all filters. */
  lit = new Uint8Array(0);
  /** @type {Rgb[]} */
  familyColours = [];

  /**
   * @param {Cloud} cloud
   * @param {Family[]} families
   * @param {Theme} theme
   */
  update(cloud, families, theme) {
    this.familyColours = families.map(({ colour }) => readable(rgb(colour), theme, 2.2));
    const none = css(mix(theme.background, theme.text, 0.3));
    this.groups = new Uint8Array(cloud.size);
    if (this.by === BY_FAMILY) {
      this.colours = this.familyColours.map((colour) => css(colour));
      this.groups.set(cloud.families);
    } else {
      this.colours = [...Array.from({ length: SHADES }, (_, k) => css(shade(k / (SHADES - 1), theme))), none];
      for (let i = 0; i < cloud.size; i++) {
        const code = cloud.codes[i * cloud.measures + this.by];
        this.groups[i] = code === UNKNOWN ? SHADES : Math.round((code / LEVELS) * (SHADES - 1));
      }
    }
    this.lit = new Uint8Array(cloud.size).fill(1);
    for (let i = 0; i < cloud.size; i++) {
      if (this.dark.has(cloud.families[i])) this.lit[i] = 0;
      for (const [measure, [least, most]] of this.ranges) {
        const code = cloud.codes[i * cloud.measures + measure];
        if (code < least || code > most) this.lit[i] = 0; // what was not measured, too
      }
    }
  }
}

/**
 * @param {number} share
 * @param {Theme} theme
 * @returns {Rgb}
 */
export function shade(share, theme) {
  const at = share * (RAMP.length - 1);
  const low = Math.min(Math.floor(at), RAMP.length - 2);
  const colour = mix(rgb(RAMP[low]), rgb(RAMP[low + 1]), at - low);
  return theme.dark ? mix(colour, theme.text, 0.12) : mix(colour, theme.text, 0.08);
}
