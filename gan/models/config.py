"""Sizes of a generator and the layout of its structured latent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import msgspec

from gan.errors import SpecError
from gan.spec import RollSpec

FAMILIES = ("gan", "vae", "transformer")
SIZE_MAX = 4096
BLOCKS_MAX = 64


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of decoder and encoder; saved with the checkpoint.

    The latent is `z = [shared | one part a track | one part a bar]`, with
    `shared`, `per_track` and `per_bar` numbers in the respective parts. `dropout` is the
    share of features left out while a transformer trains.
    """

    shared: int = 80
    per_track: int = 32
    per_bar: int = 20
    width: int = 224
    trunk_blocks: int = 3
    encoder_blocks: int = 2
    track_width: int = 112
    step_width: int = 80
    heads: int = 4
    dropout: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name != "dropout" and getattr(self, field.name) < 1:
                raise SpecError(f"Model setting {field.name} must be at least 1.")
            most = BLOCKS_MAX if field.name.endswith("blocks") else SIZE_MAX
            if getattr(self, field.name) > most:
                raise SpecError(f"Model setting {field.name} must be at most {most}.")
        if not 0.0 <= self.dropout < 1.0:
            raise SpecError("Model setting dropout must lie between 0 and 1.")
        if self.width % self.heads or self.track_width % self.heads:
            raise SpecError("width and track_width must be multiples of heads.")


def config_from_dict(values: Mapping[str, Any]) -> ModelConfig:
    """A `ModelConfig` from plain values; unknown keys are refused by name."""
    unknown = sorted(set(values) - {field.name for field in fields(ModelConfig)})
    if unknown:
        raise SpecError(f"Unknown model settings: {', '.join(unknown)}.")
    try:
        return msgspec.convert(dict(values), ModelConfig)
    except msgspec.ValidationError as error:
        raise SpecError(f"The model settings are not valid: {error}.") from error


def latent_parts(spec: RollSpec, config: ModelConfig) -> dict[str, slice]:
    """Where each part of z lies: `shared`, `track:NAME` for each track, `bar:0` to `bar:N`."""
    sizes = [("shared", config.shared)]
    sizes += [(f"track:{name}", config.per_track) for name in spec.track_names]
    sizes += [(f"bar:{bar}", config.per_bar) for bar in range(spec.bars)]
    parts: dict[str, slice] = {}
    start = 0
    for name, size in sizes:
        parts[name] = slice(start, start + size)
        start += size
    return parts


def latent_dim(spec: RollSpec, config: ModelConfig) -> int:
    """Length of z."""
    return config.shared + config.per_track * len(spec.tracks) + config.per_bar * spec.bars


def least_weights(spec: RollSpec, config: ModelConfig) -> int:
    """Numbers that the weights hold at least: those of the larger layers that all families have.

    So a configuration can be refused before its networks are built.
    """
    beats, tracks = spec.bars * spec.beats_per_bar, len(spec.tracks)
    blocks = 4 * config.width**2 * (config.trunk_blocks + config.encoder_blocks)
    reader = 2 * spec.pitches + 3 * config.step_width + spec.steps_per_beat * config.track_width
    parts = 96 * beats * config.shared + 64 * beats * tracks * config.per_track
    parts += 128 * spec.beats_per_bar * config.per_bar
    return blocks + tracks * config.step_width * reader + parts + beats * config.width
