"""Sliders of a track that move no other track, beside stored ones that do.

Directions that were found before a track's slider had to keep to its track may move others, or
write the track anew. Links may move them, so they stay as they are, and one that keeps to the
track is stored beside each, under an id of its own: what of it reaches that track alone, or the
tilt towards its attribute, whichever is better. This takes a minute where a new search takes ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gan.models.base import Generator
from gan.music.attributes import measure
from gan.sliders.directions import Direction, accepted, rounded
from gan.sliders.probes import Probes
from gan.sliders.samples import Floats, Samples, Values
from gan.sliders.search import calibrated, score, side_effects

PHRASES = 48  # to calibrate on, and as many others to measure on
SEED = 37  # of these
ALONE = "@track"  # behind the measure, in the id of a slider that keeps to its track
LENGTH = 4.0  # of a tilt, to begin with


def narrowed(generator: Generator, directions: Sequence[Direction]) -> list[Direction]:
    """The directions, and beside those that reach beyond their track what was found."""
    wide = [each for each in directions if _reaches_others(generator, each)]
    known = {each.attribute for each in directions}
    wide = [each for each in wide if each.id not in known]
    if not wide:
        return list(directions)
    w = generator.to_w(generator.sample_latent(2 * PHRASES, SEED))
    rolls = generator.rolls_of_w(w)
    nothing = np.zeros((len(w), 0))
    samples = Samples(w, w[:, : generator.plan_dim], measure(rolls, generator.spec), nothing)
    names = samples.varied()
    probes = Probes(generator, w[:PHRASES], names, samples.deviations(names))
    fresh = replace(probes, w=w[PHRASES:])
    moves = [(each, move) for each in wide if each.id in names for move in _moves(generator, each)]
    if not moves:
        return list(directions)
    found = _best(probes, fresh, [each for each, _ in moves], np.stack([m for _, m in moves]))
    beside = [[each, found[each.id]] if each.id in found else [each] for each in directions]
    return [each for both in beside for each in both]


def _reaches_others(generator: Generator, direction: Direction) -> bool:
    """Whether it is one of a track, and moves another."""
    track = direction.id.rpartition(".")[0]
    named = direction.kind == "named" and not direction.attribute
    if not named or track not in generator.spec.track_names:
        return False
    return bool(direction.vector[~generator.reach(track)].any())


def _moves(generator: Generator, direction: Direction) -> list[Floats]:
    """What may take a direction's place, `(steered_dim,)` each."""
    found = [direction.vector * generator.reach(direction.id.rpartition(".")[0])]
    if direction.id in generator.tilt_names:
        tilt = np.zeros_like(direction.vector)
        tilt[generator.plan_dim + generator.tilt_names.index(direction.id)] = LENGTH
        found.append(tilt)
    return [move for move in found if move.any()]


def _best(
    probes: Probes, fresh: Probes, wide: Sequence[Direction], moves: Values
) -> dict[str, Direction]:
    """Of the `moves` that may take the place of each of `wide` the best that will do, by id."""
    own = [probes.names.index(each.id) for each in wide]
    moves, _ = calibrated(probes, moves.astype(np.float64), own)
    effects, _ = fresh.effects(moves)
    ranks, beside = fresh.ranks(moves, own), side_effects(effects, own)
    tracks = [probes.generator.spec.track_names.index(each.id.rpartition(".")[0]) for each in wide]
    good = accepted(effects[np.arange(len(own)), own], ranks, beside, fresh.kept(moves, tracks))
    scores = np.where(good, score(ranks, beside), -np.inf)
    found: dict[str, tuple[float, Direction]] = {}
    for k, each in enumerate(wide):
        if good[k] and scores[k] > found.get(each.id, (-np.inf, each))[0]:
            moved = dict(zip(probes.names, effects[k], strict=True))
            found[each.id] = (
                scores[k],
                replace(
                    each,
                    id=each.id + ALONE,
                    attribute=each.id,
                    vector=moves[k].astype(np.float32),
                    effects=rounded(moved),
                    spearman=round(float(ranks[k]), 3),
                ),
            )
    return {name: direction for name, (_, direction) in found.items()}
