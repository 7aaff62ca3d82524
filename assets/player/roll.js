/**
 * The piano roll: one Plotly heatmap of all tracks, updated in place. What the figure consists
 * of is in `roll_figure.js`, what it shows in `roll_frame.js`; here are its updates.
 */

import { el, same } from "./dom.js";
import { blankCells, colourScale, heatmap, layoutOf, paint, trackColours } from "./roll_figure.js";
import { RollFrame } from "./roll_frame.js";
import { rgb } from "./theme.js";

/**
 * @import { Grid, Notes, Plotly, PlotlyHost, Rgb, Track } from "./data"
 * @import { Theme } from "./theme.js"
 */

const CONFIG = {
  displayModeBar: false, doubleClick: false, showAxisDragHandles: false, responsive: false,
};

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

export class Roll extends RollFrame {
  host = /** @type {PlotlyHost} */ (el("div", { class: "gp-plot" }));
  ready = false;
  /** @type {Notes} */
  notes = [];
  /** Until Plotly is there: the notes for whoever can draw them without it. @type {Notes | null} */
  sketch = null;
  transpose = 0;
  /** @type {boolean[]} */
  audible = [];
  /** @type {Theme | null} */
  theme = null;
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
    super();
    this.onView = onView;
  }

  /**
   * Prepare for a grid and its tracks; draws an empty roll.
   * @param {RollSetup} setup
   * @param {Notes} notes
   */
  async setup({ grid, tracks, theme, transpose }, notes) {
    this.reset(grid);
    this.transpose = transpose;
    this.theme = theme;
    this.audible = tracks.map(() => true);
    this.#colours = tracks.map((track) => rgb(track.colour));
    this.#blank = blankCells(grid, this.steps, transpose);
    this.#cells = this.#blank.map((row) => row.slice());
    this.notes = [];
    this.fit(notes);
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
    if (this.fit(notes, refit)) {
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
    if (!this.setSize(width, height)) return;
    if (this.ready && width > 0) this.#plotly?.relayout(this.host, { width, height });
    this.onView();
  }

  #ranged() {
    const { xaxis, yaxis } = this.host.layout;
    this.setView(xaxis.range, yaxis.range);
    this.onView();
  }

  /** Back to the whole phrase and all of its pitches. */
  zoomOut() {
    this.#plotly?.relayout(this.host, this.whole);
  }

  destroy() {
    this.ready = false;
    this.#plotly?.purge(this.host);
  }
}
