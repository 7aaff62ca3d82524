"""Making a map: many phrases drawn, measured, laid out in a plane and grouped.

scikit-learn is needed here only; a map that is there is read, and new phrases are placed on it,
with NumPy.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from gan.engine import Engine
from gan.errors import LatentError
from gan.music.attributes import joined, measure, measure_names
from gan.phrase import PhraseState
from gan.space.features import chroma_of, features, reference_of, scale_of
from gan.space.space import Space, packed_notes

LEAST = 16  # phrases
MOST = 20_000
BLOCK = 32  # phrases drawn at once: a reranker is quicker in blocks, and progress is told by them
COMPONENTS = 24  # of the features, before neighbours are embedded
PERPLEXITY = 30.0
FAMILIES = 8
PHRASES_A_FAMILY = 40

Floats = NDArray[np.float32]


def make(engine: Engine, n: int, *, progress: Callable[[int, int], None] | None = None) -> Space:
    """A map of the phrases of seeds 0 to `n - 1`; `LatentError` for fewer than 16."""
    if not LEAST <= n <= MOST:
        raise LatentError(f"A map has {LEAST} to {MOST:,} phrases, not {n}.")
    spec = engine.spec
    measured, chroma = [], []
    counts: list[NDArray[np.uint16]] = []
    notes: list[NDArray[np.uint16]] = []
    for start in range(0, n, BLOCK):
        seeds = range(start, min(start + BLOCK, n))
        rolls = np.stack(engine.render_all([PhraseState(seed=seed) for seed in seeds]))
        measured.append(measure(rolls, spec))
        chroma.append(chroma_of(rolls, spec))
        packed = packed_notes(rolls, spec)
        counts.append(packed[0])
        notes.append(packed[1])
        if progress:
            progress(seeds[-1] + 1, n)
    measures = joined(measured)
    scale = scale_of(measures, measure_names(spec))
    codes, colours = scale.codes(measures), np.concatenate(chroma)
    points = features(codes, colours, reference_of(codes, colours))
    with threadpool_limits(1):  # threads that wait for each other take longer on a busy machine
        xy = embedded(points)
        family = families(xy, points)
    return Space(
        spec=spec,
        scale=scale,
        seeds=np.arange(n, dtype=np.int32),
        xy=xy,
        family=family,
        codes=codes,
        chroma=colours,
        counts=np.concatenate(counts),
        notes=np.concatenate(notes),
    )


def embedded(points: Floats) -> Floats:
    """Points `(n, d)` in a plane from -1 to 1, neighbours near each other: `(n, 2)`.

    Principal components, and of these t-SNE (van der Maaten and Hinton 2008), which begins with
    the first two of them (Kobak and Berens 2019); the same points give the same plane.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    size = min(COMPONENTS, *points.shape)
    parts = PCA(size, random_state=0).fit_transform(points.astype(np.float64))
    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    plane = TSNE(perplexity=perplexity, init="pca", random_state=0, n_jobs=1).fit_transform(parts)
    centred = plane - (plane.max(axis=0) + plane.min(axis=0)) / 2
    reach = np.maximum(np.abs(centred).max(axis=0), 1e-9)
    return np.asarray(centred / reach, np.float32)


def families(xy: Floats, points: Floats) -> NDArray[np.uint8]:
    """Groups of phrases that lie together on the map and sound alike, uint8 `(n,)`.

    K-means of both, the plane counting as much as all features, so that a family is a region
    that can bear a name.
    """
    from sklearn.cluster import KMeans

    count = max(2, min(FAMILIES, len(points) // PHRASES_A_FAMILY))
    sizes = [each.std(axis=0).sum() for each in (xy, points)]
    both = np.concatenate([2 * xy / sizes[0], points / sizes[1]], axis=1)
    return np.asarray(KMeans(count, n_init=4, random_state=0).fit_predict(both), np.uint8)
