"""Everything a run needs to go on exactly where it stopped: networks, averages, optimisers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from gan.errors import CheckpointError
from gan.models.config import ModelConfig
from gan.models.discriminator import Discriminator
from gan.models.networks import Encoded
from gan.models.registry import build
from gan.spec import RollSpec
from gan.training.config import TrainConfig
from gan.training.flat import Flat


class TrainState:
    """Generator, discriminator, their optimisers, and a moving average of the generator.

    `step` counts the steps done. Randomness of a step depends on `(seed, step)` alone.
    """

    def __init__(self, spec: RollSpec, model: ModelConfig, config: TrainConfig) -> None:
        keras.utils.set_random_seed(config.seed)
        self.spec, self.model, self.config = spec, model, config
        self.step = 0
        self.generator: Encoded = build(config.family, spec, model)
        self._average: Encoded | None = None
        self.weights = Flat(self.generator.trainable_variables(), "generator")
        self.average_weights = keras.Variable(self.weights.vector, trainable=False, name="average")
        # What a cooldown leaves of the learning rate, set before each step.
        self.cooled = keras.Variable(1.0, trainable=False, name="cooled")
        self.vae_optimizer = keras.optimizers.Adam(config.learning_rate, clipnorm=500.0)
        self.vae_optimizer.build([self.weights.vector])
        self.discriminator: Any = None
        if config.family == "gan":
            self.discriminator = Discriminator(spec, model, name="discriminator")
            self.discriminator(ops.zeros((4, *spec.shape)))
            self.g_optimizer = keras.optimizers.Adam(
                config.adversarial_rate, beta_1=0.0, beta_2=0.99, clipnorm=20.0
            )
            self.d_optimizer = keras.optimizers.Adam(
                config.discriminator_rate, beta_1=0.0, beta_2=0.99
            )
            self.g_optimizer.build([self.weights.vector])
            self.d_weights = Flat(self.discriminator.trainable_variables, "discriminator")
            self.d_optimizer.build([self.d_weights.vector])

    @property
    def average(self) -> Encoded:
        """The moving average as a generator, with its values of now."""
        if self._average is None:
            self._average = build(self.config.family, self.spec, self.model)
        self.weights.spread_onto(self._average.trainable_variables(), self.average_weights)
        self._average.weights_changed()
        return self._average

    def parameters(self) -> int:
        """Trainable numbers in all networks of the run, the average not counted twice."""
        count = sum(self.weights.sizes)
        return count if self.discriminator is None else count + sum(self.d_weights.sizes)

    def _variables(self) -> list[tuple[str, Any]]:
        groups: dict[str, list[Any]] = {
            "generator": [self.weights.vector],
            "average": [self.average_weights],
            "vae_optimizer": self.vae_optimizer.variables,
        }
        if self.discriminator is not None:
            groups["discriminator"] = [self.d_weights.vector]
            groups["g_optimizer"] = self.g_optimizer.variables
            groups["d_optimizer"] = self.d_optimizer.variables
        return [
            (f"{group}/{index:03d}", variable)
            for group, variables in groups.items()
            for index, variable in enumerate(variables)
        ]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state as arrays."""
        values = {name: np.asarray(variable.numpy()) for name, variable in self._variables()}
        values["step"] = np.asarray(self.step)
        return values

    def start_from(self, weights: dict[str, NDArray[Any]]) -> None:
        """Begin with a checkpoint's weights; `CheckpointError` where they do not fit."""
        self.generator.set_weights(weights)
        self.weights.collect()
        self.average_weights.assign(self.weights.vector)

    def restore(self, values: dict[str, NDArray[Any]]) -> None:
        """Take `arrays`; `CheckpointError` where they are of another network."""
        for name, variable in self._variables():
            if name not in values or values[name].shape != tuple(variable.shape):
                raise CheckpointError(
                    f"The training state does not fit this configuration ({name} differs); "
                    "train into another checkpoint folder or leave out --resume."
                )
        for name, variable in self._variables():
            variable.assign(values[name])
        self.weights.spread()
        self.step = int(values["step"])
        # Rates are among an optimiser's variables, but a resumed run may ask for others.
        if self.discriminator is not None:
            self.d_weights.spread()
            self.g_optimizer.learning_rate = self.config.adversarial_rate
            self.d_optimizer.learning_rate = self.config.discriminator_rate
