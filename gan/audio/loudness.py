"""Loudness of a sound: ITU-R BS.1770-4, in LUFS (0 is a full-scale tone in both channels).

The K-weighting (a high shelf and a high pass) is applied to the power spectrum of each
400 ms block instead of to the waveform: the same figure without SciPy, whose filters take a
second to import. Blocks overlap by half.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_BLOCK = 0.4  # seconds
_ABSOLUTE_GATE = -70.0  # LUFS
_RELATIVE_GATE = -10.0  # LU under the mean of what passes the absolute gate
_OFFSET = -0.691
# Coefficients (b, a) at 48 kHz, BS.1770-4 tables 1 and 2.
_SHELF = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285),
    (-1.69065929318241, 0.73248077421585),
)
_HIGH_PASS = ((1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621))


def loudness(samples: NDArray[np.float32], *, rate: int) -> float:
    """Gated loudness of `(frames, channel)` in LUFS; minus infinity for silence."""
    power = _block_power(samples, rate)
    with np.errstate(divide="ignore"):
        levels = _OFFSET + 10 * np.log10(power)
        power = power[levels > _ABSOLUTE_GATE]
        if not power.size:
            return float("-inf")
        gate = _OFFSET + 10 * np.log10(power.mean()) + _RELATIVE_GATE
    power = power[_OFFSET + 10 * np.log10(power) > gate]
    return float(_OFFSET + 10 * np.log10(power.mean()))


def _block_power(samples: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """K-weighted mean square of each block, summed over the channels."""
    size = round(_BLOCK * rate)
    if len(samples) < size:
        samples = np.pad(samples, ((0, size - len(samples)), (0, 0)))
    starts = range(0, len(samples) - size + 1, size // 2)  # an incomplete block is left out
    blocks = np.stack([samples[start : start + size] for start in starts])
    spectrum = np.abs(np.fft.rfft(blocks, axis=1)) ** 2
    spectrum[:, 1 : (size + 1) // 2] *= 2  # the negative frequencies
    weighted = spectrum * _k_weight(np.fft.rfftfreq(size, 1 / rate))[None, :, None]
    return np.asarray(weighted.sum(axis=(1, 2), dtype=np.float64) / size**2)


def _k_weight(frequencies: NDArray[Any]) -> NDArray[np.float64]:
    """Power response of the K-weighting at `frequencies` in hertz."""
    z = np.exp(-2j * np.pi * frequencies / 48000)
    response = np.ones_like(z)
    for (b0, b1, b2), (a1, a2) in (_SHELF, _HIGH_PASS):
        response *= (b0 + b1 * z + b2 * z**2) / (1 + a1 * z + a2 * z**2)
    return np.asarray(np.abs(response) ** 2)
