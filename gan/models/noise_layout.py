"""Where in a transformer's latent the noise of each decision lies; needs no Keras."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gan.models.config import ModelConfig, latent_dim
from gan.music.events import DECISIONS
from gan.spec import RollSpec

Ints = NDArray[np.int64]

SLOTS = 6  # notes a step and track whose noise is their own; further ones share the last


def full_latent_dim(family: str, spec: RollSpec, config: ModelConfig) -> int:
    """Length of a family's z: the plan, and for a transformer its noise."""
    plan = latent_dim(spec, config)
    return plan + NoiseLayout(spec).size if family == "transformer" else plan


class NoiseLayout:
    """Where the noise of each decision lies in a row of `size` numbers.

    `[start | bar 0: track 0: step 0: slot 0: four decisions, ...]`; a monophonic track has
    one slot. `start` is for the first note's advance and track.
    """

    def __init__(self, spec: RollSpec) -> None:
        self.spec = spec
        self.slots = np.array([1 if track.monophonic else SLOTS for track in spec.tracks])
        self.before = np.concatenate([[0], np.cumsum(self.slots)[:-1]])
        self.per_step = int(self.slots.sum())
        self.size = len(DECISIONS) * (1 + spec.steps * self.per_step)

    def at(self, step: Ints, track: Ints, slot: Ints) -> Ints:
        """Index of the first of the four numbers of a note's place."""
        slot = np.minimum(slot, self.slots[track] - 1)
        first = 1 + step * self.per_step + self.before[track] + slot
        return np.asarray(len(DECISIONS) * first, np.int64)

    def of_track(self, index: int) -> Ints:
        """All numbers of a track."""
        steps, slots = np.arange(self.spec.steps), np.arange(self.slots[index])
        return self._all(steps, index, slots)

    def of_bar(self, bar: int) -> Ints:
        """All numbers of a bar."""
        first = bar * self.spec.steps_per_bar
        steps = np.arange(first, first + self.spec.steps_per_bar)
        tracks = [self._all(steps, k, np.arange(n)) for k, n in enumerate(self.slots)]
        return np.sort(np.concatenate(tracks))

    def _all(self, steps: Ints, track: int, slots: Ints) -> Ints:
        start = self.at(steps[:, None], np.array(track), slots[None])
        return np.sort((start[..., None] + np.arange(len(DECISIONS))).ravel())
