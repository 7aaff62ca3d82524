"""Families by name."""

from __future__ import annotations

from gan.errors import SpecError
from gan.models.config import ModelConfig
from gan.models.gan import Gan
from gan.models.networks import Encoded
from gan.models.transformer import Transformer
from gan.models.vae import Vae
from gan.spec import RollSpec

FAMILIES: dict[str, type[Encoded]] = {family.family: family for family in (Gan, Vae, Transformer)}


def build(family: str, spec: RollSpec, config: ModelConfig) -> Encoded:
    """A fresh generator of a family; `SpecError` names the known ones."""
    if family not in FAMILIES:
        raise SpecError(f"There is no family {family!r}; known are {', '.join(sorted(FAMILIES))}.")
    return FAMILIES[family](spec, config)
