"""Beats of a performance: positions between known beats, and beats estimated from onsets.

The estimate follows D. P. W. Ellis, "Beat Tracking by Dynamic Programming", Journal of New Music
Research 36(1), 2007, with the onsets of notes in place of those of sound: a tempo from the
autocorrelation of onsets, weighted towards 120 a minute, then the row of beats that falls on most
onsets and keeps nearest to that tempo.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan.errors import MidiError

Floats = npt.NDArray[np.float64]

RATE = 100  # frames a second
SECONDS_MAX = 1800.0
SLOWEST, FASTEST = 40.0, 240.0  # quarters a minute
_USUAL = 0.5  # seconds a beat that listeners prefer, all else being equal
_OCTAVES = 0.9  # standard deviation of that preference, in octaves
_NEAR = 0.1  # the same where the tempo is given
_STEADY = 6.0
"""What a beat that is twice too long or too short costs, in onsets of usual strength."""
_BLUR = 0.025  # seconds; hands that play together are so far apart


def beat_positions(seconds: npt.ArrayLike, beats: Floats) -> Floats:
    """Times in seconds as positions in beats, 0 at the first of `beats` (two or more, rising).

    Before the first and after the last beat the tempo goes on.
    """
    times = np.asarray(seconds, np.float64)
    position = np.interp(times, beats, np.arange(len(beats), dtype=np.float64))
    first, last = beats[1] - beats[0], beats[-1] - beats[-2]
    position += np.minimum(times - beats[0], 0) / first
    position += np.maximum(times - beats[-1], 0) / last
    return np.asarray(position)


def beat_seconds(positions: npt.ArrayLike, beats: Floats) -> Floats:
    """The inverse of `beat_positions`."""
    at = np.asarray(positions, np.float64)
    times = np.interp(at, np.arange(len(beats), dtype=np.float64), beats)
    times += np.minimum(at, 0) * (beats[1] - beats[0])
    times += np.maximum(at - (len(beats) - 1), 0) * (beats[-1] - beats[-2])
    return np.asarray(times)


def estimate_beats(
    onsets: Floats, weights: Floats | None = None, *, tempo: float | None = None
) -> Floats:
    """Times of the beats of a performance in seconds, two or more, from its onsets in seconds.

    `weights` say how much each onset counts; `tempo`, in beats a minute, is where to look for
    the tempo. Raises `MidiError` for fewer than two onsets, and beyond half an hour.
    """
    if len(onsets) < 2 or np.ptp(onsets) <= 0:
        raise MidiError("too few notes to hear beats in")
    begin, length = float(onsets.min()), float(np.ptp(onsets))
    if length > SECONDS_MAX:
        raise MidiError(f"longer than {SECONDS_MAX / 60:.0f} minutes")
    strength = _strength(onsets - begin, weights)
    period = _period(strength, tempo)
    frames = _row_of_beats(strength, period)
    if len(frames) < 2:
        frames = np.array([0, period])
    return np.asarray(begin + frames / RATE - _PAD)


_PAD = 1.0  # seconds before the first onset and after the last


def _strength(onsets: Floats, weights: Floats | None) -> Floats:
    """How strongly notes begin in each frame, its standard deviation 1."""
    count = int((float(onsets.max()) + 2 * _PAD) * RATE) + 1
    at = np.rint((onsets + _PAD) * RATE).astype(np.int64)
    counted = np.bincount(at, weights, minlength=count)[:count]
    reach = np.arange(-10, 11)
    blurred = np.convolve(np.sqrt(counted), np.exp(-0.5 * (reach / (_BLUR * RATE)) ** 2), "same")
    return np.asarray(blurred / max(float(blurred.std()), 1e-9))


def _period(strength: Floats, tempo: float | None) -> int:
    """Frames a beat."""
    lags = np.arange(int(60 * RATE / FASTEST), int(60 * RATE / SLOWEST) + 1)
    size = 1 << int(np.ceil(np.log2(2 * len(strength))))
    spectrum = np.abs(np.fft.rfft(strength - strength.mean(), size)) ** 2
    alike = np.fft.irfft(spectrum, size)
    alike = np.pad(alike[: len(strength)], (0, max(0, 3 * lags[-1] + 2 - len(strength))))
    # A beat repeats at its double and at its half as well (Ellis, equation 7).
    score = alike[lags] + 0.5 * alike[2 * lags] + 0.25 * (alike[2 * lags - 1] + alike[2 * lags + 1])
    usual, spread = (_USUAL, _OCTAVES) if tempo is None else (60 / tempo, _NEAR)
    preference = np.exp(-0.5 * (np.log2(lags / RATE / usual) / spread) ** 2)
    return int(lags[(np.maximum(score, 1e-9) * preference).argmax()])


def _row_of_beats(strength: Floats, period: int) -> npt.NDArray[np.int64]:
    """The frames of the beats: the row with the highest sum of strength less unsteadiness."""
    distance = np.arange(-2 * period, -period // 2 + 1)
    cost = _STEADY * np.log2(-distance / period) ** 2
    best = strength.copy()
    came_from = np.full(len(strength), -1, dtype=np.int64)
    for frame in range(period // 2, len(strength)):
        before = frame + distance
        inside = int(np.searchsorted(before, 0))
        if inside == len(before):
            continue
        reached = best[before[inside:]] - cost[inside:]
        leader = int(reached.argmax())
        if reached[leader] > 0:
            best[frame] += reached[leader]
            came_from[frame] = before[inside + leader]
    tail = max(0, len(best) - 2 * period)
    frames = [tail + int(best[tail:].argmax())]
    while came_from[frames[-1]] >= 0:
        frames.append(int(came_from[frames[-1]]))
    return np.array(frames[::-1], dtype=np.int64)
