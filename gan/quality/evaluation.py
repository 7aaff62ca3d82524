"""Samples of a generator against songs it never saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from gan.data.dataset import Dataset, rolls
from gan.errors import CheckpointError
from gan.files import arrays_bytes, json_bytes
from gan.models.ability import Ability
from gan.models.base import Generator
from gan.models.checkpoint import MEASURES, CheckpointInfo, weights_part
from gan.models.parts import write_parts
from gan.models.reading import read_part_arrays
from gan.music.attributes import measure, measure_names
from gan.music.compare import mean_overlap, overlaps
from gan.spec import ONSET

SAMPLE_SEED = 20_260_101
MANY = 64  # phrases from which a spread can be told
CALIBRATION_SEED = 7  # other samples than those that are reranked
HOLD_THRESHOLDS = (0.5, 0.4, 0.3, 0.2, 0.15, 0.1)
ONSET_THRESHOLDS = (0.7, 0.6, 0.5, 0.45, 0.4, 0.35, 0.3)
TEMPERATURES = (1.0, 0.85, 0.7, 0.55, 0.4, 0.3, 0.2)
REFERENCE = "reference.npz"

Knob = tuple[NDArray[np.float32], int | slice, Sequence[float]]
"""An array, which of its numbers to set, and the values to try, in order."""


@dataclass(frozen=True)
class Reference:
    """Measures of held-out phrases, and the overlap that training phrases reach: the ceiling.

    `diversity` is the `spread` of the held-out phrases, of the training ones if they are few.
    """

    held_out: Mapping[str, NDArray[np.float64]]
    ceiling: Mapping[str, float]
    diversity: float

    @property
    def mean_ceiling(self) -> float:
        return float(np.mean(list(self.ceiling.values())))


@dataclass(frozen=True)
class Evaluation:
    """Overlap area of each measure, their mean, and how varied the samples are.

    `share` is the mean overlap as a share of the ceiling; `diversity` the mean distance of
    two samples as a share of the data's.
    """

    overlap: Mapping[str, float]
    mean: float
    share: float
    diversity: float

    @property
    def collapsed(self) -> bool:
        return self.diversity < 0.5


def sample_rolls(
    generator: Generator, n: int, *, seed: int = SAMPLE_SEED, reranked: bool = True
) -> NDArray[np.uint8]:
    """`n` random phrases, `(n, track, step, pitch, channel)`; plain draws unless `reranked`."""
    z = generator.sample_latent(n, seed) if reranked else generator.draw_latent(n, seed)
    return generator.rolls_of_z(z)


def choose(index: NDArray[np.int64], n: int, *, seed: int) -> NDArray[np.int64]:
    """At most `n` of the indices, without replacement, in ascending order."""
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(index, size=min(n, len(index)), replace=False))


def spread(batch: NDArray[np.uint8]) -> float:
    """Mean share of onset cells in which two phrases of a batch differ.

    1 - |A and B| / |A or B| (Jaccard distance), averaged over neighbours in the batch.
    """
    onsets = batch[..., ONSET].reshape(len(batch), -1).astype(bool)
    others = np.roll(onsets, 1, axis=0)
    union = (onsets | others).sum(axis=1)
    both = (onsets & others).sum(axis=1)
    return float(np.mean(1.0 - both / np.maximum(union, 1)))


def reference(
    dataset: Dataset,
    train_index: NDArray[np.int64],
    held_out_index: NDArray[np.int64],
    *,
    n: int,
) -> Reference:
    """Reference of `n` phrases a side, drawn with a fixed seed.

    With one song there is nothing to hold out; then the training phrases stand in.
    """
    if not len(held_out_index):
        held_out_index = train_index
    held_out = rolls(dataset, choose(held_out_index, n, seed=1))
    train = rolls(dataset, choose(train_index, n, seed=2))
    theirs = measure(held_out, dataset.spec)
    # A handful of held-out phrases may be all one song.
    varied = held_out if len(held_out) >= MANY else train
    shuffled = np.random.default_rng(3).permutation(len(varied))
    return Reference(
        held_out=theirs,
        ceiling=overlaps(measure(train, dataset.spec), theirs),
        diversity=spread(varied[shuffled]),
    )


def reference_part(against: Reference) -> dict[str, bytes]:
    """`reference.npz`, for `write_parts`: the measures alone, no phrase of the data."""
    arrays: dict[str, NDArray[np.floating]] = {
        f"held_out/{name}": values.astype(np.float32) for name, values in against.held_out.items()
    }
    arrays |= {f"ceiling/{name}": np.asarray(v) for name, v in against.ceiling.items()}
    return {REFERENCE: arrays_bytes({**arrays, "diversity": np.asarray(against.diversity)})}


def save_reference(folder: Path, against: Reference) -> None:
    """Store `reference_part` in a checkpoint folder."""
    write_parts(folder, reference_part(against))


def load_reference(folder: Path) -> Reference:
    """What `save_reference` wrote; raises `CheckpointError` where it is missing or damaged."""
    arrays = read_part_arrays(folder, REFERENCE)
    sides: dict[str, dict[str, NDArray[np.float64]]] = {"held_out": {}, "ceiling": {}}
    for key, values in arrays.items():
        side, _, name = key.partition("/")
        if side in sides:
            sides[side][name] = values.astype(np.float64)
    try:
        ceiling = {name: float(value) for name, value in sides["ceiling"].items()}
        diversity = float(arrays["diversity"])
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{folder / REFERENCE} is not a reference; train again.") from error
    whole = np.isfinite([diversity, *ceiling.values()]).all()
    if not ceiling or not whole or any(side.ndim != 1 for side in sides["held_out"].values()):
        raise CheckpointError(f"{folder / REFERENCE} is not a reference; train again.")
    return Reference(sides["held_out"], ceiling, diversity)


def songs_of(info: CheckpointInfo) -> Mapping[str, NDArray[np.float64]] | None:
    """Measures of held-out phrases beside a checkpoint; None where there are none."""
    try:
        found = load_reference(info.path).held_out
    except CheckpointError:
        return None
    return {name: found[name] for name in measure_names(info.spec) if name in found} or None


def calibrate(generator: Generator, theirs: Mapping[str, NDArray[np.float64]], *, n: int) -> None:
    """Set what the generator decides by to what brings `n` samples nearest to `theirs`.

    `theirs` are measures of phrases, better not those that judge the result. The numbers are
    found one after the other, each by the mean overlap of all measures, from where they are.

    Thresholds: a cell of a polyphonic track is its own yes or no; where the decoder is unsure
    how long a note lasts, taking the likelier answer at every step cuts it short, and where it
    is unsure which of several notes begins, leaves all of them out. Monophonic tracks choose
    among notes, hold and rest: there a threshold is the odds that a new note is given.

    Temperatures, for generators that write note by note: a network that has not learnt all that
    there is to learn spreads its doubt over choices that nobody would take; those add up over a
    phrase.
    """
    z = generator.sample_latent(n, CALIBRATION_SEED)
    knobs: list[Knob] = []
    if Ability.WRITES_NOTE_BY_NOTE in generator.can:
        heat, w = generator.temperatures, generator.to_w(z)
        # All alike first, then each by itself.
        knobs += [(heat, index, TEMPERATURES) for index in (slice(None), *range(len(heat)))]

        def written() -> NDArray[np.uint8]:
            return generator.rolls_of_w(w)
    else:
        for index, track in enumerate(generator.spec.tracks):
            if not (track.monophonic or track.is_drum):
                knobs.append((generator.hold_thresholds, index, HOLD_THRESHOLDS))
            knobs.append((generator.onset_thresholds, index, ONSET_THRESHOLDS))
        decoded = [generator.decode(z[start : start + 64]) for start in range(0, n, 64)]

        def written() -> NDArray[np.uint8]:
            return np.concatenate([generator.binarise(block) for block in decoded])

    def score() -> float:
        return mean_overlap(measure(written(), generator.spec), theirs)

    for knob in knobs:
        _climb(knob, score)


def _climb(knob: Knob, score: Callable[[], float]) -> None:
    """Set a knob to a peak of the score along its ladder, beginning where it stands."""
    values, where, ladder = knob
    scores: dict[int, float] = {}

    def at(rung: int) -> float:
        if not 0 <= rung < len(ladder):
            return -np.inf
        if rung not in scores:
            values[where] = ladder[rung]
            scores[rung] = score()
        return scores[rung]

    now = float(np.mean(values[where]))
    rung = min(range(len(ladder)), key=lambda k: abs(ladder[k] - now))
    for way in (1, -1):
        while at(rung + way) > at(rung):
            rung += way
    values[where] = ladder[rung]


def evaluate(
    generator: Generator, against: Reference, *, n: int, reranked: bool = True
) -> Evaluation:
    """Compare `n` fresh samples with the reference; plain draws unless `reranked`."""
    samples = sample_rolls(generator, n, reranked=reranked)
    overlap = overlaps(measure(samples, generator.spec), against.held_out)
    mean = float(np.mean(list(overlap.values())))
    return Evaluation(
        overlap=overlap,
        mean=mean,
        share=mean / max(against.mean_ceiling, 1e-9),
        diversity=spread(samples) / max(against.diversity, 0.01),
    )


def store(
    folder: Path,
    generator: Generator,
    result: Evaluation,
    against: Reference,
    *,
    step: int,
    samples: int,
    tuned: int = 0,
) -> None:
    """A generator's weights, what was measured of them (`measures.json`), and against what.

    `plain_overlap` is that of plain draws: weights that train on have no reranker, and are compared
    with these as they are. `tuned` is the step after which they were tuned, 0 before.
    """
    plain = result
    if generator.reranker is not None:
        plain = evaluate(generator, against, n=samples, reranked=False)
    measures = {
        "step": step,
        "samples": samples,
        "tuned": tuned,
        "overlap": dict(result.overlap),
        "mean_overlap": result.mean,
        "plain_overlap": plain.mean,
        "ceiling": dict(against.ceiling),
        "mean_ceiling": against.mean_ceiling,
        "share_of_ceiling": result.share,
        "diversity": result.diversity,
    }
    parts = weights_part(generator.weights()) | {MEASURES: json_bytes(measures)}
    write_parts(folder, parts | reference_part(against))


def stored_evaluation(measures: Mapping[str, Any]) -> Evaluation:
    """The evaluation that `store` noted; `CheckpointError` where it is incomplete."""
    names = {"overlap": "overlap", "mean_overlap": "mean", "share_of_ceiling": "share"}
    names["diversity"] = "diversity"
    values = {name: measures[key] for key, name in names.items() if key in measures}
    try:
        return msgspec.convert(values, Evaluation)
    except msgspec.ValidationError as error:
        raise CheckpointError(f"{MEASURES} is incomplete ({error}); tune again.") from error
