"""Directions in w that a person can name, calibrated, with what else they move.

Named directions: sample z, decode, measure, and regress the measures on w (InterFaceGAN,
Shen et al. 2020, with regression in place of a classifier). Solving for all measures at
once makes each direction leave the others alone; a Newton step on effects that were
measured, not predicted, calibrates it: +1 on a slider is +1 standard deviation of its
measure. Principal components follow GANSpace (Härkönen et al. 2020, section 2.2): PCA of
what the decoder puts out, carried back to w by regression.

`python -m gan.latent.directions --checkpoint_dir CHECKPOINT` computes and stores them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gan.models.base import Generator
from gan.music.measures import measure
from gan.spec import ONSET, SOUNDING, RollSpec

Floats = NDArray[np.float32]
Measures = dict[str, NDArray[np.float64]]

LABELS: dict[str, tuple[str, str]] = {
    "notes": ("{Track} density", "More notes in {track}."),
    "register": ("{Track} height", "{Track} plays higher."),
    "polyphony": ("{Track} thickness", "More notes at once in {track}."),
    "note_length": ("{Track} sustain", "Longer notes in {track}."),
    "off_sixteenth": ("{Track} syncopation", "More notes off the eighths in {track}."),
    "rhythm_repetition": ("{Track} steadiness", "The rhythm of {track} repeats from bar to bar."),
    "minorness": ("Minor", "Darker: from C major towards A minor."),
    "pitch_class_entropy": ("Colour", "More different pitch classes."),
    "melody_in_chord": ("Consonance", "The melody keeps to the notes of the chord."),
    "stepwise_melody": ("Smooth melody", "The melody moves by step more than by leap."),
}
"""Measures that become sliders: a label and one sentence, by the measure's last name."""


@dataclass(frozen=True)
class Direction:
    """A slider's direction in w: moving by `vector` is +1.

    `effects` holds the mean change of each measure at +1, in its standard deviations.
    `kind` is "named" or "component".
    """

    id: str
    label: str
    help: str
    kind: str
    vector: Floats
    effects: dict[str, float]


@dataclass(frozen=True)
class Samples:
    """Random w with what they sound like; `features` is what the components are taken of."""

    w: Floats
    measures: Measures
    features: NDArray[np.float64]


def draw(
    generator: Generator, n: int, *, seed: int, progress: Callable[[int, int], None] | None = None
) -> Samples:
    """`n` random phrases in blocks, so that memory stays flat."""
    z = generator.sample_latent(n, seed)
    ws, blocks, features = [], [], []
    for start in range(0, n, 256):
        w = generator.to_w(z[start : start + 256])
        probabilities = generator.decode_w(w)
        ws.append(w)
        blocks.append(measure(generator.binarise(probabilities), generator.spec))
        features.append(_features(probabilities, generator.spec))
        if progress:
            progress(min(start + 256, n), n)
    merged = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    return Samples(np.concatenate(ws), merged, np.concatenate(features))


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


def _mean_change(change: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over phrases `(n, k) -> (k,)` where defined; 0 where never."""
    known = np.isfinite(change)
    total = np.where(known, change, 0.0).sum(axis=0)
    return np.asarray(total / np.maximum(known.sum(axis=0), 1), np.float64)


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Zero mean, unit deviation; what is undefined for a phrase counts as average."""
    known = np.isfinite(values)
    filled = np.where(known, values, values[known].mean())
    centred = filled - filled.mean()
    return np.asarray(centred / max(float(filled.std()), 1e-9), np.float64)


def _slopes(w: Floats, targets: NDArray[np.float64], *, ridge: float = 1e-2) -> NDArray[np.float64]:
    """Ridge regression of `targets` (n, k) on centred w: `(k, w_dim)`."""
    x = w.astype(np.float64) - w.mean(axis=0)
    gram = x.T @ x / len(x)
    gram += ridge * np.trace(gram) / len(gram) * np.eye(len(gram))
    slopes: NDArray[np.float64] = np.linalg.solve(gram, x.T @ targets / len(x)).T
    return slopes


def choose_measures(samples: Samples, names: Sequence[str] | None = None) -> list[str]:
    """Measures that get a slider: those with a label that vary and are nearly always defined."""
    chosen = []
    for name, values in samples.measures.items():
        known = np.isfinite(values)
        varies = _deviation(values) > 1e-6
        if _label(name) and known.mean() > 0.7 and varies and (names is None or name in names):
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
    generator: Generator, samples: Samples, *, names: Sequence[str] | None = None, rounds: int = 2
) -> list[Direction]:
    """One calibrated direction a measure; see the module's head."""
    chosen = choose_measures(samples, names)
    if not chosen:
        return []
    targets = np.stack([_standardised(samples.measures[name]) for name in chosen], axis=1)
    slopes = _slopes(samples.w, targets)
    # The least-norm vectors that move one measure by 1 and, to first order, no other.
    gram = slopes @ slopes.T
    gram += 0.02 * np.trace(gram) / len(gram) * np.eye(len(gram))
    vectors: NDArray[np.float64] = np.asarray(np.linalg.solve(gram, slopes), np.float64)
    probe = samples.w[:128]
    for _ in range(rounds):
        effects = _effects(generator, vectors, probe, samples.measures, chosen)
        vectors = _corrected(vectors, effects)
    everything = list(samples.measures)
    measured = _effects(generator, vectors, probe, samples.measures, everything)
    found = [
        _direction(name, vectors[i], dict(zip(everything, measured[i], strict=True)))
        for i, name in enumerate(chosen)
    ]
    return [direction for direction in found if _honest(direction)]


def _honest(direction: Direction) -> bool:
    """Whether a slider does what its name says and nothing else more than twice as much."""
    own = direction.effects[direction.id]
    others = [abs(v) for name, v in direction.effects.items() if name != direction.id]
    return abs(own - 1.0) <= 0.3 and max(others, default=0.0) <= 2.0


def _corrected(vectors: NDArray[np.float64], effects: NDArray[np.float64]) -> NDArray[np.float64]:
    """Damped Newton step towards effects that are the identity.

    Measures that hang together by their nature cannot be parted; a ridge keeps the
    vectors from growing without end where the effects are nearly singular.
    """
    ridge = 0.1
    inverse = np.linalg.solve(effects.T @ effects + ridge * np.eye(len(effects)), effects.T)
    moved = inverse @ vectors
    # The ridge shrinks; bring each direction's own effect back to 1.
    own = np.diag(inverse @ effects)
    return np.asarray(moved / np.clip(own, 0.2, None)[:, None])


def _effects(
    generator: Generator,
    vectors: NDArray[np.float64],
    w: Floats,
    measures: Measures,
    names: Sequence[str],
) -> NDArray[np.float64]:
    """Mean change of each measure from -1/2 to +1/2 along each vector: `(vector, measure)`.

    In the measure's standard deviations over random phrases.
    """
    deviations = np.array([_deviation(measures[name]) for name in names])
    rows = []
    for vector in vectors.astype(np.float32):
        ends = []
        for sign in (0.5, -0.5):
            rolls = generator.rolls_of_w(w + sign * vector)
            values = measure(rolls, generator.spec)
            ends.append(np.stack([values[name] for name in names], axis=1))
        rows.append(_mean_change(ends[0] - ends[1]) / deviations)
    return np.array(rows)


def _direction(name: str, vector: NDArray[np.float64], effects: dict[str, float]) -> Direction:
    label, text = _label(name) or (name, name)
    return Direction(
        id=name,
        label=label,
        help=text,
        kind="named",
        vector=vector.astype(np.float32),
        effects={key: round(float(value), 3) for key, value in effects.items()},
    )


def components(generator: Generator, samples: Samples, count: int) -> list[Direction]:
    """The strongest principal components of what is heard, carried back to w."""
    centred = samples.features - samples.features.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    scores = centred @ axes[:count].T
    scores /= np.maximum(scores.std(axis=0), 1e-9)
    # +1 is the mean w of phrases one deviation up: regression of w on the score.
    w = samples.w.astype(np.float64) - samples.w.mean(axis=0)
    vectors = scores.T @ w / len(w)
    # That mean shrinks towards the origin; give every component the length of a real step.
    slopes = _slopes(samples.w, scores)
    gain = np.einsum("kd,kd->k", vectors, slopes)
    vectors /= np.clip(gain, 0.1, None)[:, None]
    names = list(samples.measures)
    effects = _effects(generator, vectors, samples.w[:128], samples.measures, names)
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
    found = named_directions(generator, samples) if named else []
    return found + components(generator, samples, count)
