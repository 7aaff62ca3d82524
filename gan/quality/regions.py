"""How good phrases are away from the seeds.

A person seldom stays at a seed: they walk from one to another, move sliders, look around, ask
for another take of a part. A reranker that chooses seeds makes the space between them no better,
so figures at seeds alone flatter a generator. Here all regions are held against the same songs.

Two classifiers tell phrases from songs. The trees see the musical measures, as the reranker does.
The network on rolls is held out: it is trained on what it is to tell apart and thrown away, and
nothing in training, calibration or the choice of draws is fitted to what it sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gan.models.ability import Ability
from gan.models.base import Generator
from gan.music.attributes import measure
from gan.music.compare import mean_overlap
from gan.music.parts import with_locks
from gan.quality import two_sample
from gan.quality.latent import nearby
from gan.spec import RollSpec

Floats = NDArray[np.float32]
Rolls = NDArray[np.uint8]
Measures = Mapping[str, NDArray[np.float64]]


class Songs(Protocol):
    """Phrases of songs that were held out of training, and which song each is of."""

    held_out: Rolls
    held_out_songs: NDArray[np.int32]


SEED = 20_270_101
TRUNCATION = 0.7
SLIDERS, REACH = 3, 1.5  # sliders moved at once, each by up to so much


def region_rolls(
    generator: Generator, moves: Floats, n: int, *, seed: int = SEED
) -> dict[str, Rolls]:
    """`n` phrases of each region, by its name.

    `moves` `(slider, w_dim)` are what the sliders add to w at 1; without any, that region is
    left out. Walks lead from each of the `n` seeds to the next.
    """
    random = np.random.default_rng(seed)
    z = generator.sample_latent(n, seed)
    w = generator.to_w(z)
    walks = generator.walk(z, np.roll(z, -1, axis=0), np.array([0.25, 0.5]))
    found = {
        "seeds": generator.rolls_of_w(w),
        "quarter points": generator.rolls_of_z(walks[:, 0]),
        "midpoints": generator.rolls_of_z(walks[:, 1]),
        "truncation": generator.rolls_of_z(np.float32(TRUNCATION) * z),
        "neighbourhoods": generator.rolls_of_z(nearby(z, random)),
    }
    found["takes"] = _takes(generator, z, found["seeds"], random)
    if len(moves):
        found["sliders"] = generator.rolls_of_w(w + _random_moves(moves, n, random))
    return found


def _random_moves(moves: Floats, n: int, random: np.random.Generator) -> Floats:
    """`SLIDERS` of the moves at once, each by -`REACH` to `REACH`; `(n, w_dim)`."""
    order = random.random((n, len(moves))).argsort(axis=1)
    amounts = np.where(order < SLIDERS, random.uniform(-REACH, REACH, order.shape), 0.0)
    return np.asarray(amounts.astype(np.float32) @ moves, np.float32)


def _takes(generator: Generator, z: Floats, plain: Rolls, random: np.random.Generator) -> Rolls:
    """The phrases `plain` of `z`, each with another take of a track or of a bar, in turn.

    Where a part of the latent reaches beyond its own cells, these alone are taken.
    """
    spec = generator.spec
    parts = [f"track:{name}" for name in spec.track_names]
    parts += [f"bar:{bar}" for bar in range(spec.bars)]
    names = [parts[k % len(parts)] for k in range(len(z))]
    drawn = random.integers(2**31, size=len(z)).tolist()
    again = [generator.another_take(*each) for each in zip(z, names, drawn, strict=True)]
    fresh = generator.rolls_of_z(np.stack(again))
    if Ability.SEPARATE_PARTS in generator.can:
        return fresh
    taken = zip(plain, names, fresh, strict=True)
    return np.stack([with_locks(roll, {name: take}, spec) for roll, name, take in taken])


def region_figures(
    phrases: Mapping[str, Rolls], against: Measures, spec: RollSpec, songs: Songs | None = None
) -> dict[str, dict[str, float]]:
    """Overlap, density and coverage of each region with songs whose measures are `against`.

    With `songs` also the AUC of both classifiers. It depends on how many phrases there are on
    either side: compare regions of one call, or of calls with as many.
    """
    found = {}
    theirs = against if songs is None else measure(songs.held_out, spec)
    for name, rolls in phrases.items():
        ours = measure(rolls, spec)
        found[name] = {
            "overlap": mean_overlap(ours, against),
            **two_sample.density_and_coverage(ours, against),
        }
        if songs is not None:
            of = songs.held_out_songs
            found[name]["trees"] = two_sample.trees_auc(ours, theirs, of)
            found[name]["network"] = two_sample.network_auc(rolls, songs.held_out, of)
    return found


def above_seeds(figures: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """By how much the AUC of the worst region is above that of seeds, a classifier."""
    return {
        key: max(each[key] for each in figures.values()) - figures["seeds"][key]
        for key in ("trees", "network")
        if key in figures["seeds"]
    }
