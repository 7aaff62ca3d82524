"""Notes written or erased by hand, on top of a roll that may change under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from msgspec import Meta

from gan.music.rolls import Roll, notes_from_roll
from gan.spec import ONSET, SOUNDING, RollSpec

Index = Annotated[int, Meta(ge=0, le=9999)]


@dataclass(frozen=True)
class Edit:
    """One stroke: a note written (`on`) or cells cleared.

    `track` and `pitch` are indices of the roll; steps `start` to `end` (exclusive).
    """

    track: Index
    pitch: Index
    start: Index
    end: Index
    on: bool = True


def fits(edit: Edit, spec: RollSpec) -> bool:
    """Whether a stroke lies within the roll."""
    return (
        0 <= edit.track < len(spec.tracks)
        and 0 <= edit.pitch < spec.pitches
        and 0 <= edit.start < edit.end <= spec.steps
    )


def with_edits(roll: Roll, edits: Sequence[Edit], spec: RollSpec) -> Roll:
    """`roll` `(track, step, pitch, 2)` after the strokes, in their order.

    A written note takes the place of what its pitch, or its whole monophonic track, had
    there. Strokes that lie outside of the roll, of another generator say, are passed over.
    """
    if not edits:
        return roll
    result = roll.copy()
    for edit in edits:
        if not fits(edit, spec):
            continue
        track, cells = spec.tracks[edit.track], result[edit.track]
        end = edit.start + 1 if track.is_drum else edit.end
        alone = edit.on and track.monophonic
        pitches = slice(None) if alone else slice(edit.pitch, edit.pitch + 1)
        cells[edit.start : end, pitches] = 0
        if edit.on:
            cells[edit.start : end, edit.pitch, SOUNDING] = 1
            cells[edit.start, edit.pitch, ONSET] = 1
            # What sounded on after the new note would be held by it.
            after = cells[end : end + 1, edit.pitch]
            after[(after[:, SOUNDING] == 1) & (after[:, ONSET] == 0)] = 0
    return without_orphans(result)


def strokes_between(roll: Roll, wanted: Roll, spec: RollSpec) -> tuple[Edit, ...]:
    """The strokes after which `roll` is `wanted`, both valid and `(track, step, pitch, 2)`.

    Notes that only `roll` has are erased first, then those that only `wanted` has are written.
    """
    erased: list[Edit] = []
    written: list[Edit] = []
    both = zip(notes_from_roll(roll, spec), notes_from_roll(wanted, spec), strict=True)
    for track, (before, after) in enumerate(both):
        here, there = set(map(tuple, before.tolist())), set(map(tuple, after.tolist()))
        for on, notes, strokes in ((False, here - there, erased), (True, there - here, written)):
            strokes += [
                Edit(track, pitch - spec.pitch_min, onset, end, on)
                for onset, end, pitch in sorted(notes)
            ]
    return (*erased, *written)


def without_orphans(roll: Roll) -> Roll:
    """`roll` without cells that sound though no onset led to them."""
    result = roll.copy()
    before = np.zeros_like(result[:, 0, :, SOUNDING])
    for step in range(result.shape[1]):
        before = result[:, step, :, SOUNDING] & (result[:, step, :, ONSET] | before)
        result[:, step, :, SOUNDING] = before
    return result
