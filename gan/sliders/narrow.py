"""Sliders of a track that move no other track, beside stored ones that do.

Directions that were found before a track's slider had to keep to its track may move others, or
write the track anew. Links may move them, so they stay as they are, and one that keeps to the
track is found and stored beside each, under an id of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gan.models.base import Generator
from gan.music.attributes import measure
from gan.sliders.directions import FIRST, Direction, track_directions
from gan.sliders.probes import Probes
from gan.sliders.samples import Samples
from gan.sliders.search import tilt_moves

PHRASES = 96  # to search on, and as many others to measure on
SEED = 37  # of these
ALONE = "@track"  # behind the measure, in the id of a slider that keeps to its track


def narrowed(generator: Generator, directions: Sequence[Direction]) -> list[Direction]:
    """The directions, and what was found beside those that reach beyond their track."""
    wide = _wide(generator, directions)
    if not wide:
        return list(directions)
    w = generator.to_w(generator.sample_latent(2 * PHRASES, SEED))
    rolls = generator.rolls_of_w(w)
    nothing = np.zeros((len(w), 0))
    samples = Samples(w, w[:, : generator.plan_dim], measure(rolls, generator.spec), nothing)
    names = samples.varied()
    search = Probes(generator, w[:PHRASES], names, samples.deviations(names))
    fresh = replace(search, w=w[PHRASES:])
    tilts = tilt_moves(search.first(FIRST))
    found = {}
    for track in generator.spec.track_names:
        stored = [each for each in wide if each.id.rpartition(".")[0] == track]
        own = [each.id for each in stored if each.id in names]
        moves = np.concatenate([tilts, *(each.vector[None] for each in stored)])
        for each in track_directions(search, fresh, moves.astype(np.float64), own):
            found[each.id] = replace(each, id=each.id + ALONE, attribute=each.id)
    beside = [[each, found[each.id]] if each.id in found else [each] for each in directions]
    return [each for both in beside for each in both]


def _wide(generator: Generator, directions: Sequence[Direction]) -> list[Direction]:
    """Of a track's measure those that reach beyond it, and have nothing else beside them."""
    known = {each.attribute for each in directions}
    return [
        each
        for each in directions
        if each.kind == "named"
        and not each.attribute
        and each.id not in known
        and (track := each.id.rpartition(".")[0]) in generator.spec.track_names
        and each.vector[~generator.reach(track)].any()
    ]
