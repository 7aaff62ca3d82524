"""What GAN and VAE have in common: one decoder that draws all cells at once.

z of N(0, 1) goes through the flow to the encoder's latent, through the mapping network to
w, and through the decoder to a roll.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from keras import ops

from gan.models.ability import ABILITIES
from gan.models.base import Floats, Progress, Rolls
from gan.models.binary import at_thresholds, probabilities, soft_rolls
from gan.models.compiled import compiled, compiled_gradient
from gan.models.config import ModelConfig
from gan.models.decoder import Decoder
from gan.models.inversion import (
    HEARD_RATE,
    LIKELY_RATE,
    MISSES,
    PRIOR,
    SHARPNESS,
    STEPS,
    descend,
)
from gan.models.layers import Tensor
from gan.models.likelihood import misses, reconstruction
from gan.models.networks import BATCH, Encoded, in_batches
from gan.models.reranker import Budget
from gan.models.statistics import tilt_names
from gan.models.tilt import tilted
from gan.spec import RollSpec


class Autoencoder(Encoded):
    """Decoder and encoder nets, compiled for use from NumPy."""

    can = ABILITIES["vae"]
    budget = Budget(whole=32, part=8)

    def __init__(self, spec: RollSpec, config: ModelConfig) -> None:
        super().__init__(spec, config)
        self.decoder = Decoder(spec, config, name="decoder")
        self.decoder(ops.zeros((1, self.plan_dim)))
        self._to_w = compiled(lambda z: self.decoder.to_w(self.prior.to_latent(z)))
        self.tilt_names = tilt_names(spec, self.family)
        self._from_w = compiled(lambda w: probabilities(self.decoder.from_w(w), spec))
        self._from_tilted = compiled(self.tilted_probabilities)
        self._to_likely = compiled_gradient(self._unlikely)
        self._to_heard = compiled_gradient(self._missed)

    def to_w(self, z: Floats) -> Floats:
        return self.untilted(self._to_w(self.check(z)))

    def decode_w(self, w: Floats) -> Floats:
        w = self.check_w(w)
        empty = (0, *self.spec.shape)
        if not w[:, self.latent_dim :].any():
            return in_batches(self._from_w, w[:, : self.latent_dim], empty=empty)
        thresholds = (self.onset_thresholds, self.hold_thresholds)
        return in_batches(lambda rows: self._from_tilted(rows, *thresholds), w, empty=empty)

    def tilted_probabilities(self, w: Tensor, onset: Tensor, hold: Tensor) -> Tensor:
        """Probabilities of w `(batch, w_dim)` with its tilts, read at thresholds `(track,)`."""
        plan, amounts = w[:, : self.latent_dim], w[:, self.latent_dim :]
        logits = tilted(self.decoder.from_w(plan), amounts, self.spec, onset, hold)
        return probabilities(logits, self.spec)

    def encode(self, rolls: Rolls, progress: Progress | None = None) -> Floats:
        """The z `(n, latent_dim)` that comes nearest: the encoder's, refined by descent."""
        starts = range(0, len(rolls), BATCH)
        refined = [self._refined(rolls[start : start + BATCH], progress) for start in starts]
        return np.concatenate([np.zeros((0, self.latent_dim), np.float32), *refined])

    def _refined(self, rolls: Rolls, progress: Progress | None) -> Floats:
        target = np.asarray(rolls, np.float32)
        thresholds = (self.onset_thresholds, self.hold_thresholds)

        def told(stage: int) -> Callable[[int, Floats], None] | None:
            if progress is None:
                return None
            return lambda step, z: progress((stage + step / STEPS) / 2, z)

        z = self.first_guess(rolls)
        z = descend(lambda z: self._to_likely(z, target), z, rate=LIKELY_RATE, after=told(0))
        return descend(
            lambda z: self._to_heard(z, target, *thresholds), z, rate=HEARD_RATE, after=told(1)
        )

    def _unlikely(self, z: Tensor, rolls: Tensor) -> Tensor:
        """Nats of the rolls given z, and those of z, summed over phrases; a scalar."""
        logits = self.decoder(self.prior.to_latent(z))
        return ops.sum(reconstruction(logits, rolls, self.spec)) + _far(z)

    def _missed(self, z: Tensor, rolls: Tensor, onset: Tensor, hold: Tensor) -> Tensor:
        """What of the rolls is not played at z, at thresholds `(track,)`; a scalar."""
        logits = self.decoder(self.prior.to_latent(z))
        decisions = [SHARPNESS * part for part in at_thresholds(logits, self.spec, onset, hold)]
        return MISSES * ops.sum(misses(soft_rolls(decisions, self.spec), rolls)) + _far(z)


def _far(z: Tensor) -> Tensor:
    """The prior's part of both, a scalar."""
    return PRIOR * 0.5 * ops.sum(ops.square(z))
