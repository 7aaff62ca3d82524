"""What GAN and VAE have in common: one decoder that draws all cells at once.

z of N(0, 1) goes through the flow to the encoder's latent, through the mapping network to
w, and through the decoder to a roll.
"""

from __future__ import annotations

import numpy as np
from keras import ops

from gan.models.base import Floats, Rolls
from gan.models.binary import probabilities
from gan.models.compiled import compiled, compiled_gradient
from gan.models.config import ModelConfig
from gan.models.decoder import Decoder
from gan.models.inversion import PRIOR, descend
from gan.models.judge import Budget
from gan.models.layers import Tensor
from gan.models.likelihood import reconstruction
from gan.models.networks import BATCH, Encoded, in_batches
from gan.spec import RollSpec


class Autoencoder(Encoded):
    """Decoder and encoder nets, compiled for use from NumPy."""

    can = frozenset({"encode", "density", "parts", "lock_tracks", "lock_bars"})
    budget = Budget(whole=24, part=6)

    def __init__(self, spec: RollSpec, config: ModelConfig) -> None:
        super().__init__(spec, config)
        self.decoder = Decoder(spec, config, name="decoder")
        self.decoder(ops.zeros((1, self.plan_dim)))
        self._to_w = compiled(lambda z: self.decoder.to_w(self.prior.to_latent(z)))
        self._from_w = compiled(lambda w: probabilities(self.decoder.from_w(w), spec))
        self._slope = compiled_gradient(self._misfit)

    def to_w(self, z: Floats) -> Floats:
        return self._to_w(self.check(z))

    def decode_w(self, w: Floats) -> Floats:
        w = self.check(w)
        return in_batches(self._from_w, w, empty=(0, *self.spec.shape))

    def encode(self, rolls: Rolls) -> Floats:
        """The z `(n, latent_dim)` that comes nearest: the encoder's, refined by descent."""
        starts = range(0, len(rolls), BATCH)
        refined = [self._refined(rolls[start : start + BATCH]) for start in starts]
        return np.concatenate([np.zeros((0, self.latent_dim), np.float32), *refined])

    def _refined(self, rolls: Rolls) -> Floats:
        target = np.asarray(rolls, np.float32)
        return descend(lambda z: self._slope(z, target), self.first_guess(rolls))

    def _misfit(self, z: Tensor, rolls: Tensor) -> Tensor:
        """Nats of the rolls given z, and those of z, summed over phrases; a scalar."""
        logits = self.decoder(self.prior.to_latent(z))
        nats = reconstruction(logits, rolls, self.spec)
        return ops.sum(nats + PRIOR * 0.5 * ops.sum(ops.square(z), axis=-1))
