/**
 * What Python and the recorder say to each other. Names and units are those of the Python side:
 * `gan/app/recorder/component.py` and `gan/music/take.py`.
 */

/** Index of the track, MIDI pitch, onset and end in beats, velocity. */
export type Row = [track: number, pitch: number, onset: number, end: number, velocity: number];

export interface Note {
  track: number;
  pitch: number;
  /** Beats from the start of the loop. */
  onset: number;
  end: number;
  velocity: number;
}

/** A note of the take. It is heard again once the playhead is past `after`, in beats played. */
export interface TakenNote extends Note {
  after: number;
}

export interface Track {
  name: string;
  colour: string;
  is_drum: boolean;
  low: number;
  high: number;
}

/** The data of the component. */
export interface Payload {
  assets: string;
  session: string;
  tracks: Track[];
  bars: number;
  beats_per_bar: number;
  steps_per_beat: number;
  tempo: number;
  armed: number;
  backing: Row[];
  take: Row[];
  use: string;
}

export type GridName = "off" | "1/16" | "1/8";

export interface Quantise {
  grid: GridName;
  /** Share of the way to the nearest line. */
  strength: number;
}

/** What the user chooses; kept in the browser, for it is about this machine and these hands. */
export interface Settings extends Quantise {
  countIn: boolean;
  metronome: boolean;
  loop: boolean;
  overdub: boolean;
  backing: boolean;
  /** Milliseconds by which what is played arrives late. */
  latency: number;
}

/** A switch among the settings. */
export type Switch = "countIn" | "metronome" | "loop" | "overdub" | "backing";

export interface TakeEvent {
  notes: Row[];
  beats: number;
  tempo: number;
  armed: number;
  quantise: Quantise;
}

/** What Streamlit hands to a component. */
export interface Component {
  key: string;
  parentElement: HTMLElement;
  data: Payload;
  setStateValue(name: "take" | "use", value: TakeEvent & { number: number; session: string }): void;
}

/** A key is pressed, wherever it is: `source` tells it from the others that are down. */
export interface Press {
  source: string;
  pitch: number;
  /** 1 to 127 */
  velocity: number;
  /** Milliseconds, as of `performance.now()`. */
  at: number;
}
