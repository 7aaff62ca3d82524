"""From latent to logits, with a structure that makes locking exact.

The shared part makes a plan of the phrase, one token a beat, with attention over all
beats. After that, bars are folded into the batch: a bar's part reaches its own bar only.
Each track then has a head of its own, and a track's part enters that head only. So no
number of `track:MELODY` can reach the piano, and none of `bar:2` can reach bar 1.
"""

from __future__ import annotations

from typing import Any

from keras import initializers, layers, ops

from gan.models.config import ModelConfig, latent_parts
from gan.models.layers import Block, Composite, Network, PartMap, StepConv, Tensor
from gan.spec import RollSpec, Track


def logit_width(track: Track, pitches: int) -> int:
    """Numbers a step in a track's logits.

    Monophonic: one choice among `pitches` onsets, hold and rest. Otherwise each pitch
    has a sounding and an onset logit.
    """
    return pitches + 2 if track.monophonic else 2 * pitches


class TrackHead(Composite):
    """Logits of one track from the beats of one bar; bars lie in the batch axis."""

    def __init__(self, spec: RollSpec, config: ModelConfig, track: Track, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.spec, self.config = spec, config
        self.beats = spec.bars * spec.beats_per_bar
        self.enter = layers.Dense(config.track_width)
        self.content = layers.Dense(self.beats * 32)
        self.content_out = layers.Dense(config.track_width, use_bias=False)
        self.block = Block(config.track_width, config.heads, conditioned=True)
        self.to_steps = layers.Dense(spec.steps_per_beat * config.step_width)
        self.convs = [StepConv(config.step_width) for _ in range(2)]
        self.norm = layers.LayerNormalization()
        # Cells are rarely on; starting there saves the first hundred steps.
        start = "zeros" if track.monophonic else initializers.Constant(-4.0)
        self.out = layers.Dense(logit_width(track, spec.pitches), bias_initializer=start)

    def call(self, bars: Tensor, w_track: Tensor) -> Tensor:
        """`bars` (batch * bar, beat, width), `w_track` (batch, part) -> (batch, step, logits)."""
        spec = self.spec
        content = ops.reshape(self.content(w_track), (-1, spec.beats_per_bar, 32))
        x = self.enter(bars) + self.content_out(content)
        x = self.block(x, ops.repeat(w_track, spec.bars, axis=0))
        x = ops.reshape(self.to_steps(x), (-1, spec.steps_per_bar, self.config.step_width))
        for conv in self.convs:
            x = conv(x)
        x = self.out(self.norm(x))
        return ops.reshape(x, (-1, spec.steps, x.shape[-1]))


class Decoder(Network):
    """`z -> w -> logits`, one tensor `(batch, step, logit_width)` a track."""

    def __init__(self, spec: RollSpec, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.spec, self.config = spec, config
        self.parts = latent_parts(spec, config)
        self.map_shared = PartMap(config.shared, 2 * config.shared)
        self.map_tracks = [PartMap(config.per_track, 2 * config.per_track) for _ in spec.tracks]
        self.map_bar = PartMap(config.per_bar, 2 * config.per_bar)
        beats = spec.bars * spec.beats_per_bar
        self.plan = layers.Dense(beats * 64)
        self.plan_out = layers.Dense(config.width, use_bias=False)
        self.position = layers.Embedding(beats, config.width)
        self.trunk = [
            Block(config.width, config.heads, conditioned=True) for _ in range(config.trunk_blocks)
        ]
        self.bar_content = layers.Dense(spec.beats_per_bar * 32)
        self.bar_content_out = layers.Dense(config.width, use_bias=False)
        self.bar_block = Block(config.width, config.heads, conditioned=True)
        self.heads = [TrackHead(spec, config, track) for track in spec.tracks]

    def to_w(self, z: Tensor) -> Tensor:
        """The mapping networks, part by part; w has z's layout."""
        parts = [self.map_shared(z[:, self.parts["shared"]])]
        for name, mapping in zip(self.spec.track_names, self.map_tracks, strict=True):
            parts.append(mapping(z[:, self.parts[f"track:{name}"]]))
        bars = [z[:, self.parts[f"bar:{bar}"]] for bar in range(self.spec.bars)]
        parts.extend(self.map_bar(bar) for bar in bars)
        return ops.concatenate(parts, axis=-1)

    def from_w(self, w: Tensor) -> list[Tensor]:
        """Logits of every track."""
        spec, width = self.spec, self.config.width
        beats = spec.bars * spec.beats_per_bar
        shared = w[:, self.parts["shared"]]
        x = self.plan_out(ops.reshape(self.plan(shared), (-1, beats, 64)))
        x = x + self.position(ops.arange(beats))[None]
        for block in self.trunk:
            x = block(x, shared)
        x = ops.reshape(x, (-1, spec.beats_per_bar, width))
        first = self.parts["bar:0"].start
        w_bars = ops.reshape(w[:, first:], (-1, self.config.per_bar))
        content = ops.reshape(self.bar_content(w_bars), (-1, spec.beats_per_bar, 32))
        x = self.bar_block(x + self.bar_content_out(content), w_bars)
        return [
            head(x, w[:, self.parts[f"track:{name}"]])
            for name, head in zip(spec.track_names, self.heads, strict=True)
        ]

    def call(self, z: Tensor) -> list[Tensor]:
        return self.from_w(self.to_w(z))
