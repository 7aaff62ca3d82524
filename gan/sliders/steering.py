"""What moves in w do to the music, and moves that do one thing.

A move is a row `(steered_dim,)`: how far along the plan and along each tilt. Its effects are
measured, never predicted: the mean change of every measure over phrases, from half of the move
back to half of it on, in the measure's standard deviations.

A move that changes one measure and spares the others is a mixture of pulls, moves whose effects
are known. It is found by Newton steps on effects that are measured anew each time, since what a
mixture does is not the sum of what its parts do. Side effects are let be up to a tolerance: a
slider that is freed of the last tenth of them must pull so hard at so much that it becomes less
sure of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gan.models.base import Generator
from gan.music.measures import measure

Floats = NDArray[np.float32]
Values = NDArray[np.float64]
Measures = dict[str, Values]

REACH = 2.0  # amounts of a slider lie between minus that and that
OWN = 3.0  # weight of the own effect's error, where a side effect beyond tolerance weighs 1
WITHIN = 0.05  # and one within it
SOLVES = 12  # of the least squares, each with the weights that the one before calls for
PULL = 0.5  # standard deviations that a tilt moves a measure by at most, as a pull
SHORTEST, LONGEST = 0.25, 24.0  # amounts of a tilt, as a pull
FAITHFUL, CLEAN = 0.9, 0.3  # what a slider's rank correlation and side effects are to be
RANK_NOISE, SIDE_NOISE = 0.015, 0.15  # how far they differ among phrases, the latter by e-folds
LUCK = 0.5  # worth by which a mixture that is free must be better, for it also fits its phrases
ASTRAY = 5.0  # worth that is lost with each e-fold between a move's length and that measured at
CALIBRATIONS, CALIBRATED = 5, 0.1  # rounds at most, until an own effect is as near to 1
GAIN = (0.3, 3.0)  # of a move's own effect, beyond which it is not scaled to 1 in one go


@dataclass(frozen=True)
class Probes:
    """Phrases on which moves are tried, `w` (n, w_dim), with the measures' names and scales."""

    generator: Generator
    w: Floats
    names: tuple[str, ...]
    deviations: Values

    def measured(self, w: Floats) -> Values:
        """The measures of phrases, `(n, measure)`."""
        found = measure(self.generator.rolls_of_w(w), self.generator.spec)
        return np.stack([found[name] for name in self.names], axis=1)

    def effects(self, moves: Values) -> Values:
        """Mean change of every measure from -1/2 to +1/2 along each move, `(move, measure)`."""
        return self.felt(moves)[0]

    def felt(self, moves: Values) -> tuple[Values, Values]:
        """Effects, and how alike they are in all phrases: mean by root mean square, 0 to 1."""
        means, alike = np.zeros((2, len(moves), len(self.names)))
        for k, step in enumerate(self.generator.along(0.5 * moves)):
            ends = self.measured(np.concatenate([self.w + step, self.w - step]))
            change = np.subtract(*np.split(ends, 2)) / self.deviations
            means[k] = mean_change(change)
            alike[k] = np.abs(means[k]) / np.sqrt(np.maximum(mean_change(change**2), 1e-12))
        return means, alike

    def ranks(self, moves: Values, own: Sequence[int]) -> Values:
        """Rank correlation of each slider's amount with the change of its own measure.

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

    def some(self, rows: slice) -> Probes:
        """The same with some of the phrases."""
        return Probes(self.generator, self.w[rows], self.names, self.deviations)


def mean_change(change: Values) -> Values:
    """Mean over phrases `(n, k) -> (k,)` where defined; 0 where never."""
    known = np.isfinite(change)
    total = np.where(known, change, 0.0).sum(axis=0)
    return np.asarray(total / np.maximum(known.sum(axis=0), 1), np.float64)


def tilt_pulls(probes: Probes) -> Values:
    """A move along each tilt, as long as it takes to be heard, `(tilt, steered_dim)`."""
    generator = probes.generator
    tilts = generator.steered_dim - generator.plan_dim
    moves = np.pad(np.eye(tilts), ((0, 0), (generator.plan_dim, 0)))
    if not tilts:
        return moves
    most = np.abs(probes.effects(4.0 * moves)).max(axis=1) / 4.0
    return np.asarray(moves * np.clip(PULL / np.maximum(most, 1e-3), SHORTEST, LONGEST)[:, None])


def sides(effects: Values, own: Sequence[int]) -> Values:
    """The largest effect beside each move's own, `(move,)`."""
    beside = np.abs(effects)
    beside[np.arange(len(own)), own] = 0.0
    return np.asarray(beside.max(axis=1))


def mixed(
    pulled: Values,
    mix: Values,
    start: Values,
    moved: Values,
    own: int,
    *,
    tolerance: float,
    ridge: float,
) -> Values:
    """A better mixture `(pull,)` than `mix`, whose effects are `moved` `(measure,)`.

    `pulled` (pull, measure) are the effects of the pulls, to first order those of what is added.
    `ridge` is the price of leaving `start`.
    """
    added = np.zeros_like(mix)
    for _ in range(SOLVES):
        predicted = moved + added @ pulled
        beyond = np.abs(predicted) > tolerance
        weight = np.where(beyond, 1.0, WITHIN)
        wanted = np.where(beyond, np.sign(predicted) * tolerance, 0.0)
        weight[own], wanted[own] = OWN, 1.0
        gram = (pulled * weight) @ pulled.T + ridge * np.eye(len(mix))
        missing = (pulled * weight) @ (wanted - moved) - ridge * (mix - start)
        added = np.asarray(np.linalg.solve(gram, missing), np.float64)
    return mix + added


def singles(pulled: Values, alike: Values, own: Sequence[int]) -> Values:
    """For each measure of `own` the one pull that moves it with the least beside it, as a mix.

    And most alike in all phrases; both as `Probes.felt` has them, `(pull, measure)`.
    """
    mixes = np.zeros((len(own), len(pulled)))
    for k, index in enumerate(own):
        share = np.abs(pulled[:, index]) / (np.linalg.norm(pulled, axis=1) + PULL / 2)
        best = int((share * alike[:, index]).argmax())
        effect = pulled[best, index]
        mixes[k, best] = np.sign(effect) / max(abs(effect), 0.1)
    return mixes


class Search(NamedTuple):
    """How moves are sought: `rounds` of a Newton step each, and of the effects of what it gives.

    `single` begins with the best single pull instead of nothing; `pulls` is how many of the first
    may be used, None for all. Moves that are worth `enough` already are left as they are.
    """

    rounds: int
    single: bool
    tolerance: float
    ridge: float
    pulls: int | None = None
    enough: float = np.inf


def sought(probes: Probes, pulls: Values, own: Sequence[int], searches: Sequence[Search]) -> Values:
    """For each measure of `own` the best move that was met on the way, `(own, steered_dim)`.

    Best is what is worth most; a move counts for less as long as its effects were measured at
    another length than its own.
    """
    every, alike = probes.felt(pulls)
    # Where effects grow out of proportion, what is mixed goes astray; a single pull does not.
    found, moved = calibrated(probes, singles(every, alike, own) @ pulls, own)
    best, far = worth(probes.ranks(found, own), sides(moved, own)), np.zeros(len(own))
    for search in searches:
        open_ = np.flatnonzero(best < search.enough)
        if not len(open_):
            continue
        wanted, each = [own[int(k)] for k in open_], np.arange(len(open_))
        pulled = every[: search.pulls]
        start = np.zeros((len(wanted), len(pulled)))
        if search.single:
            start = singles(pulled, alike[: search.pulls], wanted)
        mixes, moved = start.copy(), start @ pulled
        for _ in range(search.rounds):
            for k, index in enumerate(wanted):
                mixes[k] = mixed(
                    pulled,
                    mixes[k],
                    start[k],
                    moved[k],
                    index,
                    tolerance=search.tolerance,
                    ridge=search.ridge,
                )
            moved = probes.effects(mixes @ pulls[: search.pulls])
            gain = np.clip(moved[each, wanted], *GAIN)[:, None]
            astray = np.abs(np.log(gain[:, 0]))
            mixes, moved, start = mixes / gain, moved / gain, start / gain
            moves = mixes @ pulls[: search.pulls]
            score = worth(probes.ranks(moves, wanted), sides(moved, wanted)) - ASTRAY * astray
            better = score > best[open_] + (0.0 if search.single else LUCK)
            at = open_[better]
            found[at], best[at], far[at] = moves[better], score[better], astray[better]
    loose = np.flatnonzero(far > CALIBRATED)
    found[loose], _ = calibrated(probes, found[loose], [own[int(k)] for k in loose])
    return found


def calibrated(probes: Probes, moves: Values, own: Sequence[int]) -> tuple[Values, Values]:
    """Moves as long as it takes for each to change its measure by one deviation, on average.

    Beside them their effects `(move, measure)`, as measured last. Shorter steps than an effect in
    proportion to length would need: tilts grow faster than that.
    """
    moves, effects = moves.copy(), np.zeros((len(moves), len(probes.names)))
    open_ = np.arange(len(own))
    for _ in range(CALIBRATIONS):
        effects[open_] = probes.effects(moves[open_])
        found = effects[open_, [own[int(k)] for k in open_]]
        off = np.abs(found - 1.0) > CALIBRATED
        open_, found = open_[off], found[off]
        if not len(open_):
            break
        moves[open_] /= (np.clip(found, *GAIN) ** 0.6)[:, None]
    return moves, effects


def worth(ranks: Values, beside: Values) -> Values:
    """How good sliders are: the log of how likely each, met on other phrases, is both faithful
    (a rank correlation of `FAITHFUL`) and clean (nothing beside it beyond `CLEAN`).

    So what is surely enough of one is given for more of the other, and where neither is within
    reach, faithful comes first.
    """
    faithful = np.logaddexp(0.0, (FAITHFUL - ranks) / RANK_NOISE)
    clean = np.logaddexp(0.0, np.log(np.maximum(beside, 1e-3) / CLEAN) / SIDE_NOISE)
    return np.asarray(-faithful - clean, np.float64)
