"""What a phrase sounds like: one stem a track."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan.errors import AudioError


@dataclass(frozen=True)
class Stems:
    """Sound of a phrase, or of a window of it, one stem a track.

    `samples` is float32 in -1 to 1 of shape `(track, frame, 2)`. Frame 0 is the start of
    step `start`; the sound of the steps `start` to `end` (exclusive) is complete, and what
    follows it is the release of its notes, which rings on over the next pass of a loop.
    `step_seconds` is the length of a step.
    """

    samples: npt.NDArray[np.float32]
    rate: int
    step_seconds: float
    start: int
    end: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 3 or self.samples.shape[2] != 2:
            raise AudioError(f"Stems are (track, frame, 2), not {self.samples.shape}.")
        if not 0 <= self.start < self.end:
            raise AudioError(f"Stems cover steps {self.start} to {self.end}: nothing.")
        if not (self.rate > 0 and self.step_seconds > 0):
            raise AudioError("Stems need a sample rate and a step length above zero.")
