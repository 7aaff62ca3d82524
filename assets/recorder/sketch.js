/** The four bars as a small roll: what is there, what was played, and where quantising puts it. */

import { brush, el, reducedMotion } from "../player/dom.js";
import { isBlack } from "../player/pitch.js";
import { css, mix, readable, rgb } from "../player/theme.js";
import { quantised } from "./quantise.js";

/**
 * @import { Rgb } from "../player/data"
 * @import { Theme } from "../player/theme.js"
 * @import { Note } from "./data"
 * @import { Session } from "./session.js"
 */

const HEIGHT = 148;
const LEAST = 25; // pitches on show

export class Sketch {
  canvas = el("canvas", { class: "gr-sketch", role: "img" });
  width = 0;
  /** @type {Theme | null} */
  theme = null;
  /** @type {Rgb[]} */
  #colours = [];

  /** @param {Session} session */
  constructor(session) {
    this.session = session;
  }

  /** @param {Theme} theme */
  dress(theme) {
    this.theme = theme;
    this.#colours = this.session.data.tracks.map(({ colour }) => readable(rgb(colour), theme));
  }

  /** @param {number} index of a track */
  colour(index) {
    return css(this.#colours[index] ?? [128, 128, 128]);
  }

  /**
   * @param {Note[]} held what is being played; its ends are where the playhead is
   * @param {number | null} beat of the playhead, null where there is none
   */
  draw(held, beat) {
    const { theme, width, canvas, session } = this;
    if (!theme || width < 10) return;
    const { settings, take, beats } = session;
    const ratio = window.devicePixelRatio || 1;
    const wanted = Math.round(width * ratio);
    if (canvas.width !== wanted) {
      canvas.width = wanted;
      canvas.height = Math.round(HEIGHT * ratio);
      Object.assign(canvas.style, { width: `${width}px`, height: `${HEIGHT}px` });
    }
    const pen = brush(canvas);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const [low, high] = this.#range([...take.notes, ...held]);
    const row = HEIGHT / (high - low + 1);
    const x = (/** @type {number} */ at) => (at / beats) * width;
    const y = (/** @type {number} */ pitch) => (high - pitch) * row;
    this.#paper(pen, theme, low, high, row, x, y);

    /** @type {(note: Note, alpha: number, hollow?: boolean) => void} */
    const bar = ({ track, pitch, onset, end }, alpha, hollow = false) => {
      const left = x(onset);
      const box = /** @type {const} */ ([
        left + 0.5, y(pitch) + 0.5, Math.max(x(Math.min(end, beats)) - left - 1, 2), Math.max(row - 1, 2),
      ]);
      pen.globalAlpha = alpha;
      pen.fillStyle = pen.strokeStyle = this.colour(track);
      pen.lineWidth = 1;
      if (hollow) pen.strokeRect(...box);
      else pen.fillRect(...box);
      pen.globalAlpha = 1;
    };
    if (settings.backing) for (const note of session.backing) bar(note, 0.35);
    for (const note of take.notes) {
      const there = quantised(note, settings, beats);
      if (there.onset !== note.onset) bar(note, 0.45, true);
      bar(there, 0.95);
    }
    for (const note of held) bar(note, 0.7);
    if (beat !== null) this.#playhead(pen, theme, x, beat);
  }

  /**
   * The pitches on show: those of the keyboard and of what was played.
   * @param {Note[]} notes
   */
  #range(notes) {
    const { base } = this.session;
    const low = Math.min(base, ...notes.map(({ pitch }) => pitch));
    const high = Math.max(base + LEAST - 1, ...notes.map(({ pitch }) => pitch));
    return [low, Math.min(high, 127)];
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Theme} theme
   * @param {number} low
   * @param {number} high
   * @param {number} row
   * @param {(beat: number) => number} x
   * @param {(pitch: number) => number} y
   */
  #paper(pen, theme, low, high, row, x, y) {
    const { beats, data } = this.session;
    pen.fillStyle = css(theme.panel);
    pen.fillRect(0, 0, this.width, HEIGHT);
    pen.fillStyle = css(mix(theme.panel, theme.text, 0.035));
    for (let pitch = low; pitch <= high; pitch++) if (isBlack(pitch)) pen.fillRect(0, y(pitch), this.width, row);
    for (let beat = 1; beat < beats; beat++) {
      pen.fillStyle = css(theme.text, beat % data.beats_per_bar ? 0.07 : 0.2);
      pen.fillRect(Math.round(x(beat)), 0, 1, HEIGHT);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Theme} theme
   * @param {(beat: number) => number} x
   * @param {number} beat
   */
  #playhead(pen, theme, x, beat) {
    const { beats, recording } = this.session;
    if (beat < 0) return;
    const at = beat % beats;
    pen.fillStyle = recording ? "#d64545" : css(theme.accent);
    pen.fillRect(x(reducedMotion() ? Math.floor(at) : at) - 1, 0, 2, HEIGHT);
  }
}
