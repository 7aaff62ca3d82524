"""A look-ahead limiter: peaks are held under a ceiling by turning the sound down around them.

The gain falls before a peak as fast as `ATTACK` allows, so that it is down in time, stays
for `HOLD` and rises again at `RELEASE`: straight lines in decibels. As the hold is longer
than half a period of the lowest tones, a steady tone is turned down, not bent. All is
reckoned for blocks of `BLOCK` frames; within one the gain goes straight to the next.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HOLD = 0.025  # seconds
ATTACK = 1200.0  # decibels a second: 6 dB in 5 ms
RELEASE = 40.0
BLOCK = 32  # frames, 0.7 ms


def limiting_gain(
    samples: NDArray[np.float32], *, ceiling: float, rate: int
) -> NDArray[np.float32]:
    """The factor, 1 at most, that holds each frame of `(frames, channel)` under the ceiling.

    float32 `(frames, 1)`. Sound that stays under the ceiling gives ones.
    """
    frames = len(samples)
    starts = np.arange(0, frames, BLOCK)
    loudest = np.abs(samples).max(initial=0.0)
    if loudest <= ceiling:
        return np.ones((frames, 1), np.float32)
    peaks = np.maximum.reduceat(np.abs(samples), starts, axis=0).max(axis=1)
    ceiling *= 1 - 1e-6  # for what rounding adds
    needed = 20 * np.log10(ceiling / np.maximum(peaks, ceiling).astype(np.float64))
    held = _held(needed, round(HOLD * rate / BLOCK))
    risen = _risen(held, RELEASE * BLOCK / rate)
    gain = 10 ** (_risen(risen[::-1], ATTACK * BLOCK / rate)[::-1] / 20)
    # At its edges a block has the lower gain of the two that meet there: never too high within.
    edges = np.minimum(np.append(gain, gain[-1]), np.append(gain[0], gain))
    places = np.append(starts, starts[-1] + BLOCK)
    return np.asarray(np.interp(np.arange(frames), places, edges), np.float32)[:, None]


def _held(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The least of each value and the `count` before it, by doubling the stretch."""
    held, span = values.copy(), 1
    while span <= count:
        step = min(span, count + 1 - span)
        held[step:] = np.minimum(held[step:], held[:-step])
        span += step
    return held


def _risen(values: NDArray[np.float64], slope: float) -> NDArray[np.float64]:
    """The highest curve under `values` that rises by `slope` from one to the next at most."""
    line = slope * np.arange(len(values))
    return np.asarray(np.minimum.accumulate(values - line) + line)
