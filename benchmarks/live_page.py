"""The stock page that benchmarks/live.py compares with: one generator, Streamlit's own widgets.

The same checkpoint, the same slider and the same soundfont as the Explore page, so that what
differs is the way from the slider to eye and ear.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from gan.audio.render import render_with_midi2audio
from gan.engine import Engine, load
from gan.music.performance import Performance, perform
from gan.phrase import PhraseState
from gan.plots import roll_figure
from gan.spec import CHECKPOINTS

SLIDER = "PIANO.notes"


@st.cache_resource
def engine() -> Engine:
    return load(CHECKPOINTS / "pop-gan")


# Steps so wide that each changes the music: the same sound would not start again.
value = st.slider("Piano density", -3.0, 3.0, 0.0, 0.75)
roll = engine().render(PhraseState(sliders={SLIDER: value}))
figure = roll_figure(roll, engine().spec, title=f"density {value:.2f}")
st.plotly_chart(figure, key="roll", theme=None)
with tempfile.TemporaryDirectory() as folder:
    midi = perform(roll, engine().spec, Performance())
    path = render_with_midi2audio(midi, Path(folder) / "phrase.wav")
    st.audio(path.read_bytes(), format="audio/wav", loop=True, autoplay=True)
