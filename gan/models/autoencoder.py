"""What GAN and VAE have in common: a structured decoder with an encoder beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from gan.models.base import Floats, Generator, Rolls
from gan.models.binary import probabilities
from gan.models.compiled import compiled
from gan.models.config import ModelConfig
from gan.models.decoder import Decoder
from gan.models.encoder import Encoder
from gan.models.weights import named_weights, set_named_weights
from gan.spec import RollSpec

BATCH = 64  # phrases a decoding step; bounds memory and suits two cores


class Autoencoder(Generator):
    """Decoder and encoder nets, compiled for use from NumPy."""

    can = frozenset({"encode", "lock_tracks", "lock_bars"})

    def __init__(self, spec: RollSpec, config: ModelConfig) -> None:
        super().__init__(spec, config)
        self.decoder = Decoder(spec, config, name="decoder")
        self.encoder = Encoder(spec, config, name="encoder")
        # Build every variable now, so that weights can be listed and set.
        self.decoder(ops.zeros((1, self.latent_dim)))
        self.encoder(ops.zeros((1, *spec.shape)))
        self._to_w = compiled(self.decoder.to_w)
        self._from_w = compiled(lambda w: probabilities(self.decoder.from_w(w), spec))
        self._encode = compiled(lambda rolls: self.encoder(rolls)[0])

    def to_w(self, z: Floats) -> Floats:
        return self._to_w(self.check(z))

    def decode_w(self, w: Floats) -> Floats:
        w = self.check(w)
        return _in_batches(self._from_w, w, empty=(0, *self.spec.shape))

    def encode(self, rolls: Rolls) -> Floats:
        """Posterior means `(n, latent_dim)` of rolls `(n, track, step, pitch, channel)`."""
        return _in_batches(self._encode, np.asarray(rolls, np.float32), empty=(0, self.latent_dim))

    def weights(self) -> dict[str, NDArray[np.float32]]:
        return named_weights([self.decoder, self.encoder])

    def set_weights(self, values: dict[str, NDArray[np.floating]]) -> None:
        set_named_weights([self.decoder, self.encoder], values)


def _in_batches(function: Any, rows: Floats, *, empty: tuple[int, ...]) -> Floats:
    """`function` over blocks of rows, so that memory does not grow with their number."""
    if not len(rows):
        return np.zeros(empty, np.float32)
    blocks = [function(rows[start : start + BATCH]) for start in range(0, len(rows), BATCH)]
    return np.concatenate(blocks)
