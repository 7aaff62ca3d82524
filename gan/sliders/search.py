"""The search for sliders: for each measure the one move that changes it most truly.

Candidates are a tilt each, and the plan's directions by regression. A slider is a single candidate
with its length calibrated. Mixtures of candidates were tried and left: they fit the phrases that
they are made on (docs/training-notes.md, 26. and 27.).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gan.sliders.probes import Probes
from gan.sliders.samples import Values

TRIES = 2  # candidates for each measure that are calibrated and scored
HEARD = 0.5  # standard deviations that a tilt moves a measure by at most, as a candidate
SHORTEST, LONGEST = 0.25, 24.0  # amounts of a tilt, as a candidate
FAITHFUL, CLEAN = 0.9, 0.3  # what a slider's rank correlation and side effects are to be
RANK_NOISE, SIDE_NOISE = 0.015, 0.15  # how far they differ among phrases, the latter by e-folds
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
    """For each measure of `own` the candidate with the best score, calibrated: `(own, ...)`.

    Of those that are tried, which are the first by how much of their effect is on the measure,
    and how consistently over phrases.
    """
    effects, consistency = probes.effects(candidates)
    share = np.abs(effects) / (np.linalg.norm(effects, axis=1) + HEARD / 2)[:, None]
    order = np.argsort(-(share * consistency)[:, own], axis=0)
    best, found = np.full(len(own), -np.inf), np.zeros((len(own), candidates.shape[1]))
    for tried in order[:TRIES]:
        effect = effects[tried, own]
        length = np.sign(effect) / np.maximum(np.abs(effect), 0.1)
        moves, moved = calibrated(probes, candidates[tried] * length[:, None], own)
        scores = score(probes.ranks(moves, own), side_effects(moved, own))
        better = scores > best
        found[better], best[better] = moves[better], scores[better]
    return found


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
