"""The search for sliders: for each measure the move that changes it most truly.

Candidates are a tilt each, and the plan's directions by regression. A slider is a single candidate
with its length calibrated; where that is not good enough, a mixture of candidates that works
against side effects, if it is better (docs/training-notes.md, "Sliders of single moves").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gan.sliders.probes import Probes
from gan.sliders.samples import Values

HEARD = 0.5  # standard deviations that a tilt moves a measure by at most, as a candidate
SHORTEST, LONGEST = 0.25, 24.0  # amounts of a tilt, as a candidate
FAITHFUL, CLEAN = 0.9, 0.3  # what a slider's rank correlation and side effects are to be
RANK_NOISE, SIDE_NOISE = 0.015, 0.15  # how far they differ among phrases, the latter by e-folds
GOOD = -0.25  # score from which a single candidate is left as it is
LUCK = 0.5  # score by which a mixture must be better, for it also fits the phrases it is made on
ROUNDS = 3  # Newton steps of a mixture, each from effects that are measured anew
SOLVES = 12  # least squares of a step, each with the weights that the one before calls for
TOLERANCE = 0.2  # side effects that a mixture does not work against: less would make it unsure
OWN, WITHIN = 3.0, 0.05  # weights of the own effect's error, and of a side effect within tolerance
RIDGE = 0.03  # price of a mixture's length
CALIBRATIONS, CALIBRATED = 5, 0.1  # rounds at most, until an own effect is as near to 1
GAIN = (0.3, 3.0)  # of a move's own effect, beyond which it is not scaled to 1 in one go


def tilt_moves(probes: Probes) -> Values:
    """A move along each tilt, as long as it takes to be heard, `(tilt, steered_dim)`."""
    generator = probes.generator
    tilts = generator.steered_dim - generator.plan_dim
    moves = np.pad(np.eye(tilts), ((0, 0), (generator.plan_dim, 0)))
    if not tilts:
        return moves
    most = np.abs(probes.effects(4.0 * moves)[0]).max(axis=1) / 4.0
    return np.asarray(moves * np.clip(HEARD / np.maximum(most, 1e-3), SHORTEST, LONGEST)[:, None])


def best_moves(probes: Probes, candidates: Values, own: Sequence[int]) -> Values:
    """For each measure of `own` the best single candidate, or a mixture that is better.

    Calibrated, `(own, steered_dim)`. The single one is that whose effect is most of it on the
    measure, and most consistent over phrases.
    """
    effects, consistency = probes.effects(candidates)
    share = np.abs(effects) / (np.linalg.norm(effects, axis=1) + HEARD / 2)[:, None]
    single = (share * consistency)[:, own].argmax(axis=0)
    effect = effects[single, own]
    length = np.sign(effect) / np.maximum(np.abs(effect), 0.1)
    found, best = _scored(probes, candidates[single] * length[:, None], own)
    poor = np.flatnonzero(best < GOOD)
    if len(poor):
        wanted = [own[int(k)] for k in poor]
        mixtures, scores = _scored(probes, _mixtures(probes, candidates, effects, wanted), wanted)
        better = scores > best[poor] + LUCK
        found[poor[better]] = mixtures[better]
    return found


def _scored(probes: Probes, moves: Values, own: Sequence[int]) -> tuple[Values, Values]:
    """Moves calibrated, and their scores."""
    moves, effects = calibrated(probes, moves, own)
    return moves, score(probes.ranks(moves, own), side_effects(effects, own))


def _mixtures(probes: Probes, candidates: Values, effects: Values, own: Sequence[int]) -> Values:
    """For each measure of `own` a mixture of candidates that moves little else, `(own, ...)`.

    By Newton steps on measured effects: what a mixture does is not the sum of what its parts do.
    """
    mixes, moved = np.zeros((len(own), len(candidates))), np.zeros((len(own), effects.shape[1]))
    for _ in range(ROUNDS):
        for k, index in enumerate(own):
            mixes[k] = improved(effects, mixes[k], moved[k], index)
        moved, _ = probes.effects(mixes @ candidates)
        gain = np.clip(moved[np.arange(len(own)), own], *GAIN)[:, None]
        mixes, moved = mixes / gain, moved / gain
    return np.asarray(mixes @ candidates, np.float64)


def improved(effects: Values, mix: Values, moved: Values, own: int) -> Values:
    """A better mixture `(candidate,)` than `mix`, whose effects are `moved` `(measure,)`.

    `effects` (candidate, measure) are, to first order, those of what is added. Side effects within
    `TOLERANCE` are let be, those beyond it are brought back to it.
    """
    added = np.zeros_like(mix)
    for _ in range(SOLVES):
        predicted = moved + added @ effects
        beyond = np.abs(predicted) > TOLERANCE
        weight = np.where(beyond, 1.0, WITHIN)
        wanted = np.where(beyond, np.sign(predicted) * TOLERANCE, 0.0)
        weight[own], wanted[own] = OWN, 1.0
        gram = (effects * weight) @ effects.T + RIDGE * np.eye(len(mix))
        missing = (effects * weight) @ (wanted - moved) - RIDGE * mix
        added = np.asarray(np.linalg.solve(gram, missing), np.float64)
    return mix + added


def calibrated(probes: Probes, moves: Values, own: Sequence[int]) -> tuple[Values, Values]:
    """Moves as long as it takes for each to change its measure by one deviation, on average.

    Beside them their effects `(move, measure)`, as measured last. Shorter steps than an effect in
    proportion to length would need: tilts grow faster than that.
    """
    moves, effects = moves.copy(), np.zeros((len(moves), len(probes.names)))
    index, open_ = np.array(own), np.arange(len(own))
    for _ in range(CALIBRATIONS):
        effects[open_] = probes.effects(moves[open_])[0]
        gain = effects[open_, index[open_]]
        off = np.abs(gain - 1.0) > CALIBRATED
        open_, gain = open_[off], gain[off]
        if not len(open_):
            break
        moves[open_] /= (np.clip(gain, *GAIN) ** 0.6)[:, None]
    return moves, effects


def side_effects(effects: Values, own: Sequence[int]) -> Values:
    """The largest effect beside each move's own, `(move,)`."""
    beside = np.abs(effects)
    beside[np.arange(len(own)), own] = 0.0
    return np.asarray(beside.max(axis=1))


def score(ranks: Values, beside: Values) -> Values:
    """How good sliders are: the log of how likely each, met on other phrases, is both faithful
    (a rank correlation of `FAITHFUL`) and clean (nothing beside it beyond `CLEAN`).

    So what is surely enough of one is given for more of the other, and where neither is within
    reach, faithful comes first.
    """
    faithful = np.logaddexp(0.0, (FAITHFUL - ranks) / RANK_NOISE)
    clean = np.logaddexp(0.0, np.log(np.maximum(beside, 1e-3) / CLEAN) / SIDE_NOISE)
    return np.asarray(-faithful - clean, np.float64)
