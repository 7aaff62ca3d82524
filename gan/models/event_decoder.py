"""The transformer that writes notes, as it is trained: whole phrases at once.

`gan.models.event_sampler` runs the same weights a note at a time.

The latent enters three ways: as the first token, a prefix that every note attends to; added
to each token, with the part of the bar that the token is in; and at the heads, where the
chosen track's part and the bar's part speak to the choice of pitch and duration.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from gan.models.config import ModelConfig, latent_parts
from gan.models.grammar import NOTHING, Grammar
from gan.models.layers import Composite, Network, Tensor, gelu
from gan.spec import RollSpec

FORBIDDEN = -1e9  # the logit of what the grammar forbids
FIRST = (0, 0, NOTHING, 1)  # step, track, pitch and duration before anything is written


class CausalBlock(Composite):
    """Pre-norm transformer block in which a token sees itself and those before it."""

    def __init__(
        self, width: int, heads: int, *, dropout: float, seeds: Any, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.heads, self.head_width, self.dropout, self.seeds = (
            heads,
            width // heads,
            dropout,
            seeds,
        )
        self.norm1 = layers.LayerNormalization(epsilon=1e-5)
        self.norm2 = layers.LayerNormalization(epsilon=1e-5)
        self.qkv = layers.Dense(3 * width, use_bias=False)
        self.out = layers.Dense(width)
        self.mlp_in = layers.Dense(4 * width, activation=gelu)
        self.mlp_out = layers.Dense(width)

    def _dropped(self, x: Tensor, training: bool) -> Tensor:
        if not training or not self.dropout:
            return x
        return keras.random.dropout(x, self.dropout, seed=self.seeds)

    def call(self, x: Tensor, *, training: bool = False) -> Tensor:
        length = ops.shape(x)[1]
        qkv = ops.reshape(self.qkv(self.norm1(x)), (-1, length, 3, self.heads, self.head_width))
        q, k, v = (ops.transpose(qkv[:, :, i], (0, 2, 1, 3)) for i in range(3))
        scores = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) / self.head_width**0.5
        order = ops.arange(length)
        scores = ops.where(order[:, None] >= order[None], scores, FORBIDDEN)
        mixed = ops.transpose(ops.matmul(ops.softmax(scores), v), (0, 2, 1, 3))
        mixed = self.out(ops.reshape(mixed, (-1, length, self.heads * self.head_width)))
        x = x + self._dropped(mixed, training)
        return x + self._dropped(self.mlp_out(self.mlp_in(self.norm2(x))), training)


class EventDecoder(Network):
    """`(w, events) -> logits` of the four decisions for each note; see `gan.music.events`."""

    def __init__(self, spec: RollSpec, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.spec, self.config = spec, config
        self.grammar = Grammar(spec)
        self.parts = latent_parts(spec, config)
        self.seeds = keras.random.SeedGenerator(0)
        width, sizes = config.width, self.grammar.sizes
        self.begin = layers.Dense(width)
        self.plan = layers.Dense(width, use_bias=False)
        self.bar = layers.Dense(width, use_bias=False)
        # What the note before was, and where; then what has been decided of the next one.
        self.tokens = [layers.Embedding(size, width) for size in sizes]
        self.decided = [layers.Embedding(size, width) for size in sizes[:3]]
        self.blocks = [
            CausalBlock(width, config.heads, dropout=config.dropout, seeds=self.seeds)
            for _ in range(config.trunk_blocks)
        ]
        self.norm = layers.LayerNormalization(epsilon=1e-5)
        self.bar_heads = layers.Dense(width, use_bias=False)
        self.track_heads = layers.Dense(width, use_bias=False)
        self.inner = [layers.Dense(width, activation=gelu) for _ in range(3)]
        self.outer = [layers.Dense(size) for size in sizes]

    def bars_and_tracks(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """The bars' parts `(batch, bar, size)` and the tracks' parts `(batch, track, size)`."""
        spec, config = self.spec, self.config
        tracks = slice(config.shared, config.shared + config.per_track * len(spec.tracks))
        return (
            ops.reshape(w[:, tracks.stop :], (-1, spec.bars, config.per_bar)),
            ops.reshape(w[:, tracks], (-1, len(spec.tracks), config.per_track)),
        )

    def call(self, w: Tensor, events: list[Tensor], *, training: bool = False) -> list[Tensor]:
        """Masked logits `(batch, length, choices)`, one a decision.

        `w` (batch, latent_dim); `events` step, track, pitch and duration, int32
        `(batch, length)`. Row i of the logits is for note i, given those before it.
        """
        spec, grammar = self.spec, self.grammar
        step, track, pitch, _ = events
        before = [_shifted(values, first) for values, first in zip(events, FIRST, strict=True)]
        advance = step - before[0]
        bars, tracks = self.bars_and_tracks(w)
        first_bar = spec.bars - 1

        def bar_of(steps: Tensor) -> Tensor:
            """One-hot bars, by which a bar's part is picked."""
            index = ops.minimum(steps // spec.steps_per_bar, first_bar)
            return ops.one_hot(index, spec.bars, dtype=w.dtype)

        written = self.tokens[0](before[0]) + self.tokens[1](before[1])
        written = (
            written
            + self.tokens[2](ops.maximum(before[2], 0))
            + self.tokens[3](ops.minimum(before[3], spec.steps) - 1)
        )
        # The first token is the prefix: no note has been written, the latent stands for it.
        prefix = self.begin(w)[:, None]
        x = ops.where((before[2] < 0)[..., None], prefix, written)
        x = x + self.plan(w)[:, None] + ops.matmul(bar_of(before[0]), self.bar(bars))
        for block in self.blocks:
            x = block(x, training=training)
        h = self.norm(x)

        last = ops.minimum(step, spec.steps - 1)
        where = ops.matmul(bar_of(step), self.bar_heads(bars))
        who = ops.one_hot(track, len(spec.tracks), dtype=w.dtype)
        whose = ops.matmul(who, self.track_heads(tracks))
        first = self.inner[0](h + self.decided[0](last) + where)
        second = self.inner[1](h + first + self.decided[1](track) + whose)
        third = self.inner[2](h + second + self.decided[2](pitch))
        logits = [head(x) for head, x in zip(self.outer, (h, first, second, third), strict=True)]
        masks = (
            grammar.advance(before[0], before[1], before[2]),
            grammar.track(advance, before[1], before[2]),
            grammar.pitch(advance, before[1], before[2], track),
            grammar.duration(last),
        )
        return [ops.where(mask, part, FORBIDDEN) for mask, part in zip(masks, logits, strict=True)]


def _shifted(values: Tensor, first: int) -> Tensor:
    """`values` (batch, length) a place later, with `first` in front."""
    return ops.pad(values[:, :-1], ((0, 0), (1, 0)), constant_values=first)
