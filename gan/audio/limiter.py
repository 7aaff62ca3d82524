"""A look-ahead limiter: peaks are held under a ceiling by turning the sound down around them.

The gain falls before a peak as fast as `ATTACK` allows, so that it is down in time, stays
for `HOLD` and rises again at `RELEASE`: straight lines in decibels. As the hold is longer
than half a period of the lowest tones, a steady tone is turned down, not bent.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HOLD = 0.025  # seconds
ATTACK = 1200.0  # decibels a second: 6 dB in 5 ms
RELEASE = 40.0


def limiting_gain(
    samples: NDArray[np.float32], *, ceiling: float, rate: int
) -> NDArray[np.float32]:
    """The factor, 1 at most, that holds each frame of `(frames, channel)` under the ceiling.

    float32 `(frames, 1)`. Sound that stays under the ceiling gives ones.
    """
    peaks = np.abs(samples).max(axis=1, initial=0.0)
    if not (peaks > ceiling).any():
        return np.ones((len(samples), 1), np.float32)
    needed = 20 * np.log10(ceiling / np.maximum(peaks, ceiling).astype(np.float64))
    held = _held(needed, round(HOLD * rate))
    risen = _risen(held, RELEASE / rate)
    decibels = _risen(risen[::-1], ATTACK / rate)[::-1]
    return np.asarray(10 ** (decibels / 20), np.float32)[:, None]


def _held(values: NDArray[np.float64], frames: int) -> NDArray[np.float64]:
    """The least of each value and the `frames` before it, by doubling the stretch."""
    held, span = values.copy(), 1
    while span <= frames:
        step = min(span, frames + 1 - span)
        held[step:] = np.minimum(held[step:], held[:-step])
        span += step
    return held


def _risen(values: NDArray[np.float64], slope: float) -> NDArray[np.float64]:
    """The highest curve under `values` that rises by `slope` a frame at most."""
    line = slope * np.arange(len(values))
    return np.asarray(np.minimum.accumulate(values - line) + line)
