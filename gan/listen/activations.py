"""What the model of basic-pitch hears: how likely a note begins, and sounds, at each moment.

Bittner et al., "A Lightweight Instrument-Agnostic Model for Polyphonic Note Transcription and
Multipitch Estimation", ICASSP 2022. The weights are those of the package (`assets/basic_pitch`),
run by TensorFlow. The model hears windows of two seconds; here they overlap by 30 frames, and
the 15 at either edge, which lack what came before or comes after, are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan.spec import ROOT

MODEL = ROOT / "assets" / "basic_pitch"
RATE = 22050  # samples a second
HOP = 256  # samples a frame
FRAME = HOP / RATE  # seconds
LOWEST = 21  # MIDI pitch of the first of 88 columns, A0
PITCHES = 88
FINE = 3  # columns a semitone of the contour
_WINDOW = 43_844  # samples
_EDGE = 15  # frames
_KEPT = 142  # frames of a window
_BATCH = 4  # windows: 3 MB of samples and activations, and a step of the progress

Progress = Callable[[int, int], None]
"""Called with how much is done, and of how much; stops the work by raising."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Activations:
    """Probabilities, float32, a row for each frame of 256 samples at 22,050 Hz.

    onset    `(frame, 88)`: that a note of this pitch begins.
    note     `(frame, 88)`: that a note of this pitch sounds.
    contour  `(frame, 264)`: the pitch in thirds of a semitone; column 3k + 1 is that of pitch k.
    """

    onset: Floats
    note: Floats
    contour: Floats


def resampled(samples: Floats, rate: int) -> Floats:
    """Samples `(n,)` at `rate` a second, at the rate of the model."""
    if rate == RATE:
        return samples
    from scipy.signal import resample_poly

    ratio = Fraction(RATE, rate).limit_denominator(1000)
    return np.asarray(resample_poly(samples, ratio.numerator, ratio.denominator), np.float32)


def activations(samples: Floats, progress: Progress | None = None) -> Activations:
    """What is heard in mono samples `(n,)` at 22,050 Hz: `ceil(n / 256)` frames."""
    frames = -(-len(samples) // HOP)
    windows = -(-frames // _KEPT)
    padded = np.zeros((windows - 1) * _KEPT * HOP + _WINDOW, np.float32)
    padded[_EDGE * HOP :][: len(samples)] = samples[: len(padded) - _EDGE * HOP]
    run = _model()
    heard: list[tuple[Floats, ...]] = []
    for first in range(0, windows, _BATCH):
        if progress is not None:
            progress(first, windows)
        begins = np.arange(first, min(first + _BATCH, windows)) * _KEPT * HOP
        heard.append(run(np.stack([padded[at : at + _WINDOW] for at in begins.tolist()])))
    if progress is not None:
        progress(windows, windows)
    kept = slice(_EDGE, _EDGE + _KEPT)
    onset, note, contour = (
        np.concatenate([part[:, kept].reshape(-1, part.shape[-1]) for part in parts])[:frames]
        for parts in zip(*heard, strict=True)
    )
    return Activations(onset, note, contour)


@lru_cache(maxsize=1)
def _model() -> Callable[[Floats], tuple[Floats, ...]]:
    """The model as a function from windows `(n, 43844)` to onset, note and contour.

    It was saved by a TensorFlow whose functions `tf.saved_model.load` no longer reads; as a
    graph it runs. A session may be used by several threads.
    """
    import tensorflow as tf

    session = tf.compat.v1.Session(graph=tf.Graph())
    with session.graph.as_default():
        loaded: Any = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(MODEL))
    signature = loaded.signature_def["serving_default"]
    (given,) = (one.name for one in signature.inputs.values())
    wanted = [signature.outputs[name].name for name in ("onset", "note", "contour")]

    def run(windows: Floats) -> tuple[Floats, ...]:
        return tuple(session.run(wanted, {given: windows[..., None]}))

    return run
