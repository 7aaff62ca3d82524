"""Phrases as batches for training, read through `tf.data`.

Batch number k depends on the dataset, the seed and k only, so that a resumed training goes
on with exactly the batches that an unbroken one would have had. Only the batches in flight
are in memory: the packed phrases may be mapped from a file larger than memory.

Importing this module does not import TensorFlow; the first batch does.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gan.data.dataset import Dataset, rolls
from gan.errors import DataError
from gan.music.rolls import Roll, transpose_roll

if TYPE_CHECKING:
    import tensorflow as tf

_ORDER, _SHIFTS = 0, 1  # what a random stream is for: the streams must not be the same


class BatchReader:
    """Batch number k of a dataset, as a plain function of k; see `batches`."""

    def __init__(
        self,
        dataset: Dataset,
        index: npt.ArrayLike,
        *,
        batch_size: int,
        seed: int,
        repeat: bool = True,
        augment: int | None = None,
    ) -> None:
        self.dataset = dataset
        self.index = np.asarray(index, dtype=np.int64)
        self.batch_size = batch_size
        self.seed = seed % 2**63
        self.repeat = repeat
        self.augment = augment or 0
        if batch_size < 1:
            raise DataError(f"The batch size must be at least 1, not {batch_size}.")
        if len(self.index) == 0:
            raise DataError("There are no phrases to train on.")
        # Two epochs, since a batch may end one and begin the next.
        self._epoch_order = lru_cache(maxsize=2)(self._new_order)

    @property
    def count(self) -> int | None:
        """How many batches there are; None without end."""
        return None if self.repeat else -(-len(self.index) // self.batch_size)

    def batch(self, number: int) -> Roll:
        """Batch `number`: uint8 0/1 `(batch, track, step, pitch, 2)`."""
        begin = number * self.batch_size
        end = begin + self.batch_size
        if not self.repeat:
            end = min(end, len(self.index))
        chosen = rolls(self.dataset, self._phrases(begin, end))
        return self._in_other_keys(chosen, number) if self.augment else chosen

    def _phrases(self, begin: int, end: int) -> npt.NDArray[np.int64]:
        """Phrases `begin` to `end` of the endless sequence of shuffled epochs."""
        size = len(self.index)
        parts = []
        for epoch in range(begin // size, (end - 1) // size + 1):
            first = epoch * size
            order = self._epoch_order(epoch)
            parts.append(order[max(begin - first, 0) : min(end - first, size)])
        return self.index[np.concatenate(parts)]

    def _new_order(self, epoch: int) -> npt.NDArray[np.int64]:
        return np.random.default_rng([self.seed, _ORDER, epoch]).permutation(len(self.index))

    def _in_other_keys(self, chosen: Roll, number: int) -> Roll:
        random = np.random.default_rng([self.seed, _SHIFTS, number])
        shifts = random.integers(-self.augment, self.augment, endpoint=True, size=len(chosen))
        for shift in np.unique(shifts[shifts != 0]):
            same = shifts == shift
            chosen[same] = transpose_roll(chosen[same], int(shift), spec=self.dataset.spec)
        return chosen


def batches(
    dataset: Dataset,
    index: npt.ArrayLike,
    *,
    batch_size: int,
    seed: int,
    repeat: bool = True,
    augment: int | None = None,
    start_step: int = 0,
) -> Iterator[Roll]:
    """Batches uint8 0/1 `(batch, track, step, pitch, 2)` of the phrases at `index`.

    Every phrase comes once an epoch, in an order of the epoch's own. With `repeat` batches
    are all of one size, an epoch's end being filled from the next; without, one epoch is
    read and its last batch may be smaller. `augment` moves each phrase by a random number of
    semitones up to so many either way (drums stay). `start_step` is the first batch's number.
    """
    stream = tf_batches(
        dataset,
        index,
        batch_size=batch_size,
        seed=seed,
        repeat=repeat,
        augment=augment,
        start_step=start_step,
    )
    return iter(stream.as_numpy_iterator())


def tf_batches(
    dataset: Dataset,
    index: npt.ArrayLike,
    *,
    batch_size: int,
    seed: int,
    repeat: bool = True,
    augment: int | None = None,
    start_step: int = 0,
    prefetch: int = 4,
) -> tf.data.Dataset:
    """The same as `batches` as a `tf.data.Dataset`, which `tf.distribute` can share out."""
    import tensorflow as tf

    reader = BatchReader(
        dataset, index, batch_size=batch_size, seed=seed, repeat=repeat, augment=augment
    )

    def read(number: Any) -> Any:
        found = tf.numpy_function(
            lambda k: reader.batch(int(k)), [number], tf.uint8, stateful=False
        )
        return tf.ensure_shape(found, (batch_size if repeat else None, *dataset.spec.shape))

    stop = np.iinfo(np.int64).max if reader.count is None else reader.count
    numbers = tf.data.Dataset.range(start_step, stop)
    return numbers.map(read).prefetch(prefetch)
