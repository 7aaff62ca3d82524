"""The prior: a normalising flow from N(0, 1) to where the encoder puts music.

An autoencoder's latents never fill N(0, 1) as they should; samples drawn from it then fall
between the phrases. An invertible map with an exact likelihood (RealNVP: Dinh et al. 2017)
takes its place in the evidence lower bound and is learnt along with encoder and decoder
("Variational Lossy Autoencoder", Chen et al. 2017).

The flow keeps the latent's structure: the shared part is mapped by itself, each track's
and each bar's part given the shared one. So no part reaches another but through `shared`,
and locks stay exact. Being invertible, it costs inversion nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import layers, ops

from gan.models.config import ModelConfig, latent_parts
from gan.models.layers import Composite, Network, Tensor
from gan.spec import RollSpec

COUPLINGS = 6


class Coupling(Composite):
    """Scales and shifts one half of a vector by a function of the other half and a context."""

    def __init__(self, size: int, hidden: int, *, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # A fixed permutation, as a product: gathering along the last axis has a slow gradient.
        order = np.random.default_rng(seed).permutation(size)
        self.shuffle = np.eye(size, dtype=np.float32)[:, order]
        self.half = size // 2
        self.inner = [layers.Dense(hidden, activation="silu") for _ in range(2)]
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
        return ops.matmul(joined, self.shuffle)

    def to_normal(self, u: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Back towards N(0, 1), with the log determinant `(batch,)` of this way."""
        u = ops.matmul(u, self.shuffle.T)
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
    """z of N(0, 1) to the encoder's latent u and back; both `(batch, latent_dim)`.

    Tracks share one flow, told apart by their number, and so do bars.
    """

    def __init__(self, spec: RollSpec, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.parts = latent_parts(spec, config)
        self.sizes = (config.shared, config.per_track, config.per_bar)
        self.counts = (1, len(spec.tracks), spec.bars)
        hidden = (2 * config.shared, config.shared, config.shared)
        self.flows = [PartFlow(s, h) for s, h in zip(self.sizes, hidden, strict=True)]

    def _folded(self, latent: Tensor) -> list[Tensor]:
        """The shared part, the tracks' parts and the bars' parts, the latter in the batch."""
        ends = np.cumsum(np.multiply(self.sizes, self.counts))[:-1].tolist()
        groups = ops.split(latent, ends, axis=-1)
        return [ops.reshape(g, (-1, s)) for g, s in zip(groups, self.sizes, strict=True)]

    def _joined(self, groups: list[Tensor], widths: tuple[int, ...]) -> Tensor:
        """`groups` with tracks and bars taken out of the batch again."""
        rows = [
            ops.reshape(group, (-1, count * width))
            for group, count, width in zip(groups, self.counts, widths, strict=True)
        ]
        return ops.concatenate(rows, axis=-1)

    def _contexts(self, shared: Tensor) -> list[Tensor]:
        """For tracks and for bars: the shared part, and which of them it is."""
        contexts = []
        for count in self.counts[1:]:
            which = np.eye(count, dtype=np.float32)[None]
            which = ops.broadcast_to(which, (ops.shape(shared)[0], count, count))
            which = ops.reshape(which, (-1, count))
            contexts.append(ops.concatenate([ops.repeat(shared, count, axis=0), which], axis=-1))
        return contexts

    def to_latent(self, z: Tensor) -> Tensor:
        """z -> u."""
        shared, *groups = self._folded(z)
        shared = self.flows[0](shared, shared[:, :0])
        mapped = [shared]
        for flow, group, context in zip(
            self.flows[1:], groups, self._contexts(shared), strict=True
        ):
            mapped.append(flow(group, context))
        return self._joined(mapped, self.sizes)

    def to_normal(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """u -> z, with each part's log determinant `(batch, part)`, parts in z's order."""
        groups = self._folded(u)
        contexts = [groups[0][:, :0], *self._contexts(groups[0])]
        pairs = [
            flow.to_normal(group, context)
            for flow, group, context in zip(self.flows, groups, contexts, strict=True)
        ]
        z, determinants = zip(*pairs, strict=True)
        return self._joined(list(z), self.sizes), self._joined(list(determinants), (1, 1, 1))

    def energy(self, u: Tensor) -> Tensor:
        """Negative log density of u by parts, `(batch, part)`, without the normal's constant."""
        z, determinants = self.to_normal(u)
        squares = [ops.sum(ops.square(group), axis=-1) for group in self._folded(z)]
        return 0.5 * self._joined(squares, (1, 1, 1)) - determinants

    def call(self, z: Tensor) -> Tensor:
        return self.to_latent(z)
