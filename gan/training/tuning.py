"""What is found after the weights: thresholds or temperatures, then a judge of the draws.

On training songs only, so that held-out songs can judge the result.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gan.data.dataset import Dataset, rolls
from gan.models.base import Generator
from gan.music.compare import overlaps
from gan.music.measures import joined, measure
from gan.training.evaluation import CALIBRATION_SEED, calibrate, choose, sample_rolls
from gan.training.judging import Measures, appoint

CALIBRATION = 512  # phrases at most, of which there are some forty sets
COMPARED = 256  # phrases that say whether a judge helps
FEW = 200  # training phrases below which a judge would know them by heart
POOL, SLOW_POOL = 16384, 4096  # draws that a judge learns from; of families that write notes
DRAWS_A_PHRASE = 8  # and at most so many for each training phrase
BLOCK = 2048


def tune(
    generator: Generator,
    dataset: Dataset,
    train: NDArray[np.int64],
    *,
    samples: int,
    judge: bool = True,
) -> None:
    """Calibrate the generator, then give it a judge, if that brings it nearer to the songs.

    `samples` is how many phrases tell how near it is. Without `judge` it is only calibrated: a
    judge takes some minutes.
    """
    some = measure(rolls(dataset, choose(train, samples, seed=5)), dataset.spec)
    generator.judge = None
    calibrate(generator, some, n=min(samples, CALIBRATION))
    if not judge or len(train) < FEW:
        return
    compared = min(samples, COMPARED)
    before = _nearness(generator, some, compared)
    slow = "temperature" in generator.can
    pool = min(SLOW_POOL if slow else POOL, DRAWS_A_PHRASE * len(train))
    appoint(generator, _measures(dataset, train), pool=pool)
    if _nearness(generator, some, compared) <= before:
        generator.judge = None


def _nearness(generator: Generator, theirs: Measures, n: int) -> float:
    """Mean overlap of `n` samples with phrases."""
    samples = sample_rolls(generator, n, seed=CALIBRATION_SEED)
    return float(np.mean(list(overlaps(measure(samples, generator.spec), theirs).values())))


def _measures(dataset: Dataset, index: NDArray[np.int64]) -> Measures:
    """Measures of the phrases at `index`, read in blocks."""
    starts = range(0, len(index), BLOCK)
    return joined([measure(rolls(dataset, index[k : k + BLOCK]), dataset.spec) for k in starts])
