"""All randomness of a training step, drawn on the host from `(seed, step)` alone.

So a resumed run draws what an unbroken one would have, on any Keras backend.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gan.spec import RollSpec
from gan.training.config import TrainConfig


def step_noise(
    config: TrainConfig, spec: RollSpec, *, latent_dim: int, step: int
) -> dict[str, NDArray[np.float32] | np.int32]:
    """Noise of one step.

    `posterior` and `prior` (batch, latent_dim) standard normal; `keep` (batch, track) of
    0 and 1, which tracks the discriminator is shown (one at least); `turn`, steps by
    which it sees phrases rotated, a whole number of bars; `dropped` (batch, track + bar) of
    0 and 1, which parts of a transformer's plan are drawn from `prior`.
    """
    rng = np.random.default_rng([config.seed, step, 1])
    shape = (config.batch_size, latent_dim)
    keep = rng.random((config.batch_size, len(spec.tracks))) >= config.drop_track
    keep[~keep.any(axis=1)] = True
    posterior, prior = (rng.standard_normal(shape).astype(np.float32) for _ in range(2))
    turn = np.int32(rng.integers(spec.bars) * spec.steps_per_bar)
    dropped = rng.random((config.batch_size, len(spec.tracks) + spec.bars)) < config.plan_dropout
    return {
        "posterior": posterior,
        "prior": prior,
        "keep": keep.astype(np.float32),
        "turn": turn,
        "dropped": dropped.astype(np.float32),
    }
