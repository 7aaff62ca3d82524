"""Write the rest of a phrase to a part of it that is kept: tracks, or rhythm, or pitches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gan.engine import Engine, Rolls
from gan.errors import LatentError
from gan.models.ability import Ability
from gan.models.reranker import Reranker, resample_around
from gan.music.attributes import measure
from gan.music.edits import strokes_between
from gan.music.recast import with_pitches_of, with_rhythm_of
from gan.phrase import EDITS_MAX, PhraseState, copy_track, latent_numbers
from gan.spec import RollSpec

if TYPE_CHECKING:
    from gan.models.transformer import Transformer

Values = NDArray[np.float64]
CONSONANCE = 20.0  # nats for a melody all in the chords against one all outside of them
CANDIDATES = 8  # phrases drawn for each that is asked for, where drawing them takes no time
DRAWN = 2  # phrases written for each that is asked for, where writing one takes long
FITS = 0.1  # of the nats that given notes cost, beside the reranker's log odds


@dataclass(frozen=True)
class Answer:
    """A phrase with the kept part in it, and how well it fits; more is better."""

    state: PhraseState
    score: float


@dataclass(frozen=True)
class Fit:
    """The reranker's log odds, where there is one, and how well melody and chords go together.

    The reranker was fitted to draws, whose tracks come from one latent; a melody laid over a draw
    is as far from its chords as a random pair, and that the reranker has never seen.
    """

    reranker: Reranker | None

    def log_odds(self, measures: Mapping[str, Values]) -> Values:
        clashes = np.nan_to_num(measures["semitone_clashes"])
        inside = np.nan_to_num(measures.get("melody_in_chord", np.zeros_like(clashes)))
        plain = CONSONANCE * (inside - clashes)
        return plain if self.reranker is None else plain + self.reranker.log_odds(measures)


def accompany(
    engine: Engine, state: PhraseState, keep: Sequence[str], n: int = 8, *, seed: int = 0
) -> list[Answer]:
    """Up to `n` phrases with the tracks `keep` of a state, by name, and the others written to them.

    They differ, and the best comes first. Kept tracks are locked in what comes back, cell for
    cell as they are. Raises `LatentError` unless some tracks are kept and some are not.
    """
    kept = kept_tracks(keep, engine.spec)
    if not 0 < len(kept) < len(engine.spec.tracks):
        raise LatentError("Keep at least one track, and leave at least one to be written.")
    if Ability.WRITES_NOTE_BY_NOTE in engine.can:
        return _written(engine, state, kept, n, seed)
    return _searched(engine, state, kept, n, seed)


RECAST: dict[str, Callable[[Rolls, Rolls, RollSpec], Rolls]] = {
    "rhythm": with_pitches_of,
    "pitches": with_rhythm_of,
}
"""What can be kept of all tracks: each takes the other from another phrase."""


def recast(
    engine: Engine, state: PhraseState, keep: str, n: int = 8, *, seed: int = 0
) -> list[Answer]:
    """Up to `n` phrases with the "rhythm" or the "pitches" of a state, the other of them new.

    The new ones come from phrases of the generator; the best match comes first. What the
    generator cannot say lies on top as drawn notes. Raises `LatentError` where it cannot read
    phrases, or where that takes more drawn notes than a state holds.
    """
    generator, spec, roll = engine.generator, engine.spec, engine.render(state)
    slow = Ability.WRITES_NOTE_BY_NOTE in engine.can
    others = generator.rolls_of_z(generator.draw_latent((1 if slow else CANDIDATES) * n, seed))
    rolls = np.stack([RECAST[keep](roll, other, spec) for other in others])
    rolls = rolls[(rolls != roll).any(axis=(1, 2, 3, 4))]  # tracks may be silent in the other one
    if not len(rolls):
        raise LatentError("Nothing in this phrase can be changed so: choose another, or draw more.")
    score = _odds(engine).log_odds(measure(rolls, spec))
    best = _distinct(rolls, score, n)
    states = states_of_rolls(engine, rolls[best], seed=state.seed, beside=state)
    return [_answer(fresh, score[k]) for fresh, k in zip(states, best, strict=True)]


def states_of_rolls(
    engine: Engine, rolls: Rolls, *, seed: int = 0, beside: PhraseState | None = None
) -> list[PhraseState]:
    """States whose phrases are exactly these rolls `(n, track, step, pitch, channel)`.

    They lie where the generator reads the roll, or at `beside` where that takes fewer drawn notes.
    Raises `LatentError` where the generator cannot read phrases, or comes nowhere near.
    """
    if Ability.READS_PHRASES not in engine.can:
        raise LatentError(f"{engine.info.name} cannot read a phrase back.")
    latents = engine.generator.encode(rolls)
    states = [PhraseState(seed=seed, z=latent_numbers(z)) for z in latents]
    every = states if beside is None else [*states, replace(beside, edits=())]
    plain = engine.render_all(every)
    found = []
    for k, roll in enumerate(rolls):
        bases = [k, *range(len(states), len(every))]
        strokes = [strokes_between(plain[base], roll, engine.spec) for base in bases]
        base, edits = min(zip(bases, strokes, strict=True), key=lambda pair: len(pair[1]))
        if len(edits) > EDITS_MAX:
            raise LatentError(
                f"{engine.info.name} reads this phrase too poorly to go on from it: try another "
                "generator."
            )
        found.append(replace(every[base], edits=edits))
    return found


def kept_tracks(names: Sequence[str], spec: RollSpec) -> list[int]:
    """The indices of tracks, in order; small letters will do. `LatentError` names what is none."""
    upper = {name.upper(): index for index, name in enumerate(spec.track_names)}
    if unknown := [name for name in names if name.upper() not in upper]:
        raise LatentError(
            f"There is no track {', '.join(unknown)} to keep: choose among "
            f"{', '.join(spec.track_names)}."
        )
    return sorted({upper[name.upper()] for name in names})


def _odds(engine: Engine) -> Fit:
    return Fit(engine.generator.reranker)


def _distinct(rolls: Sequence[Rolls] | Rolls, score: Values, n: int) -> list[int]:
    """The numbers of the `n` best rolls, the best first; equal ones count once."""
    seen: dict[bytes, int] = {}
    for k in np.argsort(-score, kind="stable"):
        seen.setdefault(rolls[k].tobytes(), int(k))
    return list(seen.values())[:n]


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
        states.append(_with_kept(fresh, state, kept, spec))
    rolls = engine.render_all(states)
    score = odds.log_odds(measure(np.stack(rolls), spec))
    return [_answer(states[k], score[k]) for k in _distinct(rolls, score, n)]


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
    score = _odds(engine).log_odds(measure(rolls, spec)) + FITS * weights
    best = _distinct(rolls, score, n)
    states = states_of_rolls(engine, rolls[best], seed=state.seed)
    return [
        _answer(_with_kept(fresh, state, kept, spec), score[k])
        for fresh, k in zip(states, best, strict=True)
    ]


def _with_kept(
    fresh: PhraseState, state: PhraseState, kept: list[int], spec: RollSpec
) -> PhraseState:
    """`fresh` with the tracks `kept` locked as they are heard at `state`."""
    edits = tuple(edit for edit in fresh.edits if edit.track not in kept)
    if state.locks:  # what was drawn over a lock is not in the lock's own phrase
        edits += tuple(edit for edit in state.edits if edit.track in kept)
    for track in kept:
        fresh = copy_track(fresh, state, spec.track_names[track], spec)
    return replace(fresh, edits=edits)


def _answer(state: PhraseState, score: float) -> Answer:
    return Answer(state, round(float(score), 3))
