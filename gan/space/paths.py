"""Phrases along a line that is drawn on a map, at a constant musical speed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gan.space.space import Space
from gan.spec import ONSET

SAMPLES = 200  # points of the line at which the nearest phrase is looked up
CHAIN = 64  # phrases along a line, at most

Values = NDArray[np.float64]


def along(space: Space, points: NDArray[np.float64], count: int) -> list[int]:
    """Indices of `count` phrases, or fewer, along a line through `points` `(m, 2)`.

    They begin and end where the line does, and as many notes change at each step as can be: a
    step of the picture may be large in music, and the other way round.
    """
    chain = _chain(space, points)
    if len(chain) <= 2:
        return chain
    onsets = np.stack([space.roll_of(index)[..., ONSET].reshape(-1) for index in chain])
    return [chain[k] for k in evenly(changes(onsets), count)]


def _chain(space: Space, points: NDArray[np.float64]) -> list[int]:
    """The phrases nearest to a line, in its order, no two neighbours the same."""
    legs = np.linalg.norm(np.diff(points, axis=0), axis=1)
    way = np.concatenate([[0.0], np.cumsum(legs)])
    at = np.linspace(0.0, way[-1], SAMPLES)
    line = np.stack([np.interp(at, way, points[:, axis]) for axis in (0, 1)], axis=1)
    gaps = ((line[:, None] - space.xy[None]) ** 2).sum(axis=2)
    chain: list[int] = []
    for index in gaps.argmin(axis=1).tolist():
        if not chain or chain[-1] != index:
            chain.append(index)
    if len(chain) > CHAIN:
        chain = [chain[k] for k in np.linspace(0, len(chain) - 1, CHAIN).round().astype(int)]
    return chain


def changes(onsets: NDArray[np.uint8]) -> Values:
    """Share of the notes of two phrases that only one of them has, of each pair: `(n, n)`.

    `onsets` is `(n, cell)`, 1 where a note begins. 0 is the same notes, 1 none in common.
    """
    cells = onsets.astype(np.float64)
    common = cells @ cells.T
    size = cells.sum(axis=1)
    either = size[:, None] + size[None]
    return np.where(either > 0, 1.0 - 2.0 * common / np.maximum(either, 1.0), 0.0)


def evenly(gaps: Values, count: int) -> list[int]:
    """Indices of `count` items, in order, ends included, whose steps are as even as can be.

    `gaps` `(n, n)` says how far any two are apart. Of all choices the one whose squared steps
    have the least sum, found by dynamic programming: for so many steps, even ones.
    """
    n = len(gaps)
    count = max(2, min(count, n))
    cost = np.full((count, n), np.inf)
    came = np.zeros((count, n), np.int64)
    cost[0, 0] = 0.0
    for step in range(1, count):
        for item in range(step, n):
            through = cost[step - 1, :item] + gaps[:item, item] ** 2
            came[step, item] = int(through.argmin())
            cost[step, item] = through[came[step, item]]
    path = [n - 1]
    for step in range(count - 1, 0, -1):
        path.append(int(came[step, path[-1]]))
    return path[::-1]
