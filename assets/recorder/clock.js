/** Beats on the time of the audio context, and what is due before long. */

const LEAD = 0.06; // seconds from the button to the first beat: what is due then must be scheduled
const AHEAD = 0.12;
const TICK = 25; // milliseconds

export class Clock {
  tempo = 120;
  #start = 0;
  #timer = 0;
  #due = 0;

  /**
   * @param {{
   *   now: () => number,
   *   onDue: (from: number, to: number) => void,
   *   onTick: () => void,
   * }} options `now` is the context's time; `onDue` schedules what begins from one beat to
   *   another, each once
   */
  constructor({ now, onDue, onTick }) {
    this.now = now;
    this.onDue = onDue;
    this.onTick = onTick;
  }

  get running() {
    return this.#timer !== 0;
  }

  /**
   * @param {number} beat
   * @returns {number} context time
   */
  timeOf(beat) {
    return this.#start + (beat * 60) / this.tempo;
  }

  /** @param {number} time context time */
  beatAt(time) {
    return ((time - this.#start) * this.tempo) / 60;
  }

  /** @param {number} beat to start at: a bar before 0 for a count-in */
  start(beat) {
    this.stop();
    this.#start = this.now() + LEAD - (beat * 60) / this.tempo;
    this.#due = beat;
    this.#timer = setInterval(() => this.#tick(), TICK);
    this.#tick();
  }

  #tick() {
    const to = this.beatAt(this.now() + AHEAD);
    if (to > this.#due) this.onDue(this.#due, to);
    this.#due = Math.max(this.#due, to);
    this.onTick();
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = 0;
  }
}
