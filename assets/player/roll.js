/**
 * The piano roll: one Plotly heatmap of all tracks, updated in place. What the figure consists
 * of is in `roll_figure.js`; here are its size, the range that it shows, and its updates.
 */

import { el, same } from "./dom.js";
import {
  EDGE, KEYS_WIDTH, blankCells, colourScale, heatmap, layoutOf, paint, trackColours,
} from "./roll_figure.js";
import { rgb } from "./theme.js";
import { each } from "./wire.js";

/**
 * @import { Grid, Notes, Plotly, PlotlyHost, Region, Rgb, Track } from "./data"
 * @import { Theme } from "./theme.js"
 */

const CONFIG = {
  displayModeBar: false, doubleClick: false, showAxisDragHandles: false, responsive: false,
};
const LEAST_PITCHES = 30;
const WITHOUT_NOTES = /** @type {Region} */ ([48, 84]);

/** @type {Promise<Plotly> | undefined} */
let plotly;

/** Plotly, loaded once a page from the server that serves this module. */
function loadPlotly() {
  plotly ??= new Promise((resolve, reject) => {
    const found = () => {
      if (window.Plotly?.react) resolve(window.Plotly);
      return Boolean(window.Plotly?.react);
    };
    if (found()) return;
    const script = el("script", { src: new URL("plotly.min.js", import.meta.url).href });
    script.onload = () => found() || reject(new Error("Plotly could not be loaded."));
    script.onerror = () => reject(new Error("Plotly could not be loaded."));
    document.head.append(script);
  });
  return plotly;
}

/**
 * What Plotly draws and the rest of the player measures by.
 * @typedef {{grid: Grid, tracks: Track[], theme: Theme, transpose: number}} RollSetup
 */

export class Roll {
  host = /** @type {PlotlyHost} */ (el("div", { class: "gp-plot" }));
  width = 0;
  height = 0;
  ready = false;
  /** @type {Notes} */
  notes = [];
  /** Until Plotly is there: the notes for whoever can draw them without it. @type {Notes | null} */
  sketch = null;
  /** @type {{x: Region, y: Region}} */
  view = { x: [0, 64], y: [0, 1] };
  steps = 64;
  transpose = 0;
  /** @type {boolean[]} */
  audible = [];
  /** @type {Grid | null} */
  grid = null;
  /** @type {Theme | null} */
  theme = null;
  /** The lowest and highest pitch of the view that is not zoomed. @type {Region | null} */
  #home = null;
  /** @type {Rgb[]} */
  #colours = [];
  /** @type {Uint8Array[]} */
  #cells = [];
  /** @type {Uint8Array[]} */
  #blank = [];
  /** @type {Plotly | null} */
  #plotly = null;

  /** @param {{onView: () => void}} handlers `onView` when the visible range or the size changes */
  constructor({ onView }) {
    this.onView = onView;
  }

  /**
   * Prepare for a grid and its tracks; draws an empty roll.
   * @param {RollSetup} setup
   * @param {Notes} notes
   */
  async setup({ grid, tracks, theme, transpose }, notes) {
    this.grid = grid;
    this.steps = grid.bars * grid.beats_per_bar * grid.steps_per_beat;
    this.transpose = transpose;
    this.theme = theme;
    this.audible = tracks.map(() => true);
    this.#colours = tracks.map((track) => rgb(track.colour));
    this.#blank = blankCells(grid, this.steps, transpose);
    this.#cells = this.#blank.map((row) => row.slice());
    this.#home = null;
    this.notes = [];
    this.view = { x: [0, this.steps], y: [0, 1] };
    this.#fit(notes);
    if (!this.ready) this.sketch = notes;
    this.onView();
    this.#plotly = await loadPlotly();
    await this.#react();
    if (!this.ready) {
      this.host.on("plotly_relayout", () => this.#ranged());
      this.host.on("plotly_relayouting", () => this.#ranged());
      this.host.on("plotly_doubleclick", () => this.zoomOut());
    }
    this.ready = true;
    this.sketch = null;
    if (this.notes.length) this.draw(this.notes);
    this.onView();
  }

  #react() {
    const { grid, theme } = this;
    if (!grid || !theme) return undefined;
    const data = heatmap(this.#cells, grid, this.#scale(theme));
    return this.#plotly?.react(this.host, [data], layoutOf(grid, this.steps, theme, this), CONFIG);
  }

  /** @param {Theme} theme */
  #scale(theme) {
    const colours = this.#colours.map((colour, i) => trackColours(colour, this.audible[i], theme));
    return colourScale(colours, theme);
  }

  /**
   * Colours of a track: start of a note, its held part.
   * @param {number} index
   * @returns {[Rgb, Rgb]}
   */
  colours(index) {
    if (!this.theme) return [[0, 0, 0], [0, 0, 0]];
    return trackColours(this.#colours[index], this.audible[index], this.theme);
  }

  /**
   * Show these notes; `refit` gives back rows that an earlier phrase needed.
   * @param {Notes} notes
   */
  draw(notes, { refit = false } = {}) {
    this.notes = notes;
    if (!this.ready || !this.grid) return;
    paint(this.#cells, this.#blank, notes, this.grid.pitch_min);
    if (this.#fit(notes, refit)) {
      const range = { "yaxis.range": this.view.y };
      this.#plotly?.update(this.host, { z: [this.#cells] }, range, [0]);
      this.onView();
    } else {
      this.#plotly?.restyle(this.host, { z: [this.#cells] }, [0]);
    }
  }

  /**
   * Mute, solo or theme has changed.
   * @param {boolean[]} audible
   * @param {Theme} theme
   */
  recolour(audible, theme) {
    const themed = !same(theme, this.theme);
    this.audible = audible;
    this.theme = theme;
    if (!this.ready) return;
    if (themed) this.#react();
    else this.#plotly?.restyle(this.host, { colorscale: [this.#scale(theme)] }, [0]);
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    if (this.ready && width > 0) this.#plotly?.relayout(this.host, { width, height });
    this.onView();
  }

  // --- The range on show ------------------------------------------------------------------

  /**
   * Pitches that show all of the notes with a margin, at least two octaves and a half.
   * @param {Notes} notes
   * @param {Grid} grid
   * @returns {Region}
   */
  #span(notes, { pitch_min, pitches }) {
    const all = notes.flatMap((list) => Array.from(each(list), ([, , pitch]) => pitch));
    const low = all.length ? Math.min(...all) - 2 : WITHOUT_NOTES[0];
    const high = all.length ? Math.max(...all) + 2 : WITHOUT_NOTES[1];
    const missing = Math.max(0, LEAST_PITCHES - (high - low)) / 2;
    return [
      Math.max(Math.floor(low - missing), pitch_min),
      Math.min(Math.ceil(high + missing), pitch_min + pitches - 1),
    ];
  }

  /**
   * Change the pitches on show so that all notes are in; true if the view has changed.
   * @param {Notes} notes
   */
  #fit(notes, refit = false) {
    if (!this.grid) return false;
    let [low, high] = this.#span(notes, this.grid);
    const home = this.#home;
    const shown = home ? home[1] - home[0] : 0;
    // A range that grows and shrinks with every note would be worse than a row too many.
    if (home && !(refit && high - low < 0.75 * shown)) {
      low = Math.min(low, home[0]);
      high = Math.max(high, home[1]);
    }
    if (home && low === home[0] && high === home[1]) return false;
    const zoomed = home && !this.#atHome(home);
    this.#home = notes.length ? [low, high] : null;
    if (zoomed) return false;
    this.view.y = [low - 0.5, high + 0.5];
    return true;
  }

  /** @param {Region} home */
  #atHome([low, high]) {
    const [from, to] = this.view.y;
    return Math.abs(from - low + 0.5) < 0.01 && Math.abs(to - high - 0.5) < 0.01;
  }

  #ranged() {
    const { xaxis, yaxis } = this.host.layout;
    this.view = { x: [...xaxis.range], y: [...yaxis.range] };
    this.onView();
  }

  /** Back to the whole phrase and all of its pitches. */
  zoomOut() {
    const [low, high] = this.#home ?? WITHOUT_NOTES;
    const range = { "xaxis.range": [0, this.steps], "yaxis.range": [low - 0.5, high + 0.5] };
    this.#plotly?.relayout(this.host, range);
  }

  get zoomed() {
    const [from, to] = this.view.x;
    return to - from < this.steps - 0.01 || (this.#home !== null && !this.#atHome(this.#home));
  }

  // --- Pixels -----------------------------------------------------------------------------

  /** Rectangle of the plot itself inside the host, in pixels. */
  get box() {
    const width = Math.max(1, this.width - KEYS_WIDTH - EDGE);
    return { left: KEYS_WIDTH, top: 0, width, height: this.height };
  }

  /**
   * Pixels from the left edge of the plot.
   * @param {number} step
   */
  x(step) {
    const [from, to] = this.view.x;
    return ((step - from) / (to - from)) * this.box.width;
  }

  /**
   * Pixels from the top to the upper edge of a pitch's row.
   * @param {number} pitch
   */
  y(pitch) {
    const [low, high] = this.view.y;
    return ((high - pitch - 0.5) / (high - low)) * this.box.height;
  }

  get rowHeight() {
    const [low, high] = this.view.y;
    return this.box.height / (high - low);
  }

  /** @param {number} pixels from the left edge of the plot */
  stepAt(pixels) {
    const [from, to] = this.view.x;
    return from + (pixels / this.box.width) * (to - from);
  }

  /** @param {number} pixels from the top */
  pitchAt(pixels) {
    const [low, high] = this.view.y;
    return Math.round(high - (pixels / this.box.height) * (high - low));
  }

  destroy() {
    this.#plotly?.purge(this.host);
  }
}
