"""The prior: a normalising flow from N(0, 1) to where the encoder puts music.

An autoencoder's latents never fill N(0, 1) as they should; samples drawn from it then fall
between the phrases. An invertible map, trained on the encoder's latents by exact
likelihood, closes the gap (RealNVP: Dinh et al. 2017; as a prior of an autoencoder:
"From variational to deterministic autoencoders", Ghosh et al. 2020, section 4).

The flow keeps the latent's structure: the shared part is mapped by itself, each track's
and each bar's part given the shared one. So no part reaches another but through `shared`,
and locks stay exact. Being invertible, it costs inversion nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import layers, ops

from gan.models.config import ModelConfig, latent_parts
from gan.models.layers import Composite, Network, Tensor, gelu
from gan.spec import RollSpec

COUPLINGS = 6


class Coupling(Composite):
    """Scales and shifts one half of a vector by a function of the other half and a context."""

    def __init__(self, size: int, hidden: int, *, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.order = np.random.default_rng(seed).permutation(size)
        self.back = np.argsort(self.order)
        self.half = size // 2
        self.inner = [layers.Dense(hidden, activation=gelu) for _ in range(2)]
        # Starting at zero makes a fresh flow a permutation, which leaves N(0, 1) as it is.
        self.outer = layers.Dense(2 * (size - self.half), kernel_initializer="zeros")

    def _terms(self, still: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        hidden = ops.concatenate([still, context], axis=-1)
        for layer in self.inner:
            hidden = layer(hidden)
        raw, shift = ops.split(self.outer(hidden), 2, axis=-1)
        return 1.5 * ops.tanh(raw / 1.5), shift

    def call(self, z: Tensor, context: Tensor) -> Tensor:
        """Towards the encoder's space."""
        still, moving = z[:, : self.half], z[:, self.half :]
        log_scale, shift = self._terms(still, context)
        joined = ops.concatenate([still, moving * ops.exp(log_scale) + shift], axis=-1)
        return ops.take(joined, self.order, axis=-1)

    def to_normal(self, u: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Back towards N(0, 1), with the log determinant `(batch,)` of this way."""
        u = ops.take(u, self.back, axis=-1)
        still, moving = u[:, : self.half], u[:, self.half :]
        log_scale, shift = self._terms(still, context)
        joined = ops.concatenate([still, (moving - shift) * ops.exp(-log_scale)], axis=-1)
        return joined, -ops.sum(log_scale, axis=-1)


class PartFlow(Composite):
    """The flow of one part given a context."""

    def __init__(self, size: int, hidden: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.couplings = [Coupling(size, hidden, seed=index) for index in range(COUPLINGS)]

    def to_normal(self, u: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        total = ops.zeros_like(u[:, 0])
        for coupling in reversed(self.couplings):
            u, change = coupling.to_normal(u, context)
            total = total + change
        return u, total

    def call(self, z: Tensor, context: Tensor) -> Tensor:
        for coupling in self.couplings:
            z = coupling(z, context)
        return z


class Prior(Network):
    """z of N(0, 1) to the encoder's latent u and back; both `(batch, latent_dim)`."""

    def __init__(self, spec: RollSpec, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.spec = spec
        self.parts = latent_parts(spec, config)
        self.shared = PartFlow(config.shared, 2 * config.shared)
        self.tracks = [PartFlow(config.per_track, config.shared) for _ in spec.tracks]
        self.bar = PartFlow(config.per_bar, config.shared)

    def _flows(self) -> list[tuple[str, PartFlow, int | None]]:
        """Part, its flow, and its place among the bars."""
        flows: list[tuple[str, PartFlow, int | None]] = [
            (f"track:{name}", flow, None)
            for name, flow in zip(self.spec.track_names, self.tracks, strict=True)
        ]
        return flows + [(f"bar:{bar}", self.bar, bar) for bar in range(self.spec.bars)]

    def _context(self, u_shared: Tensor, bar: int | None) -> Tensor:
        if bar is None:
            return u_shared
        place = np.eye(self.spec.bars, dtype=np.float32)[bar]
        where = ops.broadcast_to(place[None], (ops.shape(u_shared)[0], self.spec.bars))
        return ops.concatenate([u_shared, where], axis=-1)

    def to_latent(self, z: Tensor) -> Tensor:
        """z -> u."""
        first = z[:, self.parts["shared"]]
        shared = self.shared(first, first[:, :0])
        mapped = [shared]
        for name, flow, bar in self._flows():
            mapped.append(flow(z[:, self.parts[name]], self._context(shared, bar)))
        return ops.concatenate(mapped, axis=-1)

    def to_normal(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """u -> z, with the log determinant `(batch,)`."""
        shared = u[:, self.parts["shared"]]
        z_shared, total = self.shared.to_normal(shared, shared[:, :0])
        mapped = [z_shared]
        for name, flow, bar in self._flows():
            part, change = flow.to_normal(u[:, self.parts[name]], self._context(shared, bar))
            mapped.append(part)
            total = total + change
        return ops.concatenate(mapped, axis=-1), total

    def call(self, z: Tensor) -> Tensor:
        return self.to_latent(z)
