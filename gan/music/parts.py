"""Parts of a phrase, tracks and bars, that can be kept while the rest changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gan.errors import LatentError
from gan.music.edits import without_orphans
from gan.music.rolls import Roll
from gan.spec import RollSpec


def lockable_parts(spec: RollSpec) -> dict[str, tuple[slice | int, slice]]:
    """What a lock may be of, as track and steps of a roll; a later one lies over an earlier."""
    spans = [
        slice(bar * spec.steps_per_bar, (bar + 1) * spec.steps_per_bar) for bar in range(spec.bars)
    ]
    parts: dict[str, tuple[slice | int, slice]] = {}
    parts |= {f"bar:{bar}": (slice(None), span) for bar, span in enumerate(spans)}
    parts |= {f"track:{name}": (k, slice(None)) for k, name in enumerate(spec.track_names)}
    for k, name in enumerate(spec.track_names):
        parts |= {f"track:{name}@{bar}": (k, span) for bar, span in enumerate(spans)}
    return parts


def with_locks(roll: Roll, locks: Mapping[str, Roll], spec: RollSpec) -> Roll:
    """`roll` with each locked part's cells taken from that part's roll.

    Notes are cut at the edges of a locked bar: neither side may ring into the other.
    Raises `LatentError` for a part that the spec does not have.
    """
    if not locks:
        return roll
    result = roll.copy()
    parts = lockable_parts(spec)
    if unknown := set(locks) - set(parts):
        raise LatentError(f"A phrase has no part {', '.join(sorted(unknown))} to lock.")
    for name, cells in parts.items():
        if name in locks:
            result[cells] = locks[name][cells]
    return without_orphans(result)


def concatenated(rolls: Sequence[Roll], spec: RollSpec) -> tuple[Roll, RollSpec]:
    """Rolls one after another as one long roll, with the spec of that length."""
    joined = np.concatenate(list(rolls), axis=1)
    return joined, replace(spec, bars=joined.shape[1] // spec.steps_per_bar)
