"""From rolls to the mean and log variance of each latent part.

The parts see what they speak of: a track's part is read off that track alone, a bar's
part off that bar alone, the shared part off everything.
"""

from __future__ import annotations

from typing import Any

from keras import layers, ops

from gan.models.config import ModelConfig
from gan.models.layers import Block, Composite, Network, Tensor, gelu
from gan.spec import CHANNELS, RollSpec


class TrackReader(Composite):
    """One track's roll to tokens, one a beat: `(batch, step, pitch * 2) -> (batch, beat, w)`."""

    def __init__(self, spec: RollSpec, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.spec, self.config = spec, config
        self.step = layers.Dense(config.step_width, activation=gelu)
        self.conv = layers.Conv1D(config.step_width, 3, padding="same", activation=gelu)
        self.beat = layers.Dense(config.track_width, activation=gelu)

    def call(self, roll: Tensor) -> Tensor:
        spec = self.spec
        x = self.step(roll)
        x = x + self.conv(x)
        beats = spec.bars * spec.beats_per_bar
        return self.beat(ops.reshape(x, (-1, beats, spec.steps_per_beat * self.config.step_width)))


class Encoder(Network):
    """`rolls -> (mean, log variance)`, both `(batch, latent_dim)` in the layout of z."""

    def __init__(self, spec: RollSpec, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.spec, self.config = spec, config
        beats = spec.bars * spec.beats_per_bar
        self.readers = [TrackReader(spec, config) for _ in spec.tracks]
        self.track_narrow = [layers.Dense(32, activation=gelu) for _ in spec.tracks]
        self.track_out = [layers.Dense(2 * config.per_track) for _ in spec.tracks]
        self.enter = layers.Dense(config.width)
        self.position = layers.Embedding(beats, config.width)
        self.bar_narrow = layers.Dense(64, activation=gelu)
        self.bar_out = layers.Dense(2 * config.per_bar)
        self.blocks = [
            Block(config.width, config.heads, conditioned=False)
            for _ in range(config.encoder_blocks)
        ]
        self.norm = layers.LayerNormalization()
        self.shared_narrow = layers.Dense(48, activation=gelu)
        self.shared_out = layers.Dense(2 * config.shared)

    def call(self, rolls: Tensor) -> tuple[Tensor, Tensor]:
        """`rolls` (batch, track, step, pitch, channel) of any numeric type."""
        spec = self.spec
        rolls = ops.cast(rolls, self.compute_dtype)
        tokens, parts = [], []
        for index, reader in enumerate(self.readers):
            flat = ops.reshape(rolls[:, index], (-1, spec.steps, spec.pitches * CHANNELS))
            beats = reader(flat)
            tokens.append(beats)
            narrow = self.track_narrow[index](beats)
            narrow = ops.reshape(narrow, (-1, narrow.shape[1] * 32))
            parts.append(self.track_out[index](narrow))
        x = self.enter(ops.concatenate(tokens, axis=-1))
        bars = ops.reshape(self.bar_narrow(x), (-1, spec.beats_per_bar * 64))
        bars = ops.reshape(self.bar_out(bars), (-1, spec.bars, 2 * self.config.per_bar))
        parts += [bars[:, bar] for bar in range(spec.bars)]
        x = x + self.position(ops.arange(x.shape[1]))[None]
        for block in self.blocks:
            x = block(x)
        shared = self.shared_narrow(self.norm(x))
        parts.insert(0, self.shared_out(ops.reshape(shared, (-1, shared.shape[1] * 48))))
        halves = [ops.split(part, 2, axis=-1) for part in parts]
        mean = ops.concatenate([half[0] for half in halves], axis=-1)
        log_variance = ops.concatenate([half[1] for half in halves], axis=-1)
        return mean, ops.clip(log_variance, -8.0, 4.0)
