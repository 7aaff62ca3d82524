/**
 * Tells Python what the user does. Each event carries a number, by which data tell what they
 * know of, and the session, so that another run of the server does not take it for its own.
 */

import { debounce } from "./dom.js";

/**
 * @import { Component, Events } from "./data"
 * @import { EventName, State } from "./state.js"
 */

const MIX_PAUSE = 500; // milliseconds: another move of a fader may follow
const PLAY_PAUSE = 350;

export class Reports {
  mix = debounce(() => this.tell("mix", this.state.tellMix()), MIX_PAUSE);
  play = debounce(() => this.tell("play", this.state.play), PLAY_PAUSE);

  /**
   * @param {State} state
   * @param {Component} component that Streamlit handed over last
   */
  constructor(state, component) {
    this.state = state;
    this.component = component;
  }

  /**
   * @template {EventName} K
   * @param {K} name
   * @param {Events[K]} event
   */
  tell(name, event, number = this.state.next(name)) {
    const { session } = this.state.data;
    this.component.setStateValue(name, { ...event, number, session });
  }

  /** All strokes that have not been acknowledged: the next event takes the place of the last. */
  strokes() {
    const strokes = this.state.untold;
    this.tell("edit", { strokes }, strokes[strokes.length - 1].number);
  }

  /** Tell again what a new session cannot know. */
  repeat() {
    if (this.state.untold.length) this.strokes();
    if (this.state.chosen) this.play();
    this.mix();
  }

  destroy() {
    this.mix.cancel();
    this.play.cancel();
  }
}
