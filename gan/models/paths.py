"""Paths between latents."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def lerp(a: Floats, b: Floats, t: Floats) -> Floats:
    """Straight line: `(dim,)`, `(dim,)`, `(n,)` in 0 to 1 -> `(n, dim)`."""
    weight = np.asarray(t, np.float64)[:, None]
    return np.asarray((1.0 - weight) * a + weight * b, np.float32)


def slerp(a: Floats, b: Floats, t: Floats) -> Floats:
    """Along the great circle, lengths interpolated linearly; shapes as `lerp`.

    Gaussian latents in many dimensions lie near a sphere, through which a straight line
    cuts (White 2016, "Sampling generative networks"). Where no circle is defined (equal,
    opposite or zero ends) the straight line is taken.
    """
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    length_x, length_y = np.linalg.norm(x), np.linalg.norm(y)
    if length_x < 1e-8 or length_y < 1e-8:
        return lerp(a, b, t)
    angle = np.arccos(np.clip(x @ y / (length_x * length_y), -1.0, 1.0))
    if np.sin(angle) < 1e-6:
        return lerp(a, b, t)
    share = np.asarray(t, np.float64)[:, None]
    directions = np.sin((1.0 - share) * angle) * (x / length_x) + np.sin(share * angle) * (
        y / length_y
    )
    lengths = (1.0 - share) * length_x + share * length_y
    return np.asarray(directions / np.sin(angle) * lengths, np.float32)
