"""What neighbours on a map share: the measures of the attributes' table, and pitch classes.

Not the latent: two phrases that lie near each other there may sound nothing alike.

Measures are kept as one byte each, so that a map stays small: 0 to 254 from the lowest to the
highest usual value, and 255 where there is nothing to measure. Whatever is compared with a map
goes through the same bytes, and a phrase that is on the map is found exactly where it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gan.music.attributes import measure
from gan.spec import SOUNDING, RollSpec

LEVELS = 254
UNKNOWN = 255
USUAL = 0.005  # share of phrases at either end whose values count as the last usual one
CHROMA_WEIGHT = 0.6  # of a pitch class against a measure
CLIP = 3.0  # standard deviations

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """The usual range of each measure, `low` and `high` float64 `(measure,)`, by `names`."""

    names: tuple[str, ...]
    low: Values
    high: Values

    def codes(self, measures: Mapping[str, Values]) -> Bytes:
        """Measures `(n,)` each as bytes `(n, measure)`; one that is missing is unknown."""
        count = len(next(iter(measures.values())))
        none = np.full(count, np.nan)
        values = np.stack([measures.get(name, none) for name in self.names], axis=1)
        known = np.isfinite(values)
        share = (np.where(known, values, self.low) - self.low) / (self.high - self.low)
        codes = np.rint(np.clip(share, 0.0, 1.0) * LEVELS).astype(np.uint8)
        return np.where(known, codes, np.uint8(UNKNOWN))

    def values(self, codes: Bytes) -> Values:
        """The inverse of `codes`, NaN where nothing was measured."""
        found = self.low + codes / LEVELS * (self.high - self.low)
        return np.where(codes == UNKNOWN, np.nan, found)


def scale_of(measures: Mapping[str, Values], names: Sequence[str]) -> Scale:
    """The usual ranges of measured phrases; a measure that never varies has a range of 1."""
    low, high = np.zeros(len(names)), np.ones(len(names))
    for index, name in enumerate(names):
        known = measures[name][np.isfinite(measures[name])]
        if len(known):
            low[index], high[index] = np.quantile(known, [USUAL, 1 - USUAL])
    return Scale(tuple(names), low, np.where(high > low, high, low + 1.0))


def chroma_of(rolls: NDArray[np.uint8], spec: RollSpec) -> Bytes:
    """How long each pitch class sounds in rolls `(n, ...)`, of 255 for all: `(n, 12)`.

    Drums have no pitch class. A phrase without pitches has zeros.
    """
    pitched = [index for index, track in enumerate(spec.tracks) if not track.is_drum]
    time = rolls[..., SOUNDING][:, pitched].sum(axis=(1, 2), dtype=np.float64)
    folded = np.stack(
        [time[:, (pitch - spec.pitch_min) % 12 :: 12].sum(axis=1) for pitch in range(12)], axis=1
    )
    share = folded / np.maximum(folded.sum(axis=1, keepdims=True), 1.0)
    return np.asarray(np.rint(share * 255), np.uint8)


@dataclass(frozen=True)
class Reference:
    """What features are relative to: mean and deviation of bytes over the phrases of a map."""

    mean: Values
    deviation: Values
    chroma_mean: Values
    chroma_deviation: Values


def reference_of(codes: Bytes, chroma: Bytes) -> Reference:
    """The reference of a map's own bytes, `(n, measure)` and `(n, 12)`."""
    known = codes != UNKNOWN
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, codes, 0).sum(axis=0) / count
    square = np.where(known, (codes - mean) ** 2, 0.0).sum(axis=0) / count
    colours = chroma.astype(np.float64)
    return Reference(
        mean=mean,
        deviation=np.maximum(np.sqrt(square), 1.0),
        chroma_mean=colours.mean(axis=0),
        chroma_deviation=np.maximum(colours.std(axis=0), 1.0),
    )


def features(codes: Bytes, chroma: Bytes, reference: Reference) -> Floats:
    """Points whose distances say how unlike phrases sound: `(n, measure + 12)`.

    In standard deviations, clipped; what is undefined for a phrase counts as average.
    """
    known = codes != UNKNOWN
    measured = np.where(known, (codes - reference.mean) / reference.deviation, 0.0)
    colours = (chroma - reference.chroma_mean) / reference.chroma_deviation
    both = np.concatenate([measured, CHROMA_WEIGHT * colours], axis=1)
    return np.asarray(np.clip(both, -CLIP, CLIP), np.float32)


def described(rolls: NDArray[np.uint8], spec: RollSpec, scale: Scale) -> tuple[Bytes, Bytes]:
    """Bytes of measures and of pitch classes of rolls `(n, track, step, pitch, channel)`."""
    return scale.codes(measure(rolls, spec)), chroma_of(rolls, spec)
