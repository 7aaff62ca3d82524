"""Whether a generator writes what it was trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gan.data.dataset import Dataset, rolls
from gan.spec import ONSET

Values = NDArray[np.float64]

NEAR_COPY = 0.8  # of the onsets that either phrase has, both have


def onset_overlap(ours: NDArray[np.uint8], theirs: NDArray[np.uint8]) -> Values:
    """Share of onset cells in common with the nearest of `theirs`, for each of `ours`.

    Jaccard similarity over all tracks, 0 to 1, `(n,)`.
    """
    a = ours[..., ONSET].reshape(len(ours), -1).astype(np.float32)
    best = np.zeros(len(a))
    for start in range(0, len(theirs), 2048):
        b = theirs[start : start + 2048, ..., ONSET]
        b = b.reshape(len(b), -1).astype(np.float32)
        both = a @ b.T
        either = a.sum(1)[:, None] + b.sum(1)[None] - both
        best = np.maximum(best, (both / np.maximum(either, 1.0)).max(axis=1))
    return best


def nearest_in_data(
    samples: NDArray[np.uint8], dataset: Dataset, index: NDArray[np.int64]
) -> Values:
    """`onset_overlap` with the phrases at `index`, read in blocks."""
    best = np.zeros(len(samples))
    for start in range(0, len(index), 2048):
        block = rolls(dataset, index[start : start + 2048])
        best = np.maximum(best, onset_overlap(samples, block))
    return best
