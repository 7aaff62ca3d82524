/** Colours of Streamlit's theme as numbers, and mixtures of them. */

import { brush } from "./dom.js";

/** @import { Rgb } from "./data" */

/**
 * @typedef {{
 *   background: Rgb, text: Rgb, accent: Rgb, onAccent: Rgb, panel: Rgb, muted: Rgb, line: Rgb,
 *   dark: boolean, font: string,
 * }} Theme
 */

const WHITE = /** @type {Rgb} */ ([255, 255, 255]);
const BLACK = /** @type {Rgb} */ ([0, 0, 0]);
const pen = brush(document.createElement("canvas"), { willReadFrequently: true });

/**
 * Any CSS colour as numbers.
 * @param {string} colour
 * @param {Rgb} fallback
 * @returns {Rgb}
 */
export function rgb(colour, fallback = [128, 128, 128]) {
  if (!colour) return fallback;
  pen.clearRect(0, 0, 1, 1);
  pen.fillStyle = "#000";
  pen.fillStyle = colour.trim();
  pen.fillRect(0, 0, 1, 1);
  const [r, g, b] = pen.getImageData(0, 0, 1, 1).data;
  return [r, g, b];
}

/**
 * `share` of the way from colour a to colour b.
 * @param {Rgb} a
 * @param {Rgb} b
 * @param {number} share
 */
export const mix = (a, b, share) =>
  /** @type {Rgb} */ (a.map((value, i) => Math.round(value + (b[i] - value) * share)));

/** @param {Rgb} colour */
export const css = ([r, g, b], alpha = 1) => `rgba(${r},${g},${b},${alpha})`;

/** @param {Rgb} colour */
function luminance(colour) {
  const [r, g, b] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/**
 * WCAG contrast of two colours, 1 to 21.
 * @param {Rgb} a
 * @param {Rgb} b
 */
export function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/**
 * The colour, darker or lighter until it stands out from the background.
 * @param {Rgb} colour
 * @param {Theme} theme
 */
export function readable(colour, theme, least = 2.8) {
  let share = 0;
  let moved = colour;
  while (contrast(moved, theme.panel) < least && share < 1) {
    share += 0.04;
    moved = mix(colour, theme.dark ? WHITE : BLACK, share);
  }
  return moved;
}

/**
 * The theme as the element inherits it.
 * @param {HTMLElement} element
 * @returns {Theme}
 */
export function readTheme(element) {
  const style = getComputedStyle(element);
  const value = (/** @type {string} */ name) => style.getPropertyValue(name);
  const background = rgb(value("--st-background-color"), [255, 255, 255]);
  const text = rgb(value("--st-text-color"), [49, 51, 63]);
  const accent = rgb(value("--st-primary-color"), [37, 99, 235]);
  const dark = luminance(background) < 0.25;
  return {
    background,
    text,
    accent,
    onAccent: contrast(WHITE, accent) >= 3 ? WHITE : [16, 18, 24],
    panel: dark ? mix(background, text, 0.045) : mix(background, text, 0.018),
    muted: mix(background, text, 0.62),
    line: mix(background, text, 0.14),
    dark,
    font: value("--st-font") || "sans-serif",
  };
}

/**
 * Hand the derived colours to the style sheet.
 * @param {HTMLElement} root
 * @param {Theme} theme
 */
export function applyTheme(root, theme) {
  const { background, text, accent, panel, muted, line, onAccent } = theme;
  const colours = { background, text, accent, panel, muted, line, onaccent: onAccent };
  for (const [name, colour] of Object.entries(colours)) {
    root.style.setProperty(`--gp-${name}`, css(colour));
  }
  root.style.setProperty("--gp-font", theme.font);
  root.classList.toggle("gp-dark", theme.dark);
}
