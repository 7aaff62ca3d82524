"""Arithmetic that the measures share: ratios, folding to pitch classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan.spec import RollSpec

Values = npt.NDArray[np.float64]
Cells = npt.NDArray[np.bool_]


def ratio(above: npt.ArrayLike, below: npt.ArrayLike) -> Values:
    """`above / below`, NaN where `below` is 0."""
    top, bottom = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    result = np.full(bottom.shape, np.nan)
    np.divide(top, bottom, out=result, where=bottom != 0)
    return result


def any_of(cells: Cells, axis: int) -> Cells:
    """`cells.any(axis)`, for which NumPy's types allow a scalar that cannot come of it."""
    return np.asarray(cells.any(axis=axis))


def pitch_classes(cells: Cells, spec: RollSpec) -> Cells:
    """Which of the twelve pitch classes occur along the last axis: `(..., 12)`, 0 is C.

    Octaves fold onto each other: index i holds every pitch i + 12 k.
    """
    folded = np.zeros((*cells.shape[:-1], 12), dtype=bool)
    for pitch_class in range(12):
        first = (pitch_class - spec.pitch_min) % 12
        folded[..., pitch_class] = cells[..., first::12].any(axis=-1)
    return folded
