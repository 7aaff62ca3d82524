"""Locking: a part of the phrase stays as it was heard when it was locked, whatever else moves.

A lock holds a point that has no locks itself. Where a track and a bar are both locked, their
crossing would belong to one of them alone and jump when the other is locked or freed; so it
gets a lock of its own, `track:NAME@BAR`, with what was heard there.
"""

from __future__ import annotations

from dataclasses import replace

from gan.engine import PhraseState
from gan.spec import RollSpec


def _crossing(track: str, bar: int) -> str:
    return f"{track}@{bar}"


def heard_at(point: PhraseState, track: str, bar: int) -> PhraseState | None:
    """The locked point that a track's bar comes from; None where it is free."""
    for name in (_crossing(track, bar), track, f"bar:{bar}"):
        if name in point.locks:
            return point.locks[name]
    return None


def _tracks(spec: RollSpec) -> list[str]:
    return [f"track:{name}" for name in spec.track_names]


def _with_crossings(
    before: PhraseState, after: dict[str, PhraseState], spec: RollSpec
) -> PhraseState:
    """`before` with the locks `after`; what was heard where two of them cross stays."""
    whole = {*_tracks(spec), *(f"bar:{bar}" for bar in range(spec.bars))}
    locks = {name: at for name, at in after.items() if name in whole}
    for track in _tracks(spec):
        for bar in range(spec.bars):
            if track not in locks and f"bar:{bar}" not in locks:
                continue
            source = heard_at(before, track, bar)
            plain = locks.get(track, locks.get(f"bar:{bar}"))
            if source is not None and source != plain:
                locks[_crossing(track, bar)] = source
    return replace(before, locks=locks)


def lock(point: PhraseState, part: str, spec: RollSpec) -> PhraseState:
    """The point with a track or bar kept as it is now heard."""
    return _with_crossings(point, {**point.locks, part: replace(point, locks={})}, spec)


def unlock(point: PhraseState, part: str, spec: RollSpec) -> PhraseState:
    """The point with a track or bar free again; what else is locked stays as it is heard."""
    kept = {name: at for name, at in point.locks.items() if name != part}
    return _with_crossings(point, kept, spec)


def lend(point: PhraseState, other: PhraseState, track: str, spec: RollSpec) -> PhraseState:
    """The point with one track, by its name, as it is heard at another point, and locked."""
    part = f"track:{track}"
    bare = replace(other, locks={})
    locks = {name: at for name, at in point.locks.items() if not name.startswith(f"{part}@")}
    locks[part] = other.locks.get(part, bare)
    for bar in range(spec.bars):
        source = heard_at(other, part, bar) or bare
        if source != locks[part]:
            locks[_crossing(part, bar)] = source
    return replace(point, locks=locks)
