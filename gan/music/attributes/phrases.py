"""What attributes are measured of: phrases, and one track of them, with what several rows count.

The melody is the first monophonic track, or the first pitched one (its highest note a step).
Phrases are in C major or A minor.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gan.music.cells import Cells, Values, any_of, ratio
from gan.spec import RollSpec, Track

SILENT = -1


def melody_index(spec: RollSpec) -> int:
    """The index of the track that counts as the melody; one must have pitches."""
    pitched = [index for index, track in enumerate(spec.tracks) if not track.is_drum]
    alone = [index for index in pitched if spec.tracks[index].monophonic]
    return (alone or pitched)[0]


@dataclass(frozen=True)
class Part:
    """One track of some phrases; `sounding` and `onset` are `(n, step, pitch)`."""

    sounding: Cells
    onset: Cells
    track: Track
    spec: RollSpec

    @cached_property
    def begun(self) -> NDArray[np.int64]:
        """Notes that begin on each step, `(n, step)`."""
        return np.asarray(self.onset.sum(axis=2))

    @cached_property
    def notes(self) -> NDArray[np.int64]:
        """Notes of each phrase, `(n,)`."""
        return np.asarray(self.begun.sum(axis=1))

    @cached_property
    def per_pitch(self) -> NDArray[np.int64]:
        """Notes of each pitch, `(n, pitch)`."""
        return np.asarray(self.onset.sum(axis=1))

    @cached_property
    def length(self) -> NDArray[np.int64]:
        """Cells that sound, `(n,)`."""
        return np.asarray(self.sounding.sum(axis=(1, 2)))

    @cached_property
    def on_eighths(self) -> Values:
        """Share of notes that begin on a beat or its half, `(n,)`."""
        return self.begun_every(max(1, self.spec.steps_per_beat // 2))

    def begun_every(self, steps: int) -> Values:
        """Share of notes that begin on every so many steps, `(n,)`."""
        on_grid = np.arange(self.spec.steps) % steps == 0
        return ratio(self.begun[:, on_grid].sum(axis=1), self.notes)

    def in_bars(self, cells: Cells) -> Cells:
        """`(n, step, ...)` as `(n, bar, cells of a bar)`."""
        in_bar = self.spec.steps_per_bar * int(np.prod(cells.shape[2:]))
        return cells.reshape(len(cells), self.spec.bars, in_bar)


@dataclass(frozen=True)
class Phrases:
    """Some phrases; `sounding` and `onset` are `(n, track, step, pitch)`."""

    sounding: Cells
    onset: Cells
    spec: RollSpec

    def part(self, index: int) -> Part:
        """One track."""
        track = self.spec.tracks[index]
        return Part(self.sounding[:, index], self.onset[:, index], track, self.spec)

    @property
    def pitched(self) -> list[int]:
        return [index for index, track in enumerate(self.spec.tracks) if not track.is_drum]

    @property
    def melody(self) -> int:
        """The index of the melody; there must be a track that has pitches."""
        return melody_index(self.spec)

    @cached_property
    def heard(self) -> Cells:
        """Pitches that sound in any pitched track, `(n, step, pitch)`."""
        return any_of(self.sounding[:, self.pitched], 1)

    @cached_property
    def below(self) -> Cells:
        """Those of pitched tracks but the melody, or of the melody if it is alone."""
        others = [index for index in self.pitched if index != self.melody]
        return any_of(self.sounding[:, others], 1) if others else self.heard

    @cached_property
    def begun_by_class(self) -> Values:
        """Notes of each pitch class in pitched tracks, `(n, 12)`."""
        return self._by_pitch_class(self.onset[:, self.pitched])

    @cached_property
    def time_by_class(self) -> Values:
        """Cells of each pitch class that sound in pitched tracks, `(n, 12)`."""
        return self._by_pitch_class(self.sounding[:, self.pitched])

    @cached_property
    def lines(self) -> NDArray[np.int64]:
        """Each track's lowest pitch at each step, `SILENT` without one: `(n, track, step)`."""
        return np.where(self.sounding.any(axis=3), self.sounding.argmax(axis=3), SILENT)

    def _by_pitch_class(self, cells: Cells) -> Values:
        per_pitch = cells.sum(axis=(1, 2))
        counts = np.zeros((len(cells), 12))
        for pitch_class in range(12):
            first = (pitch_class - self.spec.pitch_min) % 12
            counts[:, pitch_class] = per_pitch[:, first::12].sum(axis=1)
        return counts
