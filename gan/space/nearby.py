"""Neighbours among phrases: the nearest, the rarest, and where a new one lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]

SUPPORT = 6  # neighbours that say where a new phrase lies
CROWD = 10  # neighbours by whose distance a phrase is rare
BLOCK = 512


def distances(points: Floats, others: Floats) -> NDArray[np.float64]:
    """Euclidean distances `(n, m)` of points `(n, d)` to others `(m, d)`."""
    a, b = np.asarray(points, np.float64), np.asarray(others, np.float64)
    # Differences, not products: a phrase that is on the map has to be at exactly 0.
    return np.asarray(np.sqrt(np.stack([((b - point) ** 2).sum(axis=1) for point in a])))


def alike(point: Floats, points: Floats, count: int) -> Indices:
    """The points that are most like another one `(d,)`, which is left out among them."""
    gaps = distances(point[None], points)[0]
    order = np.argsort(gaps, kind="stable")
    return np.asarray(order[gaps[order] > 0.0][:count])


def rarest(points: Floats, count: int) -> Indices:
    """The points that are furthest from their `CROWD` nearest neighbours, the rarest first."""
    lonely = np.zeros(len(points))
    crowd = min(CROWD, len(points) - 1)
    for start in range(0, len(points), BLOCK):
        block = distances(points[start : start + BLOCK], points)
        lonely[start : start + BLOCK] = np.partition(block, crowd, axis=1)[:, : crowd + 1].mean(1)
    return np.argsort(-lonely, kind="stable")[:count]


def places(points: Floats, features: Floats, xy: Floats) -> Floats:
    """Where new points lie on a map that stays as it is, `(n, 2)`.

    At the mean of the nearest phrases' places, weighted by inverse squared distance (Shepard
    1968); the place of a phrase that is on the map is its own. Neighbours may lie far apart on
    the map: only those around the nearest one count.
    """
    found = np.zeros((len(points), 2), np.float32)
    for row, gaps in enumerate(distances(points, features)):
        near = np.argsort(gaps, kind="stable")[:SUPPORT]
        first = near[0]
        if gaps[first] == 0.0:
            found[row] = xy[first]
            continue
        apart = np.linalg.norm(xy[near] - xy[first], axis=1)
        weight = gaps[near] ** -2.0 * (apart <= max(float(np.median(apart)), 1e-9))
        found[row] = weight @ xy[near] / weight.sum()
    return found
