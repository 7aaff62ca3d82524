"""What the families have in common: a decoder, an encoder, and a flow for a prior."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from gan.errors import CheckpointError
from gan.models.base import Floats, Generator, Rolls
from gan.models.compiled import compiled
from gan.models.config import ModelConfig
from gan.models.encoder import Encoder
from gan.models.flow import Prior
from gan.models.reranker import stored_reranker
from gan.models.weights import named_weights, set_named_weights
from gan.spec import RollSpec

SAMPLER = "sampler/"
CALIBRATED = (
    (f"{SAMPLER}hold_thresholds", 1.0),
    (f"{SAMPLER}onset_thresholds", 1.0),
    (f"{SAMPLER}temperatures", 4.0),
)
"""Numbers found after training, and what they must stay below."""
BATCH = 64  # phrases a decoding step; bounds memory and suits two cores


class Encoded(Generator):
    """Encoder and flow, compiled for use from NumPy; a family adds its `decoder`.

    z of N(0, 1) goes through the flow to the encoder's latent, and from there through the
    decoder to a roll.
    """

    decoder: Any

    def __init__(self, spec: RollSpec, config: ModelConfig) -> None:
        super().__init__(spec, config)
        self.encoder = Encoder(spec, config, name="encoder")
        self.prior = Prior(spec, config, name="prior")
        # Build every variable now, so that weights can be listed and set.
        self.encoder(ops.zeros((1, *spec.shape)))
        self.prior(ops.zeros((1, self.plan_dim)))
        self._guess = compiled(lambda rolls: self.prior.to_normal(self.encoder(rolls)[0])[0])
        self._posterior = compiled(lambda rolls: ops.concatenate(self.encoder(rolls), axis=-1))

    def first_guess(self, rolls: Rolls) -> Floats:
        """The encoder's mean for rolls, taken back through the flow, `(n, plan_dim)`."""
        return in_batches(self._guess, np.asarray(rolls, np.float32), empty=(0, self.plan_dim))

    def posterior(self, rolls: Rolls) -> tuple[Floats, Floats]:
        """Mean and standard deviation of each roll in the encoder's latent, before the flow."""
        both = in_batches(
            self._posterior, np.asarray(rolls, np.float32), empty=(0, 2 * self.plan_dim)
        )
        mean, log_variance = np.split(both, 2, axis=1)
        return mean, np.exp(0.5 * log_variance)

    def _models(self) -> list[Any]:
        return [self.decoder, self.encoder, self.prior]

    def trainable_variables(self) -> list[Any]:
        """Keras variables of all three nets."""
        return [variable for model in self._models() for variable in model.trainable_variables]

    def calibration(self) -> dict[str, NDArray[np.float32]]:
        """What is found after training: thresholds and temperatures, by a stable name."""
        return {
            name: getattr(self, name.removeprefix(SAMPLER))
            for name, _ in CALIBRATED
            if getattr(self, name.removeprefix(SAMPLER)).size
        }

    def set_calibration(self, values: Mapping[str, NDArray[np.floating]]) -> None:
        """Take numbers of `calibration` by name; what `values` lack stays as it is."""
        most = dict(CALIBRATED)
        found = {}
        for name, current in self.calibration().items():
            fresh = np.asarray(values.get(name, current), np.float32)
            if fresh.shape != current.shape or not np.all((fresh > 0.0) & (fresh < most[name])):
                raise CheckpointError(f"The weights hold {name} of another shape or out of range.")
            found[name] = fresh
        for name, fresh in found.items():
            setattr(self, name.removeprefix(SAMPLER), fresh)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        reranker = self.reranker.stored() if self.reranker else {}
        return {**named_weights(self._models()), **self.calibration(), **reranker}

    def set_weights(self, values: dict[str, NDArray[np.floating]]) -> None:
        before = self.calibration()
        reranker = stored_reranker(values, self.spec)
        self.set_calibration(values)
        try:
            set_named_weights(self._models(), values)
        except CheckpointError:
            self.set_calibration(before)
            raise
        self.reranker = reranker
        self.weights_changed()

    def weights_changed(self) -> None:
        """Forget what was made of the weights before; for whoever sets variables directly."""


def in_batches(function: Any, rows: Floats, *, empty: tuple[int, ...]) -> Floats:
    """`function` over blocks of rows, so that memory does not grow with their number."""
    if not len(rows):
        return np.zeros(empty, np.float32)
    blocks = [function(rows[start : start + BATCH]) for start in range(0, len(rows), BATCH)]
    return np.concatenate(blocks)
