/** Which part of the map is on show: pixels of the picture to places on the map and back. */

import { clamp } from "../player/dom.js";

/** @import { Point } from "./data" */

const FARTHEST = 40; // times nearer than the whole map
const MARGIN = 18; // pixels around the whole map

export class Camera {
  width = 0;
  height = 0;
  zoom = 1;
  x = 0;
  y = 0;

  /** Pixels that a unit of the map takes, across and down. @returns {Point} */
  get scale() {
    return [
      (this.zoom * Math.max(this.width - 2 * MARGIN, 10)) / 2,
      (this.zoom * Math.max(this.height - 2 * MARGIN, 10)) / 2,
    ];
  }

  /**
   * @param {Point} place
   * @returns {Point} pixels
   */
  pixels([x, y]) {
    const [across, down] = this.scale;
    return [this.width / 2 + (x - this.x) * across, this.height / 2 - (y - this.y) * down];
  }

  /**
   * @param {Point} pixels
   * @returns {Point}
   */
  place([left, top]) {
    const [across, down] = this.scale;
    return [this.x + (left - this.width / 2) / across, this.y - (top - this.height / 2) / down];
  }

  /** @type {(dx: number, dy: number) => void} in pixels */
  pan(dx, dy) {
    const [across, down] = this.scale;
    this.x = clamp(this.x - dx / across, -1, 1);
    this.y = clamp(this.y + dy / down, -1, 1);
  }

  /**
   * Nearer or farther; what is at these pixels stays there.
   * @param {number} factor
   * @param {Point} pixels
   */
  zoomAt(factor, pixels) {
    const [x, y] = this.place(pixels);
    this.zoom = clamp(this.zoom * factor, 1, FARTHEST);
    const [nx, ny] = this.place(pixels);
    this.x = this.zoom === 1 ? 0 : clamp(this.x + x - nx, -1, 1);
    this.y = this.zoom === 1 ? 0 : clamp(this.y + y - ny, -1, 1);
  }

  /** The whole map. */
  home() {
    this.zoom = 1;
    this.x = this.y = 0;
  }

  /** Move just so far that a place is on show. @param {Point} place */
  show(place) {
    const [left, top] = this.pixels(place);
    const pad = 2 * MARGIN;
    this.pan(
      clamp(left, pad, this.width - pad) - left,
      clamp(top, pad, this.height - pad) - top,
    );
  }
}
