"""Everything a run needs to go on exactly where it stopped: networks, averages, optimisers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from gan.errors import CheckpointError
from gan.models.autoencoder import Autoencoder
from gan.models.config import ModelConfig
from gan.models.discriminator import Discriminator
from gan.models.registry import build
from gan.spec import RollSpec
from gan.training.config import TrainConfig


class TrainState:
    """Generator, discriminator, their optimisers, and a moving average of the generator.

    `step` counts the steps done. Randomness of a step depends on `(seed, step)` alone.
    """

    def __init__(self, spec: RollSpec, model: ModelConfig, config: TrainConfig) -> None:
        keras.utils.set_random_seed(config.seed)
        self.spec, self.model, self.config = spec, model, config
        self.step = 0
        self.generator: Autoencoder = build(config.family, spec, model)
        self.average: Autoencoder = build(config.family, spec, model)
        self.average.set_weights(self.generator.weights())
        self.vae_optimizer = keras.optimizers.Adam(config.learning_rate, clipnorm=100.0)
        self.vae_optimizer.build(self.generator_variables)
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
            self.g_optimizer.build(self.generator_variables)
            self.d_optimizer.build(self.discriminator.trainable_variables)

    @property
    def generator_variables(self) -> list[Any]:
        generator = self.generator
        return [*generator.decoder.trainable_variables, *generator.encoder.trainable_variables]

    @property
    def average_variables(self) -> list[Any]:
        average = self.average
        return [*average.decoder.trainable_variables, *average.encoder.trainable_variables]

    def parameters(self) -> int:
        """Trainable numbers in all networks of the run, the average not counted twice."""
        models: list[Any] = [self.generator.decoder, self.generator.encoder]
        models += [] if self.discriminator is None else [self.discriminator]
        return sum(model.count_params() for model in models)

    def _variables(self) -> list[tuple[str, Any]]:
        groups: dict[str, list[Any]] = {
            "generator": self.generator_variables,
            "average": self.average_variables,
            "vae_optimizer": self.vae_optimizer.variables,
        }
        if self.discriminator is not None:
            groups["discriminator"] = self.discriminator.trainable_variables
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
        self.step = int(values["step"])
        # Rates are among an optimiser's variables, but a resumed run may ask for others.
        if self.discriminator is not None:
            self.g_optimizer.learning_rate = self.config.adversarial_rate
            self.d_optimizer.learning_rate = self.config.discriminator_rate
