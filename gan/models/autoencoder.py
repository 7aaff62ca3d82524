"""What GAN and VAE have in common: decoder, encoder, and a flow for a prior.

z of N(0, 1) goes through the flow to the encoder's latent, through the mapping network to
w, and through the decoder to a roll.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from gan.errors import CheckpointError
from gan.models.base import Floats, Generator, Rolls
from gan.models.binary import probabilities
from gan.models.compiled import compiled
from gan.models.config import ModelConfig
from gan.models.decoder import Decoder
from gan.models.encoder import Encoder
from gan.models.flow import Prior
from gan.models.weights import named_weights, set_named_weights
from gan.spec import RollSpec

HOLD = "sampler/hold_thresholds"
BATCH = 64  # phrases a decoding step; bounds memory and suits two cores


class Autoencoder(Generator):
    """Decoder and encoder nets, compiled for use from NumPy."""

    can = frozenset({"encode", "lock_tracks", "lock_bars"})

    def __init__(self, spec: RollSpec, config: ModelConfig) -> None:
        super().__init__(spec, config)
        self.decoder = Decoder(spec, config, name="decoder")
        self.encoder = Encoder(spec, config, name="encoder")
        self.prior = Prior(spec, config, name="prior")
        # Build every variable now, so that weights can be listed and set.
        self.decoder(ops.zeros((1, self.latent_dim)))
        self.encoder(ops.zeros((1, *spec.shape)))
        self.prior(ops.zeros((1, self.latent_dim)))
        self._to_w = compiled(lambda z: self.decoder.to_w(self.prior.to_latent(z)))
        self._from_w = compiled(lambda w: probabilities(self.decoder.from_w(w), spec))
        self._encode = compiled(lambda rolls: self.prior.to_normal(self.encoder(rolls)[0])[0])
        self._posterior = compiled(lambda rolls: ops.concatenate(self.encoder(rolls), axis=-1))

    def to_w(self, z: Floats) -> Floats:
        return self._to_w(self.check(z))

    def decode_w(self, w: Floats) -> Floats:
        w = self.check(w)
        return _in_batches(self._from_w, w, empty=(0, *self.spec.shape))

    def encode(self, rolls: Rolls) -> Floats:
        """The z `(n, latent_dim)` of rolls `(n, track, step, pitch, channel)`.

        The encoder's mean, taken back through the flow.
        """
        return _in_batches(self._encode, np.asarray(rolls, np.float32), empty=(0, self.latent_dim))

    def posterior(self, rolls: Rolls) -> tuple[Floats, Floats]:
        """Mean and standard deviation of each roll in the encoder's latent, before the flow."""
        both = _in_batches(
            self._posterior, np.asarray(rolls, np.float32), empty=(0, 2 * self.latent_dim)
        )
        mean, log_variance = np.split(both, 2, axis=1)
        return mean, np.exp(0.5 * log_variance)

    def _models(self) -> list[Any]:
        return [self.decoder, self.encoder, self.prior]

    def trainable_variables(self) -> list[Any]:
        """Keras variables of all three nets."""
        return [variable for model in self._models() for variable in model.trainable_variables]

    def weights(self) -> dict[str, NDArray[np.float32]]:
        return {**named_weights(self._models()), HOLD: self.hold_thresholds}

    def set_weights(self, values: dict[str, NDArray[np.floating]]) -> None:
        thresholds = np.asarray(values.get(HOLD, self.hold_thresholds), np.float32)
        fits = thresholds.shape == self.hold_thresholds.shape
        if not fits or not np.all((thresholds > 0.0) & (thresholds < 1.0)):
            raise CheckpointError(f"The weights hold {HOLD} that are no thresholds.")
        set_named_weights(self._models(), values)
        self.hold_thresholds = thresholds


def _in_batches(function: Any, rows: Floats, *, empty: tuple[int, ...]) -> Floats:
    """`function` over blocks of rows, so that memory does not grow with their number."""
    if not len(rows):
        return np.zeros(empty, np.float32)
    blocks = [function(rows[start : start + BATCH]) for start in range(0, len(rows), BATCH)]
    return np.concatenate(blocks)
