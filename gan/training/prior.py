"""Fit the prior flow to where a trained encoder puts the training phrases."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from numpy.typing import NDArray

from gan.data.dataset import Dataset, rolls
from gan.models.autoencoder import Autoencoder

Floats = NDArray[np.float32]

BATCH = 256
RATE = 2e-3


def posteriors(
    generator: Autoencoder, dataset: Dataset, index: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each phrase's latent, `(n, latent_dim)`."""
    blocks = [
        generator.posterior(rolls(dataset, index[start : start + 512]))
        for start in range(0, len(index), 512)
    ]
    means, deviations = zip(*blocks, strict=True)
    return np.concatenate(means), np.concatenate(deviations)


def fit_prior(
    generator: Autoencoder,
    dataset: Dataset,
    index: NDArray[np.int64],
    *,
    steps: int = 2500,
    seed: int = 0,
    watch: Callable[[int, float], None] = lambda _step, _loss: None,
) -> None:
    """Maximum likelihood on fresh posterior samples, by Adam with a cosine to zero.

    The loss is the negative log likelihood in nats a dimension (up to a constant).
    """
    from gan.training.steps_tensorflow import prior_step

    mean, deviation = posteriors(generator, dataset, index)
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(RATE, steps), clipnorm=10.0
    )
    step = prior_step(generator.prior, optimizer)
    for k in range(steps):
        rng = np.random.default_rng([seed, k, 2])
        rows = rng.integers(len(mean), size=min(BATCH, max(64, len(mean))))
        noise = rng.standard_normal((len(rows), mean.shape[1])).astype(np.float32)
        loss = step(mean[rows] + deviation[rows] * noise)
        if k % 100 == 0 or k == steps - 1:
            watch(k, float(loss))
