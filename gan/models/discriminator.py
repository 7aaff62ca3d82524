"""Tells rolls of songs from rolls of a generator; used in training only."""

from __future__ import annotations

from typing import Any

from keras import layers, ops

from gan.models.config import ModelConfig
from gan.models.layers import Attention, Network, Tensor
from gan.spec import CHANNELS, ONSET, SOUNDING, RollSpec


def _leaky(x: Tensor) -> Tensor:
    return ops.leaky_relu(x, negative_slope=0.2)


def chroma(rolls: Tensor, spec: RollSpec) -> Tensor:
    """Share of the octaves in which each pitch class sounds, `(batch, track, step, 12)`.

    Pitches are folded by octaves: index 0 is pitch class `pitch_min % 12`.
    """
    sounding = rolls[..., SOUNDING]
    missing = -spec.pitches % 12
    if missing:
        sounding = ops.pad(sounding, ((0, 0), (0, 0), (0, 0), (0, missing)))
    octaves = (spec.pitches + missing) // 12
    folded = ops.reshape(sounding, (-1, len(spec.tracks), spec.steps, octaves, 12))
    return ops.sum(folded, axis=3)


def minibatch_deviation(x: Tensor, group: int) -> Tensor:
    """Mean standard deviation over groups of samples, as one more feature.

    Against collapse: "Progressive Growing of GANs" (Karras et al. 2018), section 3.
    `x` (batch, features); the batch must be a multiple of `group`.
    """
    grouped = ops.reshape(x, (group, -1, x.shape[-1]))
    centred = grouped - ops.mean(grouped, axis=0, keepdims=True)
    deviation = ops.sqrt(ops.mean(ops.square(centred), axis=0) + 1e-8)
    statistic = ops.mean(deviation, axis=-1, keepdims=True)
    return ops.concatenate([x, ops.tile(statistic, (group, 1))], axis=-1)


class Discriminator(Network):
    """Frame, onset and chroma views, one token a beat, then one score a phrase.

    No normalisation layers: with R1 they only make the penalty harder to meet.
    """

    def __init__(self, spec: RollSpec, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.spec, self.config = spec, config
        self.beats = spec.bars * spec.beats_per_bar
        self.frame = layers.Dense(config.step_width, activation=_leaky)
        self.pitch_conv = layers.Conv1D(16, 13, strides=6, padding="same", activation=_leaky)
        self.view = layers.Dense(config.step_width, activation=_leaky)
        self.conv = layers.Conv1D(config.step_width * 2, 3, padding="same", activation=_leaky)
        self.beat = layers.Dense(config.width)
        self.position = layers.Embedding(self.beats, config.width)
        self.attentions = [Attention(config.width, config.heads) for _ in range(2)]
        self.inner = [layers.Dense(2 * config.width, activation=_leaky) for _ in range(2)]
        self.outer = [layers.Dense(config.width) for _ in range(2)]
        self.narrow = layers.Dense(32, activation=_leaky)
        self.summary = layers.Dense(config.width, activation=_leaky)
        self.score = layers.Dense(1)

    def features(self, rolls: Tensor) -> Tensor:
        """`(batch, step, features)` of all views at each step."""
        spec = self.spec
        by_step = ops.transpose(rolls, (0, 2, 1, 3, 4))
        flat = ops.reshape(by_step, (-1, spec.steps, len(spec.tracks) * spec.pitches * CHANNELS))
        # Intervals look the same wherever they lie: a convolution over pitch sees them.
        columns = ops.transpose(by_step, (0, 1, 3, 2, 4))
        columns = ops.reshape(columns, (-1, spec.pitches, len(spec.tracks) * CHANNELS))
        intervals = self.pitch_conv(columns)
        intervals = ops.reshape(
            intervals, (-1, spec.steps, intervals.shape[1] * intervals.shape[2])
        )
        classes = ops.transpose(chroma(rolls, spec), (0, 2, 1, 3))
        classes = ops.reshape(classes, (-1, spec.steps, len(spec.tracks) * 12))
        density = ops.transpose(ops.sum(rolls[..., ONSET], axis=-1), (0, 2, 1))
        views = self.view(ops.concatenate([intervals, classes, density], axis=-1))
        return ops.concatenate([self.frame(flat), views], axis=-1)

    def call(self, rolls: Tensor) -> Tensor:
        """`rolls` (batch, track, step, pitch, channel) of 0 and 1 -> scores `(batch,)`."""
        x = self.features(rolls)
        x = x + self.conv(x)
        x = ops.reshape(x, (-1, self.beats, self.spec.steps_per_beat * x.shape[-1]))
        x = self.beat(x) + self.position(ops.arange(self.beats))[None]
        for attention, inner, outer in zip(self.attentions, self.inner, self.outer, strict=True):
            x = x + attention(x)
            x = x + outer(inner(x))
        x = ops.reshape(self.narrow(x), (-1, self.beats * 32))
        x = minibatch_deviation(self.summary(x), group=4)
        return self.score(x)[:, 0]
