"""Measures of part-writing, for tracks that are voices from the highest to the lowest.

* `voice_crossing`: of the steps on which two neighbouring voices sound, the share on which
  the lower one is above the upper one.
* `parallels`: parallel perfect fifths and octaves in a phrase: two voices that form a
  perfect fifth (or octave, or unison) on one step and again on the next, both having moved
  to another pitch in the same direction.
* `spacing`: mean distance in semitones between neighbouring upper voices (all but the bass).
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

from gan.music.cells import Cells, Values, ratio
from gan.spec import RollSpec

_SILENT = -1


def voices(sounding: Cells, spec: RollSpec) -> dict[str, Values]:
    """The measures of `(n, voice, step, pitch)`, the voices from high to low."""
    if len(spec.tracks) < 2:
        return {}
    lines = np.where(sounding.any(axis=3), sounding.argmax(axis=3), _SILENT)
    upper, lower = lines[:, :-1], lines[:, 1:]
    both = (upper != _SILENT) & (lower != _SILENT)
    crossed = both & (lower > upper)
    inner = both[:, :-1] if len(spec.tracks) > 2 else both
    gaps = np.where(both, upper - lower, 0)[:, : inner.shape[1]]
    return {
        "voice_crossing": ratio(crossed.sum(axis=(1, 2)), both.sum(axis=(1, 2))),
        "parallels": _parallels(lines),
        "spacing": ratio(gaps.sum(axis=(1, 2)), inner.sum(axis=(1, 2))),
    }


def _parallels(lines: npt.NDArray[np.int64]) -> Values:
    total = np.zeros(len(lines))
    for first, second in combinations(range(lines.shape[1]), 2):
        a, b = lines[:, first], lines[:, second]
        sounds = (a != _SILENT) & (b != _SILENT)
        move_a, move_b = np.diff(a, axis=1), np.diff(b, axis=1)
        together = sounds[:, 1:] & sounds[:, :-1] & (move_a * move_b > 0)
        interval = np.abs(a - b) % 12
        for perfect in (0, 7):
            kept = (interval[:, 1:] == perfect) & (interval[:, :-1] == perfect)
            total += (together & kept).sum(axis=1)
    return total
