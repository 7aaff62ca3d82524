"""Notes on a step grid: the form between MIDI and rolls.

A `NoteArray` is int32 of shape `(n, 3)`: onset step, end step (exclusive) and MIDI pitch,
sorted by onset, then pitch. Steps count from the start of whatever the notes belong to
(a song or a phrase); with the default spec a step is a sixteenth.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

NoteArray = npt.NDArray[np.int32]

ONSET_COLUMN, END_COLUMN, PITCH_COLUMN = 0, 1, 2


def as_notes(rows: npt.ArrayLike) -> NoteArray:
    """Any `(n, 3)` rows as a sorted `NoteArray`; notes shorter than a step become one step."""
    notes = np.asarray(rows, dtype=np.int32).reshape(-1, 3).copy()
    notes[:, 1] = np.maximum(notes[:, 1], notes[:, 0] + 1)
    order: npt.NDArray[np.intp] = np.lexsort((notes[:, 2], notes[:, 0]))
    return notes[order]


def no_notes() -> NoteArray:
    """An empty `NoteArray`."""
    return np.zeros((0, 3), dtype=np.int32)


def monophonic(notes: NoteArray) -> NoteArray:
    """One note at a time: a note is cut at the next onset; of equal onsets the highest stays."""
    if len(notes) == 0:
        return notes
    order = np.lexsort((-notes[:, 2], notes[:, 0]))
    ranked = notes[order]
    first = np.ones(len(ranked), dtype=bool)
    first[1:] = ranked[1:, 0] != ranked[:-1, 0]
    kept = ranked[first]
    kept[:-1, 1] = np.minimum(kept[:-1, 1], kept[1:, 0])
    return kept


def without_overlaps(notes: NoteArray) -> NoteArray:
    """Notes of equal pitch do not overlap: each is cut at the next onset of its own pitch.

    Of notes with equal onset and pitch the longest stays.
    """
    if len(notes) == 0:
        return notes
    ranked = notes[np.lexsort((-notes[:, 1], notes[:, 0], notes[:, 2]))]
    same_pitch = ranked[1:, 2] == ranked[:-1, 2]
    first = np.ones(len(ranked), dtype=bool)
    first[1:] = ~(same_pitch & (ranked[1:, 0] == ranked[:-1, 0]))
    kept = ranked[first]
    following = np.where(
        kept[1:, 2] == kept[:-1, 2], kept[1:, 0], np.iinfo(np.int32).max
    )
    kept[:-1, 1] = np.minimum(kept[:-1, 1], following)
    return as_notes(kept)


def fold_pitches(notes: NoteArray, *, pitch_min: int, pitches: int) -> NoteArray:
    """Move notes outside `[pitch_min, pitch_min + pitches)` by octaves into it.

    Below an octave of range some pitch classes have no place; those notes are dropped.
    """
    folded = notes.copy()
    pitch = folded[:, 2]
    top = pitch_min + pitches - 1
    up = np.maximum(0, -((pitch - pitch_min) // 12)) * 12
    down = np.maximum(0, -((top - pitch) // 12)) * 12
    folded[:, 2] = pitch + up - down
    inside = (folded[:, 2] >= pitch_min) & (folded[:, 2] <= top)
    return as_notes(folded[inside])


def window(notes: NoteArray, start: int, end: int) -> NoteArray:
    """Notes that begin in `[start, end)`, counted from `start` and cut at `end`.

    A note that began earlier is left out: a cell may sound only if its onset was seen, and
    striking it again at the window's start would invent an onset on the downbeat.
    """
    inside = (notes[:, 0] >= start) & (notes[:, 0] < end)
    cut = notes[inside]
    cut[:, 1] = np.minimum(cut[:, 1], end)
    cut[:, :2] -= start
    return cut


def transpose(notes: NoteArray, semitones: int) -> NoteArray:
    """Every pitch moved by `semitones`; pitches may leave MIDI's range (see `fold_pitches`)."""
    moved = notes.copy()
    moved[:, 2] += semitones
    return moved
