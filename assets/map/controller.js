/** The map as one thing: what is on show, what is under the pointer, what is heard. */

import { el, icon, same } from "../player/dom.js";
import { applyTheme, readTheme } from "../player/theme.js";
import { Camera } from "./camera.js";
import { Card } from "./card.js";
import { Cloud } from "./cloud.js";
import { Legend } from "./legend.js";
import { BY_FAMILY, Look } from "./look.js";
import { paint } from "./painter.js";
import { Pointer } from "./pointer.js";
import { Voice } from "./voice.js";

/**
 * @import { Theme } from "../player/theme.js"
 * @import { Component, Events, Payload, Point } from "./data"
 */

const REACH = 16; // pixels from a point that still are it
const LISTEN = 150; // milliseconds on a point until it is heard
const LINE_MAX = 400; // points of a line
const HINT = "Hover to hear, click to take. Space holds a phrase, arrow keys walk, shift and drag draws a path.";
const TOUCH_HINT = "Tap to hear, tap again to take. Two fingers zoom.";

/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Controller {
  canvas = el("canvas", {
    class: "gm-canvas", tabIndex: 0, role: "application", "aria-roledescription": "map",
    "aria-label": "Map of phrases: arrow keys walk, Enter takes, space holds, plus and minus zoom",
  });
  card = new Card();
  spoken = el("p", { class: "gm-spoken", "aria-live": "polite" });
  voice = new Voice();
  camera = new Camera();
  look = new Look();
  legend = new Legend(this.look, () => this.#restyle());
  by = el("select", { class: "gm-by", onchange: () => this.#recolour() });
  draw = this.#button("pen", "Draw a path", () => this.#toggleDrawing());
  sound = this.#button("volume", "Sound of the map", () => this.#toggleSound());
  hint = el("p", { class: "gm-hint" }, matchMedia("(hover: none)").matches ? TOUCH_HINT : HINT);
  stage = el("div", { class: "gm-stage" }, this.canvas, this.card.root);
  root = Object.assign(
    el(
      "div", { class: "gm-map gm-loading" },
      el(
        "div", { class: "gm-tools" },
        el("label", { class: "gm-by-label" }, "Colour by", this.by),
        el("span", { class: "gm-space" }),
        this.draw, this.sound,
        el("button", { class: "gm-round", type: "button", "aria-label": "Zoom out", title: "Zoom out", onclick: () => this.#zoom(1 / 1.6) }, "\u2212"),
        el("button", { class: "gm-round", type: "button", "aria-label": "Zoom in", title: "Zoom in", onclick: () => this.#zoom(1.6) }, "+"),
        this.#button("reset", "The whole map", () => this.#home()),
      ),
      this.legend.root, this.stage, this.hint, this.spoken,
    ),
    { map: this },
  );

  /** @type {Cloud | null} */
  cloud = null;
  /** The phrase under the pointer, -1 without one. */
  hovered = -1;
  held = false;
  drawing = false;
  /** @type {Point[]} */
  line = [];
  /** Milliseconds that the last pictures took. @type {number[]} */
  timings = [];
  #url = "";
  #timer = 0;
  #frame = 0;
  #number = 0;

  /** @param {Component} component */
  constructor(component) {
    this.component = component;
    this.data = component.data;
    /** @type {Theme} */
    this.theme = readTheme(component.parentElement);
    this.pointer = new Pointer(this.canvas, {
      hover: (at) => this.held || this.hover(this.#find(at)),
      leave: () => this.held || this.hover(-1),
      choose: (at, touch) => this.#choose(this.#find(at), touch),
      pan: (dx, dy) => this.#look(() => this.camera.pan(dx, dy)),
      zoom: (factor, at) => this.#look(() => this.camera.zoomAt(factor, at)),
      draw: (at) => this.#extend(at),
      drawn: () => this.#finish(),
      drawing: () => this.drawing,
      wake: () => this.voice.wake(),
    });
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    this.canvas.addEventListener("blur", () => this.hover(-1));
    this.observer = new ResizeObserver(() => this.#resize());
    this.observer.observe(this.stage);
    this.sound.setAttribute("aria-pressed", "true");
  }

  /** @type {(name: Parameters<typeof icon>[0], label: string, act: () => void) => HTMLButtonElement} */
  #button(name, label, act) {
    return el("button", { class: "gm-round", type: "button", "aria-label": label, title: label, "aria-pressed": "false", onclick: act }, icon(name));
  }

  /** @param {Component} component */
  async update(component) {
    this.component = component;
    this.data = component.data;
    this.theme = readTheme(component.parentElement);
    applyTheme(this.root, this.theme);
    if (this.#url !== this.data.url) await this.#load(this.data);
    this.#restyle();
  }

  /** @param {Payload} data */
  async #load(data) {
    this.#url = data.url;
    const answer = await fetch(data.url);
    if (!answer.ok) {
      this.hint.textContent = "The map could not be fetched; reload the page.";
      return;
    }
    this.cloud = new Cloud(await answer.arrayBuffer());
    this.hover(-1);
    this.look.by = BY_FAMILY;
    this.look.dark.clear();
    this.look.ranges.clear();
    this.by.replaceChildren(
      el("option", { value: BY_FAMILY }, "Family of sound"),
      ...data.measures.map(({ label }, k) => el("option", { value: k }, label)),
    );
    this.camera.home();
    this.root.classList.remove("gm-loading");
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    Object.assign(this.camera, { width, height });
    this.#restyle();
  }

  #restyle() {
    if (!this.cloud) return;
    this.look.update(this.cloud, this.data.families, this.theme);
    this.legend.update(this.data, this.cloud, this.theme);
    this.#repaint();
  }

  #recolour() {
    this.look.by = Number(this.by.value);
    this.by.title = this.data.measures[this.look.by]?.help ?? "";
    this.#restyle();
  }

  #repaint() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const { cloud, look, camera, theme, data, hovered } = this;
      if (!cloud || camera.width < 10) return;
      const begun = performance.now();
      paint(this.canvas, { cloud, look, camera, theme, data, hovered, drawn: this.line });
      this.timings = [...this.timings.slice(-99), performance.now() - begun];
      if (hovered >= 0) this.card.move(camera.pixels(cloud.at(hovered)), camera.width, camera.height);
    });
  }

  /** @param {() => void} move */
  #look(move) {
    move();
    this.#repaint();
  }

  /** @param {number} factor */
  #zoom(factor) {
    const { width, height } = this.camera;
    this.#look(() => this.camera.zoomAt(factor, [width / 2, height / 2]));
  }

  #home() {
    this.#look(() => this.camera.home());
  }

  /** @param {Point} at pixels */
  #find(at) {
    const { cloud, camera } = this;
    if (!cloud) return -1;
    const reach = REACH / Math.min(...camera.scale);
    return cloud.nearest(camera.place(at), reach, (index) => this.look.lit[index] > 0);
  }

  /**
   * See a phrase at once, and hear it in a moment; -1 is none.
   * @param {number} index
   */
  hover(index) {
    if (index === this.hovered) return;
    const { cloud, data } = this;
    this.hovered = index;
    this.held = false;
    clearTimeout(this.#timer);
    this.voice.hush();
    this.stage.classList.toggle("gm-over", index >= 0);
    if (index < 0 || !cloud) this.card.hide();
    else {
      this.card.show(`Seed ${cloud.seeds[index]}`, cloud.notesOf(index), data, this.theme);
      this.#note();
      this.#timer = setTimeout(() => this.#listen(), LISTEN);
    }
    this.#repaint();
  }

  #listen() {
    const { cloud, data } = this;
    if (!cloud || this.hovered < 0) return;
    const { steps, step_seconds: stepSeconds, transpose } = data;
    this.voice.play(cloud.notesOf(this.hovered), data.tracks, { steps, stepSeconds, transpose, loop: true });
    this.#note();
  }

  /** What the card says beside the seed. */
  #note() {
    const silent = this.voice.on && !this.voice.awake;
    this.card.note.textContent = this.held ? "held" : silent ? "click once for sound" : "";
  }

  /**
   * @param {number} index
   * @param {boolean} touch
   */
  #choose(index, touch) {
    this.canvas.focus({ preventScroll: true });
    if (touch && index !== this.hovered) {
      this.hover(index);
    } else if (index >= 0) {
      this.hover(index);
      this.take(index);
    } else this.hover(-1);
  }

  /**
   * The phrase goes to the player, which is heard from there on.
   * @param {number} index
   */
  take(index) {
    if (this.cloud) this.#tell("pick", { seed: this.cloud.seeds[index] });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { cloud, camera } = this;
    if (!cloud || event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow) this.#walk(arrow);
    else if (event.key === "Enter" && this.hovered >= 0) this.take(this.hovered);
    else if (event.key === " " && this.hovered >= 0) this.#hold();
    else if (event.key === "+" || event.key === "=") this.#zoom(1.6);
    else if (event.key === "-") this.#zoom(1 / 1.6);
    else if (event.key === "0") this.#look(() => camera.home());
    else if (event.key === "Escape") this.hover(-1);
    else return;
    event.preventDefault();
    event.stopPropagation(); // the player has keys of its own
  }

  #hold() {
    this.held = !this.held;
    this.#note();
  }

  /** @param {Point} direction */
  #walk(direction) {
    const { cloud, camera } = this;
    if (!cloud) return;
    this.voice.wake();
    const lit = (/** @type {number} */ index) => this.look.lit[index] > 0;
    const present = this.data.marks.find(({ kind }) => kind === "present");
    /** @type {Point} */
    const start = present ? [present.x, present.y] : [camera.x, camera.y];
    const next = this.hovered < 0 ? cloud.nearest(start, 3, lit) : cloud.towards(cloud.at(this.hovered), direction, lit);
    if (next < 0) return;
    this.hover(next);
    this.#look(() => camera.show(cloud.at(next)));
    this.spoken.textContent = `Seed ${cloud.seeds[next]}, ${this.data.families[cloud.families[next]]?.name ?? ""}`;
  }

  #toggleDrawing() {
    this.drawing = !this.drawing;
    this.draw.setAttribute("aria-pressed", String(this.drawing));
    this.stage.classList.toggle("gm-drawing", this.drawing);
  }

  #toggleSound() {
    this.voice.on = !this.voice.on;
    this.voice.wake();
    this.sound.setAttribute("aria-pressed", String(this.voice.on));
    if (!this.voice.on) this.voice.hush();
  }

  /** @param {Point} at pixels */
  #extend(at) {
    this.hover(-1);
    const place = this.camera.place(at);
    if (!same(this.line[this.line.length - 1], place)) this.line.push(place);
    this.#repaint();
  }

  #finish() {
    const { line } = this;
    this.line = [];
    if (this.drawing) this.#toggleDrawing();
    this.#repaint();
    if (line.length < 2) return;
    const every = Math.ceil(line.length / LINE_MAX);
    const points = line.filter((_, k) => k % every === 0 || k === line.length - 1);
    this.#tell("path", { points });
  }

  /**
   * @template {keyof Events} K
   * @param {K} name
   * @param {Events[K]} event
   */
  #tell(name, event) {
    this.#number = Math.max(this.#number + 1, Date.now());
    this.component.setStateValue(name, { ...event, number: this.#number, session: this.data.session });
  }

  destroy() {
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.observer.disconnect();
    this.voice.destroy();
    this.root.remove();
  }
}
