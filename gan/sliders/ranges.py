"""How far each slider goes, and what it keeps; measured along it, on phrases.

A slider ends where moved phrases begin to be told from the phrases that they were. A classifier
that is trained to tell them would do so everywhere, for a slider is there to change something. So
the one here sees only what is unusual: how far a phrase's measures lie outside of what nearly all
held-out songs have. A slider also ends where its own measure no longer follows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gan.models.base import Generator
from gan.music.attributes import measure
from gan.sliders.directions import FURTHEST, Direction
from gan.sliders.probes import kept_share, mean_change
from gan.sliders.samples import Floats, Values

PHRASES = 48  # on which sliders are measured
SEED = 31  # of these
STEP, HALF = 1.0, 0.5  # amounts that are tried, and between the last that is fine and the next
TOLD = 0.7  # area under the classifier's curve from which it can tell; 0.5 is not at all
FOLLOWS = 0.02  # standard deviations that a step must move a slider's own measure by
USUAL = (0.01, 0.99)  # quantiles between which a measure is usual

Rolls = NDArray[np.uint8]
Measures = Mapping[str, Values]


@dataclass(frozen=True)
class Usual:
    """Between which bounds each measure nearly always lies, its deviation, and whether it is
    nearly always defined; `(measure,)` each.
    """

    names: tuple[str, ...]
    low: Values
    high: Values
    deviations: Values
    defined: NDArray[np.bool_]

    def strangeness(self, measures: Measures) -> Values:
        """How far phrases lie outside, in deviations summed over the measures, `(n,)`."""
        values = np.stack([measures[name] for name in self.names], axis=1)
        outside = np.maximum(self.low - values, values - self.high) / self.deviations
        missing = np.where(self.defined, 1.0, 0.0)
        far = np.where(np.isfinite(values), np.maximum(outside, 0.0), missing)
        return np.asarray(far.sum(axis=1), np.float64)


def usual(measures: Measures) -> Usual:
    """What is usual in phrases with these measures `(n,)`; measures of one value are left out."""
    names, rows = [], []
    for name, values in measures.items():
        known = np.asarray(values[np.isfinite(values)], np.float64)
        if len(known) and known.std() > 1e-9:
            names.append(name)
            rows.append((*np.quantile(known, USUAL), known.std(), len(known) / len(values)))
    low, high, deviations, share = np.reshape(np.array(rows, np.float64), (-1, 4)).T
    return Usual(tuple(names), low, high, deviations, share >= USUAL[1])


def told(before: Values, after: Values) -> float:
    """How well a number tells phrases `after` a move from those before it: 0.5 is not at all.

    The area under the ROC curve: how often one after has more than one before.
    """
    more = (after[:, None] > before).mean()
    return float(more + 0.5 * (after[:, None] == before).mean())


def track_reached(generator: Generator, vector: Floats) -> str:
    """The one track that a direction moves, by what its numbers are for; "" for several."""
    alone = [
        name for name in generator.spec.track_names if not vector[~generator.reach(name)].any()
    ]
    return alone[0] if alone else ""


def measured(
    generator: Generator,
    directions: Sequence[Direction],
    songs: Measures | None = None,
    *,
    n: int = PHRASES,
    progress: Callable[[int, int], None] | None = None,
) -> list[Direction]:
    """The directions with what they keep and how far they go, on `n` phrases.

    `songs` are measures of phrases that say what is usual; without any, the generator's own do.
    """
    w = generator.to_w(generator.sample_latent(n, SEED))
    plain = generator.rolls_of_w(w)
    before = measure(plain, generator.spec)
    walks = _Walks(generator, w, plain, before, usual(before if songs is None else songs))
    found = []
    for each in offered([walks.kept(direction) for direction in directions]):
        # How far those go that nobody sees need not be known.
        found.append(walks.ranged(each) if each.offered else each)
        if progress:
            progress(len(found), len(directions))
    return found


def offered(directions: Sequence[Direction]) -> list[Direction]:
    """Those that are offered are marked so: of a track's measure its own slider, if there is one.

    The others stay where links may move them.
    """
    own = {each.measure for each in directions if each.owner}
    return [
        replace(each, offered=bool(each.owner) or each.measure not in own) for each in directions
    ]


@dataclass(frozen=True)
class _Walks:
    """Phrases `w` (n, w_dim), as they are: their rolls `plain` and measures `before`."""

    generator: Generator
    w: Floats
    plain: Rolls
    before: Measures
    usual: Usual

    def kept(self, direction: Direction) -> Direction:
        """With the one track that it reaches, and what it keeps at +1."""
        track, rolls = track_reached(self.generator, direction.vector), self._moved(direction, 1.0)
        of = slice(None)
        if track:
            index = self.generator.spec.track_names.index(track)
            of = slice(index, index + 1)
        share = kept_share(self.plain[:, of], rolls[:, of])
        return replace(direction, track=track, kept=round(share, 3))

    def ranged(self, direction: Direction) -> Direction:
        """With its ends."""
        low, high = -self._end(direction, -1.0), self._end(direction, 1.0)
        return replace(direction, low=low, high=high)

    def _moved(self, direction: Direction, amount: float) -> Rolls:
        move = np.float32(amount) * self.generator.along(direction.vector)
        return self.generator.rolls_of_w(self.w + move)

    def _end(self, direction: Direction, sign: float) -> float:
        """The furthest amount that is fine, and all on the way to it; `HALF` at least."""
        strange = self.usual.strangeness(self.before)
        reached, follows = 0.0, 0.0

        def fine(amount: float) -> bool:
            nonlocal reached, follows
            after = measure(self._moved(direction, sign * amount), self.generator.spec)
            gain = sign * self._gain(direction, after)
            moves = direction.kind != "named" or gain > follows + FOLLOWS
            if not moves or told(strange, self.usual.strangeness(after)) > TOLD:
                return False
            reached, follows = amount, gain
            return True

        while reached < FURTHEST and fine(reached + STEP):
            pass
        if 0.0 < reached < FURTHEST:
            fine(reached + HALF)
        return max(reached, HALF)

    def _gain(self, direction: Direction, after: Measures) -> float:
        """Mean change of a direction's own measure, in deviations; 0 where it has none."""
        name = direction.measure
        if name not in self.before:
            return 0.0
        deviation = max(float(np.nanstd(self.before[name])), 1e-9)
        change = (after[name] - self.before[name])[:, None] / deviation
        return float(mean_change(change)[0])
