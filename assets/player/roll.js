/**
 * The piano roll: one Plotly heatmap of all tracks, updated in place.
 *
 * The matrix has a row for each pitch and SUB columns for each step, so that a note can show
 * its start (darker) and its end (a gap). A cell holds a code, and the colour scale gives
 * each code its colour: 0 and 1 are empty rows of white and black keys, then for each track
 * its held and its starting cells. Muting a track changes the scale, not the matrix.
 */

import { el } from "./dom.js";
import { css, mix, readable } from "./theme.js";

export const SUB = 6;
export const KEYS_WIDTH = 46;
const EDGE = 10;
const BLACK = new Set([1, 3, 6, 8, 10]);
const NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];

export const isBlack = (pitch) => BLACK.has(pitch % 12);
export const noteName = (pitch) => NAMES[pitch % 12] + (Math.floor(pitch / 12) - 1);

let plotly;

/** Plotly, loaded once a page from the server that serves this module. */
function loadPlotly() {
  plotly ??= new Promise((resolve, reject) => {
    if (window.Plotly?.react) return resolve(window.Plotly);
    const script = el("script", { src: new URL("plotly.min.js", import.meta.url).href });
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("Plotly could not be loaded."));
    document.head.append(script);
  });
  return plotly;
}

export class Roll {
  /** `onView` is called when the visible range or the size has changed. */
  constructor({ onView }) {
    this.host = el("div", { class: "gp-plot" });
    this.onView = onView;
    this.ready = false;
    this.notes = [];
    this.width = this.height = 0;
  }

  /**
   * Prepare for a grid and its tracks; draws an empty roll. Until Plotly is there, which takes
   * a second or two, `sketch` holds the notes for whoever can draw them without it.
   */
  async setup(grid, tracks, theme, transpose, notes) {
    this.grid = grid;
    this.steps = grid.bars * grid.beats_per_bar * grid.steps_per_beat;
    this.tracks = tracks;
    this.transpose = transpose;
    this.theme = theme;
    this.audible = tracks.map(() => true);
    this.blank = Array.from({ length: grid.pitches }, (_, row) =>
      new Uint8Array(this.steps * SUB).fill(this.#blackRow(row) ? 1 : 0),
    );
    this.cells = this.blank.map((row) => row.slice());
    this.home = null;
    this.notes = [];
    this.view = { x: [0, this.steps], y: [0, 1] };
    this.#fit(notes);
    if (!this.ready) this.sketch = notes;
    this.onView();
    this.Plotly = await loadPlotly();
    await this.Plotly.react(this.host, [this.#trace()], this.#layout(), {
      displayModeBar: false,
      doubleClick: false,
      showAxisDragHandles: false,
      responsive: false,
    });
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

  #blackRow(row) {
    return isBlack(this.grid.pitch_min + row + this.transpose);
  }

  #trace() {
    return {
      type: "heatmap",
      z: this.cells,
      x0: 0.5 / SUB,
      dx: 1 / SUB,
      y0: this.grid.pitch_min,
      dy: 1,
      zmin: -0.5,
      zmax: 1.5 + 2 * this.tracks.length,
      zsmooth: false,
      colorscale: this.#scale(),
      showscale: false,
      hoverinfo: "skip",
    };
  }

  /** Colours of a track: start of a note, its held part. */
  colours(index) {
    const { theme } = this;
    const full = readable(this.tracks[index].rgb, theme);
    if (!this.audible[index]) {
      const faint = mix(full, theme.panel, 0.8);
      return [mix(faint, theme.muted, 0.12), faint];
    }
    return theme.dark
      ? [mix(full, [255, 255, 255], 0.3), mix(full, theme.panel, 0.12)]
      : [mix(full, [0, 0, 0], 0.3), mix(full, theme.panel, 0.12)];
  }

  #scale() {
    const { theme } = this;
    const colours = ["rgba(0,0,0,0)", css(theme.text, theme.dark ? 0.05 : 0.035)];
    this.tracks.forEach((_, index) => {
      const [start, held] = this.colours(index);
      colours.push(css(held), css(start));
    });
    return colours.flatMap((colour, i) => [
      [i / colours.length, colour],
      [(i + 1) / colours.length, colour],
    ]);
  }

  #layout() {
    const { grid, theme } = this;
    const bar = grid.beats_per_bar * grid.steps_per_beat;
    const ticks = (every) =>
      Array.from({ length: Math.floor(this.steps / every) + 1 }, (_, i) => i * every);
    const axis = {
      showticklabels: false,
      ticks: "",
      zeroline: false,
      showline: false,
      layer: "below traces",
      automargin: false,
    };
    return {
      width: Math.max(this.width, 50),
      height: Math.max(this.height, 50),
      autosize: false,
      margin: { l: KEYS_WIDTH, r: EDGE, t: 0, b: 0 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      hovermode: false,
      // A finger scrolls the page; a mouse can draw the range to zoom into.
      dragmode: window.matchMedia("(pointer: coarse)").matches ? false : "zoom",
      uirevision: "keep",
      transition: { duration: 0 },
      xaxis: {
        ...axis,
        range: this.view.x,
        minallowed: 0,
        maxallowed: this.steps,
        tickvals: ticks(bar),
        showgrid: true,
        gridcolor: css(theme.text, 0.28),
        gridwidth: 1,
        minor: {
          tickvals: ticks(grid.steps_per_beat),
          showgrid: true,
          gridcolor: css(theme.text, 0.09),
          gridwidth: 1,
        },
      },
      yaxis: {
        ...axis,
        range: this.view.y,
        minallowed: grid.pitch_min - 0.5,
        maxallowed: grid.pitch_min + grid.pitches - 0.5,
        tickvals: [],
        showgrid: false,
      },
    };
  }

  /** Show these notes; `refit` gives back rows that an earlier phrase needed. */
  draw(notes, { refit = false } = {}) {
    this.notes = notes;
    if (!this.ready) return;
    this.#paint(notes);
    if (this.#fit(notes, refit)) {
      const range = { "yaxis.range": this.view.y };
      this.Plotly.update(this.host, { z: [this.cells] }, range, [0]);
      this.onView();
    } else {
      this.Plotly.restyle(this.host, { z: [this.cells] }, [0]);
    }
  }

  #paint(notes) {
    const { pitch_min, pitches } = this.grid;
    this.cells.forEach((row, index) => row.set(this.blank[index]));
    // The first track is drawn last: on top.
    for (let track = notes.length - 1; track >= 0; track--) {
      const list = notes[track];
      const held = 2 + 2 * track;
      for (let i = 0; i < list.length; i += 3) {
        const row = this.cells[list[i + 2] - pitch_min];
        if (!row || list[i + 2] - pitch_min >= pitches) continue;
        const from = list[i] * SUB;
        const to = Math.min(list[i + 1] * SUB, row.length);
        row.fill(held, from, to - 1);
        row.fill(held + 1, from, Math.min(from + 2, to - 1));
      }
    }
  }

  /** Pitches that show all of the notes with a margin, at least two octaves and a half. */
  #span(notes) {
    const { pitch_min, pitches } = this.grid;
    let low = 128;
    let high = 0;
    for (const list of notes) {
      for (let i = 2; i < list.length; i += 3) {
        low = Math.min(low, list[i] - 2);
        high = Math.max(high, list[i] + 2);
      }
    }
    if (low > high) [low, high] = [48, 84];
    const missing = Math.max(0, 30 - (high - low)) / 2;
    low = Math.max(Math.floor(low - missing), pitch_min);
    high = Math.min(Math.ceil(high + missing), pitch_min + pitches - 1);
    return [low, high];
  }

  /** Change the pitches on show so that all notes are in; true if the view has changed. */
  #fit(notes, refit = false) {
    let [low, high] = this.#span(notes);
    const shown = this.home ? this.home[1] - this.home[0] : 0;
    // A range that grows and shrinks with every note would be worse than a row too many.
    if (this.home && !(refit && high - low < 0.75 * shown)) {
      low = Math.min(low, this.home[0]);
      high = Math.max(high, this.home[1]);
    }
    if (this.home && low === this.home[0] && high === this.home[1]) return false;
    const zoomed = this.home && !this.#atHome();
    this.home = notes.length ? [low, high] : null;
    if (zoomed) return false;
    this.view.y = [low - 0.5, high + 0.5];
    return true;
  }

  #atHome() {
    const [low, high] = this.home;
    return (
      Math.abs(this.view.y[0] - low + 0.5) < 0.01 && Math.abs(this.view.y[1] - high - 0.5) < 0.01
    );
  }

  #ranged() {
    const { xaxis, yaxis } = this.host.layout;
    this.view = { x: [...xaxis.range], y: [...yaxis.range] };
    this.onView();
  }

  /** Back to the whole phrase and all of its pitches. */
  zoomOut() {
    const [low, high] = this.home ?? [48, 84];
    const range = { "xaxis.range": [0, this.steps], "yaxis.range": [low - 0.5, high + 0.5] };
    return this.Plotly.relayout(this.host, range);
  }

  get zoomed() {
    const [from, to] = this.view.x;
    return to - from < this.steps - 0.01 || (this.home !== null && !this.#atHome());
  }

  /** Mute, solo or theme has changed. */
  recolour(audible, theme) {
    const themed = theme.signature !== this.theme?.signature;
    this.audible = audible;
    this.theme = theme;
    if (!this.ready) return;
    if (themed) this.Plotly.react(this.host, [this.#trace()], this.#layout());
    else this.Plotly.restyle(this.host, { colorscale: [this.#scale()] }, [0]);
  }

  resize(width, height) {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    if (this.ready && width > 0) this.Plotly.relayout(this.host, { width, height });
    this.onView();
  }

  /** Rectangle of the plot itself inside the host, in pixels. */
  get box() {
    const width = Math.max(1, this.width - KEYS_WIDTH - EDGE);
    return { left: KEYS_WIDTH, top: 0, width, height: this.height };
  }

  /** Pixels from the left edge of the plot. */
  x(step) {
    const [from, to] = this.view.x;
    return ((step - from) / (to - from)) * this.box.width;
  }

  /** Pixels from the top to the upper edge of a pitch's row. */
  y(pitch) {
    const [low, high] = this.view.y;
    return ((high - pitch - 0.5) / (high - low)) * this.box.height;
  }

  get rowHeight() {
    const [low, high] = this.view.y;
    return this.box.height / (high - low);
  }

  stepAt(pixels) {
    const [from, to] = this.view.x;
    return from + (pixels / this.box.width) * (to - from);
  }

  pitchAt(pixels) {
    const [low, high] = this.view.y;
    return Math.round(high - (pixels / this.box.height) * (high - low));
  }

  destroy() {
    this.Plotly?.purge(this.host);
  }
}
