/**
 * What Python and the player say to each other. Names and units are those of the Python side:
 * `gan/app/player/component.py` (Payload), `events.py` and `wire.py` beside it, `gan/app/live/server.py`.
 */

/** One Uint16Array a track of triplets: onset step, end step (exclusive), MIDI pitch. */
export type Notes = Uint16Array[];
/** Onset step, end step (exclusive), MIDI pitch. */
export type Note = [onset: number, end: number, pitch: number];
/** Slider values by id. */
export type Values = Record<string, number>;
/** First step and the step after the last. */
export type Region = [start: number, end: number];
/** Red, green, blue: 0 to 255. */
export type Rgb = [number, number, number];

export interface Track {
  name: string;
  colour: string;
  instrument: string;
  program: number;
  is_drum: boolean;
  locked: boolean | null;
  reroll: boolean;
}

export interface Slider {
  id: string;
  label: string;
  value: number;
  help: string;
  also: string;
  minimum: number;
  maximum: number;
  default: number;
  step: number;
  group: string;
  track: string;
  short: string;
}

export interface Grid {
  bars: number;
  beats_per_bar: number;
  steps_per_beat: number;
  pitch_min: number;
  pitches: number;
}

export interface TrackMix {
  mute: boolean;
  solo: boolean;
  volume: number;
}

export interface Mix {
  tracks: Record<string, TrackMix>;
  volume: number;
  loop: boolean;
  loop_start: number;
  loop_end: number | null;
  pad: [string, string] | null;
}

export interface NotesJson {
  counts: number[];
  /** base64 of `Notes`, the tracks one after the other. */
  bytes: string;
}

/** The data of the component. */
export interface Payload {
  assets: string;
  session: string;
  /** Number of the last event of each kind that this data knows of, in this session. */
  seen: { commit: number; edit: number; play: number };
  notes: NotesJson;
  tracks: Track[];
  grid: Grid;
  tempo: number;
  transpose: number;
  transport: boolean;
  tempo_range: [least: number, most: number];
  /** Semitones either way. */
  transpose_max: number;
  preview: boolean;
  sliders: Slider[];
  pad: [string, string] | null;
  mix: Mix;
  token: string | null;
  sound: string | null;
  sound_key: string;
  base: string;
  swap_steps: number;
  release_steps: number;
  bars: boolean[] | null;
  editable: boolean;
  height: number;
}

/** A note drawn (`on`) or erased by hand. */
export interface Stroke {
  track: number;
  pitch: number;
  start: number;
  end: number;
  on: boolean;
}

/** Events, each with the session that the browser believes to be in and a growing number. */
export interface Events {
  commit: { values: Values; final: boolean };
  mix: Mix;
  action: { kind: "lock" | "unlock" | "reroll"; track?: string; bar?: number };
  edit: { strokes: (Stroke & { number: number })[] };
  play: { tempo: number; transpose: number };
  /** Asks for a run of the script, which a server that was restarted would not make. */
  resume: object;
}

/** What Streamlit hands to a component. */
export interface Component {
  key: string;
  parentElement: HTMLElement;
  data: Payload;
  setStateValue(name: string, value: unknown): void;
}

// --- The live route ---------------------------------------------------------------------------

export type Channel = "notes" | "sound";
export type SoundFormat = "pcm16" | "flac";

export interface MoveRequest {
  values: Values;
  /** Name of the state on which the sliders act. */
  base: string;
}

export interface SoundRequest extends MoveRequest {
  start: number;
  end: number;
}

export interface NotesHeader {
  type: "notes";
  id: number;
  base: string;
  counts: number[];
  /** Milliseconds that the server worked on it. */
  ms: number;
}

export interface SoundHeader {
  type: "sound";
  id: number;
  format: SoundFormat;
  rate: number;
  frames: number;
  step_seconds: number;
  start: number;
  end: number;
  /** Bytes of each stem; none for a silent one. */
  parts: number[];
  /** Milliseconds for the music and for its encoding; missing over HTTP. */
  ms?: number;
  encode_ms: number;
}

export interface ErrorHeader {
  type: "error";
  id?: number;
  message: string;
}

export type Header = { type: "ready" } | NotesHeader | SoundHeader | ErrorHeader;

/** A binary message. */
export interface Message<H = Header> {
  header: H;
  payload: Uint8Array;
}

// --- What the browser brings ------------------------------------------------------------------

/** The part of Plotly that the roll calls. */
export interface Plotly {
  react(host: HTMLElement, data: object[], layout: object, config?: object): Promise<unknown>;
  restyle(host: HTMLElement, change: object, traces: number[]): Promise<unknown>;
  relayout(host: HTMLElement, change: object): Promise<unknown>;
  update(host: HTMLElement, data: object, layout: object, traces: number[]): Promise<unknown>;
  purge(host: HTMLElement): void;
}

/** An element after Plotly has drawn into it. */
export interface PlotlyHost extends HTMLDivElement {
  on(event: string, listener: () => void): void;
  layout: { xaxis: { range: [number, number] }; yaxis: { range: [number, number] } };
}

declare global {
  interface Window {
    Plotly?: Plotly;
  }
}
