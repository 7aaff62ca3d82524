"""How notes leave the grid when they are played: swing, and a human hand.

Both are functions of where a note stands in the phrase and of a seed, so that any window of
the music sounds as it does in the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from msgspec import Meta

from gan.errors import SpecError
from gan.spec import RollSpec

TRIPLET = 2 / 3  # where the second eighth of a beat falls at full swing
TIMING = 0.012  # seconds, standard deviation at full humanising
VELOCITY = 9.0  # of MIDI's 127, the same

Share = Annotated[float, Meta(ge=0.0, le=1.0)]


@dataclass(frozen=True)
class Feel:
    """`swing` 0 (straight) to 1 (triplets) and `humanise` 0 to 1, of a `seed`."""

    swing: Share = 0.0
    humanise: Share = 0.0
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0

    def __post_init__(self) -> None:
        if not (0.0 <= self.swing <= 1.0 and 0.0 <= self.humanise <= 1.0):
            raise SpecError("Swing and humanising lie between 0 and 1.")


def swung(step: float, spec: RollSpec, feel: Feel) -> float:
    """Where a step is played, in steps: eighths of a beat shared out unequally."""
    if not feel.swing or spec.steps_per_beat % 2:
        return step
    beat, within = divmod(step, spec.steps_per_beat)
    half = 0.5 + feel.swing * (TRIPLET - 0.5)
    x = within / spec.steps_per_beat
    moved = 2 * x * half if x < 0.5 else half + (2 * x - 1) * (1 - half)
    return (beat + moved) * spec.steps_per_beat


def touch(track: int, onset: int, pitch: int, feel: Feel) -> tuple[float, float]:
    """Seconds by which a note is late (or early), and what is added to its velocity."""
    if not feel.humanise:
        return 0.0, 0.0
    rng = np.random.default_rng([feel.seed, track, onset, pitch])
    late, louder = np.clip(rng.standard_normal(2), -2.5, 2.5)
    return float(late * TIMING * feel.humanise), float(louder * VELOCITY * feel.humanise)
