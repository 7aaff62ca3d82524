"""Which notes may follow which, so that every sequence of decisions is a valid roll.

The rules are written with operators alone: they hold for NumPy arrays, with which the
sampler calls them a note at a time, and for tensors, with which training and the encoder
call them on whole phrases. Arguments are integers of any shape; the masks that come back
have one more axis, the choices.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gan.spec import RollSpec

Array = Any
NOTHING = -1  # as a pitch: no note has been written yet


class Grammar:
    """The rules for one spec, with its number of choices a decision in `sizes`."""

    def __init__(self, spec: RollSpec) -> None:
        self.spec = spec
        self.sizes = (spec.steps + 1, len(spec.tracks), spec.pitches, spec.steps)
        self.classes = tuple(np.arange(size, dtype=np.int32) for size in self.sizes)
        # A pitch from which the track has room for no further note on the same step.
        self.full_from = np.array(
            [0 if track.monophonic else spec.pitches - 1 for track in spec.tracks], np.int32
        )

    def _track_is_full(self, track: Array, pitch: Array) -> Array:
        """Whether the track can start no more notes on the step of this one."""
        full = pitch < NOTHING  # false, in the shape of the arguments
        for index, limit in enumerate(self.full_from):
            full = full | ((track == index) & (pitch >= int(limit)))
        return full

    def advance(self, step: Array, track: Array, pitch: Array) -> Array:
        """How many steps on: not past the end, and on only where this step is full."""
        last = (track == len(self.spec.tracks) - 1) & self._track_is_full(track, pitch)
        choice = self.classes[0]
        return (choice <= self.spec.steps - step[..., None]) & ((choice > 0) | ~last[..., None])

    def track(self, advance: Array, track: Array, pitch: Array) -> Array:
        """Which track: on the same step, this one if it has room, or a later one."""
        free = (advance > 0) | (pitch < 0)
        choice = self.classes[1]
        stays = (choice == track[..., None]) & ~self._track_is_full(track, pitch)[..., None]
        return free[..., None] | (choice > track[..., None]) | stays

    def pitch(self, advance: Array, track: Array, pitch: Array, chosen: Array) -> Array:
        """Which pitch: above the note before it, where that shares step and track."""
        same = (advance == 0) & (chosen == track) & (pitch >= 0)
        return (self.classes[2] > pitch[..., None]) | ~same[..., None]

    def duration(self, step: Array) -> Array:
        """How long less one step: to the end of the phrase at most; `step` is the note's own."""
        return self.classes[3] < self.spec.steps - step[..., None]
