/**
 * The player: what Streamlit mounts. See `gan/ui/player.py` for what comes in and goes out.
 *
 * Streamlit calls `mount` again whenever its data change, on the same element; the state is
 * kept per element. Values go the other way in "commits", numbered upwards; data that were
 * built before the last commit (`data.echo` is smaller) may not move the sliders back.
 */

import { Controls } from "./controls.js";
import { clamp, debounce, el, title } from "./dom.js";
import { Engine } from "./engine.js";
import { Keys } from "./keys.js";
import { LiveLink } from "./live.js";
import { Stage } from "./stage.js";
import { Strips } from "./strips.js";
import { Supply } from "./supply.js";
import { applyTheme, readTheme, rgb } from "./theme.js";
import { Transport } from "./transport.js";
import { keyOfNotes, notesFromJson } from "./wire.js";

const players = new WeakMap();
const PLAIN_PAUSE = 120;
const SOUND_FIRST = 250;
const NO_LIVE = "There is no live connection: picture and sound follow a moment after you move.";

export async function mount(component) {
  const host = component.parentElement;
  let player = players.get(host);
  if (!player) {
    // Left by another version of this module, which a running server may bring.
    host.querySelector(":scope > .gp-player")?.player.destroy();
    player = new Player(host);
    players.set(host, player);
    await loadStyle(player.root);
  }
  await player.update(component);
  return () => {
    players.get(host)?.destroy();
    players.delete(host);
  };
}

function loadStyle(root) {
  const link = el("link", { rel: "stylesheet", href: new URL("player.css", import.meta.url).href });
  const loaded = new Promise((resolve) => (link.onload = link.onerror = resolve));
  root.prepend(link);
  return loaded;
}

class Player {
  constructor(host) {
    this.host = host;
    this.lastCommit = 0;
    this.dragging = false;
    this.stats = [];
    this.engine = new Engine({ onState: (state) => this.#onState(state) });
    this.supply = new Supply({ engine: this.engine, onError: (text) => this.#say(text) });
    this.stage = new Stage({
      onSeek: (step) => this.#seek(step),
      onRegion: (start, end, done) => this.#setRegion([start, end], done),
      onDrawn: () => this.#drawn(),
      onBar: (kind, bar) => this.#act(kind, { bar }),
      onStroke: (stroke) => this.#stroke(stroke),
    });
    this.transport = new Transport({
      onPlay: () => this.toggle(),
      onStart: () => this.#seek(this.engine.range[0]),
      onLoop: () => this.#setLoop(!this.engine.loop),
      onVolume: (volume) => {
        this.engine.setVolume(volume);
        this.commitMix();
      },
      onPen: (on) => this.#draw(on),
    });
    this.strips = new Strips({
      onChange: () => this.#mixed(),
      onAction: (kind, track) => this.#act(kind, { track }),
    });
    this.controls = new Controls({
      onInput: (values) => this.#moved(values),
      onCommit: ({ soon }) => (soon ? this.commitSoon() : this.commit()),
      onAxes: (axes) => {
        this.axes = axes;
        this.commitMix();
      },
    });
    this.commitSoon = debounce(() => this.commit(), 300);
    this.commitMix = debounce(() => this.#commitMix(), 500);
    this.notice = el("p", { class: "gp-notice", role: "status", hidden: true });
    this.spoken = el("p", { class: "gp-spoken", "aria-live": "polite" });
    this.root = el(
      "div",
      { class: "gp-player gp-loading", role: "group", "aria-label": "Player" },
      el(
        "div",
        { class: "gp-body" },
        el(
          "div",
          { class: "gp-left" },
          el("div", { class: "gp-view" }, this.transport.root, this.stage.root, this.notice),
          this.strips.root,
        ),
        this.controls.root,
        this.spoken,
      ),
    );
    this.root.player = this; // For the console, the tests and the benchmark.
    host.append(this.root);
    this.#listen();
  }

  #listen() {
    const quit = new AbortController();
    const { signal } = quit;
    this.quit = quit;
    this.keys = this.#keys();
    this.root.addEventListener("pointerdown", () => (this.pressed = true), { signal, capture: true });
    const release = () => {
      this.pressed = false;
      // A slider that comes back to where it was picked up tells of no change.
      setTimeout(() => this.dragging && !this.pressed && this.commit());
    };
    window.addEventListener("pointerup", release, { signal, capture: true });
    window.addEventListener("pointercancel", release, { signal, capture: true });
  }

  // --- What comes in --------------------------------------------------------------------

  async update(component) {
    const { data } = component;
    this.component = component;
    const before = this.data;
    this.data = data;
    // A new session, after a restart of the server, knows of no commits.
    if (before && before.session !== data.session) this.lastCommit = 0;
    this.root.style.setProperty("--gp-height", `${data.height}px`);
    this.theme = readTheme(this.root);
    applyTheme(this.root, this.theme);
    this.stepSeconds = 60 / data.tempo / data.grid.steps_per_beat;
    this.stage.stepSeconds = this.stepSeconds;
    this.transport.setTempo(data.tempo);
    this.transport.setPlayable(Boolean(data.token || data.sound));
    this.#connect(data);
    const fresh = await this.#updateStage(data, before);
    if (this.data !== data || this.gone) return; // Newer data came meanwhile.
    this.#adopt(data, fresh);
    this.root.classList.remove("gp-loading");
  }

  async #updateStage(data, before) {
    const parts = JSON.stringify([data.grid, data.tracks.map((track) => track.name)]);
    const looks = JSON.stringify([parts, data.transpose, data.tracks.map((track) => track.colour)]);
    const fresh = looks !== this.looks;
    const buttons = JSON.stringify(data.tracks.map(({ locked, ...rest }) => [rest, locked == null]));
    const rebuilt = fresh || buttons !== this.buttons;
    if (parts !== this.parts) {
      // Other tracks: what is on air belongs to none of them. Another key plays on.
      this.parts = parts;
      const { bars, beats_per_bar, steps_per_beat } = data.grid;
      this.bar = beats_per_bar * steps_per_beat;
      this.steps = bars * this.bar;
      this.supply.clear();
      this.engine.steps = this.steps;
      this.stage.ruler.canvas.setAttribute("aria-valuemax", String(bars * beats_per_bar));
    }
    const tracks = data.tracks.map((track) => ({ ...track, rgb: rgb(track.colour) }));
    if (rebuilt) {
      this.buttons = buttons;
      this.strips.setup(tracks);
      this.mixSeen = this.mixSent = null;
    }
    // Sliders before the roll: they decide how much room it has.
    this.#updateControls(data, before, rebuilt);
    if (fresh) {
      this.looks = looks;
      // One after the other: Plotly does not bear being called while it still builds.
      const notes = notesFromJson(data.notes);
      const build = () => this.stage.setup(data.grid, tracks, this.theme, data.transpose, notes);
      this.building = (this.building ?? Promise.resolve()).then(build, build);
    }
    await this.building;
    data.tracks.forEach((track, i) => this.strips.strips[i]?.setLocked(track.locked));
    this.#adoptMix(data.mix);
    this.stage.bars.set(data.bars);
    const drawable = data.editable ? JSON.stringify(data.tracks.map((track) => track.name)) : "[]";
    if (drawable !== this.drawable) {
      this.drawable = drawable;
      this.transport.setDrawable(data.editable ? tracks : []);
      this.#draw(false);
    }
    this.strips.recolour(this.theme);
    this.stage.recolour(this.strips.audible, this.theme);
    this.stage.moveTo(this.engine.step, this.engine.state === "playing");
    return rebuilt;
  }

  #updateControls(data, before, fresh) {
    const fixed = (sliders) => JSON.stringify(sliders?.map(({ value, ...rest }) => rest));
    if (!fresh && fixed(data.sliders) === fixed(before?.sliders)) return;
    this.axes = data.mix.pad ?? data.pad;
    this.controls.setup(data.sliders, this.axes, this.strips.benches);
    this.dragging = false;
  }

  /** Take over values and notes, unless they are older than what the user did last. */
  #adopt(data, fresh) {
    const stale = data.echo < this.lastCommit;
    if (stale && !fresh) return;
    if (!this.dragging) {
      this.controls.set(Object.fromEntries(data.sliders.map(({ id, value }) => [id, value])));
    } else if (this.link?.state === "live" && !fresh) {
      return; // The roll follows the finger.
    }
    const notes = notesFromJson(data.notes);
    this.committed = keyOfNotes(notes);
    this.#show(notes, { quiet: fresh, refit: !this.dragging });
    if (!this.dragging) this.#speak(notes);
    if (this.unsent) this.#commitWhileDragging();
  }

  #adoptMix(mix) {
    const seen = JSON.stringify(mix);
    if (seen === this.mixSeen) return;
    this.mixSeen = seen;
    if (seen === this.mixSent) return;
    this.strips.set(mix.tracks);
    this.transport.setVolume(mix.volume);
    this.engine.setVolume(mix.volume);
    this.engine.setLevels(this.strips.levels);
    const start = clamp(mix.loop_start, 0, this.steps - 1);
    const end = clamp(mix.loop_end ?? this.steps, start + 1, this.steps);
    this.region = [start, end];
    this.#applyLoop(this.region, mix.loop);
  }

  // --- Live -----------------------------------------------------------------------------

  #connect(data) {
    if (!this.link) {
      const url = new URL(data.assets.replace(/\/api\/player\/.*$/, "/api/live"), location.href);
      url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
      this.link = new LiveLink({
        url: url.href,
        onState: () => this.#linked(),
        onNotes: (header, notes, asked) => this.#arrived(header, notes, asked),
        onError: (text) => this.#say(text),
      });
    }
    this.link.use(data.token);
    this.#linked();
  }

  #linked() {
    const { state } = this.link;
    this.supply.ask = state === "live" ? (request) => this.link.sound(request) : null;
    this.supply.pump();
    const shown = state === "off" ? "plain" : state;
    const needed = this.data.sliders.length > 0;
    this.transport.setStatus(needed ? shown : null);
    clearTimeout(this.plainTimer);
    if (!needed || state === "live") this.#say("");
    else this.plainTimer = setTimeout(() => this.link.state === "off" && this.#say(NO_LIVE), 800);
  }

  #arrived(header, notes, asked) {
    if (header.base !== this.data.base || notes.length !== this.data.tracks.length) {
      // The page has gone on to another state meanwhile: ask again on top of that.
      if (this.dragging) this.link.move({ values: this.controls.values, base: this.data.base });
      return;
    }
    if (this.notice.textContent !== NO_LIVE) this.#say("");
    this.stats.push({ asked, got: performance.now(), server: header.ms });
    if (this.stats.length > 2000) this.stats.splice(0, 1000);
    this.#show(notes);
  }

  #drawn() {
    const at = this.stats[this.stats.length - 1];
    if (!at || at.drawn) return;
    at.drawn = performance.now();
    // The next task after the frame runs when its pixels have been handed over.
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => (at.pixels ??= performance.now());
      channel.port2.postMessage(0);
    });
  }

  // --- What the user does ---------------------------------------------------------------

  #moved(values) {
    this.dragging = true;
    if (!this.pressed) this.commitSoon();
    const live = this.link.move({ values, base: this.data.base });
    if (!live) this.#commitWhileDragging();
  }

  /** The plain way: one commit at a time, the next when the last has been answered. */
  #commitWhileDragging() {
    const answered = this.data.echo >= this.lastCommit;
    const since = performance.now() - (this.committedAt ?? 0);
    this.unsent = this.dragging;
    if (!this.dragging) return;
    if ((answered && since > PLAIN_PAUSE) || since > 1500) this.#send(false);
    else if (answered) {
      clearTimeout(this.plainAgain);
      this.plainAgain = setTimeout(() => this.#commitWhileDragging(), PLAIN_PAUSE);
    }
  }

  /** The user has let go. */
  commit() {
    if (!this.dragging) return;
    this.dragging = false;
    this.commitSoon.cancel();
    this.#send(true);
    // With an answer on its way, its notes are what is to be heard.
    if (this.link.state === "live" && !this.link.flying) this.#wantSound();
  }

  #send(final) {
    this.unsent = false;
    this.committedAt = performance.now();
    this.lastCommit = Math.max(Date.now(), this.lastCommit + 1);
    const event = { number: this.lastCommit, values: { ...this.controls.values }, final };
    const send = () => {
      if (event.number === this.lastCommit) this.component.setStateValue("commit", event);
    };
    // The script's run and the new sound would wait for each other; the sound goes first.
    const sounding = final && this.link.state === "live" && this.engine.state === "playing";
    if (sounding) setTimeout(send, SOUND_FIRST);
    else send();
  }

  #commitMix() {
    const { engine, strips } = this;
    const whole = this.region[1] >= this.steps;
    const mix = {
      tracks: strips.states,
      volume: engine.volume,
      loop: engine.loop,
      loop_start: this.region[0],
      loop_end: whole ? null : this.region[1],
      pad: this.axes ?? null,
    };
    this.mixSent = JSON.stringify(mix);
    this.component.setStateValue("mix", mix);
  }

  #mixed() {
    this.engine.setLevels(this.strips.levels);
    this.stage.recolour(this.strips.audible, this.theme);
    this.commitMix();
  }

  #act(kind, part) {
    this.component.setStateValue("action", { kind, ...part, number: Date.now() });
  }

  // --- Drawing --------------------------------------------------------------------------

  #draw(on, byKey = false) {
    this.transport.setPen(on);
    this.stage.pen.track = Number(this.transport.penTrack.value) || 0;
    this.stage.pen.on = on && this.data.editable;
    if (byKey && this.stage.pen.on) this.stage.pen.focus();
  }

  /**
   * A stroke shows at once and is told to the page, which answers with the phrase as it now is.
   * Strokes of the last seconds are told again: two that are quick may travel as one change.
   */
  #stroke(stroke) {
    const now = Date.now();
    const number = Math.max(now, (this.lastStroke ?? 0) + 1);
    this.lastStroke = number;
    this.strokes = (this.strokes ?? []).filter((each) => now - each.number < 8000).slice(-31);
    this.strokes.push({ ...stroke, number });
    this.component.setStateValue("edit", { number, strokes: this.strokes });
    const notes = this.shown.map((list) => Array.from(list));
    const list = notes[stroke.track];
    if (stroke.on) list.push(stroke.start, stroke.end, stroke.pitch);
    else {
      const at = list.findIndex((_, i) => i % 3 === 0 && list[i] === stroke.start && list[i + 2] === stroke.pitch);
      if (at >= 0) list.splice(at, 3);
    }
    this.stage.show(notes.map((each) => Uint16Array.from(each)));
  }

  // --- Playing --------------------------------------------------------------------------

  toggle() {
    if (this.engine.state === "stopped") {
      this.engine.setLevels(this.strips.levels);
      this.engine.play();
      this.supply.pump();
    } else {
      this.engine.pause();
    }
  }

  #onState(state) {
    this.transport.setState(state);
    cancelAnimationFrame(this.running);
    if (state === "playing") this.#run();
    else this.#place(this.engine.step, false);
  }

  #run = () => {
    this.running = requestAnimationFrame(this.#run);
    const step = this.engine.position();
    if (step !== null) this.#place(step, true);
  };

  #place(step, playing) {
    this.stage.moveTo(step, playing);
    this.transport.setPosition(step, this.data.grid, this.stepSeconds);
    const { canvas } = this.stage.ruler;
    const beat = Math.floor(step / this.data.grid.steps_per_beat);
    if (beat === this.beat) return;
    this.beat = beat;
    const at = beat % this.data.grid.beats_per_bar;
    canvas.setAttribute("aria-valuenow", String(beat));
    canvas.setAttribute("aria-valuetext", `Bar ${Math.floor(beat / this.data.grid.beats_per_bar) + 1}, beat ${at + 1}`);
  }

  #seek(step) {
    this.engine.seek(step);
    this.#place(this.engine.step, this.engine.state === "playing");
    this.supply.pump();
  }

  #setLoop(on) {
    this.#applyLoop(this.region, on);
    this.commitMix();
  }

  #setRegion(region, done) {
    this.region = region;
    this.stage.setRegion(region, true);
    if (!done) return;
    this.#applyLoop(region, true);
    this.commitMix();
  }

  #applyLoop(region, on) {
    this.engine.setRegion(region, on);
    this.transport.setLoop(on);
    this.stage.setRegion(region, on);
  }

  // --- Keys -----------------------------------------------------------------------------

  #keys() {
    return new Keys(this.root, this.stage.ruler.canvas, {
      onPlay: () => this.toggle(),
      onLoop: () => this.#setLoop(!this.engine.loop),
      onPen: () => this.data.editable && this.#draw(!this.stage.pen.on, true),
      onEscape: () => this.stage.pen.on && this.#draw(false),
      onStart: () => this.#seek(this.engine.range[0]),
      onEdge: (which) => this.#edge(which),
      onBeat: (direction) => this.#beatwise(direction),
    });
  }

  /** Put an end of the loop region to the nearest beat. */
  #edge(which) {
    const beat = this.data.grid.steps_per_beat;
    const here = Math.round((this.engine.position() ?? 0) / beat) * beat;
    const [start, end] = this.region;
    this.#setRegion(which ? [start, Math.max(here, start + beat)] : [Math.min(here, end - beat), end], true);
  }

  #beatwise(direction) {
    const beat = this.data.grid.steps_per_beat;
    const at = (this.engine.position() ?? 0) / beat;
    this.#seek(direction < 0 ? Math.max(0, (Math.ceil(at - 0.01) - 1) * beat) : (Math.floor(at + 0.01) + 1) * beat);
  }

  // --- Picture, sound, words ------------------------------------------------------------

  #show(notes, how) {
    this.shown = notes;
    this.stage.show(notes, { slow: !this.dragging, ...how });
    this.#wantSound();
  }

  #wantSound() {
    const { data } = this;
    const key = keyOfNotes(this.shown);
    // While one drags, on the beat; what one has decided on, as soon as it is in time.
    this.engine.swapSteps = this.dragging ? data.swap_steps : data.release_steps;
    this.supply.want({
      key: `${key} ${data.sound_key}`,
      values: { ...this.controls.values },
      base: data.base,
      url: key === this.committed ? data.sound : null,
      settled: !this.dragging,
      steps: this.steps,
      bar: this.bar,
      beat: data.grid.steps_per_beat,
    });
  }

  #speak(notes) {
    const counts = notes.map((list, i) => `${title(this.data.tracks[i].name)} ${list.length / 3}`);
    this.stage.area.setAttribute("aria-label", `Piano roll. Notes: ${counts.join(", ")}.`);
    this.spoken.textContent = `Notes: ${counts.join(", ")}.`;
  }

  #say(text) {
    if (this.notice.textContent === text) return;
    this.notice.textContent = text;
    this.notice.hidden = !text;
  }

  destroy() {
    this.gone = true;
    this.quit.abort();
    this.keys.destroy();
    cancelAnimationFrame(this.running);
    for (const timer of [this.plainTimer, this.plainAgain]) clearTimeout(timer);
    this.commitSoon.cancel();
    this.commitMix.cancel();
    this.link?.destroy();
    this.supply.destroy();
    this.engine.destroy();
    this.stage.destroy();
    this.root.remove();
  }
}
