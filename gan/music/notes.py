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
    place = notes[:, 0].astype(np.int64) * 256 + notes[:, 2]
    if (place[1:] >= place[:-1]).all():
        return notes
    return notes[np.argsort(place, kind="stable")]


def no_notes() -> NoteArray:
    """An empty `NoteArray`."""
    return np.zeros((0, 3), dtype=np.int32)


def monophonic(notes: NoteArray) -> NoteArray:
    """One note at a time: a note is cut at the next onset; of equal onsets the highest stays.

    Of notes with equal onset and pitch the longest stays.
    """
    return keep_monophonic(np.zeros(len(notes), dtype=np.int64), notes)[1]


def without_overlaps(notes: NoteArray) -> NoteArray:
    """Notes of equal pitch do not overlap: each is cut at the next onset of its own pitch.

    Of notes with equal onset and pitch the longest stays.
    """
    return as_notes(keep_apart(np.zeros(len(notes), dtype=np.int64), notes)[1])


Groups = npt.NDArray[np.int64]
"""For each note the phrase that it is in, so that many phrases are handled at once."""


def keep_monophonic(groups: Groups, notes: NoteArray) -> tuple[Groups, NoteArray]:
    """`monophonic` within each group: the notes that stay, cut, and their groups."""
    if len(notes) == 0:
        return groups, notes
    first_step, span = _extent(notes)
    moment = groups * span + (notes[:, 0] - first_step)
    highest_first = moment * 256 + (255 - notes[:, 2])
    order = np.argsort(highest_first * span - notes[:, 1])
    groups, notes, moment = groups[order], notes[order], moment[order]
    first = _is_new(moment)
    groups, kept = groups[first], notes[first]
    _cut_at_next(kept, np.diff(groups) == 0)
    return groups, kept


def keep_apart(groups: Groups, notes: NoteArray) -> tuple[Groups, NoteArray]:
    """`without_overlaps` within each group: the notes that stay, cut, and their groups.

    They come sorted by group, pitch and onset.
    """
    if len(notes) == 0:
        return groups, notes
    first_step, span = _extent(notes)
    lane = groups * 256 + notes[:, 2]
    moment = lane * span + (notes[:, 0] - first_step)
    order = np.argsort(moment * span - notes[:, 1])
    groups, notes, lane, moment = groups[order], notes[order], lane[order], moment[order]
    first = _is_new(moment)
    groups, kept = groups[first], notes[first]
    _cut_at_next(kept, np.diff(lane[first]) == 0)
    return groups, kept


def _extent(notes: NoteArray) -> tuple[int, int]:
    """The first onset (negative before the first bar) and more than all ends lie after it."""
    first_step = int(notes[:, 0].min())
    return first_step, int(notes[:, 1].max()) - first_step + 1


def _is_new(values: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Where sorted values differ from the one before."""
    new = np.ones(len(values), dtype=bool)
    new[1:] = values[1:] != values[:-1]
    return new


def _cut_at_next(notes: NoteArray, related: npt.NDArray[np.bool_]) -> None:
    """End each note at the next one's onset at the latest, where the two are `related`."""
    latest = np.where(related, notes[1:, 0], np.iinfo(np.int32).max)
    notes[:-1, 1] = np.minimum(notes[:-1, 1], latest)


def fold_pitches(
    pitch: npt.NDArray[np.int32], *, pitch_min: int, pitches: int
) -> npt.NDArray[np.int32]:
    """Pitches outside `[pitch_min, pitch_min + pitches)` moved by octaves towards it.

    They end inside wherever the range is an octave or more.
    """
    top = pitch_min + pitches - 1
    up = np.maximum(0, -((pitch - pitch_min) // 12)) * 12
    down = np.maximum(0, -((top - pitch) // 12)) * 12
    return np.asarray(pitch + up - down, dtype=np.int32)


def windows(
    notes: NoteArray, begins: npt.NDArray[np.int64], *, length: int
) -> tuple[Groups, NoteArray]:
    """The notes that begin in each window `[begin, begin + length)`, and which window it is.

    Steps count from the window's start; ends are cut at its end. A note that began earlier
    is left out: a cell may sound only if its onset was seen, and striking it again at the
    window's start would invent an onset on the downbeat. Windows may overlap.
    """
    first = np.searchsorted(notes[:, 0], begins)
    count = np.searchsorted(notes[:, 0], begins + length) - first
    groups = np.repeat(np.arange(len(begins)), count)
    within = np.arange(len(groups)) - np.repeat(np.cumsum(count) - count, count)
    cut = notes[np.repeat(first, count) + within]
    cut[:, :2] -= begins[groups, None].astype(np.int32)
    cut[:, 1] = np.minimum(cut[:, 1], length)
    return groups, cut


def transpose(notes: NoteArray, semitones: int) -> NoteArray:
    """Every pitch moved by `semitones`; pitches may leave MIDI's range (see `fold_pitches`)."""
    moved = notes.copy()
    moved[:, 2] += semitones
    return moved
