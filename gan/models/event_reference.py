"""Writing that keeps to notes that are there.

A note that falls out differently sends all that follow elsewhere, for each is decided given those
before it. So each decision leans to the next note of a reference phrase: to its step, track,
pitch and length in turn. Next means after the place, in steps, tracks and pitches, that the
writing has reached; so one note more or less, and the writing is back with its reference at the
following one. A lean is a number of nats on the logit of that one choice: what the model is surer
of than this it decides as ever.

What writes the reference itself still does, however strong the lean: raising the chance of the
choice that was taken widens its own quantile to either side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gan.music.events import Events
from gan.spec import RollSpec

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class Reference:
    """Phrases to keep to, one a row, as they were written, with a weight in nats."""

    def __init__(self, events: Events, weight: float, spec: RollSpec) -> None:
        self.weight = np.float32(weight)
        self.sizes = (len(spec.tracks), spec.pitches)
        # The padding at the end stands behind all places.
        self.notes = [
            np.asarray(values, np.int64)
            for values in (events.step, events.track, events.pitch, events.duration)
        ]
        self.places = self.place(*self.notes[:3])

    def place(self, step: Ints, track: Ints, pitch: Ints) -> Ints:
        """The order of notes as one number."""
        tracks, pitches = self.sizes
        return np.asarray((step * tracks + track) * pitches + pitch, np.int64)

    def tilted(self, logits: Floats, rows: Ints, last: list[Ints], decided: list[Ints]) -> Floats:
        """Logits `(row, choice)` of the next decision about a note, leaning to the reference.

        `rows` names the phrases; `last` is step, track and pitch of the note before, the pitch
        negative where there is none; `decided` what has been decided of this one, in that order.
        """
        step, track, pitch = last
        which, row = len(decided), np.arange(len(rows))
        after = np.where(pitch < 0, -1, self.place(step, track, pitch)) + 1
        if decided:
            zeros = [np.zeros_like(step)] * (3 - which)
            after = np.maximum(after, self.place(*decided, *zeros))
        places = self.places[rows]
        at = np.minimum((places < after[:, None]).sum(axis=1), places.shape[1] - 1)
        note = [values[rows, at] for values in self.notes]
        there = np.ones(len(rows), bool)
        for ours, theirs in zip(decided, note, strict=False):
            there &= ours == theirs
        wanted = (note[0] - step, note[1], note[2], note[3] - 1)[which]
        wanted = np.where(there, wanted, 0)
        result = logits.copy()
        result[row[there], wanted[there]] += self.weight
        return result
