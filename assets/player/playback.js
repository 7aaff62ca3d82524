/** Playing: what the transport, the ruler and the keys do to the engine, and the moving playhead. */

/**
 * @import { Region } from "./data"
 * @import { Engine, PlayState } from "./engine.js"
 * @import { SoundFetcher } from "./sound_fetcher.js"
 * @import { Stage } from "./stage.js"
 * @import { State } from "./state.js"
 * @import { Transport } from "./transport.js"
 */

export class Playback {
  #frame = 0;

  /**
   * @param {{
   *   state: State, engine: Engine, fetcher: SoundFetcher, stage: Stage, transport: Transport,
   *   onMix: () => void,
   * }} parts `onMix` when the loop has changed
   */
  constructor({ state, engine, fetcher, stage, transport, onMix }) {
    this.state = state;
    this.engine = engine;
    this.fetcher = fetcher;
    this.stage = stage;
    this.transport = transport;
    this.onMix = onMix;
  }

  toggle() {
    if (this.engine.state === "stopped") {
      this.engine.play();
      this.fetcher.update();
    } else {
      this.engine.pause();
    }
  }

  /** @param {PlayState} playState of the engine, which has changed */
  changed(playState) {
    this.transport.setState(playState);
    cancelAnimationFrame(this.#frame);
    if (playState === "playing") this.#run();
    else this.place();
  }

  #run = () => {
    this.#frame = requestAnimationFrame(this.#run);
    this.place();
  };

  /** Show where the music is. */
  place() {
    const step = this.engine.position();
    if (step === null) return;
    this.stage.moveTo(step, this.engine.state === "playing");
    this.transport.setPosition(step, this.state.data.grid, this.state.stepSeconds);
  }

  /** @param {number} step */
  seek(step) {
    this.engine.seek(step);
    this.stage.moveTo(this.engine.step, this.engine.state === "playing");
    this.transport.setPosition(this.engine.step, this.state.data.grid, this.state.stepSeconds);
    this.fetcher.update();
  }

  toStart() {
    this.seek(this.engine.range[0]);
  }

  /** @param {-1 | 1} direction */
  seekBeat(direction) {
    const beat = this.state.data.grid.steps_per_beat;
    const at = (this.engine.position() ?? 0) / beat;
    this.seek(beat * (direction < 0 ? Math.max(0, Math.ceil(at - 0.01) - 1) : Math.floor(at + 0.01) + 1));
  }

  toggleMetronome() {
    const on = !this.engine.metronome.on;
    this.engine.setMetronome(on);
    this.transport.setMetronome(on);
  }

  // --- Loop -----------------------------------------------------------------------------

  toggleLoop() {
    this.setRegion(this.state.region, !this.engine.loop);
  }

  /**
   * The user drags the region; it holds once that is `done`.
   * @param {Region} region
   * @param {boolean} done
   */
  dragRegion(region, done) {
    if (done) this.setRegion(region, true);
    else this.stage.setRegion(region, true);
  }

  /**
   * Put an end of the region to the nearest beat.
   * @param {0 | 1} which
   */
  setEdge(which) {
    const beat = this.state.data.grid.steps_per_beat;
    const here = Math.round((this.engine.position() ?? 0) / beat) * beat;
    const [start, end] = this.state.region;
    this.setRegion(which ? [start, Math.max(here, start + beat)] : [Math.min(here, end - beat), end], true);
  }

  /**
   * @param {Region} region
   * @param {boolean} loop
   */
  setRegion(region, loop) {
    this.state.changeRegion(region, loop);
    this.showLoop();
    this.onMix();
  }

  /** Bring engine, ruler and button to what the mix says. */
  showLoop() {
    const { region, mix } = this.state;
    this.engine.setRegion(region, mix.loop);
    this.transport.setLoop(mix.loop);
    this.stage.setRegion(region, mix.loop);
  }

  destroy() {
    cancelAnimationFrame(this.#frame);
  }
}
