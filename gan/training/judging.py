"""Fits the judge of a generator's phrases; see `gan.models.judge`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan.models.base import Generator
from gan.models.judge import Judge, as_stored, features
from gan.music.measures import joined, measure

HIDDEN = (128, 64)
NETWORKS = 4
POOL_SEED = 8  # other draws than those of any evaluation
BLOCK = 512
Measures = Mapping[str, NDArray[np.float64]]


def appoint(generator: Generator, theirs: Measures, *, pool: int) -> None:
    """Give the generator a judge, fitted to tell `pool` of its draws from songs.

    `theirs` are measures of phrases of the songs that it may learn from. Where there is a judge
    already, the draws are those that it chooses, and the new one is added to it.
    """
    z = generator.sample_latent(pool, POOL_SEED)
    blocks = []
    for start in range(0, pool, BLOCK):
        rolls = generator.rolls_of_z(z[start : start + BLOCK])
        blocks.append(measure(rolls, generator.spec))
    judge = fit_judge(joined(blocks), theirs)
    generator.judge = generator.judge.with_another(judge) if generator.judge else judge


def fit_judge(ours: Measures, theirs: Measures) -> Judge:
    """Networks that tell measures of songs, `theirs`, from those of samples, `ours`.

    Each side counts alike, however many it is. They stop before they know the songs by heart:
    each when a tenth of the phrases, another for each, says so.
    """
    table = np.stack([theirs[name] for name in sorted(theirs)], axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a measure that no phrase has
        middle = np.nan_to_num(np.nanmean(table, axis=0))
        scale = np.maximum(np.nan_to_num(np.nanstd(table, axis=0), nan=1.0), 1e-3)
    sides = [features(side, middle, scale) for side in (ours, theirs)]
    fitted = [_network(*sides, seed=seed) for seed in range(NETWORKS)]
    arrays = {"middle": middle, "scale": scale}
    for index in range(len(HIDDEN) + 1):
        arrays[f"weight:{index}"] = np.stack([each.coefs_[index] for each in fitted])
        arrays[f"bias:{index}"] = np.stack([each.intercepts_[index] for each in fitted])
    return Judge(as_stored(arrays))


def _network(ours: NDArray[np.float32], theirs: NDArray[np.float32], *, seed: int) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    sizes = [len(ours), len(theirs)]
    network = MLPClassifier(
        HIDDEN,
        alpha=1e-3,
        batch_size=min(256, sum(sizes) // 2),
        early_stopping=True,
        n_iter_no_change=3,
        max_iter=40,
        random_state=seed,
    )
    weights = np.repeat([sum(sizes) / (2 * size) for size in sizes], sizes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(np.concatenate([ours, theirs]), np.repeat([0, 1], sizes), weights)
    return network
