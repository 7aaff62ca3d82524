"""Notes from activations, where one voice sings, whistles or plays.

The pitch is a best path through the activations (Viterbi 1967): a change of pitch costs, so
that vibrato and slides stay one note, and nothing sounds at a pitch that overtones suggest for
a moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gan.listen.activations import PITCHES, Activations, Floats
from gan.listen.picking import Picked, Picking, onsets

REST = PITCHES
"""The state of a path in which nothing sounds."""

_FLOOR = 1e-3  # of an activation, so that its logarithm is finite


@dataclass(frozen=True)
class Following:
    """How a voice is followed; lengths in frames of 11.6 ms.

    change    cost of a change of pitch, in nats.
    rest      activation below which nothing sounds.
    smooth    frames over which activations are averaged first.
    nearby    frames within which an onset counts as that of a change of pitch.
    onset     activation that such an onset needs.
    again     when a pitch is taken to begin once more.
    """

    change: float = 3.0
    rest: float = 0.25
    smooth: int = 5
    nearby: int = 6
    onset: float = 0.2
    again: Picking = field(default_factory=lambda: Picking(onset=0.5))


def follow_voice(heard: Activations, how: Following | None = None) -> Picked:
    """One note at a time, in the form of `pick_notes`."""
    how = how or Following()
    path = best_path(_smooth(heard.note, how.smooth), change=how.change, rest=how.rest)
    edges = np.concatenate([[0], np.flatnonzero(np.diff(path)) + 1, [len(path)]]).tolist()
    rows: list[tuple[float, ...]] = []
    for begin, end in pairwise(edges):
        column = int(path[begin])
        if column == REST:
            continue
        begins = _begins(heard, column, begin, end, how)
        for first, last in zip(begins, [*begins[1:], end], strict=True):
            if last - first >= how.again.shortest:
                rows.append((first, last, column, float(heard.note[first:last, column].mean())))
    notes = np.array(rows, np.float64).reshape(-1, 4)
    notes[:-1, 1] = np.minimum(notes[:-1, 1], notes[1:, 0])
    return notes


def best_path(note: Floats, *, change: float, rest: float) -> NDArray[np.int64]:
    """The best pitch of each frame of `note` `(frame, 88)`, or `REST`.

    The sum of logarithms of activations, `rest` for silence, less `change` for every change.
    """
    silence = np.full((len(note), 1), np.log(rest), np.float32)
    gains = np.concatenate([np.log(note + _FLOOR), silence], axis=1).astype(np.float64)
    states = np.arange(PITCHES + 1)
    before = np.zeros(gains.shape, np.int64)
    score = np.zeros(PITCHES + 1)
    for frame, gain in enumerate(gains):
        best = int(score.argmax())
        stays = score >= score[best] - change
        before[frame] = np.where(stays, states, best)
        score = np.where(stays, score, score[best] - change) + gain
    path = np.empty(len(gains), np.int64)
    state = int(score.argmax())
    for frame in range(len(gains) - 1, -1, -1):
        path[frame] = state
        state = int(before[frame, state])
    return path


def _begins(heard: Activations, column: int, begin: int, end: int, how: Following) -> list[int]:
    """Where notes begin while the path stays on a pitch: at first, and where it is struck again.

    The first onset is put where it is heard, on that pitch or one beside it: voices slide in.
    """
    near = slice(max(0, begin - how.nearby), begin + how.nearby + 1)
    beside = heard.onset[near, max(0, column - 1) : column + 2].max(axis=1)
    at = int(beside.argmax())
    first = near.start + at if beside[at] > how.onset else begin
    window = slice(max(0, first - how.nearby), end + how.nearby)
    struck = window.start + onsets(
        heard.onset[window, column], heard.note[window, column], how.again
    )
    apart = how.again.apart
    return [first, *(int(one) for one in struck if first + apart < one < end - apart)]


def _smooth(values: Floats, frames: int) -> Floats:
    """The mean over so many frames (an odd number) around each."""
    half = frames // 2
    total = np.cumsum(np.pad(values, ((half + 1, half), (0, 0)), mode="edge"), axis=0, dtype=float)
    return np.asarray((total[frames:] - total[:-frames]) / frames, np.float32)
