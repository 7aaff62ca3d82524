/** Draws the map: points, names of families, the path, and the user's own phrases. */

import { brush } from "../player/dom.js";
import { css } from "../player/theme.js";

/**
 * @import { Theme } from "../player/theme.js"
 * @import { Camera } from "./camera.js"
 * @import { Cloud } from "./cloud.js"
 * @import { Mark, Payload, Point } from "./data"
 * @import { Look } from "./look.js"
 */

/** @typedef {{cloud: Cloud, look: Look, camera: Camera, theme: Theme, data: Payload, hovered: number, drawn: Point[]}} Scene */

const TURN = 2 * Math.PI;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Scene} scene
 */
export function paint(canvas, scene) {
  const { camera, theme, data } = scene;
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [camera.width * ratio, camera.height * ratio].map(Math.round);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const pen = brush(canvas);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.fillStyle = css(theme.panel);
  pen.fillRect(0, 0, camera.width, camera.height);
  points(pen, scene);
  line(pen, scene, data.path.map((seed) => scene.cloud.indexOf(seed)));
  for (const seed of data.shown) {
    const index = scene.cloud.indexOf(seed);
    if (index >= 0) ring(pen, camera.pixels(scene.cloud.at(index)), 8, css(theme.text), 2);
  }
  names(pen, scene);
  stroke(pen, scene);
  for (const mark of data.marks) star(pen, scene, mark);
  if (scene.hovered >= 0) ring(pen, camera.pixels(scene.cloud.at(scene.hovered)), 9, css(theme.accent), 3);
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Scene} scene
 */
function points(pen, { cloud, look, camera, theme }) {
  const sparse = Math.min(Math.max(Math.sqrt(1500 / cloud.size), 0.8), 1.5); // fewer points are larger
  const radius = Math.min(2.6 * sparse * Math.sqrt(camera.zoom) * Math.min(1, Math.max(0.8, camera.width / 900)), 7);
  const [across, down] = camera.scale;
  const left = camera.width / 2 - camera.x * across;
  const top = camera.height / 2 + camera.y * down;
  const faint = css(theme.text, theme.dark ? 0.13 : 0.11);
  // One path for each colour: setting colours and filling cost far more than points do.
  for (let group = -1; group < look.colours.length; group++) {
    pen.beginPath();
    for (let i = 0; i < cloud.size; i++) {
      if (group < 0 ? look.lit[i] : !look.lit[i] || look.groups[i] !== group) continue;
      const x = left + cloud.xy[2 * i] * across;
      const y = top - cloud.xy[2 * i + 1] * down;
      if (x < -radius || y < -radius || x > camera.width + radius || y > camera.height + radius) continue;
      pen.moveTo(x + radius, y);
      pen.arc(x, y, radius, 0, TURN);
    }
    pen.fillStyle = group < 0 ? faint : look.colours[group];
    pen.fill();
  }
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Scene} scene
 * @param {number[]} indices
 */
function line(pen, { cloud, camera, theme }, indices) {
  const found = indices.filter((index) => index >= 0).map((index) => camera.pixels(cloud.at(index)));
  if (!found.length) return;
  pen.beginPath();
  for (const [x, y] of found) pen.lineTo(x, y);
  pen.strokeStyle = css(theme.text, 0.75);
  pen.lineWidth = 2;
  pen.lineJoin = "round";
  pen.stroke();
  found.forEach((at, k) => {
    pen.beginPath();
    pen.arc(...at, 8, 0, TURN);
    pen.fillStyle = css(theme.text);
    pen.fill();
    pen.fillStyle = css(theme.background);
    pen.font = `600 10px ${theme.font}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(String(k + 1), at[0], at[1] + 0.5);
  });
}

/**
 * The line that is being drawn.
 * @param {CanvasRenderingContext2D} pen
 * @param {Scene} scene
 */
function stroke(pen, { camera, theme, drawn }) {
  if (drawn.length < 2) return;
  pen.beginPath();
  for (const place of drawn) pen.lineTo(...camera.pixels(place));
  pen.strokeStyle = css(theme.accent);
  pen.lineWidth = 3;
  pen.lineCap = pen.lineJoin = "round";
  pen.stroke();
}

/**
 * Names where families are, the largest first; one that would lie over another is left out.
 * @param {CanvasRenderingContext2D} pen
 * @param {Scene} scene
 */
function names(pen, { cloud, look, camera, theme, data }) {
  /** @type {{x: number, y: number, count: number}[]} */
  const sums = data.families.map(() => ({ x: 0, y: 0, count: 0 }));
  for (let i = 0; i < cloud.size; i++) {
    const sum = look.lit[i] ? sums[cloud.families[i]] : undefined;
    if (!sum) continue;
    sum.x += cloud.xy[2 * i];
    sum.y += cloud.xy[2 * i + 1];
    sum.count += 1;
  }
  const order = sums.map((_, k) => k).sort((a, b) => sums[b].count - sums[a].count);
  /** @type {[left: number, top: number, right: number, bottom: number][]} */
  const taken = [];
  pen.font = `600 12px ${theme.font}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineJoin = "round";
  for (const k of order) {
    const { x, y, count } = sums[k];
    if (!count) continue;
    const words = data.families[k].name.split(", ");
    const half = Math.max(...words.map((word) => pen.measureText(word).width)) / 2 + 4;
    const tall = 7.5 * words.length + 2;
    const [cx, cy] = camera.pixels([x / count, y / count]);
    const middle = Math.min(Math.max(cx, half), Math.max(camera.width - half, half));
    /** @type {[number, number, number, number]} */
    const box = [middle - half, cy - tall, middle + half, cy + tall];
    const outside = cx < 0 || cx > camera.width || cy < tall || cy > camera.height - tall;
    const over = taken.some(([l, t, r, b]) => box[0] < r && box[2] > l && box[1] < b && box[3] > t);
    if (outside || over) continue;
    taken.push(box);
    words.forEach((word, row) => {
      const at = cy + 15 * (row - (words.length - 1) / 2);
      pen.strokeStyle = css(theme.panel, 0.92);
      pen.lineWidth = 4;
      pen.strokeText(word, middle, at);
      pen.fillStyle = css(theme.text);
      pen.fillText(word, middle, at);
    });
  }
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Point} at
 * @param {number} radius
 * @param {string} colour
 * @param {number} width
 */
function ring(pen, [x, y], radius, colour, width) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, TURN);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke();
}

/**
 * A phrase of the user: a star; the present one is larger, and has its name beside it.
 * @param {CanvasRenderingContext2D} pen
 * @param {Scene} scene
 * @param {Mark} mark
 */
function star(pen, { camera, theme }, { x, y, label, kind }) {
  const [cx, cy] = camera.pixels([x, y]);
  const present = kind === "present";
  const radius = present ? 10 : 7;
  pen.beginPath();
  for (let k = 0; k < 10; k++) {
    const reach = k % 2 ? radius * 0.45 : radius;
    const angle = -Math.PI / 2 + (k * Math.PI) / 5;
    pen.lineTo(cx + reach * Math.cos(angle), cy + reach * Math.sin(angle));
  }
  pen.closePath();
  pen.lineJoin = "round";
  pen.strokeStyle = css(theme.background);
  pen.lineWidth = 4;
  pen.stroke();
  pen.fillStyle = present ? css(theme.accent) : css(theme.text);
  pen.fill();
  const right = cx + radius + 4;
  pen.font = `600 12px ${theme.font}`;
  pen.textBaseline = "middle";
  const fits = right + pen.measureText(label).width < camera.width;
  pen.textAlign = fits ? "left" : "right";
  const at = fits ? right : cx - radius - 4;
  pen.strokeStyle = css(theme.panel, 0.92);
  pen.strokeText(label, at, cy);
  pen.fillText(label, at, cy);
}
