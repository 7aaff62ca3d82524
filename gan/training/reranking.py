"""Fits the reranker of a generator's phrases; see `gan.models.reranker`.

First networks that tell songs from draws, then a linear term: what networks leave over, such as
one track that plays in too few bars, is a difference of means too small for them to find. Of all
distributions with the songs' means, the one nearest to the draws has log odds that are linear in
the measures (maximum entropy: Jaynes 1957).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan.models.base import Generator
from gan.models.reranker import Reranker, as_stored, features
from gan.music.attributes import measure_blocks

HIDDEN = (128, 64)
NETWORKS = 4
POOL_SEED = 8  # other draws than those of any evaluation
BALANCED = 512  # draws in each round of balancing
ROUNDS = 6  # of balancing
STEP = 1.5  # of the first round, in Newton steps: few candidates heed the odds less than all would
SMALL = 0.04  # deviations, about the standard error of a mean of so many draws
RIDGE = 0.3  # variances added to the measures': few draws tell little of what goes together
Measures = Mapping[str, NDArray[np.float64]]


def add_reranker(generator: Generator, theirs: Measures, *, pool: int) -> None:
    """Give the generator a reranker, fitted to tell `pool` of its draws from songs.

    `theirs` are measures of phrases of the songs that it may learn from. Where there is a reranker
    already, the draws are those that it chooses, and the new one is added to it.
    """
    before = generator.reranker
    names = before.names if before else tuple(sorted(theirs))
    reranker = fit_reranker(_heard(generator, pool, POOL_SEED), theirs, names)
    generator.reranker = before.with_another(reranker) if before else reranker


def balance(generator: Generator, theirs: Measures) -> None:
    """Add a linear term to the generator's reranker: its choice has the songs' means, `theirs`.

    Newton steps on the dual problem, each on fresh draws and shorter than the one before.
    """
    reranker = generator.reranker
    if reranker is None:
        raise ValueError("There is no reranker to balance.")
    count = len(reranker.names)
    songs = reranker.features(theirs)[:, :count].astype(np.float64)
    curvature = np.cov(songs.T) + RIDGE * np.eye(count)
    slopes = np.zeros(count)
    for number in range(ROUNDS):
        heard = reranker.features(_heard(generator, BALANCED, POOL_SEED + 1 + number))
        missing = songs.mean(axis=0) - heard[:, :count].mean(axis=0)
        missing = np.sign(missing) * np.maximum(np.abs(missing) - SMALL, 0.0)
        slopes += STEP / (1 + number / 2) * np.linalg.solve(curvature, missing)
        generator.reranker = reranker.with_another(straight(slopes, reranker))


def straight(slopes: NDArray[np.float64], like: Reranker) -> Reranker:
    """A reranker of one network, shaped as those of `like`, whose log odds are linear.

    `slopes` (measure,) are a deviation's worth of each measure; what is undefined is worth 0.
    A rectifier lets half of a line through, so two of them carry it, up and down.
    """
    arrays = {
        name: values if name in ("middle", "scale") else np.zeros_like(values[:1])
        for name, values in like.arrays.items()
    }
    first, last = arrays["weight:0"][0], arrays[f"weight:{like.layers - 1}"][0]
    first[: len(slopes), 0] = slopes
    if like.layers > 1:
        first[: len(slopes), 1] = -slopes
        for index in range(1, like.layers - 1):
            arrays[f"weight:{index}"][0, [0, 1], [0, 1]] = 1.0
        last[:2, 0] = 1.0, -1.0
    return Reranker(like.names, arrays)


def _heard(generator: Generator, count: int, seed: int) -> dict[str, NDArray[np.float64]]:
    """Measures of draws as a person meets them."""
    z = generator.sample_latent(count, seed)
    return measure_blocks(lambda some: generator.rolls_of_z(z[some]), count, generator.spec)


def fit_reranker(ours: Measures, theirs: Measures, names: tuple[str, ...]) -> Reranker:
    """Networks that tell measures of songs, `theirs`, from those of samples, `ours`, by `names`.

    Each side counts alike, however many it is. They stop before they know the songs by heart:
    each when a tenth of the phrases, another for each, says so.
    """
    table = np.stack([theirs[name] for name in names], axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a measure that no phrase has
        middle = np.nan_to_num(np.nanmean(table, axis=0))
        scale = np.maximum(np.nan_to_num(np.nanstd(table, axis=0), nan=1.0), 1e-3)
    sides = [features(side, names, middle, scale) for side in (ours, theirs)]
    fitted = [_network(*sides, seed=seed) for seed in range(NETWORKS)]
    arrays = {"middle": middle, "scale": scale}
    for index in range(len(HIDDEN) + 1):
        arrays[f"weight:{index}"] = np.stack([each.coefs_[index] for each in fitted])
        arrays[f"bias:{index}"] = np.stack([each.intercepts_[index] for each in fitted])
    return Reranker(names, as_stored(arrays))


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
