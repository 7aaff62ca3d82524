"""Rolls as sequences of notes, the form in which the transformer reads and writes them.

A phrase's notes stand in order of step, then track, then pitch. Note i is told from the one
before it in four decisions: how many steps later it begins, in which track, at which pitch
and for how long. Stepping to the end of the phrase ends it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan.music.rolls import Roll, packed_rolls, unpack
from gan.spec import ONSET, SOUNDING, RollSpec

Ints = npt.NDArray[np.int32]

DECISIONS = ("advance", "track", "pitch", "duration")


@dataclass(frozen=True)
class Events:
    """Notes of `n` phrases, each array int32 `(n, length)`, phrases padded at the end.

    `step` counts from the start of the phrase; padding stands at the step of its end.
    `pitch` is an index into the spec's range, `duration` in steps, at least 1.
    """

    step: Ints
    track: Ints
    pitch: Ints
    duration: Ints

    def __len__(self) -> int:
        return len(self.step)

    def count(self, spec: RollSpec) -> npt.NDArray[np.int64]:
        """Notes in each phrase, `(n,)`."""
        return np.asarray((self.step < spec.steps).sum(axis=1), np.int64)

    def before(self, step: int, spec: RollSpec) -> Events:
        """The notes that begin before a step, the others turned into padding."""
        keep = self.step < step
        ends = np.minimum(self.duration, np.maximum(step - self.step, 1))
        return Events(
            np.where(keep, self.step, spec.steps).astype(np.int32),
            np.where(keep, self.track, 0).astype(np.int32),
            np.where(keep, self.pitch, 0).astype(np.int32),
            np.where(keep, ends, 1).astype(np.int32),
        )


def columns_of(events: Events) -> tuple[Ints, Ints, Ints, Ints]:
    """Step, track, pitch and duration."""
    return events.step, events.track, events.pitch, events.duration


def begun_in(events: Events, cells: npt.NDArray[np.bool_], spec: RollSpec) -> Events:
    """The notes that begin in `cells` `(track, step)`; a phrase at least ends in padding."""
    inside = events.step < spec.steps
    keep = inside & cells[events.track, np.minimum(events.step, spec.steps - 1)]
    length = int(keep.sum(axis=1).max(initial=0)) + 1
    phrase, _ = np.nonzero(keep)
    counts = keep.sum(axis=1)
    place = np.arange(len(phrase)) - np.repeat(np.cumsum(counts) - counts, counts)
    found = [np.full((len(events), length), fill, np.int32) for fill in (spec.steps, 0, 0, 1)]
    for column, values in zip(found, columns_of(events), strict=True):
        column[phrase, place] = values[keep]
    return Events(*found)


def events_of_rolls(rolls: Roll, spec: RollSpec, *, multiple_of: int = 1) -> Events:
    """The notes of valid rolls `(n, track, step, pitch, 2)`.

    The length is one more than the longest phrase has notes, so that every phrase ends in
    padding, rounded up to `multiple_of`.
    """
    onset = rolls[..., ONSET] != 0
    goes_on = (rolls[..., SOUNDING] != 0) & ~onset
    # For each cell, over how many later steps its note goes on; from the last step back.
    tail = np.zeros(onset.shape, np.int16)
    for at in range(spec.steps - 2, -1, -1):
        tail[:, :, at] = np.where(goes_on[:, :, at + 1], 1 + tail[:, :, at + 1], 0)
    phrase, step, track, pitch = np.nonzero(onset.transpose(0, 2, 1, 3))
    duration = 1 + tail[phrase, track, step, pitch]
    counts = np.bincount(phrase, minlength=len(rolls))
    length = int(counts.max(initial=0)) + 1
    length += -length % multiple_of
    place = np.arange(len(phrase)) - np.repeat(np.cumsum(counts) - counts, counts)
    empty = np.zeros((len(rolls), length), np.int32)
    found = Events(empty + np.int32(spec.steps), empty.copy(), empty.copy(), empty + np.int32(1))
    for array, values in zip(
        (found.step, found.track, found.pitch, found.duration),
        (step, track, pitch, duration),
        strict=True,
    ):
        array[phrase, place] = values
    return found


def rolls_of_events(events: Events, spec: RollSpec) -> Roll:
    """The inverse: uint8 0/1 `(n, track, step, pitch, 2)`; overlaps are cut as in any roll."""
    phrase, place = np.nonzero(events.step < spec.steps)
    step, track = events.step[phrase, place], events.track[phrase, place]
    end = step + events.duration[phrase, place]
    pitch = events.pitch[phrase, place] + spec.pitch_min
    parts = []
    for index in range(len(spec.tracks)):
        chosen = track == index
        notes = np.stack([step[chosen], end[chosen], pitch[chosen]], axis=1)
        order = np.lexsort((notes[:, 2], notes[:, 0], phrase[chosen]))
        parts.append((phrase[chosen][order], notes[order].astype(np.int32)))
    bits, _ = packed_rolls(parts, spec, count=len(events))
    return unpack(bits, spec)
