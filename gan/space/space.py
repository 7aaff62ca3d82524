"""A map of phrases as data: where they lie, what they are like, and their notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gan.music.notes import NoteArray
from gan.music.rolls import Roll, notes_from_roll, roll_from_notes
from gan.space.features import Bytes, Floats, Reference, Scale, described, features, reference_of
from gan.space.nearby import places
from gan.spec import RollSpec


@dataclass(frozen=True)
class Space:
    """Phrases of one generator in a plane.

    seeds    int32 `(n,)`; each is the phrase that the app shows at this seed.
    xy       float32 `(n, 2)`, from -1 to 1.
    family   uint8 `(n,)`, the group of neighbours that each belongs to, from 0.
    codes    uint8 `(n, measure)`, measures as `scale` has them.
    chroma   uint8 `(n, 12)`, as `gan.space.features.chroma_of` gives it.
    counts   uint16 `(n, track)`, how many notes.
    notes    uint16 `(sum of counts, 3)`: onset step, length in steps, MIDI pitch; phrase by
             phrase, and within each track by track.
    """

    spec: RollSpec
    scale: Scale
    seeds: NDArray[np.int32]
    xy: Floats
    family: Bytes
    codes: Bytes
    chroma: Bytes
    counts: NDArray[np.uint16]
    notes: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.seeds)

    @cached_property
    def reference(self) -> Reference:
        return reference_of(self.codes, self.chroma)

    @cached_property
    def features(self) -> Floats:
        """`(n, feature)`; distances say how unlike phrases sound."""
        return features(self.codes, self.chroma, self.reference)

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """Where the notes of each track of each phrase end, `(n * track,)`."""
        return np.cumsum(self.counts.reshape(-1), dtype=np.int64)

    @cached_property
    def _index(self) -> dict[int, int]:
        return {int(seed): index for index, seed in enumerate(self.seeds)}

    def index_of(self, seed: int) -> int | None:
        """Which phrase has a seed, None where none has."""
        return self._index.get(seed)

    def notes_of(self, index: int) -> list[NoteArray]:
        """The notes of a phrase, an array a track."""
        tracks = len(self.spec.tracks)
        ends = self._ends[index * tracks : (index + 1) * tracks]
        found = []
        for end, count in zip(ends, self.counts[index], strict=True):
            rows = self.notes[end - int(count) : end].astype(np.int32)
            rows[:, 1] += rows[:, 0]
            found.append(rows)
        return found

    def roll_of(self, index: int) -> Roll:
        """A phrase, `(track, step, pitch, channel)`: what the engine renders for its seed."""
        return roll_from_notes(self.notes_of(index), self.spec)

    def features_of(self, rolls: Sequence[Roll]) -> Floats:
        """Features of any phrases of this spec, as those of the map are: `(n, feature)`."""
        codes, chroma = described(np.stack(list(rolls)), self.spec, self.scale)
        return features(codes, chroma, self.reference)

    def place(self, rolls: Sequence[Roll]) -> Floats:
        """Where other phrases lie on this map, `(n, 2)`; nothing on it moves."""
        return places(self.features_of(rolls), self.features, self.xy)


def packed_notes(
    rolls: NDArray[np.uint8], spec: RollSpec
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """`counts` and `notes` of rolls `(n, track, step, pitch, channel)`, as a `Space` has them."""
    every = [track for roll in rolls for track in notes_from_roll(roll, spec)]
    counts = np.array([len(track) for track in every], np.uint16)
    notes = np.concatenate([np.zeros((0, 3), np.int32), *every])
    notes[:, 1] -= notes[:, 0]
    return counts.reshape(len(rolls), -1), notes.astype(np.uint16)
