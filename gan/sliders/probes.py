"""What moves in w do to the music, measured on phrases and never predicted.

A move is a row `(steered_dim,)`: how far along the plan and along each tilt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gan.models.base import Generator
from gan.music.attributes import measure
from gan.sliders.samples import Floats, Values
from gan.spec import ONSET

REACH = 2.0  # rank correlations are of amounts between minus that and that


@dataclass(frozen=True)
class Probes:
    """Phrases on which moves are tried, `w` (n, w_dim), with the measures' names and scales."""

    generator: Generator
    w: Floats
    names: tuple[str, ...]
    deviations: Values

    def first(self, count: int) -> Probes:
        """The same with the first phrases only."""
        return replace(self, w=self.w[:count])

    def measured(self, w: Floats) -> Values:
        """The measures of phrases, `(n, measure)`."""
        found = measure(self.generator.rolls_of_w(w), self.generator.spec)
        return np.stack([found[name] for name in self.names], axis=1)

    def effects(self, moves: Values) -> tuple[Values, Values]:
        """Mean change of every measure from -1/2 to +1/2 along each move, `(move, measure)`.

        In standard deviations; beside it how consistent the change is over the phrases: its mean
        over its root mean square, 0 to 1.
        """
        means, consistency = np.zeros((2, len(moves), len(self.names)))
        for k, step in enumerate(self.generator.along(0.5 * moves)):
            ends = self.measured(np.concatenate([self.w + step, self.w - step]))
            change = np.subtract(*np.split(ends, 2)) / self.deviations
            means[k] = mean_change(change)
            size = np.sqrt(np.maximum(mean_change(change**2), 1e-12))
            consistency[k] = np.abs(means[k]) / size
        return means, consistency

    def kept(self, moves: Values, tracks: Sequence[int]) -> Values:
        """Share of the notes of a track, one for each move, that are there at +1 too, `(move,)`."""
        plain = self.generator.rolls_of_w(self.w)
        found = []
        for step, track in zip(self.generator.along(moves), tracks, strict=True):
            moved = self.generator.rolls_of_w(self.w + step)
            found.append(kept_share(plain[:, track], moved[:, track]))
        return np.array(found)

    def ranks(self, moves: Values, own: Sequence[int]) -> Values:
        """Rank correlation of each move's amount with the change of its own measure, `(move,)`.

        Every phrase is moved by an amount of its own within `REACH`.
        """
        from scipy.stats import spearmanr

        before = self.measured(self.w)
        amounts = np.random.default_rng(23).uniform(-REACH, REACH, len(self.w))
        found = []
        for step, index in zip(self.generator.along(moves), own, strict=True):
            moved = self.w + amounts[:, None].astype(np.float32) * step
            change = (self.measured(moved) - before)[:, index]
            known = np.isfinite(change)
            enough = known.sum() > 2 and np.ptp(change[known]) > 0
            found.append(float(spearmanr(amounts[known], change[known])[0]) if enough else 0.0)
        return np.array(found)


def kept_share(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    """Share of the notes of rolls `(..., step, pitch, 2)` that begin in both; 1 without any."""
    notes = before[..., ONSET] != 0
    return float((notes & (after[..., ONSET] != 0)).sum() / notes.sum()) if notes.any() else 1.0


def mean_change(change: Values) -> Values:
    """Mean over phrases `(n, k) -> (k,)` where defined; 0 where never."""
    known = np.isfinite(change)
    total = np.where(known, change, 0.0).sum(axis=0)
    return np.asarray(total / np.maximum(known.sum(axis=0), 1), np.float64)
