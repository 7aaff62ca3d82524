"""The page that benchmarks/live.py drives: the player, or with `?plain` stock widgets.

Both show and play the same music of code under the same slider, with the same soundfont, so
that what differs is the way from the slider to eye and ear.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st
from demo_backend import CONTROLS, STEPS, compose, values_of

from gan.audio import render_with_midi2audio
from gan.explorer import Performance
from gan.music.midi import midi_from_roll
from gan.music.rolls import roll_from_notes
from gan.plots import TRACK_COLOURS, roll_figure
from gan.spec import RollSpec, Track
from gan.ui.live import LiveSession, MoveRequest, SoundRequest
from gan.ui.player import Commit, PlayerData, PlayerTrack, Slider, player
from gan.ui.sound import stems_of
from gan.ui.wire import Stems

SPEC = RollSpec(
    tracks=(
        Track("MELODY", program=73),
        Track("BRIDGE", program=48),
        Track("PIANO", program=0),
        Track("BASS", program=33),
    )
)


class Backend:
    """`LiveBackend` over the music of code and FluidSynth."""

    def decode(self, request: MoveRequest):
        return compose(request.values)

    def sound(self, request: SoundRequest) -> Stems:
        roll = roll_from_notes(compose(request.values), SPEC)
        return stems_of(roll, SPEC, how=Performance(), start=request.start, end=request.end)


def stock() -> None:
    """What one would write without the player."""
    # Steps so wide that each changes the music: the same sound would not start again.
    value = st.slider("denser", -3.0, 3.0, 0.0, 0.75)
    roll = roll_from_notes(compose({"denser": value}), SPEC)
    figure = roll_figure(roll, SPEC, title=f"denser {value:.2f}")
    st.plotly_chart(figure, key="roll", theme=None)
    with tempfile.TemporaryDirectory() as folder:
        path = render_with_midi2audio(midi_from_roll(roll, SPEC), Path(folder) / "phrase.wav")
        st.audio(path.read_bytes(), format="audio/wav", loop=True, autoplay=True)


def ours() -> None:
    state = st.session_state
    if "live" not in state:
        state.live = LiveSession(Backend(), controls=CONTROLS, steps=STEPS)

    def commit(change: Commit) -> None:
        state["values"] = values_of(change.values)

    values = state.get("values", values_of({}))
    player(
        PlayerData(
            notes=compose(values),
            tracks=tuple(
                PlayerTrack(track.name, colour, program=track.program)
                for track, colour in zip(SPEC.tracks, TRACK_COLOURS, strict=False)
            ),
            sliders=tuple(Slider(id=name, label=name, value=values[name]) for name in CONTROLS),
            live=state.live,
        ),
        key="player",
        on_commit=commit,
    )


st.set_page_config(layout="wide")
if "plain" in st.query_params:
    stock()
else:
    ours()
