"""How the decisions of an autoregressive generator are drawn."""

from __future__ import annotations

from dataclasses import dataclass

from gan.errors import LatentError

TEMPERATURE_MIN, TEMPERATURE_MAX = 0.2, 2.0
TOP_P_MIN = 0.1


@dataclass(frozen=True)
class Sampling:
    """How decisions are drawn. `temperature` flattens above 1 and sharpens below it.

    `top_p` keeps the likeliest choices that together have that share (nucleus sampling:
    Holtzman et al. 2020).
    """

    temperature: float = 1.0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if not TEMPERATURE_MIN <= self.temperature <= TEMPERATURE_MAX:
            raise LatentError(
                f"A temperature must lie between {TEMPERATURE_MIN:g} and {TEMPERATURE_MAX:g}."
            )
        if not TOP_P_MIN <= self.top_p <= 1.0:
            raise LatentError(f"top_p must lie between {TOP_P_MIN:g} and 1.")
