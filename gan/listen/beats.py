"""Beats and tempo, from when notes begin.

The tempo is the one at whose beats, eighths and sixteenths most of the onsets lie: a Fourier
transform of the onsets, weighted towards usual tempi as people hear them (van Noorden and
Moelants 1999 put the preferred beat near 120 a minute). Playing that does not keep that grid
gets beats of its own by dynamic programming (Ellis, "Beat Tracking by Dynamic Programming",
2007). The bar line is taken to be at that beat of four on which long and low notes begin most;
the first onset counts for more than others, here and for where beats lie.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]

SLOWEST, FASTEST = 50.0, 200.0  # beats a minute that are considered
BEATS_PER_BAR = 4
_USUAL = 115.0  # beats a minute, most preferred
_SPREAD = 0.55  # octaves: how far from it tempi are preferred nearly as much
_LEVELS = ((1, 0.4), (2, 0.7), (4, 1.0))  # parts of a beat, and what onsets there count
_STEADY = 0.16  # of a sixteenth: mean distance of onsets from a grid that they keep
_FIRST = 0.03  # seconds within which onsets are the first one
_OPENS_BEAT = 0.3  # of all accents: what the first onset adds to its own place within a beat
_OPENS_BAR = 0.5  # of the strongest accent: what it adds to its beat, as music mostly opens a bar
_RATE = 250.0  # frames a second of the onset curve
_FINE = 16  # how much finer steps of tempo are than one turn over the whole file
_TIGHT = 100.0  # how much uneven beats cost in dynamic programming (Ellis has 100)


@dataclass(frozen=True, eq=False)
class Beats:
    """Where beats lie.

    times       of all beats in seconds, in order; the first one begins a bar. They span the music.
    confidence  from 0 to 1: how much nearer to sixteenths onsets lie than by chance.
    """

    times: Times
    confidence: float

    @property
    def tempo(self) -> float:
        """Beats a minute, on average."""
        return float(60.0 * (len(self.times) - 1) / (self.times[-1] - self.times[0]))


def find_beats(notes: Times, *, tempo: float | None = None) -> Beats:
    """The beats of notes `(n, 4)`: start and end in seconds, pitch, velocity; one at least.

    `tempo`, in beats a minute, is taken as it is where it is given, and kept throughout.
    """
    starts, weights = notes[:, 0], _accents(notes)
    found = _tempo(starts, weights) if tempo is None else tempo
    found, phase = _fitted(starts, weights, found, free=tempo is None)
    beats = _grid(starts, 60.0 / found, phase)
    if tempo is None and _off_grid(starts, beats) > _STEADY and len(starts) > BEATS_PER_BAR:
        beats = _followed(starts, weights, 60.0 / found)
    beats = _from_bar_line(notes, beats)
    return Beats(beats, _confidence(starts, beats))


def even_beats(notes: Times, *, tempo: float, first_beat: float) -> Beats:
    """Beats at `tempo` a minute, with a bar line at `first_beat` seconds, as far as notes reach."""
    period, starts = 60.0 / tempo, notes[:, 0]
    bars = np.floor((starts.min() + period / 8 - first_beat) / (period * BEATS_PER_BAR))
    begin = first_beat + bars * BEATS_PER_BAR * period
    count = int(np.ceil((starts.max() - begin) / period)) + 2
    times = begin + period * np.arange(count)
    return Beats(times, _confidence(starts, times))


def shifted(beats: Beats, by: int) -> Beats:
    """The same beats with the bar line `by` beats later (earlier where it is negative)."""
    by %= BEATS_PER_BAR
    if not by:
        return beats
    step = beats.times[1] - beats.times[0]
    earlier = beats.times[0] - step * np.arange(BEATS_PER_BAR - by, 0, -1)
    return Beats(np.concatenate([earlier, beats.times]), beats.confidence)


def _accents(notes: Times) -> Times:
    """How much notes count for beats: long ones more, and low ones up to twice as much."""
    length = np.minimum(notes[:, 1] - notes[:, 0], 1.0)
    return np.asarray(length * np.interp(notes[:, 2], [36, 72], [2.0, 1.0]))


def _tempo(starts: Times, weights: Times) -> float:
    """Beats a minute. Steps of tempo are so fine that a whole file stays in phase."""
    frames = np.rint((starts - starts.min()) * _RATE).astype(int)
    size = 1 << int(np.ceil(np.log2(_FINE * max(frames.max() + 1, _RATE))))
    strength = np.abs(np.fft.rfft(np.bincount(frames, weights), size))
    bins = np.arange(int(SLOWEST / 60 / _RATE * size), int(FASTEST / 60 / _RATE * size) + 1)
    total = sum(gain * strength[parts * bins] for parts, gain in _LEVELS)
    octaves = np.log2(60 * bins * _RATE / size / _USUAL)
    best = bins[int(np.argmax(total * np.exp(-0.5 * (octaves / _SPREAD) ** 2)))]
    return float(60 * best * _RATE / size)


def _fitted(starts: Times, weights: Times, tempo: float, *, free: bool) -> tuple[float, float]:
    """Tempo, fitted where it is `free`, and the time of one beat in seconds.

    The line through onsets and the sixteenths nearest to them, by least squares.
    """
    period = 60.0 / tempo
    opening = starts < starts.min() + _FIRST
    pull = weights + opening * (_OPENS_BEAT * weights.sum() / opening.sum())
    candidates = period * np.arange(64) / 64
    fit = np.zeros(64)
    for parts, gain in _LEVELS:
        turns = 2j * np.pi * parts / period
        fit += gain * (np.exp(-turns * candidates) * (pull @ np.exp(turns * starts))).real
    phase = float(candidates[int(np.argmax(fit))])
    for _ in range(3):
        steps = np.rint(4 * (starts - phase) / period) / 4
        if free and np.ptp(steps) >= BEATS_PER_BAR:
            period, phase = (float(one) for one in np.polyfit(steps, starts, 1, w=weights))
        else:
            phase += float(np.average(starts - phase - period * steps, weights=weights))
    return 60.0 / period, phase


def _grid(starts: Times, period: float, phase: float) -> Times:
    """Even beats from the last one at or before the first onset to one after the last onset."""
    tolerance = period / 8
    first = np.floor((starts.min() + tolerance - phase) / period)
    last = np.ceil((starts.max() - phase) / period) + 1
    return phase + period * np.arange(first, last + 1)


def _off_grid(starts: Times, beats: Times) -> float:
    """Mean distance of onsets from the nearest sixteenth, in sixteenths: 0.25 by chance."""
    steps = 4 * np.interp(starts, beats, np.arange(len(beats)))
    return float(np.abs(steps - np.rint(steps)).mean())


def _confidence(starts: Times, beats: Times) -> float:
    return float(np.clip(1 - 4 * _off_grid(starts, beats), 0.0, 1.0))


def _followed(starts: Times, weights: Times, period: float) -> Times:
    """Beats that follow the playing, at about `period` seconds, by dynamic programming."""
    length = int((starts.max() - starts.min() + 2 * period) * _RATE) + 1
    begin = starts.min() - period / 2
    curve = np.zeros(length)
    np.add.at(curve, np.rint((starts - begin) * _RATE).astype(int), weights)
    width = np.arange(-20, 21)
    curve = np.convolve(curve, np.exp(-0.5 * (width / 8.0) ** 2), "same")
    curve /= max(float(curve.std()), 1e-9)
    frames = period * _RATE
    back = np.arange(max(1, round(frames / 2)), round(2 * frames) + 1)
    cost = _TIGHT * np.log(back / frames) ** 2
    score, before = curve.copy(), np.full(length, -1)
    for frame in range(int(back[0]), length):
        reach = back[back <= frame]
        values = score[frame - reach] - cost[: len(reach)]
        best = int(values.argmax())
        if values[best] > 0:
            score[frame] += values[best]
            before[frame] = frame - reach[best]
    last = max(0, length - round(frames))
    path = [last + int(score[last:].argmax())]
    while before[path[-1]] >= 0:
        path.append(int(before[path[-1]]))
    times = begin + np.array(path[::-1]) / _RATE
    return _spanning(times, starts, period)


def _spanning(times: Times, starts: Times, period: float) -> Times:
    """Beats with more before and after, so that no onset lies outside."""
    before = int(max(0, np.ceil((times[0] - starts.min() - period / 8) / period)))
    after = int(max(0, np.ceil((starts.max() - times[-1]) / period))) + 1
    return np.concatenate(
        [
            times[0] - period * np.arange(before, 0, -1),
            times,
            times[-1] + period * np.arange(1, after + 1),
        ]
    )


def _from_bar_line(notes: Times, beats: Times) -> Times:
    """Beats from the bar line at or before the first onset."""
    place = np.interp(notes[:, 0], beats, np.arange(len(beats)))
    on = np.abs(place - np.rint(place)) < 1 / 8
    beat = np.rint(place[on]).astype(int)
    accent = np.bincount(beat % BEATS_PER_BAR, _accents(notes[on]), minlength=BEATS_PER_BAR)
    accent[int(np.rint(place.min())) % BEATS_PER_BAR] += _OPENS_BAR * accent.max()
    first = int(accent.argmax())
    missing = (-first) % BEATS_PER_BAR
    step = beats[1] - beats[0]
    return np.concatenate([beats[0] - step * np.arange(missing, 0, -1), beats])
