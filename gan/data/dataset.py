"""A set of phrases in memory or mapped from disk, and its split by song."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan.errors import DataError
from gan.music.rolls import Roll, packed_size, unpack
from gan.spec import RollSpec


@dataclass(frozen=True)
class Dataset:
    """Phrases, key-normalised and packed to bits, in song order.

    `bits` is uint8 `(n, bytes)`, possibly mapped from disk; `song` int32 `(n,)` indexes
    `song_names`; `start_bar` int32 `(n,)` counts the song's bars from 0; `shift` int8 `(n,)`
    is the semitones that were *added* to reach C major or A minor; `minor` bool `(n,)`.
    """

    spec: RollSpec
    bits: npt.NDArray[np.uint8]
    song: npt.NDArray[np.int32]
    song_names: tuple[str, ...]
    start_bar: npt.NDArray[np.int32]
    shift: npt.NDArray[np.int8]
    minor: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        count = len(self.bits)
        if self.bits.ndim != 2 or self.bits.shape[1] != packed_size(self.spec):
            raise DataError("The packed phrases do not fit the dataset's roll specification.")
        if any(len(a) != count for a in (self.song, self.start_bar, self.shift, self.minor)):
            raise DataError("The dataset's arrays differ in length.")
        if count and not 0 <= int(self.song.min()) <= int(self.song.max()) < len(self.song_names):
            raise DataError("The dataset refers to songs that it does not name.")

    def __len__(self) -> int:
        return len(self.bits)


def rolls(dataset: Dataset, index: npt.ArrayLike) -> Roll:
    """The phrases at `index` (integers `(n,)`) as uint8 0/1 `(n, track, step, pitch, 2)`."""
    chosen = np.atleast_1d(np.asarray(index, dtype=np.int64))
    return unpack(np.asarray(dataset.bits[chosen]), dataset.spec)


def must_fit(dataset: Dataset, spec: RollSpec) -> None:
    """`DataError` unless the phrases have the tracks and the grid of a checkpoint's `spec`."""
    if dataset.spec != spec:
        raise DataError(
            f"The data has the tracks {', '.join(dataset.spec.track_names)} and the checkpoint "
            f"{', '.join(spec.track_names)}; give the data that it was trained on."
        )


def split_by_song(
    dataset: Dataset,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Indices of training and of validation phrases; no song is on both sides.

    When every song name ends in a number with ten or more songs (as in POP909), a song is
    for validation if that number ends in 9. Otherwise a hash of the name sends about a
    tenth there, but at least one song is trained on, and of two songs or more one is not.
    """
    held_out = np.array(_held_out(dataset.song_names), dtype=bool)
    of_phrase = held_out[dataset.song] if len(dataset) else np.zeros(0, dtype=bool)
    return np.flatnonzero(~of_phrase), np.flatnonzero(of_phrase)


def _held_out(names: tuple[str, ...]) -> list[bool]:
    numbers = [re.search(r"(\d+)\D*$", name) for name in names]
    by_number = [found is not None and found.group(1).endswith("9") for found in numbers]
    if all(numbers) and any(by_number) and not all(by_number):
        return by_number
    ranks = [hashlib.sha256(name.encode()).digest()[:4] for name in names]
    values = [int.from_bytes(rank, "big") / 2**32 for rank in ranks]
    chosen = [value < 0.1 for value in values]
    if len(names) >= 2 and not any(chosen):
        chosen[int(np.argmin(values))] = True
    if all(chosen) and names:  # the only song is trained on
        chosen[int(np.argmax(values))] = False
    return chosen
