"""What is found after the weights: thresholds or temperatures, and a reranker of the draws.

On training songs only, so that held-out songs can judge the result. In rounds: each begins with
what the rerankers so far let through, which is much nearer to the songs than plain draws, and
so finds other thresholds, and one more reranker for what those overlook. Last, what is left
between means of measures is evened out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gan.data.dataset import Dataset, rolls
from gan.models.ability import Ability
from gan.models.base import Generator
from gan.models.reranker import Reranker
from gan.music.attributes import measure, measure_blocks
from gan.music.compare import mean_overlap
from gan.quality.evaluation import CALIBRATION_SEED, calibrate, choose, sample_rolls
from gan.training.reranking import Measures, add_reranker, balance

if TYPE_CHECKING:
    from gan.models.networks import Encoded

CALIBRATION = 512  # phrases at most, of which there are some forty sets
COMPARED = 256  # phrases that say whether a reranker helps
SLACK = 0.01  # overlap that one more reranker may cost; it also hears what goes with what
FEW = 200  # training phrases below which a reranker would know them by heart
POOL, SLOW_POOL = 16384, 4096  # draws that a reranker learns from; of families that write notes
CHOSEN_POOL = 2048  # draws that those after the first learn from, each chosen among many
ROUNDS = 4
DRAWS_A_PHRASE = 8  # and at most so many for each training phrase

Tuned = tuple[dict[str, NDArray[np.float32]], Reranker | None]
"""Calibration and reranker."""


def tune(
    generator: Encoded,
    dataset: Dataset,
    train: NDArray[np.int64],
    *,
    samples: int,
    reranker: bool = True,
) -> None:
    """Calibrate the generator and give it rerankers, as long as that brings it nearer to the songs.

    `samples` is how many phrases tell how near it is. Without `reranker` it is only calibrated: a
    reranker takes ten minutes or more.
    """
    some = measure(rolls(dataset, choose(train, samples, seed=5)), dataset.spec)
    generator.reranker = None
    calibrate(generator, some, n=min(samples, CALIBRATION))
    if not reranker or len(train) < FEW:
        return
    compared = min(samples, COMPARED)
    best, kept = _nearness(generator, some, compared), _tuned(generator)
    songs = _measures(dataset, train)
    plain = SLOW_POOL if Ability.WRITES_NOTE_BY_NOTE in generator.can else POOL
    for number in range(ROUNDS):
        if number > 0:
            calibrate(generator, some, n=min(samples, CALIBRATION))
        pool = plain if number == 0 else CHOSEN_POOL
        add_reranker(generator, songs, pool=min(pool, DRAWS_A_PHRASE * len(train)))
        near = _nearness(generator, some, compared)
        if near <= best - (SLACK if number else 0.0):
            break
        best, kept = near, _tuned(generator)
    _restore(generator, kept)
    if kept[1] is not None:
        balance(generator, songs)
        if _nearness(generator, some, compared) <= best - SLACK:
            _restore(generator, kept)


def _tuned(generator: Encoded) -> Tuned:
    """What tuning finds, as it is now."""
    calibration = {name: values.copy() for name, values in generator.calibration().items()}
    return calibration, generator.reranker


def _restore(generator: Encoded, kept: Tuned) -> None:
    calibration, generator.reranker = kept
    generator.set_calibration({name: values.copy() for name, values in calibration.items()})


def _nearness(generator: Generator, theirs: Measures, n: int) -> float:
    """Mean overlap of `n` samples with phrases."""
    samples = sample_rolls(generator, n, seed=CALIBRATION_SEED)
    return mean_overlap(measure(samples, generator.spec), theirs)


def _measures(dataset: Dataset, index: NDArray[np.int64]) -> Measures:
    """Measures of the phrases at `index`, read in blocks."""
    return measure_blocks(lambda some: rolls(dataset, index[some]), len(index), dataset.spec)
