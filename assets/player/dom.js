/** Small helpers for building the page: elements, icons, numbers. */

/**
 * An element. `attributes` whose name starts with "on" are listeners, `class` and `aria-*`
 * are what they say; `children` are nodes or strings.
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && !key.includes("-") && key !== "list") element[key] = value;
    else element.setAttribute(key === "class" ? "class" : key, value === true ? "" : value);
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
  dice: '<rect x="4.5" y="4.5" width="15" height="15" rx="3.5"/><g fill="currentColor" stroke="none"><circle cx="9" cy="9" r="1.4"/><circle cx="15" cy="15" r="1.4"/><circle cx="15" cy="9" r="1.4"/><circle cx="9" cy="15" r="1.4"/></g>',
};

/** A decorative icon; the button around it carries the name. */
export function icon(name) {
  const holder = document.createElement("span");
  holder.className = "gp-icon";
  holder.innerHTML =
    '<svg viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" ' +
    'stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">' +
    `${SHAPES[name]}</svg>`;
  return holder;
}

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** "MELODY" as "Melody"; names that are not all capitals stay. */
export function title(name) {
  return name === name.toUpperCase() ? name.charAt(0) + name.slice(1).toLowerCase() : name;
}

/** +0.40, −1.25, 0.00: a sign that lines up, and a true minus. */
export function signed(value) {
  const rounded = Math.round(value * 100) / 100;
  const sign = rounded > 0 ? "+" : rounded < 0 ? "\u2212" : "";
  return sign + Math.abs(rounded).toFixed(2);
}

/** Call `work` once `wait` milliseconds have passed without another call. */
export function debounce(work, wait) {
  let timer = 0;
  const call = (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...values), wait);
  };
  call.cancel = () => clearTimeout(timer);
  return call;
}

export const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
