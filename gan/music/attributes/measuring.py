"""Measures of rolls by the table: one number a phrase each, NaN where there is nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from gan.errors import SpecError
from gan.music.attributes.attribute import OfPhrase, OfTrack
from gan.music.attributes.phrases import Phrases
from gan.music.attributes.table import ATTRIBUTES
from gan.music.cells import Values
from gan.spec import ONSET, SOUNDING, RollSpec

BLOCK = 512
"""Phrases measured at once: bounds memory, and keeps the arrays near the processor."""


def measure(rolls: npt.NDArray[np.uint8], spec: RollSpec) -> dict[str, Values]:
    """Every measure of rolls uint8 `(n, track, step, pitch, 2)`, float64 `(n,)` each.

    By the names of `measure_names`, in their order.
    """
    if rolls.ndim != 5 or rolls.shape[1:] != spec.shape:
        raise SpecError(f"Rolls of shape {rolls.shape} do not fit the spec's {spec.shape}.")
    starts = range(0, max(len(rolls), 1), BLOCK)
    return joined([_measure_block(rolls[k : k + BLOCK], spec) for k in starts])


def measure_blocks(
    block: Callable[[slice], npt.NDArray[np.uint8]], n: int, spec: RollSpec
) -> dict[str, Values]:
    """`measure` of `n` phrases, made a `block` at a time, so that memory stays flat."""
    starts = range(0, max(n, 1), BLOCK)
    return joined([measure(block(slice(k, min(k + BLOCK, n))), spec) for k in starts])


def joined(blocks: Sequence[Mapping[str, Values]]) -> dict[str, Values]:
    """Measures of phrases that were measured block by block, of one block at least."""
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def _measure_block(rolls: npt.NDArray[np.uint8], spec: RollSpec) -> dict[str, Values]:
    phrases = Phrases(rolls[..., SOUNDING] != 0, rolls[..., ONSET] != 0, spec)
    found: dict[str, Values] = {}
    for index, track in enumerate(spec.tracks):
        part = phrases.part(index)
        for row in ATTRIBUTES.values():
            if isinstance(row, OfTrack) and row.applies(track, spec):
                found[f"{track.name}.{row.id}"] = row.measure(part)
    for row in ATTRIBUTES.values():
        if isinstance(row, OfPhrase) and row.applies(spec):
            found[row.id] = row.measure(phrases)
    return found
