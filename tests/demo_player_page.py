"""The page of the demo: the player over a backend of code. See demo_player_app.py."""

from __future__ import annotations

import json

import numpy as np
import streamlit as st
from demo_backend import CONTROLS, STEPS, DemoBackend, compose, drawn, render, values_of

from gan.app.live.server import LiveSession
from gan.app.player.component import (
    Action,
    Commit,
    Mix,
    Play,
    PlayerData,
    PlayerTrack,
    Slider,
    Stroke,
    player,
)

st.set_page_config(layout="wide", page_title="Player demo")

state = st.session_state
# With ?keep the address holds the values, as that of the app does.
state.setdefault("values", values_of(json.loads(st.query_params.get("keep") or "{}")))
state.setdefault("commits", [])
state.setdefault("mix", Mix())
state.setdefault("locked", set())
state.setdefault("play", Play(120.0, 0))
state.setdefault("strokes", [])
if "live" not in state:
    state.live = LiveSession(DemoBackend(), controls=CONTROLS, steps=STEPS)

TEXTS = {
    "denser": ("Denser piano", "More chords in a bar.", "Also: shorter chords."),
    "higher": ("Higher melody", "Moves the melody up the scale.", ""),
    "busier": ("Busier melody", "More notes in the melody.", "Also: a faster bass."),
    "longer": ("Longer notes", "Holds the notes of melody and bridge.", ""),
    "offbeat": ("More off-beat", "Pushes melody notes off the beat.", ""),
    "wider": ("Wider chords", "More voices in the piano.", "Also: a fuller sound."),
}
TRACKS = (
    ("MELODY", "#3d8bd4", "Flute", 73),
    ("BRIDGE", "#2fa37c", "Strings", 48),
    ("PIANO", "#e0782f", "Grand piano", 0),
    ("BASS", "#c765a6", "Fingered bass", 33),
)


def commit(change: Commit) -> None:
    state.values = state["values"] | change.values
    state.commits = [*state.commits[-20:], change]
    if "keep" in st.query_params:
        st.query_params["keep"] = json.dumps(state["values"])


def mixed(mix: Mix) -> None:
    state.mix = mix


def acted(action: Action) -> None:
    if action.kind == "lock":
        state.locked.add(action.track)
    elif action.kind == "unlock":
        state.locked.discard(action.track)
    state.action = action


def played(play: Play) -> None:
    state.play = play
    state.live.backend.tempo = play.tempo


def edited(strokes: tuple[Stroke, ...]) -> None:
    state.strokes = [*state.strokes, *strokes]


row = st.container(horizontal=True)
if row.button("Surprise me"):
    chance = np.random.default_rng(len(state.commits)).uniform(-2, 2, len(CONTROLS))
    state["values"] = dict(zip(CONTROLS, map(float, chance.round(2)), strict=True))
if row.button("Reset"):
    state["values"] = values_of({})

values, tempo = dict(state["values"]), state.play.tempo
notes = drawn(compose(values), state.strokes)
sliders = tuple(
    Slider(id=name, label=label, help=text, also=also, value=values[name], group="Music")
    for name, (label, text, also) in TEXTS.items()
)
# For looks only: enough sliders to fill a page.
components = range(1, 11) if "many" in st.query_params else ()
more = tuple(Slider(id=f"pc{i}", label=f"Component {i}", group="Components") for i in components)
player(
    PlayerData(
        notes=notes,
        tracks=tuple(
            PlayerTrack(
                name=name,
                colour=colour,
                instrument=instrument,
                program=program,
                locked=name in state.locked,
                reroll=True,
            )
            for name, colour, instrument, program in TRACKS
        ),
        sliders=(*sliders, *more),
        pad=("denser", "higher"),
        mix=state.mix,
        live=None if "plain" in st.query_params else state.live,
        tempo=tempo,
        transpose=state.play.transpose,
        sound=lambda: render(notes, start=0, end=STEPS, tempo=tempo),
        sound_key=f"demo-{tempo:g}",
        base="demo",
        editable=True,
        transport=True,
        preview="preview" in st.query_params,
    ),
    key="player",
    on_commit=commit,
    on_mix=mixed,
    on_action=acted,
    on_edit=edited,
    on_play=played,
)
st.text("Committed: " + " ".join(f"{name}={value:.2f}" for name, value in values.items()))
st.text(f"Commits: {len(state.commits)}")
st.text(f"Strokes: {len(state.strokes)}")
st.text(f"Play: {state.play.tempo:g}, {state.play.transpose:+d}")
