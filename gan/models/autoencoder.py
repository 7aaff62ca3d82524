"""What GAN and VAE have in common: one decoder that draws all cells at once.

z of N(0, 1) goes through the flow to the encoder's latent, through the mapping network to
w, and through the decoder to a roll.
"""

from __future__ import annotations

from keras import ops

from gan.models.base import Floats
from gan.models.binary import probabilities
from gan.models.compiled import compiled
from gan.models.config import ModelConfig
from gan.models.decoder import Decoder
from gan.models.networks import Encoded, in_batches
from gan.spec import RollSpec


class Autoencoder(Encoded):
    """Decoder and encoder nets, compiled for use from NumPy."""

    can = frozenset({"encode", "density", "parts", "lock_tracks", "lock_bars"})

    def __init__(self, spec: RollSpec, config: ModelConfig) -> None:
        super().__init__(spec, config)
        self.decoder = Decoder(spec, config, name="decoder")
        self.decoder(ops.zeros((1, self.plan_dim)))
        self._to_w = compiled(lambda z: self.decoder.to_w(self.prior.to_latent(z)))
        self._from_w = compiled(lambda w: probabilities(self.decoder.from_w(w), spec))

    def to_w(self, z: Floats) -> Floats:
        return self._to_w(self.check(z))

    def decode_w(self, w: Floats) -> Floats:
        w = self.check(w)
        return in_batches(self._from_w, w, empty=(0, *self.spec.shape))
