"""Shared by all tests: a quiet environment, and small music composed by code.

The environment is set before any test module is imported, because TensorFlow and Keras read
it once, at import.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # the same figures on every processor
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("MPLBACKEND", "Agg")
# Threads of scikit-learn's trees spin while they wait: beside anything else that works, a fit of
# 80 phrases on two cores took 65 seconds, and on one takes three.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pretty_midi
import pytest

# Favourites of whoever runs the tests stay out of them, and these out of those.
_data = tempfile.TemporaryDirectory(prefix="gan-tests-")
os.environ["GAN_DATA"] = _data.name

ROOT = Path(__file__).resolve().parent.parent
_CHROMIUM_NAMES = ("chromium", "google-chrome-stable", "google-chrome")
_MAC_CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"

Notes = Sequence[tuple[float, float, int]]


def instrument(
    notes: Notes, *, program: int = 0, is_drum: bool = False, name: str = "", velocity: int = 90
) -> pretty_midi.Instrument:
    """An instrument from `(start, end, pitch)` in seconds and MIDI numbers."""
    made = pretty_midi.Instrument(program, is_drum, name)
    made.notes = [pretty_midi.Note(velocity, pitch, start, end) for start, end, pitch in notes]
    return made


def midi(*instruments: pretty_midi.Instrument, tempo: float = 120.0) -> pretty_midi.PrettyMIDI:
    made = pretty_midi.PrettyMIDI(initial_tempo=tempo)
    made.instruments.extend(instruments)
    return made


@pytest.fixture
def band() -> pretty_midi.PrettyMIDI:
    """Two seconds at 120: flute melody, piano chords, bass, drums."""
    beats = [i * 0.5 for i in range(4)]
    melody = [
        (i * 0.25, i * 0.25 + 0.25, p) for i, p in enumerate((72, 74, 76, 79, 76, 74, 72, 67))
    ]
    chords = [(t, t + 1.0, p) for t in (0.0, 1.0) for p in (60, 64, 67)]
    return midi(
        instrument(melody, program=73, name="MELODY"),
        instrument(chords, program=0, name="PIANO"),
        instrument([(t, t + 0.5, 36) for t in beats], program=33, name="BASS"),
        instrument([(t, t + 0.1, 38) for t in beats], is_drum=True, name="DRUMS"),
    )


def chromium_path() -> str | None:
    """The browser for the tests: $CHROMIUM, an installed one, or None for Playwright's own."""
    found = os.environ.get("CHROMIUM") or next(
        filter(None, map(shutil.which, _CHROMIUM_NAMES)), None
    )
    return found or (_MAC_CHROME if Path(_MAC_CHROME).is_file() else None)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """pytest-playwright: start the installed Chromium, with nothing that reaches out."""
    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
        "--disable-background-networking --disable-component-update --disable-sync "
        "--autoplay-policy=no-user-gesture-required"
    )
    arguments = {**browser_type_launch_args, "args": flags.split()}
    path = chromium_path()
    return {**arguments, "executable_path": path} if path else arguments


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """pytest-playwright: its `wait_for_function` evaluates text, which the pages forbid."""
    return {**browser_context_args, "bypass_csp": True}
