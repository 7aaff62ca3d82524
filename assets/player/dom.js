/** Small helpers for building the page: elements, icons, numbers. */

/**
 * An element. `attributes` whose name starts with "on" are listeners, `class` and `aria-*`
 * are what they say; `children` are nodes or strings.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, any>} attributes
 * @param {...(Node | string | null | undefined)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && !key.includes("-") && key !== "list") Reflect.set(element, key, value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const SHAPES = {
  play: '<path d="M8 5.5v13l10.5-6.5z" fill="currentColor"/>',
  pause: '<path d="M7 5.5h3.6v13H7zM13.4 5.5H17v13h-3.6z" fill="currentColor"/>',
  start: '<path d="M6 6v12M18 6.5v11L9 12z" fill="currentColor"/>',
  loop: '<path d="M17 3.5 20.5 7 17 10.5M20 7H8a4.5 4.5 0 0 0-4.5 4.5M7 20.5 3.5 17 7 13.5M4 17h12a4.5 4.5 0 0 0 4.5-4.5"/>',
  volume: '<path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z" fill="currentColor"/><path d="M15 9a4 4 0 0 1 0 6M17.5 6.5a7.5 7.5 0 0 1 0 11"/>',
  reset: '<path d="M4.5 12a7.5 7.5 0 1 0 2.3-5.4M4.5 4v4h4"/>',
  lock: '<path d="M7.5 11V8a4.5 4.5 0 0 1 9 0v3"/><rect x="5.5" y="11" width="13" height="8.5" rx="2" fill="currentColor"/>',
  unlock: '<path d="M7.5 11V8a4.5 4.5 0 0 1 8.7-1.6"/><rect x="5.5" y="11" width="13" height="8.5" rx="2"/>',
  pen: '<path d="M5 19l1-4L16 5l3 3L9 18z"/><path d="M14 7l3 3"/>',
  record: '<circle cx="12" cy="12" r="6" fill="currentColor"/>',
  stop: '<path d="M7 7h10v10H7z" fill="currentColor"/>',
  undo: '<path d="M8.5 5 4.5 9l4 4M5 9h9a5 5 0 0 1 0 10h-4"/>',
  bin: '<path d="M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 10.5v6M13.5 10.5v6"/>',
  dice: '<rect x="4.5" y="4.5" width="15" height="15" rx="3.5"/><g fill="currentColor" stroke="none"><circle cx="9" cy="9" r="1.4"/><circle cx="15" cy="15" r="1.4"/><circle cx="15" cy="9" r="1.4"/><circle cx="9" cy="15" r="1.4"/></g>',
  metronome: '<path d="M9 4h6l3.5 16h-13zM7.2 13.5h9.6M12 13.5 19 6"/>',
  keyboard: '<rect x="3" y="6.5" width="18" height="11.5" rx="2"/><path d="M6.5 10h.01M10 10h.01M13.5 10h.01M17 10h.01M8 14.5h8"/>',
};

/**
 * A decorative icon; the button around it carries the name.
 * @param {keyof typeof SHAPES} name
 */
export function icon(name) {
  const holder = document.createElement("span");
  holder.className = "gp-icon";
  holder.innerHTML =
    '<svg viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" ' +
    'stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">' +
    `${SHAPES[name]}</svg>`;
  return holder;
}

/** @type {(value: number, low: number, high: number) => number} */
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/**
 * "MELODY" as "Melody"; names that are not all capitals stay.
 * @param {string} name
 */
export function title(name) {
  return name === name.toUpperCase() ? name.charAt(0) + name.slice(1).toLowerCase() : name;
}

/**
 * +0.40, −1.25, 0.00: a sign that lines up, and a true minus.
 * @param {number} value
 */
export function signed(value, digits = 2) {
  const rounded = Number(value.toFixed(digits));
  const sign = rounded > 0 ? "+" : rounded < 0 ? "\u2212" : "";
  return sign + Math.abs(rounded).toFixed(digits);
}

/**
 * Call `work` once `wait` milliseconds have passed without another call.
 * @param {() => void} work
 * @param {number} wait
 */
export function debounce(work, wait) {
  let timer = 0;
  const call = () => {
    clearTimeout(timer);
    timer = setTimeout(work, wait);
  };
  return Object.assign(call, { cancel: () => clearTimeout(timer) });
}

export const reducedMotion = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/**
 * Whether two plain values (what JSON can say) are equal, field by field.
 * @param {any} a
 * @param {any} b
 * @returns {boolean}
 */
export function same(a, b) {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]));
}

/**
 * The drawing context of a canvas.
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [options]
 */
export function brush(canvas, options) {
  const context = canvas.getContext("2d", options);
  if (!context) throw new Error("This browser cannot draw on a canvas.");
  return context;
}
