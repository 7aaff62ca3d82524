"""Built-in tones: the sound of last resort, where FluidSynth is not installed.

Pitched instruments are pretty_midi's `synthesize` with a few harmonics; it leaves drums
silent, so they are short bursts of noise, lower for lower notes. Seeded: two calls give the
same bits.
"""

from __future__ import annotations

import numpy as np
import pretty_midi
from numpy.typing import NDArray

_HARMONICS = (1.0, 0.5, 0.25, 0.12)
_LEVEL = 0.1 / 127  # pretty_midi's amplitudes are velocities, 1 to 127


def render_tones(
    instrument: pretty_midi.Instrument, *, rate: int, frames: int
) -> NDArray[np.float32]:
    """Render one instrument with built-in tones: float32 `(frames, 2)`."""
    if instrument.is_drum:
        mono = _drums(instrument, rate=rate, frames=frames)
    elif instrument.notes:
        mono = instrument.synthesize(fs=rate, wave=_wave)
    else:
        mono = np.zeros(0)
    out = np.zeros((frames, 2), np.float32)
    used = min(frames, len(mono))
    out[:used] = (mono[:used] * _LEVEL)[:, None]
    return out


def _wave(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """A soft tone with a few harmonics; `phase` in radians."""
    parts = (level * np.sin((i + 1) * phase) for i, level in enumerate(_HARMONICS))
    return np.asarray(sum(parts))


def _drums(instrument: pretty_midi.Instrument, *, rate: int, frames: int) -> NDArray[np.float64]:
    """Noise bursts of 0.15 s, smoothed the more the lower the drum."""
    mono = np.zeros(frames)
    size = round(0.15 * rate)
    decay = np.exp(-np.arange(size) / (0.03 * rate))
    noise = np.random.default_rng(0).standard_normal(size + 64)
    for note in instrument.notes:
        start = round(note.start * rate)
        width = int(np.clip(60 - note.pitch, 1, 40))  # of the smoothing, in frames
        burst = np.convolve(noise, np.ones(width) / width**0.5, "same")[:size]
        used = min(size, frames - start)
        if used > 0:
            mono[start : start + used] += note.velocity * (decay * burst)[:used]
    return mono
