"""Random phrases with their measures, and what regression on their plans tells.

The plan is the part of w along which directions run (see `gan.models.base`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gan.models.base import Generator
from gan.music.attributes import joined, measure
from gan.spec import ONSET, SOUNDING, RollSpec

USUAL = 0.98  # share of phrases with one value from which a measure has no scale
RIDGE = 1e-2  # of regressions on the plan, in units of its mean variance
APART = 0.02  # of directions that are told from each other, likewise
BLOCK = 256  # phrases drawn at once; bounds memory

Floats = NDArray[np.float32]
Values = NDArray[np.float64]
Measures = dict[str, Values]


@dataclass(frozen=True)
class Samples:
    """Random w `(n, w_dim)` and plans `(n, plan_dim)` with their measures.

    `features` `(n, k)` is a coarse picture of each phrase, which components are taken of.
    """

    w: Floats
    plan: Floats
    measures: Measures
    features: Values

    def varied(self) -> tuple[str, ...]:
        """Names of measures that are not the same for nearly all phrases.

        Of those that are, a phrase in a hundred makes the deviation, which is no scale then.
        """
        found = []
        for name, values in self.measures.items():
            known = values[np.isfinite(values)]
            usual = np.isclose(known, np.median(known)).mean() if len(known) else 1.0
            if usual < USUAL:
                found.append(name)
        return tuple(found)

    def deviations(self, names: Sequence[str]) -> Values:
        """Standard deviations over the phrases for which each measure is defined; never 0."""
        known = [self.measures[name][np.isfinite(self.measures[name])] for name in names]
        return np.array([max(float(each.std()), 1e-9) if len(each) else 1e-9 for each in known])

    def slopes(self, targets: Values) -> Values:
        """Ridge regression of `targets` (n, k) on the plans: `(k, plan_dim)`."""
        x = self.plan.astype(np.float64) - self.plan.mean(axis=0)
        gram = ridged(x.T @ x / len(x), RIDGE)
        return np.asarray(np.linalg.solve(gram, x.T @ targets / len(x)).T, np.float64)

    def least_norm(self, names: Sequence[str]) -> Values:
        """Moves of the plan that change one measure by a deviation and no other of `names`.

        To first order; of all that do, the shortest: `(name, plan_dim)`.
        """
        slopes = self.slopes(np.stack([self._standardised(name) for name in names], axis=1))
        return np.asarray(np.linalg.solve(ridged(slopes @ slopes.T, APART), slopes), np.float64)

    def _standardised(self, name: str) -> Values:
        """Zero mean, unit deviation; what is undefined for a phrase counts as average."""
        values = self.measures[name]
        known = np.isfinite(values)
        filled = np.where(known, values, values[known].mean())
        centred = filled - filled.mean()
        return np.asarray(centred / max(float(filled.std()), 1e-9), np.float64)


def ridged(gram: Values, ridge: float) -> Values:
    """A matrix with so many times its mean diagonal added to the diagonal."""
    return np.asarray(gram + ridge * np.trace(gram) / len(gram) * np.eye(len(gram)), np.float64)


def draw(
    generator: Generator, n: int, *, seed: int, progress: Callable[[int, int], None] | None = None
) -> Samples:
    """`n` phrases of plain draws, without a reranker.

    Plain, because it takes many, spread widely, to learn what moves what.
    """
    z = generator.draw_latent(n, seed)
    ws, blocks, features = [], [], []
    for start in range(0, n, BLOCK):
        w = generator.to_w(z[start : start + BLOCK])
        probabilities = generator.decode_w(w)
        ws.append(w)
        blocks.append(measure(generator.binarise(probabilities), generator.spec))
        features.append(_features(probabilities, generator.spec))
        if progress:
            progress(min(start + BLOCK, n), n)
    w = np.concatenate(ws)
    return Samples(w, w[:, : generator.plan_dim], joined(blocks), np.concatenate(features))


def _features(probabilities: Floats, spec: RollSpec) -> Values:
    """A coarse picture of each phrase: per track, by beat and half octave, both channels."""
    n = len(probabilities)
    beats, bands = spec.bars * spec.beats_per_bar, spec.pitches // 6
    kept = probabilities[..., : bands * 6, :]
    shape = (n, len(spec.tracks), beats, spec.steps_per_beat, bands, 6, 2)
    return np.asarray(
        kept.reshape(shape).sum(axis=(3, 5))[..., [SOUNDING, ONSET]].reshape(n, -1), np.float64
    )
