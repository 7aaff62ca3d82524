/** Colours of Streamlit's theme as numbers, and mixtures of them. */

const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

/** Any CSS colour as [r, g, b], 0 to 255. */
export function rgb(colour, fallback = [128, 128, 128]) {
  if (!colour) return fallback;
  pen.clearRect(0, 0, 1, 1);
  pen.fillStyle = "#000";
  pen.fillStyle = colour.trim();
  pen.fillRect(0, 0, 1, 1);
  const [r, g, b] = pen.getImageData(0, 0, 1, 1).data;
  return [r, g, b];
}

/** `share` of the way from colour a to colour b. */
export const mix = (a, b, share) => a.map((value, i) => Math.round(value + (b[i] - value) * share));

export const css = ([r, g, b], alpha = 1) => `rgba(${r},${g},${b},${alpha})`;

function luminance(colour) {
  const [r, g, b] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** WCAG contrast of two colours, 1 to 21. */
export function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** The colour, darker or lighter until it stands out from the background. */
export function readable(colour, theme, least = 2.8) {
  let share = 0;
  let moved = colour;
  while (contrast(moved, theme.panel) < least && share < 1) {
    share += 0.04;
    moved = mix(colour, theme.dark ? [255, 255, 255] : [0, 0, 0], share);
  }
  return moved;
}

/** Theme as the element inherits it; `signature` tells one from another. */
export function readTheme(element) {
  const style = getComputedStyle(element);
  const value = (name) => style.getPropertyValue(name);
  const background = rgb(value("--st-background-color"), [255, 255, 255]);
  const text = rgb(value("--st-text-color"), [49, 51, 63]);
  const accent = rgb(value("--st-primary-color"), [37, 99, 235]);
  const dark = luminance(background) < 0.25;
  const theme = {
    background,
    text,
    accent,
    dark,
    panel: dark ? mix(background, text, 0.045) : mix(background, text, 0.018),
    muted: mix(background, text, 0.62),
    line: mix(background, text, 0.14),
    font: value("--st-font") || "sans-serif",
  };
  theme.onAccent = contrast([255, 255, 255], accent) >= 3 ? [255, 255, 255] : [16, 18, 24];
  theme.signature = JSON.stringify(theme);
  return theme;
}

/** Hand the derived colours to the style sheet. */
export function applyTheme(root, theme) {
  for (const name of ["background", "text", "accent", "panel", "muted", "line", "onAccent"]) {
    root.style.setProperty(`--gp-${name.toLowerCase()}`, css(theme[name]));
  }
  root.style.setProperty("--gp-font", theme.font);
  root.classList.toggle("gp-dark", theme.dark);
}
