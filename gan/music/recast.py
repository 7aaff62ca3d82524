"""A phrase with the pitches of another, or with its rhythm; what is kept is kept exactly.

Drums stay as they are. Notes of one track that begin together are called a chord here, also
where it is one note.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gan.music.rolls import Roll, notes_from_roll, roll_from_notes
from gan.spec import SOUNDING, RollSpec

Notes = NDArray[np.int32]
Chord = list[tuple[int, int]]  # pitch and end of each note, the lowest first


def with_pitches_of(roll: Roll, other: Roll, spec: RollSpec) -> Roll:
    """`roll` `(track, step, pitch, 2)` in its own rhythm, at the pitches that `other` has there.

    Each chord gets as many notes as it had: of the pitch classes that the same track of `other`
    sounds at that time, near to where it sounds them. A track that is silent in `other` stays.
    """
    tracks = []
    for index, notes in enumerate(notes_from_roll(roll, spec)):
        sounding = other[index, ..., SOUNDING] != 0
        steps = np.flatnonzero(sounding.any(axis=1))
        if spec.tracks[index].is_drum or not len(steps):
            tracks.append(notes)
            continue
        busy = np.zeros(spec.pitches, np.int64)  # until which step each pitch sounds
        fresh = []
        for start, chord in _chords(notes).items():
            there = np.flatnonzero(sounding[steps[np.abs(steps - start).argmin()]])
            for number, (_, end) in enumerate(chord):
                middle = there[(2 * number + 1) * len(there) // (2 * len(chord))]
                pitch = _nearest(int(middle), there, busy <= start)
                busy[pitch] = end
                fresh.append((start, end, pitch + spec.pitch_min))
        tracks.append(_as_notes(fresh))
    return roll_from_notes(tracks, spec)


def _nearest(middle: int, chord: NDArray[np.int64], free: NDArray[np.bool_]) -> int:
    """The free pitch nearest to `middle`, of the chord's pitch classes if there is one."""
    pitch = np.arange(len(free))
    strange = ~np.isin(pitch % 12, chord % 12)
    return int(np.lexsort((np.abs(pitch - middle), strange, ~free))[0])


def with_rhythm_of(roll: Roll, other: Roll, spec: RollSpec) -> Roll:
    """`roll` `(track, step, pitch, 2)` with its chords, in their order, in the rhythm of `other`.

    In each bar as many chords begin as before, at steps at which the same track of `other` begins
    something; where these are too few, at some of their own. A note that lasted until the next
    chord does so again; others keep their length where there is room.
    """
    tracks = []
    theirs = notes_from_roll(other, spec)
    for index, notes in enumerate(notes_from_roll(roll, spec)):
        if spec.tracks[index].is_drum:
            tracks.append(notes)
            continue
        chords = _chords(notes)
        own, steps = list(chords), list(_retimed(list(chords), list(_chords(theirs[index])), spec))
        fresh = []
        for number, (start, chord) in enumerate(chords.items()):
            now = steps[number]
            last = number + 1 == len(own)
            next_, room = (spec.steps, spec.steps) if last else (own[number + 1], steps[number + 1])
            for pitch, end in chord:
                until = room if end >= next_ else min(now + end - start, room)
                fresh.append((now, until, pitch))
        tracks.append(_as_notes(fresh))
    return roll_from_notes(tracks, spec)


def _retimed(own: list[int], theirs: list[int], spec: RollSpec) -> Iterator[int]:
    """As many steps in each bar as `own` has there, at those of `theirs` where they suffice."""
    for bar in range(spec.bars):
        first, end = bar * spec.steps_per_bar, (bar + 1) * spec.steps_per_bar
        mine, found = ([step for step in some if first <= step < end] for some in (own, theirs))
        count = len(mine)
        if len(found) > count:
            found = [found[k * len(found) // count] for k in range(count)]
        spare = [step for step in mine if step not in found]
        yield from sorted(found + spare[: count - len(found)])


def _chords(notes: Notes) -> dict[int, Chord]:
    """Notes `(n, 3)` of onset, end and pitch by the step at which they begin."""
    found: dict[int, Chord] = defaultdict(list)
    for start, end, pitch in sorted(map(tuple, notes.tolist()), key=lambda note: note[::2]):
        found[start].append((pitch, end))
    return dict(found)


def _as_notes(notes: list[tuple[int, int, int]]) -> Notes:
    return np.array(sorted(notes), np.int32).reshape(-1, 3)
