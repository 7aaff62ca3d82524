"""Variants of a phrase: the same distance away from it in different directions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gan.engine import Engine
from gan.errors import LatentError
from gan.models.ability import Ability
from gan.phrase import PhraseState, latent_numbers

FURTHEST = 0.6  # of the way to another phrase, at a distance of 1
CURVE = 1.5  # notes change soon: this exponent makes half the knob about half of the change


def variants(
    engine: Engine, state: PhraseState, distance: float, n: int = 8, *, seed: int = 0
) -> list[PhraseState]:
    """`n` states that lie `distance` from a state: 0 is the state itself, 1 hardly resembles it.

    Each goes towards another drawn latent, always the same for a `seed`, so that a greater
    distance goes on in the same direction. Sliders, sampling and locks stay. Notes written by
    hand go one after another, in an order of their own, as fast as the music under them changes;
    a generator that reads phrases exactly takes them in, and varies them like all others.

    Raises `LatentError` for a distance outside of 0 to 1.
    """
    if not 0.0 <= distance <= 1.0:
        raise LatentError("The distance of variants lies between 0 and 1.")
    if distance == 0.0:
        return [state] * n
    base = _as_latent(engine, state)
    generator = engine.generator
    others = generator.draw_latent(n, seed)
    found = generator.near(engine.z(base), others, FURTHEST * distance**CURVE)
    random = np.random.default_rng((seed, 2))
    result = []
    for z in found:
        last = random.random(len(base.edits))
        edits = tuple(
            edit for edit, until in zip(base.edits, last, strict=True) if until >= distance
        )
        fresh = replace(base, z=latent_numbers(z), truncation=1.0, takes={}, edits=edits)
        result.append(fresh)
    return result


def _as_latent(engine: Engine, state: PhraseState) -> PhraseState:
    """The state without takes and edits that the latent can hold as well."""
    exact = Ability.WRITES_NOTE_BY_NOTE in engine.can and Ability.READS_PHRASES in engine.can
    if not exact or not (state.takes or state.edits):
        return state
    fresh = engine.encode(engine.render(replace(state, locks={})), seed=state.seed)
    return replace(fresh, locks=state.locks)
