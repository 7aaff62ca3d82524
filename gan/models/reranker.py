"""Which of several phrases to take: a reranker of musical measures, and draws that heed it.

A prior that maps N(0, 1) to where music lies makes each part of a phrase well and is less sure
of what goes with what. A classifier that tells the generator's phrases from songs knows by
how much: its log odds estimate log(songs / samples). Drawing several candidates and taking one
with a chance in proportion to its odds brings samples nearer to songs (discriminator rejection
sampling: Azadi et al. 2019; resampled priors: Bauer and Mnih 2019). Going over the parts of the
latent in the same way, the current one among the candidates, is Gibbs sampling by iterated
importance resampling, which leaves the reranked distribution as it is (Andrieu et al. 2010).

The reranker sees musical measures only, no cells: what it prefers has names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gan.errors import CheckpointError
from gan.music.attributes import measure, measure_names
from gan.spec import RollSpec

if TYPE_CHECKING:
    from gan.models.base import Floats, Generator, Rolls

PREFIX = "judge/"  # as checkpoints have named it from the start
NAMES = "measures"  # of the array that holds the names of its measures
FIRST_ATTRIBUTES = frozenset(
    "notes on_beat empty_bars repetition rhythm_repetition drum_grid off_sixteenth note_length "
    "qualified register range pitch_classes polyphony chords in_scale pitch_class_entropy "
    "minorness semitone_clashes bass_motion stepwise_melody melody_in_chord voice_crossing "
    "parallels spacing".split()
)
"""The attributes that there were while rerankers did not store what they were fitted to."""

FAR = 5.0  # deviations beyond which a measure counts as that far
TOGETHER = 1024  # candidates reranked together; bounds memory


class Odds(Protocol):
    """What weighs phrases by their measures, as a `Reranker` does."""

    def log_odds(self, measures: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]: ...


@dataclass(frozen=True)
class Reranker:
    """A few small networks from measures to log odds; `arrays` by name, as they are stored.

    `names` are the measures that it was fitted to, in the order of its inputs; those that the
    table gains later are none of its own. `middle` and `scale` (measure,) standardise; `weight:i`
    (network, in, out) and `bias:i` (network, out) are layers, with rectifiers between them. Their
    mean is the log odds.
    """

    names: tuple[str, ...]
    arrays: Mapping[str, NDArray[np.float32]]

    @property
    def layers(self) -> int:
        return len(self.arrays) // 2 - 1

    def log_odds(self, measures: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """log(chance of a song / chance of a sample) of each phrase, `(n,)`."""
        x = self.features(measures)[None]
        for index in range(self.layers):
            x = x @ self.arrays[f"weight:{index}"] + self.arrays[f"bias:{index}"][:, None]
            if index < self.layers - 1:
                x = np.maximum(x, 0.0)
        return np.asarray(x[..., 0].mean(axis=0), np.float64)

    def features(self, measures: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float32]:
        """Standardised measures, then whether each is undefined, `(n, 2 * measure)`."""
        return features(measures, self.names, self.arrays["middle"], self.arrays["scale"])

    def with_another(self, other: Reranker) -> Reranker:
        """The reranker whose log odds are the sum of both.

        For one that learnt from what `self` lets through: odds multiply (boosted density
        ratios: Grover and Ermon 2018). Both must be of the same measures and standardise alike.
        """
        arrays = {name: self.arrays[name] for name in ("middle", "scale")}
        counts = [len(reranker.arrays["bias:0"]) for reranker in (self, other)]
        for name in self.arrays.keys() - arrays.keys():
            parts = [reranker.arrays[name] for reranker in (self, other)]
            if name.endswith(f":{self.layers - 1}"):
                # The mean of all networks is to be the sum of two means.
                parts = [
                    part * np.float32(sum(counts) / count)
                    for part, count in zip(parts, counts, strict=True)
                ]
            arrays[name] = np.concatenate(parts)
        return Reranker(self.names, as_stored(arrays))

    def stored(self) -> dict[str, NDArray[np.float32]]:
        """Its arrays among a checkpoint's weights."""
        text = np.frombuffer("\n".join(self.names).encode(), np.uint8).astype(np.float32)
        return {f"{PREFIX}{name}": values for name, values in {**self.arrays, NAMES: text}.items()}


def as_stored(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """Rounded as in a checkpoint, or a reloaded reranker would choose otherwise now and then."""
    return {name: values.astype(np.float16).astype(np.float32) for name, values in arrays.items()}


def stored_reranker(values: Mapping[str, NDArray[np.floating]], spec: RollSpec) -> Reranker | None:
    """The reranker stored among a checkpoint's weights, None without one.

    `CheckpointError` where it does not fit the measures of `spec`.
    """
    arrays = {
        name.removeprefix(PREFIX): np.asarray(each, np.float32)
        for name, each in values.items()
        if name.startswith(PREFIX)
    }
    if not arrays:
        return None
    measured = measure_names(spec)
    text = arrays.pop(NAMES, None)
    finite = all(np.isfinite(each).all() for each in arrays.values())
    try:
        names = tuple(_at_first(measured) if text is None else _read(text))
        reranker = Reranker(names, arrays)
        odds = reranker.log_odds({name: np.full(2, np.nan) for name in measured})
    except (KeyError, ValueError):
        odds = np.zeros(0)
    if not finite or odds.shape != (2,):
        raise CheckpointError("The weights hold a reranker of other measures; train again.")
    return reranker


def _read(text: NDArray[np.float32]) -> list[str]:
    """Names that are stored as the bytes of a text among the weights, a number each."""
    return text.astype(np.uint8).tobytes().decode().split("\n")


def _at_first(measured: Sequence[str]) -> list[str]:
    """The measures that rerankers were fitted to before they stored their names."""
    return sorted(name for name in measured if name.rpartition(".")[2] in FIRST_ATTRIBUTES)


def features(
    measures: Mapping[str, NDArray[np.float64]],
    names: Sequence[str],
    middle: NDArray[np.floating],
    scale: NDArray[np.floating],
) -> NDArray[np.float32]:
    """Standardised measures of `names`, then whether each is undefined, `(n, 2 * measure)`."""
    table = np.stack([measures[name] for name in names], axis=1)
    known = np.isfinite(table)
    standard = np.where(known, np.clip((table - middle) / scale, -FAR, FAR), 0.0)
    return np.concatenate([standard, ~known], axis=1).astype(np.float32)


@dataclass(frozen=True)
class Budget:
    """Candidates a draw may cost: `whole` phrases first, then `part` of each part in turn."""

    whole: int
    part: int = 0


def resample(
    generator: Generator, reranker: Reranker, budget: Budget, randoms: Sequence[np.random.Generator]
) -> Floats:
    """A latent for each random generator, `(n, latent_dim)`, as the reranker would have them.

    Each depends on its own random generator only.
    """
    size = max(TOGETHER // budget.whole, 1)
    free = generator.latent_parts().keys() - {"shared"}

    def weigh(candidates: Floats) -> NDArray[np.float64]:
        return _odds(generator, reranker, candidates)

    blocks = [
        _resample_block(generator, budget, randoms[start : start + size], weigh, free)
        for start in range(0, len(randoms), size)
    ]
    return np.concatenate([np.zeros((0, generator.latent_dim), np.float32), *blocks])


def _resample_block(
    generator: Generator,
    budget: Budget,
    randoms: Sequence[np.random.Generator],
    weigh: Callable[[Floats], NDArray[np.float64]],
    free: Collection[str],
) -> Floats:
    def drawn(count: int, size: int) -> Floats:
        return np.stack([random.standard_normal((count, size), np.float32) for random in randoms])

    candidates = drawn(budget.whole, generator.latent_dim)
    z, odds = _picked(candidates, weigh(candidates), randoms)
    if not budget.part:
        return z
    for name, part in generator.latent_parts().items():
        if name not in free:
            continue
        fresh = drawn(budget.part, z[0, part].size)
        candidates = np.repeat(z[:, None], budget.part, axis=1)
        candidates[:, :, part] = fresh
        candidates = np.concatenate([z[:, None], candidates], axis=1)
        others = weigh(candidates[:, 1:])
        z, odds = _picked(candidates, np.concatenate([odds[:, None], others], axis=1), randoms)
    return z


def resample_around(
    generator: Generator,
    odds: Odds,
    budget: Budget,
    randoms: Sequence[np.random.Generator],
    *,
    held: Callable[[Rolls], Rolls],
    free: Collection[str],
) -> Floats:
    """A latent for each random generator, `(n, latent_dim)`, whose phrase goes with what is kept.

    As `resample`, but candidates are weighed with what is kept laid over them: `held` does that
    to rolls. Only parts in `free` are gone over; what others say is not heard.
    """

    def weigh(candidates: Floats) -> NDArray[np.float64]:
        return _odds(generator, odds, candidates, held)

    return _resample_block(generator, budget, randoms, weigh, free)


def resample_part(
    generator: Generator,
    reranker: Reranker,
    budget: Budget,
    z: Floats,
    name: str,
    random: np.random.Generator,
) -> Floats:
    """`z` (latent_dim,) with another of the part `name`, chosen to go with the rest of it."""
    part = generator.latent_parts()[name]
    count = max(2 * budget.part, 1)
    candidates: Floats = np.repeat(z[None], count, axis=0)
    # A part may be an array of indices: beside a number, NumPy would move its axis to the front.
    candidates[:, part] = random.standard_normal((count, z[part].size), np.float32)
    odds = _odds(generator, reranker, candidates[None]) if count > 1 else np.zeros((1, 1))
    found, _ = _picked(candidates[None], odds, [random])
    return np.asarray(found[0], np.float32)


def _odds(
    generator: Generator,
    odds: Odds,
    candidates: Floats,
    held: Callable[[Rolls], Rolls] | None = None,
) -> NDArray[np.float64]:
    """The log odds of candidates `(n, candidate, latent_dim)`, `(n, candidate)`."""
    rolls = generator.rolls_of_z(candidates.reshape(-1, candidates.shape[-1]))
    found = odds.log_odds(measure(rolls if held is None else held(rolls), generator.spec))
    return found.reshape(candidates.shape[:2])


def _picked(
    candidates: Floats, odds: NDArray[np.float64], randoms: Sequence[np.random.Generator]
) -> tuple[Floats, NDArray[np.float64]]:
    """One candidate a row, each with a chance in proportion to its odds, and its log odds.

    The Gumbel-max trick: the largest of log odds plus Gumbel noise.
    """
    noise = np.stack([random.gumbel(size=odds.shape[1]) for random in randoms])
    row, best = np.arange(len(odds)), (odds + noise).argmax(axis=1)
    return candidates[row, best], odds[row, best]
