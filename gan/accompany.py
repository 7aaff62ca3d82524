"""Write the rest of a phrase to a part of it that is kept: tracks, or rhythm, or pitches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gan.engine import Engine, Rolls
from gan.errors import LatentError
from gan.models.ability import Ability
from gan.models.reranker import Odds, resample_around
from gan.music.attributes import measure
from gan.phrase import PhraseState, copy_track, latent_numbers, lock

if TYPE_CHECKING:
    from gan.models.transformer import Transformer

Values = NDArray[np.float64]
DRAWN = 2  # phrases written for each that is asked for, where writing one takes long


@dataclass(frozen=True)
class Answer:
    """A phrase with the kept part in it, and how well it fits; more is better."""

    state: PhraseState
    score: float


@dataclass(frozen=True)
class Consonance:
    """The odds where a generator has no reranker: the melody in the chords, and no clashes."""

    def log_odds(self, measures: Mapping[str, Values]) -> Values:
        clashes = np.nan_to_num(measures["semitone_clashes"])
        inside = measures.get("melody_in_chord", np.zeros_like(clashes))
        return np.asarray(10.0 * (np.nan_to_num(inside) - clashes))


def accompany(
    engine: Engine, state: PhraseState, keep: Sequence[str], n: int = 8, *, seed: int = 0
) -> list[Answer]:
    """`n` phrases with the tracks `keep` of a state, by name, and all others written to them.

    The best comes first. Kept tracks are locked in what comes back, cell for cell as they are.
    Raises `LatentError` unless some tracks are kept and some are not.
    """
    spec = engine.spec
    if unknown := [name for name in keep if name not in spec.track_names]:
        raise LatentError(
            f"This generator has no track {', '.join(unknown)}; it has "
            f"{', '.join(spec.track_names)}."
        )
    if not 0 < len(set(keep)) < len(spec.tracks):
        raise LatentError("Keep at least one track, and leave at least one to be written.")
    kept = [k for k, name in enumerate(spec.track_names) if name in keep]
    if Ability.WRITES_NOTE_BY_NOTE in engine.can:
        return _written(engine, state, kept, n, seed)
    return _searched(engine, state, kept, n, seed)


def _odds(engine: Engine) -> Odds:
    return engine.generator.reranker or Consonance()


def _ranked(
    engine: Engine, states: Sequence[PhraseState], score: Values, n: int
) -> list[Answer]:
    best = np.argsort(-score, kind="stable")[:n]
    return [Answer(states[k], round(float(score[k]), 3)) for k in best]


def _searched(
    engine: Engine, state: PhraseState, kept: list[int], n: int, seed: int
) -> list[Answer]:
    """By drawing candidates of the parts of the latent, which reach their own cells only."""
    generator, spec, roll = engine.generator, engine.spec, engine.render(state)
    names = [spec.track_names[k] for k in kept]

    def held(rolls: Rolls) -> Rolls:
        result = rolls.copy()
        result[:, kept] = roll[kept]
        return result

    free = generator.latent_parts().keys() - {"shared", *(f"track:{name}" for name in names)}
    randoms = [np.random.default_rng((seed, row)) for row in range(n)]
    odds, budget = _odds(engine), generator.budget
    z = resample_around(generator, odds, budget, randoms, held=held, free=free)
    states = []
    for row in z:
        fresh = PhraseState(seed=state.seed, z=latent_numbers(row), sampling=state.sampling)
        for name in names:
            fresh = copy_track(fresh, state, name, spec)
        # What was drawn over a lock is not in the lock's own phrase.
        edits = tuple(edit for edit in state.edits if edit.track in kept) if state.locks else ()
        states.append(replace(fresh, edits=edits))
    score = odds.log_odds(measure(np.stack(engine.render_all(states)), spec))
    return _ranked(engine, states, score, n)


def _written(
    engine: Engine, state: PhraseState, kept: list[int], n: int, seed: int
) -> list[Answer]:
    """By writing note by note around the kept notes; what is written is read back exactly."""
    spec, roll = engine.spec, engine.render(state)
    generator: Transformer = engine.generator  # type: ignore[assignment]
    closed = np.zeros((len(spec.tracks), spec.steps), bool)
    closed[kept] = True
    rolls, weights = generator.write_around(
        roll, closed, DRAWN * n, seed=seed, sampling=state.sampling
    )
    score = _odds(engine).log_odds(measure(rolls, spec))
    del weights
    best = np.argsort(-score, kind="stable")[:n]
    states = []
    for z in generator.encode(rolls[best]):
        fresh = PhraseState(seed=state.seed, z=latent_numbers(z))
        for k in kept:
            fresh = lock(fresh, f"track:{spec.track_names[k]}", spec)
        states.append(fresh)
    return _ranked(engine, states, score[best], n)
