"""How the decisions of an autoregressive generator are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from gan.errors import LatentError

TEMPERATURE_MIN, TEMPERATURE_MAX = 0.2, 2.0
TOP_P_MIN = 0.1


@dataclass(frozen=True)
class Sampling:
    """How decisions are drawn. `temperature` flattens above 1 and sharpens below it.

    `top_p` keeps the likeliest choices that together have that share (nucleus sampling:
    Holtzman et al. 2020). `density` is for generators that give probabilities: a number a
    track from -1 (only the surest notes) to 1 (unlikely ones too); empty is 0 for all.
    """

    temperature: Annotated[float, Meta(ge=TEMPERATURE_MIN, le=TEMPERATURE_MAX)] = 1.0
    top_p: Annotated[float, Meta(ge=TOP_P_MIN, le=1.0)] = 1.0
    density: tuple[Annotated[float, Meta(ge=-1.0, le=1.0)], ...] = ()

    def __post_init__(self) -> None:
        if not TEMPERATURE_MIN <= self.temperature <= TEMPERATURE_MAX:
            raise LatentError(
                f"A temperature must lie between {TEMPERATURE_MIN:g} and {TEMPERATURE_MAX:g}."
            )
        if not TOP_P_MIN <= self.top_p <= 1.0:
            raise LatentError(f"top_p must lie between {TOP_P_MIN:g} and 1.")
        if any(not -1.0 <= amount <= 1.0 for amount in self.density):
            raise LatentError("A density must lie between -1 and 1.")

    def towards(self, other: Sampling, share: float) -> Sampling:
        """Part of the way to another, in a straight line: `share` is 0 here and 1 there."""
        if self == other:
            return self

        def mixed(a: float, b: float) -> float:
            return round((1 - share) * a + share * b, 4)

        tracks = max(len(self.density), len(other.density))
        here, there = (side.density or (0.0,) * tracks for side in (self, other))
        return Sampling(
            mixed(self.temperature, other.temperature),
            mixed(self.top_p, other.top_p),
            tuple(mixed(a, b) for a, b in zip(here, there, strict=True)),
        )

    def dense(self, thresholds: NDArray[np.floating]) -> NDArray[np.float64]:
        """The probabilities from which notes begin, moved by the densities.

        `thresholds` (track,) are those of density 0; a fifth of them is that of 1, and that of
        -1 is 0.9.
        """
        amount = np.asarray(self.density or np.zeros(len(thresholds)), np.float64)
        if amount.shape != thresholds.shape:
            raise LatentError(f"{len(amount)} densities for {len(thresholds)} tracks.")
        more = thresholds * (1.0 - 0.8 * amount)
        fewer = thresholds - (0.9 - thresholds) * amount
        return np.where(amount >= 0, more, fewer)
