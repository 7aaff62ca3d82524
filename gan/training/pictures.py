"""Rolls as small pictures for TensorBoard."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gan.spec import ONSET, SOUNDING

# Colour-blind safe (Okabe and Ito 2008), one a track, repeated when there are more.
_COLOURS = np.array(
    [[230, 159, 0], [86, 180, 233], [0, 158, 115], [240, 228, 66], [213, 94, 0], [204, 121, 167]],
    np.float32,
)


def picture_grid(
    batch: NDArray[np.uint8], *, columns: int = 4, scale: int = 3
) -> NDArray[np.uint8]:
    """Phrases `(n, track, step, pitch, channel)` as one RGB picture, low notes at the bottom."""
    tiles = [_tile(roll) for roll in batch]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [np.concatenate(tiles[i : i + columns], axis=1) for i in range(0, len(tiles), columns)]
    return np.concatenate(rows).repeat(scale, axis=0).repeat(scale, axis=1)


def _tile(roll: NDArray[np.uint8]) -> NDArray[np.uint8]:
    tracks, steps, pitches, _ = roll.shape
    light = 0.55 * roll[..., SOUNDING] + 0.45 * roll[..., ONSET]
    colours = _COLOURS[np.arange(tracks) % len(_COLOURS)]
    image = np.einsum("tsp,tc->psc", light.astype(np.float32), colours)[::-1]
    framed = np.full((pitches + 2, steps + 2, 3), 40, np.uint8)
    framed[1:-1, 1:-1] = np.clip(image, 0, 255).astype(np.uint8)
    return framed
