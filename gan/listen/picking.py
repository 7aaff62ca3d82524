"""Notes from activations, where several may sound at once.

After Bittner et al. (ICASSP 2022): an onset is a peak of its activation in time; its note lasts
until the activation of the note has fallen for longer than a moment; short ones are dropped.
Besides, an onset has to be borne out by the note: what sounds on while others are struck has
peaks too, and was most of what was heard wrongly on phrases rendered for tuning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gan.listen.activations import Activations, Floats

Picked = NDArray[np.float64]
"""`(n, 4)`: first frame, end frame (exclusive), column of the pitch, mean activation;
sorted by frame, then pitch."""

Frames = NDArray[np.int64]

_BEFORE = (-6, -1)  # frames from an onset, of which the activation of the note is compared
_AFTER = (2, 10)


@dataclass(frozen=True)
class Picking:
    """Where notes are seen. Activations are from 0 to 1, lengths in frames of 11.6 ms.

    onset     activation of an onset that a peak needs at least.
    evidence  what that and half the rise of the note's activation come to at least.
    note      activation below which a note does not sound.
    gap       frames for which it may be below and the note goes on.
    shortest  frames that a note needs.
    apart     frames between two onsets of one pitch.
    """

    onset: float = 0.35
    evidence: float = 0.75
    note: float = 0.35
    gap: int = 11
    shortest: int = 6
    apart: int = 5


def pick_notes(heard: Activations, how: Picking | None = None) -> Picked:
    """The notes of all pitches."""
    how = how or Picking()
    found = [
        _of_pitch(heard.onset[:, k], heard.note[:, k], k, how)
        for k in np.flatnonzero((heard.onset > how.onset).any(axis=0)).tolist()
    ]
    notes = np.concatenate([np.zeros((0, 4)), *found])
    return notes[np.lexsort((notes[:, 2], notes[:, 0]))]


def onsets(onset: Floats, note: Floats, how: Picking) -> Frames:
    """The frames at which notes of one pitch begin, by its activations `(frame,)`."""
    found = peaks(onset, how.onset, how.apart)
    total = np.concatenate([[0.0], np.cumsum(note, dtype=np.float64)])

    def mean(window: tuple[int, int]) -> NDArray[np.float64]:
        first, last = (np.clip(found + side, 0, len(note)) for side in window)
        return np.asarray((total[last] - total[first]) / np.maximum(last - first, 1))

    rise = mean(_AFTER) - mean(_BEFORE)
    return found[onset[found] + rise / 2 > how.evidence]


def peaks(curve: Floats, threshold: float, apart: int) -> Frames:
    """Frames of the peaks over `threshold`; of two nearer than `apart` the higher one."""
    padded = np.pad(curve, 1, constant_values=-np.inf)
    high = (curve > threshold) & (curve >= padded[:-2]) & (curve > padded[2:])
    kept: list[int] = []
    for at in np.flatnonzero(high).tolist():
        if kept and at - kept[-1] < apart:
            kept[-1] = max(kept[-1], at, key=lambda frame: float(curve[frame]))
        else:
            kept.append(at)
    return np.array(kept, np.int64)


def _of_pitch(onset: Floats, note: Floats, column: int, how: Picking) -> Picked:
    """The notes of one pitch: each ends where its sound does, or at the next onset."""
    begins = onsets(onset, note, how)
    ends = np.minimum(_silent_from(note, begins, how), np.append(begins[1:], len(note)))
    rows = [
        (begin, end, column, float(note[begin:end].mean()))
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)
        if end - begin >= how.shortest
    ]
    return np.array(rows, np.float64).reshape(-1, 4)


def _silent_from(note: Floats, begins: Frames, how: Picking) -> Frames:
    """The frame at which what sounds at each of `begins` has ended; itself where nothing does."""
    sounds = np.flatnonzero(note > how.note)
    if not len(sounds):
        return begins
    last = np.append(np.flatnonzero(np.diff(sounds) > how.gap), len(sounds) - 1)
    following = np.minimum(np.searchsorted(sounds, begins), len(sounds) - 1)
    ends = sounds[last[np.searchsorted(last, following)]] + 1
    wait = sounds[following] - begins
    return np.where((wait < 0) | (wait > how.gap), begins, ends)
