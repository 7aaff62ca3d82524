"""Can samples be told from data? Two classifiers, and neighbourhoods of the measures.

Samples and data come as 0/1 rolls of one type, so no number format gives a side away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Rolls = NDArray[np.uint8]

NEIGHBOURS = 5
FOLDS = 5
EPOCHS = 8


def _table(measures: Mapping[str, Values], names: list[str]) -> Values:
    return np.stack([np.asarray(measures[name], np.float64) for name in names], axis=1)


def _labels_and_groups(
    songs: NDArray[np.int32], other: NDArray[np.int32] | None, count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Data 0, samples 1; a song is one group, a sample one of its own unless it has a song."""
    labels = np.repeat([0, 1], [len(songs), count])
    apart = int(songs.max()) + 1
    theirs = np.arange(count) if other is None else np.asarray(other, np.int64)
    return labels, np.concatenate([songs, apart + theirs])


def enough(songs: NDArray[np.int32]) -> bool:
    """Whether there are held-out songs for every fold, so that no fold lacks one side."""
    return len(np.unique(songs)) >= 2 * FOLDS


def trees_auc(
    ours: Mapping[str, Values],
    theirs: Mapping[str, Values],
    songs: NDArray[np.int32],
    our_songs: NDArray[np.int32] | None = None,
) -> float:
    """How well boosted trees on the measures tell `ours` from `theirs`: 0.5 is not at all.

    Area under the ROC curve in five folds by song (classifier two-sample test, Lopez-Paz
    and Oquab 2017). `songs` are those of `theirs`; `our_songs` where ours are songs too.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    names = sorted(theirs)
    features = np.concatenate([_table(side, names) for side in (theirs, ours)])
    # What is undefined for a phrase becomes a value of its own: trees that handle NaN
    # themselves give up where a fold has nothing else.
    lowest = np.nanmin(np.where(np.isfinite(features), features, np.inf), axis=0)
    features = np.where(
        np.isfinite(features), features, np.where(np.isfinite(lowest), lowest, 0) - 1
    )
    labels, groups = _labels_and_groups(songs, our_songs, len(features) - len(songs))
    scores = cross_val_predict(
        HistGradientBoostingClassifier(random_state=0),
        features,
        labels,
        groups=groups,
        cv=StratifiedGroupKFold(FOLDS),
        method="predict_proba",
    )
    return float(roc_auc_score(labels, scores[:, 1]))


def network_auc(
    ours: Rolls,
    theirs: Rolls,
    songs: NDArray[np.int32],
    our_songs: NDArray[np.int32] | None = None,
) -> float:
    """The same with a small convolutional network that sees the rolls themselves."""
    import keras
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold

    batch = np.concatenate([theirs, ours])
    labels, groups = _labels_and_groups(songs, our_songs, len(ours))
    # Features of a step: all cells of all tracks, as a frame.
    frames = batch.transpose(0, 2, 1, 3, 4).reshape(*batch.shape[:1], batch.shape[2], -1)
    scores = np.zeros(len(batch))
    for train, test in StratifiedGroupKFold(FOLDS).split(frames, labels, groups):
        keras.utils.set_random_seed(0)
        network = _network(frames.shape[1:])
        network.fit(
            frames[train].astype(np.float32),
            labels[train],
            epochs=EPOCHS,
            batch_size=32,
            verbose=0,
        )
        scores[test] = network.predict(frames[test].astype(np.float32), verbose=0)[:, 0]
    return float(roc_auc_score(labels, scores))


def _network(shape: tuple[int, ...]) -> Any:
    import keras
    from keras import layers

    inputs = keras.Input(shape)
    x = layers.Conv1D(48, 1, activation="relu")(inputs)
    x = layers.Dropout(0.2)(x)
    for width, stride in ((48, 2), (64, 2), (64, 2)):
        x = layers.Conv1D(width, 5, strides=stride, padding="same", activation="relu")(x)
    pooled = layers.Concatenate()(
        [layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)]
    )
    x = layers.Dense(32, activation="relu")(layers.Dropout(0.3)(pooled))
    network = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    network.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy")
    return network


def density_and_coverage(
    ours: Mapping[str, Values], theirs: Mapping[str, Values], k: int = NEIGHBOURS
) -> dict[str, float]:
    """Density and coverage of samples in the space of the measures (PRDC: Naeem et al. 2020).

    Measures are scaled to the data's deviation; what is undefined for a phrase counts as
    average. Density is 1 where samples lie as close among the data as the data does;
    coverage is the share of data with a sample in its neighbourhood, at most 1.
    """
    names = sorted(theirs)
    real, fake = _table(theirs, names), _table(ours, names)
    middle = np.nanmean(real, axis=0)
    scale = np.maximum(np.nanstd(real, axis=0), 1e-9)
    real, fake = (np.nan_to_num((side - middle) / scale) for side in (real, fake))
    k = min(k, len(real) - 1)
    radius = np.sort(_distances(real, real), axis=1)[:, k]  # column 0 is the phrase itself
    inside = _distances(real, fake) <= radius[:, None]
    return {
        "density": float(inside.sum() / (k * len(fake))),
        "coverage": float(inside.any(axis=1).mean()),
    }


def _distances(a: Values, b: Values) -> Values:
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))
