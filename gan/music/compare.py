"""How alike two sets of phrases are, measure by measure. NumPy only."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gan.spec import ONSET, SOUNDING

Values = NDArray[np.float64]
Rolls = NDArray[np.uint8]

BINS = 24


def overlap_area(ours: Values, theirs: Values) -> float:
    """Area under the lower of two histograms, 0 (disjoint) to 1 (equal).

    Both on one grid over the middle 98% of `theirs`, with a bin for what lies below, one
    for what lies above and one for NaN: a phrase without melody must not drop out of the
    comparison. The overlapping area of Yang and Lerch, "On the evaluation of generative
    models in music" (2020), with histograms in place of kernel densities, which put two
    densities on different grids in MGEval's release.
    """
    if not len(ours) or not len(theirs):
        return 0.0
    known = theirs[np.isfinite(theirs)]
    low, high = np.quantile(known, [0.01, 0.99]) if len(known) else (0.0, 1.0)
    if high <= low:
        high = low + 1.0
    edges = np.linspace(low, high, BINS + 1)
    return float(np.minimum(_shares(ours, edges), _shares(theirs, edges)).sum())


def _shares(values: Values, edges: Values) -> Values:
    known = values[np.isfinite(values)]
    # Right-closed last bin, as np.histogram has it: a value at the top edge is inside.
    inside, _ = np.histogram(known, edges)
    below, above = (known < edges[0]).sum(), (known > edges[-1]).sum()
    counts = np.concatenate([inside, [below, above, len(values) - len(known)]])
    return np.asarray(counts / len(values), np.float64)


def overlaps(ours: Mapping[str, Values], theirs: Mapping[str, Values]) -> dict[str, float]:
    """`overlap_area` of every measure that both have."""
    return {
        name: overlap_area(np.asarray(ours[name]), np.asarray(theirs[name]))
        for name in theirs
        if name in ours
    }


def mean_overlap(ours: Mapping[str, Values], theirs: Mapping[str, Values]) -> float:
    """Mean of `overlaps`, 0 to 1."""
    return float(np.mean(list(overlaps(ours, theirs).values())))


def f1(ours: Rolls, theirs: Rolls) -> dict[str, float]:
    """F1 of onset and of sounding cells, over all cells of two rolls or batches `(..., 2)`."""
    scores = {}
    for name, channel in (("onset", ONSET), ("sounding", SOUNDING)):
        a, b = ours[..., channel].astype(bool), theirs[..., channel].astype(bool)
        scores[name] = float(2 * (a & b).sum() / max(a.sum() + b.sum(), 1))
    return scores
