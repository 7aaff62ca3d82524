"""Directions in w that a person can name, calibrated, with what else they move.

A direction moves the plan of w and the tilts beside it (`gan.models.tilt`). Named directions:
sample z, decode, measure, and regress the measures on the plan (InterFaceGAN, Shen et al. 2020,
with regression in place of a classifier); what comes of it, and a pull along each tilt, are mixed
so that a mixture moves one measure and spares the others, on effects that are measured, not
predicted (`gan.sliders.steering`). +1 on a slider is +1 standard deviation of its measure.
Principal components follow GANSpace (Härkönen et al. 2020, section 2.2): PCA of what the decoder
puts out, carried back to w by regression.

`python -m gan.sliders.directions --checkpoint_dir CHECKPOINT` computes and stores them.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np
from numpy.typing import NDArray

from gan.models.ability import Ability
from gan.models.base import Generator
from gan.music.measures import joined, measure
from gan.sliders.steering import Probes, Search, sought, tilt_pulls
from gan.spec import ONSET, SOUNDING, RollSpec

PROBES = 256  # phrases on which effects are measured while directions are sought
FIRST = 64  # of these, on which tilts are given their length
JUDGES = 500  # phrases on which rank correlations are reranked
EFFECTS = 256  # of these, on which effects are
ENOUGH, DEAR = -0.25, -1.0  # worth from which sliders are left as they are; where tries are dear
USUAL = 0.98  # share of phrases with one value from which a measure has no scale

Floats = NDArray[np.float32]
Measures = dict[str, NDArray[np.float64]]

LABELS: dict[str, tuple[str, str]] = {
    "notes": ("{Track} density", "More notes in {track}."),
    "register": ("{Track} height", "{Track} plays higher."),
    "polyphony": ("{Track} thickness", "More notes at once in {track}."),
    "note_length": ("{Track} sustain", "Longer notes in {track}."),
    "off_sixteenth": ("{Track} syncopation", "More notes off the eighths in {track}."),
    "on_beat": ("{Track} on the beat", "More notes of {track} on the beats, fewer between them."),
    "repetition": ("{Track} repetition", "{Track} plays the same notes in more of its bars."),
    "rhythm_repetition": ("{Track} steadiness", "The rhythm of {track} repeats from bar to bar."),
    "minorness": ("Minor", "Darker: from C major towards A minor."),
    "pitch_class_entropy": ("Colour", "More different pitch classes."),
    "melody_in_chord": ("Consonance", "The melody keeps to the notes of the chord."),
    "stepwise_melody": ("Smooth melody", "The melody moves by step more than by leap."),
}
"""Measures that become sliders: a label and one sentence, by the measure's last name."""


@dataclass(frozen=True)
class Direction:
    """A slider's direction in w: moving by `vector` (steered_dim,) is +1.

    `effects` holds the mean change of each measure at +1, in its standard deviations; all of
    them together are the leakage matrix. `spearman` is the rank correlation of the slider's
    value with the change of its own measure, over random phrases each at a random value.
    `kind` is "named" or "component".
    """

    id: str
    label: str
    help: str
    kind: str
    vector: Floats
    effects: dict[str, float]
    spearman: float = 0.0


@dataclass(frozen=True)
class Samples:
    """Random w with what they sound like; `features` is what the components are taken of.

    `plan` is the part of w along which directions run.
    """

    w: Floats
    plan: Floats
    measures: Measures
    features: NDArray[np.float64]


def draw(
    generator: Generator, n: int, *, seed: int, progress: Callable[[int, int], None] | None = None
) -> Samples:
    """`n` phrases of plain draws in blocks, so that memory stays flat.

    Plain, because it takes many, spread widely, to learn what moves what.
    """
    z = generator.draw_latent(n, seed)
    ws, blocks, features = [], [], []
    for start in range(0, n, 256):
        w = generator.to_w(z[start : start + 256])
        probabilities = generator.decode_w(w)
        ws.append(w)
        blocks.append(measure(generator.binarise(probabilities), generator.spec))
        features.append(_features(probabilities, generator.spec))
        if progress:
            progress(min(start + 256, n), n)
    w = np.concatenate(ws)
    return Samples(w, w[:, : generator.plan_dim], joined(blocks), np.concatenate(features))


def _features(probabilities: Floats, spec: RollSpec) -> NDArray[np.float64]:
    """A coarse picture of each phrase: per track, by beat and half octave, both channels."""
    n = len(probabilities)
    beats, bands = spec.bars * spec.beats_per_bar, spec.pitches // 6
    kept = probabilities[..., : bands * 6, :]
    shape = (n, len(spec.tracks), beats, spec.steps_per_beat, bands, 6, 2)
    return np.asarray(
        kept.reshape(shape).sum(axis=(3, 5))[..., [SOUNDING, ONSET]].reshape(n, -1), np.float64
    )


def _deviation(values: NDArray[np.float64]) -> float:
    """Standard deviation over the phrases for which a measure is defined; never 0."""
    known = values[np.isfinite(values)]
    return max(float(known.std()), 1e-9) if len(known) else 1e-9


def _varied(measures: Measures) -> tuple[str, ...]:
    """Names of measures that are not the same for nearly all phrases.

    Of those that are, a phrase in a hundred makes the deviation, which is no scale then.
    """
    found = []
    for name, values in measures.items():
        known = values[np.isfinite(values)]
        usual = np.isclose(known, np.median(known)).mean() if len(known) else 1.0
        if usual < USUAL:
            found.append(name)
    return tuple(found)


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Zero mean, unit deviation; what is undefined for a phrase counts as average."""
    known = np.isfinite(values)
    filled = np.where(known, values, values[known].mean())
    centred = filled - filled.mean()
    return np.asarray(centred / max(float(filled.std()), 1e-9), np.float64)


def _slopes(w: Floats, targets: NDArray[np.float64], *, ridge: float = 1e-2) -> NDArray[np.float64]:
    """Ridge regression of `targets` (n, k) on centred plans `w`: `(k, plan_dim)`."""
    x = w.astype(np.float64) - w.mean(axis=0)
    gram = x.T @ x / len(x)
    gram += ridge * np.trace(gram) / len(gram) * np.eye(len(gram))
    slopes: NDArray[np.float64] = np.linalg.solve(gram, x.T @ targets / len(x)).T
    return slopes


def choose_measures(
    samples: Samples, heard: Measures, names: Sequence[str] | None = None
) -> list[str]:
    """Measures that vary, and are nearly always defined in `heard`; those of `names`, if given.

    Plain draws leave a track out more often than the phrases that a person meets.
    """
    chosen, varied = [], _varied(samples.measures)
    for name, values in heard.items():
        if np.isfinite(values).mean() > 0.7 and name in varied and (names is None or name in names):
            chosen.append(name)
    return chosen


def _label(measure_name: str) -> tuple[str, str] | None:
    track, _, kind = measure_name.rpartition(".")
    if kind not in LABELS:
        return None
    names = {"Track": track.capitalize(), "track": track.lower()}
    label, text = (form.format(**names) for form in LABELS[kind])
    return label, text


def named_directions(
    generator: Generator,
    samples: Samples,
    *,
    names: Sequence[str] | None = None,
    phrases: Floats | None = None,
    probes: int = PROBES,
) -> list[Direction]:
    """One calibrated direction a measure; see the module's head.

    `phrases` are the w of those that it is to hold for, first `probes` to correct it on, then
    `JUDGES` to judge it on; by default those of `samples`.
    """
    phrases = samples.w if phrases is None else phrases
    heard = measure(generator.rolls_of_w(phrases), generator.spec)
    chosen = [name for name in choose_measures(samples, heard, names) if _label(name)]
    if not chosen:
        return []
    everything = _varied(samples.measures)
    deviations = np.array([_deviation(samples.measures[name]) for name in everything])
    tried = Probes(generator, phrases[:probes], everything, deviations)
    own = [everything.index(name) for name in chosen]
    plans = _least_norm(samples, chosen)
    tilts = tilt_pulls(tried.some(slice(FIRST)))
    plans = np.pad(plans, ((0, 0), (0, tilts.shape[1] - plans.shape[1])))
    pulls = np.concatenate([tilts, plans])
    found = sought(tried, pulls, own, _searches(generator, len(tilts)))
    # Judged on other phrases than those that it was chosen on.
    fresh = phrases[probes : probes + JUDGES] if len(phrases) > probes else phrases
    rerankers = Probes(generator, fresh, everything, deviations)
    moved = rerankers.some(slice(EFFECTS)).effects(found)
    gain = np.clip(moved[np.arange(len(own)), own], 0.5, 2.0)[:, None]
    found, moved = found / gain, moved / gain
    faithful = rerankers.ranks(found, own)
    directions = [
        _direction(name, found[i], dict(zip(everything, moved[i], strict=True)), float(faithful[i]))
        for i, name in enumerate(chosen)
    ]
    return [direction for direction in directions if _honest(direction)]


def _searches(generator: Generator, tilts: int) -> list[Search]:
    """A single pull with little mended, then mixtures that are free to be anything.

    Where notes are written one by one, tilts cost next to nothing and the plan much.
    """
    mended = Search(2, True, 0.1, 0.3, tilts or None)
    if Ability.WRITES_NOTE_BY_NOTE not in generator.can:
        return [mended, Search(3, False, 0.2, 0.03, enough=ENOUGH)]
    free = Search(3, False, 0.2, 0.03, tilts, ENOUGH)
    return [mended, free, Search(1, False, 0.2, 0.1, enough=DEAR)]


def _least_norm(samples: Samples, basis: Sequence[str]) -> NDArray[np.float64]:
    """The shortest vectors that move one measure by 1 and, to first order, no other."""
    targets = np.stack([_standardised(samples.measures[name]) for name in basis], axis=1)
    slopes = _slopes(samples.plan, targets)
    gram = slopes @ slopes.T
    gram += 0.02 * np.trace(gram) / len(gram) * np.eye(len(gram))
    return np.asarray(np.linalg.solve(gram, slopes), np.float64)


def _honest(direction: Direction) -> bool:
    """Whether a slider does what its name says, and nothing else more than twice as much."""
    own = direction.effects[direction.id]
    others = [abs(v) for name, v in direction.effects.items() if name != direction.id]
    faithful = abs(own - 1.0) <= 0.3 and direction.spearman >= 0.5
    return faithful and max(others, default=0.0) <= 2.0


def _direction(
    name: str, vector: NDArray[np.float64], effects: dict[str, float], spearman: float
) -> Direction:
    label, text = _label(name) or (name, name)
    return Direction(
        id=name,
        label=label,
        help=text,
        kind="named",
        vector=vector.astype(np.float32),
        effects={key: round(float(value), 3) for key, value in effects.items()},
        spearman=round(spearman, 3),
    )


def components(
    generator: Generator, samples: Samples, count: int, *, probes: int = PROBES
) -> list[Direction]:
    """The strongest principal components of what is heard, carried back to w."""
    centred = samples.features - samples.features.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    scores = centred @ axes[:count].T
    scores /= np.maximum(scores.std(axis=0), 1e-9)
    # +1 is the mean w of phrases one deviation up: regression of w on the score.
    w = samples.plan.astype(np.float64) - samples.plan.mean(axis=0)
    vectors = scores.T @ w / len(w)
    # That mean shrinks towards the origin; give every component the length of a real step.
    slopes = _slopes(samples.plan, scores)
    gain = np.einsum("kd,kd->k", vectors, slopes)
    vectors /= np.clip(gain, 0.1, None)[:, None]
    vectors = np.pad(vectors, ((0, 0), (0, generator.steered_dim - generator.plan_dim)))
    names = _varied(samples.measures)
    deviations = np.array([_deviation(samples.measures[name]) for name in names])
    effects = Probes(generator, samples.w[:probes], names, deviations).effects(vectors)
    found = []
    for index in range(count):
        moved = dict(zip(names, effects[index], strict=True))
        labelled = [name for name in names if _label(name)] or names
        most = max(labelled, key=lambda name: abs(moved[name]))
        sign = 1.0 if moved[most] >= 0 else -1.0
        label = (_label(most) or (most, most))[0]
        found.append(
            Direction(
                id=f"component-{index + 1}",
                label=f"Component {index + 1}: {label}",
                help=f"principal component {index + 1} of what is heard",
                kind="component",
                vector=(sign * vectors[index]).astype(np.float32),
                effects={key: round(float(sign * value), 3) for key, value in moved.items()},
            )
        )
    return found


def find_directions(
    generator: Generator,
    *,
    n: int = 4096,
    count: int = 8,
    seed: int = 7,
    named: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> list[Direction]:
    """Named directions and `count` principal components from `n` random phrases."""
    samples = draw(generator, n, seed=seed, progress=progress)
    found: list[Direction] = []
    if named:
        # Phrases as a person meets them: chosen, where there is a reranker.
        met = generator.to_w(generator.sample_latent(min(PROBES + JUDGES, n), seed + 1))
        found = named_directions(generator, samples, phrases=met)
    return found + components(generator, samples, count)


def report(directions: Sequence[Direction]) -> str:
    """A line a named direction: rank correlation, own effect, and the largest side effect."""
    lines = [f"{'direction':32}{'spearman':>9}{'own':>7}{'side':>7}  moved most beside it"]
    for each in directions:
        if each.kind != "named":
            continue
        others = {name: value for name, value in each.effects.items() if name != each.id}
        most = max(others, key=lambda name: abs(others[name]))
        lines.append(
            f"{each.id:32}{each.spearman:9.2f}{each.effects[each.id]:7.2f}"
            f"{others[most]:7.2f}  {most}"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    from gan.data.progress import terminal_progress
    from gan.errors import GanError
    from gan.models.checkpoint import load_generator
    from gan.sliders.store import save_directions

    parser = argparse.ArgumentParser(description="Find what the sliders of a checkpoint move.")
    parser.add_argument("--checkpoint_dir", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=4096, help="random phrases to learn from")
    parser.add_argument("--components", type=int, default=8)
    args = parser.parse_args(arguments)
    try:
        generator, info = load_generator(args.checkpoint_dir)
        with terminal_progress("Drawing phrases", "phrase") as progress:
            found = find_directions(
                generator, n=args.samples, count=args.components, progress=progress
            )
        save_directions(info, found, generator.tilt_names)
    except GanError as error:
        print(f"gan.sliders.directions: {error}", file=sys.stderr)
        return 2
    print(report(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
