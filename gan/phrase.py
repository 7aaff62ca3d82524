"""What a person can change of a phrase: plain values that stand for exactly one roll.

A `PhraseState` of the same checkpoint always gives the same roll. It holds numbers, names and
tuples only; `gan.app.document` writes it into links and files. The bounds of its numbers are
declared here, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from gan.models.sampling import Sampling
from gan.music.edits import Edit
from gan.spec import RollSpec

SEED_MAX = 2**31 - 1
TRUNCATION_MAX = 1.5
SLIDER_MAX = 3.0
LATENT_MAX = 1e4  # far outside of every prior, and far from overflowing
LATENT_DIM_MAX = 100_000
EDITS_MAX = 512
LOCKS_MAX = 128

Seed = Annotated[int, Meta(ge=0, le=SEED_MAX)]
Truncation = Annotated[float, Meta(ge=0.0, le=TRUNCATION_MAX)]
Amount = Annotated[float, Meta(ge=-SLIDER_MAX, le=SLIDER_MAX)]
Coordinate = Annotated[float, Meta(ge=-LATENT_MAX, le=LATENT_MAX)]


@dataclass(frozen=True)
class PhraseState:
    """Where a phrase lies in latent space, and what is kept or written on top of it.

    seed        draws z.
    truncation  scales z: 0 is the average phrase, 1 as in the data.
    sliders     amounts along directions, by their ids.
    takes       parts of z ("track:PIANO", "bar:2") that are drawn again, each from a seed of
                its own.
    z           stands in for the seed where it is given.
    sampling    how decisions are drawn.
    locks       parts whose cells are kept as they are at another state, which has no locks
                itself: "track:MELODY", "bar:0", or one bar of one track, "track:MELODY@0",
                which lies over both.
    edits       notes written or erased by hand, in their order, on top of everything else.
    """

    seed: Seed = 0
    truncation: Truncation = 1.0
    sliders: Mapping[str, Amount] = field(default_factory=dict)
    takes: Mapping[str, Seed] = field(default_factory=dict)
    z: Annotated[tuple[Coordinate, ...], Meta(max_length=LATENT_DIM_MAX)] | None = None
    sampling: Sampling = field(default_factory=Sampling)
    locks: Annotated[Mapping[str, PhraseState], Meta(max_length=LOCKS_MAX)] = field(
        default_factory=dict
    )
    edits: Annotated[tuple[Edit, ...], Meta(max_length=EDITS_MAX)] = ()


def phrase_key(state: PhraseState) -> bytes:
    """Equal for equal states; a key for caches, and a name that can be hashed."""
    return msgspec.json.encode(state, order="deterministic")


def latent_numbers(z: NDArray[np.floating]) -> tuple[float, ...]:
    """A latent as the numbers of a state: the shortest ones that are the same in float32."""
    return tuple(float(str(value)) for value in np.asarray(z, np.float32))


# Locks. A track and a bar that are both locked cross in cells that would belong to one of them
# alone, and jump when the other is locked or unlocked; so a crossing gets a lock of its own.


def lock(state: PhraseState, part: str, spec: RollSpec) -> PhraseState:
    """The state with a track or bar kept as it is now heard."""
    return _with_crossings(state, {**state.locks, part: replace(state, locks={})}, spec)


def unlock(state: PhraseState, part: str, spec: RollSpec) -> PhraseState:
    """The state with a track or bar free again; what else is locked stays as it is heard."""
    kept = {name: at for name, at in state.locks.items() if name != part}
    return _with_crossings(state, kept, spec)


def copy_track(state: PhraseState, other: PhraseState, track: str, spec: RollSpec) -> PhraseState:
    """The state with one track, by its name, locked as it is heard at another state."""
    part = f"track:{track}"
    bare = replace(other, locks={})
    locks = {name: at for name, at in state.locks.items() if not name.startswith(f"{part}@")}
    locks[part] = other.locks.get(part, bare)
    for bar in range(spec.bars):
        source = heard_at(other, part, bar) or bare
        if source != locks[part]:
            locks[_crossing(part, bar)] = source
    return replace(state, locks=locks)


def heard_at(state: PhraseState, track: str, bar: int) -> PhraseState | None:
    """The locked state that a bar of a track ("track:NAME") comes from; None where it is free."""
    for name in (_crossing(track, bar), track, f"bar:{bar}"):
        if name in state.locks:
            return state.locks[name]
    return None


def _crossing(track: str, bar: int) -> str:
    return f"{track}@{bar}"


def _with_crossings(
    before: PhraseState, after: Mapping[str, PhraseState], spec: RollSpec
) -> PhraseState:
    """`before` with the locks `after`; what was heard where two of them cross stays."""
    tracks = [f"track:{name}" for name in spec.track_names]
    whole = {*tracks, *(f"bar:{bar}" for bar in range(spec.bars))}
    locks = {name: at for name, at in after.items() if name in whole}
    for track in tracks:
        for bar in range(spec.bars):
            if track not in locks and f"bar:{bar}" not in locks:
                continue
            source = heard_at(before, track, bar)
            plain = locks.get(track, locks.get(f"bar:{bar}"))
            if source is not None and source != plain:
                locks[_crossing(track, bar)] = source
    return replace(before, locks=locks)
