/**
 * The piano roll as a Plotly figure: what the heatmap holds and how it looks.
 *
 * The matrix has a row for each pitch and SUB columns for each step, so that a note can show
 * its start (darker) and its end (a gap). A cell holds a code, and the colour scale gives
 * each code its colour: 0 and 1 are empty rows of white and black keys, then for each track
 * its held and its starting cells. Muting a track changes the scale, not the matrix.
 */

import { isBlack } from "./pitch.js";
import { css, mix, readable } from "./theme.js";
import { each } from "./wire.js";

/**
 * @import { Grid, Notes, Region, Rgb } from "./data"
 * @import { Theme } from "./theme.js"
 */

export const SUB = 6;
export const KEYS_WIDTH = 46; // pixels
export const EDGE = 10; // pixels

/**
 * The matrix without notes.
 * @param {Grid} grid
 * @param {number} steps
 * @param {number} transpose
 */
export function blankCells(grid, steps, transpose) {
  return Array.from({ length: grid.pitches }, (_, row) =>
    new Uint8Array(steps * SUB).fill(isBlack(grid.pitch_min + row + transpose) ? 1 : 0),
  );
}

/**
 * Paint notes into the matrix.
 * @param {Uint8Array[]} cells
 * @param {Uint8Array[]} blank
 * @param {Notes} notes
 * @param {number} lowest pitch of the first row
 */
export function paint(cells, blank, notes, lowest) {
  cells.forEach((row, index) => row.set(blank[index]));
  // The first track is drawn last: on top.
  for (let track = notes.length - 1; track >= 0; track--) {
    const held = 2 + 2 * track;
    for (const [onset, end, pitch] of each(notes[track])) {
      const row = cells[pitch - lowest];
      if (!row) continue;
      const from = onset * SUB;
      const to = Math.min(end * SUB, row.length);
      row.fill(held, from, to - 1);
      row.fill(held + 1, from, Math.min(from + 2, to - 1));
    }
  }
}

/**
 * Colours of a track: start of a note, its held part.
 * @param {Rgb} colour
 * @param {boolean} audible
 * @param {Theme} theme
 * @returns {[Rgb, Rgb]}
 */
export function trackColours(colour, audible, theme) {
  const full = readable(colour, theme);
  if (!audible) {
    const faint = mix(full, theme.panel, 0.8);
    return [mix(faint, theme.muted, 0.12), faint];
  }
  const start = mix(full, theme.dark ? [255, 255, 255] : [0, 0, 0], 0.3);
  return [start, mix(full, theme.panel, 0.12)];
}

/**
 * @param {[Rgb, Rgb][]} tracks their colours
 * @param {Theme} theme
 */
export function colourScale(tracks, theme) {
  const colours = ["rgba(0,0,0,0)", css(theme.text, theme.dark ? 0.05 : 0.035)];
  for (const [start, held] of tracks) colours.push(css(held), css(start));
  return colours.flatMap((colour, i) => [
    [i / colours.length, colour],
    [(i + 1) / colours.length, colour],
  ]);
}

/**
 * @param {Uint8Array[]} cells
 * @param {Grid} grid
 * @param {ReturnType<typeof colourScale>} scale
 */
export function heatmap(cells, grid, scale) {
  return {
    type: "heatmap",
    z: cells,
    x0: 0.5 / SUB,
    dx: 1 / SUB,
    y0: grid.pitch_min,
    dy: 1,
    zmin: -0.5,
    zmax: scale.length / 2 - 0.5,
    zsmooth: false,
    colorscale: scale,
    showscale: false,
    hoverinfo: "skip",
  };
}

const AXIS = {
  showticklabels: false,
  ticks: "",
  zeroline: false,
  showline: false,
  layer: "below traces",
  automargin: false,
};

/**
 * @param {Grid} grid
 * @param {number} steps
 * @param {Theme} theme
 * @param {{view: {x: Region, y: Region}, width: number, height: number}} frame
 */
export function layoutOf(grid, steps, theme, { view, width, height }) {
  const ticks = (/** @type {number} */ every) =>
    Array.from({ length: Math.floor(steps / every) + 1 }, (_, i) => i * every);
  return {
    width: Math.max(width, 50),
    height: Math.max(height, 50),
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
      ...AXIS,
      range: view.x,
      minallowed: 0,
      maxallowed: steps,
      tickvals: ticks(grid.beats_per_bar * grid.steps_per_beat),
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
      ...AXIS,
      range: view.y,
      minallowed: grid.pitch_min - 0.5,
      maxallowed: grid.pitch_min + grid.pitches - 0.5,
      tickvals: [],
      showgrid: false,
    },
  };
}
