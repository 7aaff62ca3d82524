/** What Python and the map say to each other: `gan/app/map/component.py` and `pack.py`. */

/** On the map, from -1 to 1; y grows upwards. */
export type Point = [x: number, y: number];

export interface Track {
  name: string;
  colour: string;
  is_drum: boolean;
}

/** An attribute by which points are coloured and filtered; its codes go from `low` to `high`. */
export interface Measure {
  label: string;
  help: string;
  low: number;
  high: number;
}

export interface Family {
  name: string;
  colour: string;
}

export interface Mark {
  x: number;
  y: number;
  label: string;
  kind: "present" | "favourite";
}

/** The data of the component. */
export interface Payload {
  assets: string;
  session: string;
  url: string;
  tracks: Track[];
  steps: number;
  steps_per_bar: number;
  step_seconds: number;
  pitch_min: number;
  pitches: number;
  /** Semitones between the notes and what is heard. */
  transpose: number;
  measures: Measure[];
  families: Family[];
  marks: Mark[];
  /** Seeds that are pointed out, and those that the path joins. */
  shown: number[];
  path: number[];
}

export interface Events {
  pick: { seed: number };
  path: { points: Point[] };
}

/** What Streamlit hands to a component. */
export interface Component {
  key: string;
  parentElement: HTMLElement;
  data: Payload;
  setStateValue(name: string, value: unknown): void;
}

/** One note: track, MIDI pitch, onset step, length in steps. */
export interface Note {
  track: number;
  pitch: number;
  onset: number;
  length: number;
}
