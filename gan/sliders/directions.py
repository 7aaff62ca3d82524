"""Directions in w that a person can name, calibrated, with what else they move.

A direction moves the plan of w and the tilts beside it (`gan.models.tilt`). Named directions are
of an attribute each: a tilt, or a direction of the plan by regression of the measures on it
(InterFaceGAN, Shen et al. 2020, with regression in place of a classifier), whichever changes the
measure most truly on phrases where effects are measured (`gan.sliders.search`). +1 on a slider is
+1 standard deviation of its measure. Principal components follow GANSpace (Härkönen et al. 2020,
section 2.2): PCA of what the decoder puts out, carried back to w by regression.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gan.models.base import Generator
from gan.music.attributes import attribute_of, change_of, label_of, measure, measure_names
from gan.sliders.probes import Probes
from gan.sliders.samples import Floats, Samples, Values, draw
from gan.sliders.search import best_moves, side_effects, tilt_moves
from gan.spec import RollSpec

PROBES = 256  # phrases on which effects are measured while directions are searched for
FIRST = 64  # of these, on which tilts are given their length
FRESH = 500  # phrases on which rank correlations are measured in the end
EFFECTS = 256  # of these, on which effects are
DEFINED = 0.7  # share of phrases in which a measure must be defined to become a slider
OFF = 0.3  # of one deviation, by which a slider may miss it
FAITHFUL = 0.5  # rank correlation that a slider has at least
BESIDE = 2.0  # deviations that a slider moves something else by at most
KEPT = 0.6  # share of a track's notes that a slider of that track keeps at +1
FURTHEST = 3.0  # amounts of a slider whose range has not been measured


@dataclass(frozen=True)
class Direction:
    """A slider's direction in w: moving by `vector` (steered_dim,) is +1.

    `effects` holds the mean change of each measure at +1, in its standard deviations; all of
    them together are the leakage matrix. `spearman` is the rank correlation of the slider's
    value with the change of its own measure, over random phrases each at a random value.
    `kind` is "named" or "component". `attribute` is the measure it is of, where `id` is not.

    `gan.sliders.ranges` measures the rest: the `track` that it alone reaches, "" where it reaches
    several; the share of notes `kept` at +1, of that track's or of all, None where that is not
    known; `low` and `high`, how far it goes. One that is not `offered` is there for the links
    that move it.
    """

    id: str
    label: str
    help: str
    kind: str
    vector: Floats
    effects: dict[str, float]
    spearman: float = 0.0
    attribute: str = ""
    track: str = ""
    kept: float | None = None
    low: float = -FURTHEST
    high: float = FURTHEST
    offered: bool = True

    @property
    def measure(self) -> str:
        """The measure that it is of, such as `PIANO.notes`; a component's id."""
        return self.attribute or self.id

    @property
    def owner(self) -> str:
        """The track that it is a slider of; "" where it is one of the whole phrase.

        A track's slider moves no other, and keeps most of its notes.
        """
        track = self.measure.rpartition(".")[0]
        if self.kept is None:
            return track
        return track if track == self.track and self.kept >= KEPT else ""


def words_of(name: str) -> tuple[str, str]:
    """A slider's label and help, by its measure: "Piano height", "Piano: higher."."""
    text = change_of(name, 1.0, between=": ")
    return label_of(name, between=" "), f"{text[:1].upper()}{text[1:]}."


def candidates(spec: RollSpec) -> list[str]:
    """Measures that may become sliders."""
    return [name for name in measure_names(spec) if attribute_of(name)[0].slider]


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
        met = generator.to_w(generator.sample_latent(min(PROBES + FRESH, n), seed + 1))
        found = named_directions(generator, samples, met)
    return found + components(generator, samples, count)


def named_directions(generator: Generator, samples: Samples, phrases: Floats) -> list[Direction]:
    """One calibrated direction a measure; see the module's head.

    `phrases` are the w of those that it is to hold for: the first `PROBES` to search on, as many
    as `FRESH` others, if there are, to measure the result on.
    """
    names = samples.varied()
    chosen = _chosen(generator, names, phrases)
    if not chosen:
        return []
    probes = Probes(generator, phrases[:PROBES], names, samples.deviations(names))
    fresh = replace(
        probes, w=phrases[PROBES : PROBES + FRESH] if len(phrases) > PROBES else phrases
    )
    plans = samples.least_norm(chosen)
    plans = np.pad(plans, ((0, 0), (0, generator.steered_dim - generator.plan_dim)))
    moves = np.concatenate([tilt_moves(probes.first(FIRST)), plans])
    found: dict[str, Direction] = {}
    for track in generator.spec.track_names:
        own = [name for name in chosen if name.rpartition(".")[0] == track]
        found |= {each.id: each for each in track_directions(probes, fresh, moves, own)}
    rest = [name for name in chosen if name not in found]
    found |= {each.id: each for each in _found(probes, fresh, moves, rest)}
    return [found[name] for name in chosen if name in found]


def track_directions(
    probes: Probes, fresh: Probes, moves: Values, own: Sequence[str]
) -> list[Direction]:
    """Directions of measures `own` of one track that move no other, and keep most of its notes.

    Of `moves` `(move, steered_dim)` what reaches beyond the track is left out.
    """
    if not own:
        return []
    generator, track = probes.generator, own[0].rpartition(".")[0]
    moves = moves * generator.reach(track)
    moves = moves[moves.any(axis=1)]
    if not len(moves):
        return []
    found = _found(probes, fresh, moves, own)
    index = generator.spec.track_names.index(track)
    vectors = np.reshape([each.vector for each in found], (-1, generator.steered_dim))
    kept = fresh.first(FIRST).kept(vectors, [index] * len(found))
    return [each for each, share in zip(found, kept, strict=True) if share >= KEPT]


def _found(
    probes: Probes, fresh: Probes, candidates: Values, chosen: Sequence[str]
) -> list[Direction]:
    """Directions of the measures `chosen`, sought on some phrases and measured on `fresh` ones."""
    if not chosen:
        return []
    own = [probes.names.index(name) for name in chosen]
    moves = best_moves(probes, candidates, own)
    effects, _ = fresh.first(EFFECTS).effects(moves)
    gain = np.clip(effects[np.arange(len(own)), own], 0.5, 2.0)[:, None]
    moves, effects = moves / gain, effects / gain
    ranks = fresh.ranks(moves, own)
    beside = side_effects(effects, own)
    return [
        _named(name, moves[k], dict(zip(probes.names, effects[k], strict=True)), float(ranks[k]))
        for k, name in enumerate(chosen)
        if accepted(effects[k, own[k]], ranks[k], beside[k])
    ]


def accepted(
    effect: Values | float,
    rank: Values | float,
    beside: Values | float,
    kept: Values | float = 1.0,
) -> NDArray[np.bool_]:
    """Whether sliders do what their names say, nothing else more than twice as much, and keep
    enough of the notes.
    """
    faithful = (np.abs(np.asarray(effect) - 1.0) <= OFF) & (np.asarray(rank) >= FAITHFUL)
    return np.asarray(faithful & (np.asarray(beside) <= BESIDE) & (np.asarray(kept) >= KEPT))


def _chosen(generator: Generator, varied: Sequence[str], phrases: Floats) -> list[str]:
    """Candidates that vary, and are nearly always defined in `phrases`.

    Plain draws leave a track out more often than the phrases that a person meets.
    """
    heard = measure(generator.rolls_of_w(phrases), generator.spec)
    return [
        name
        for name in candidates(generator.spec)
        if name in varied and np.isfinite(heard[name]).mean() > DEFINED
    ]


def _named(name: str, move: Values, effects: dict[str, float], rank: float) -> Direction:
    label, text = words_of(name)
    vector = move.astype(np.float32)
    return Direction(name, label, text, "named", vector, rounded(effects), round(rank, 3))


def components(generator: Generator, samples: Samples, count: int) -> list[Direction]:
    """The strongest principal components of what is heard, carried back to w."""
    centred = samples.features - samples.features.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    scores = centred @ axes[:count].T
    scores /= np.maximum(scores.std(axis=0), 1e-9)
    # +1 is the mean w of phrases one deviation up: regression of w on the score.
    w = samples.plan.astype(np.float64) - samples.plan.mean(axis=0)
    vectors = scores.T @ w / len(w)
    # That mean shrinks towards the origin; give every component the length of a real step.
    gain = np.einsum("kd,kd->k", vectors, samples.slopes(scores))
    vectors /= np.clip(gain, 0.1, None)[:, None]
    vectors = np.pad(vectors, ((0, 0), (0, generator.steered_dim - generator.plan_dim)))
    names = samples.varied()
    probes = Probes(generator, samples.w[:PROBES], names, samples.deviations(names))
    effects, _ = probes.effects(vectors)
    labelled = [name for name in candidates(generator.spec) if name in names] or names
    found = []
    for index in range(count):
        moved = dict(zip(names, effects[index], strict=True))
        most = max(labelled, key=lambda name: abs(moved[name]))
        sign = 1.0 if moved[most] >= 0 else -1.0
        found.append(
            Direction(
                id=f"component-{index + 1}",
                label=f"Component {index + 1}: {words_of(most)[0]}",
                help=f"Principal component {index + 1} of what is heard.",
                kind="component",
                vector=(sign * vectors[index]).astype(np.float32),
                effects=rounded({name: sign * value for name, value in moved.items()}),
            )
        )
    return found


def rounded(effects: dict[str, float]) -> dict[str, float]:
    return {name: round(float(value), 3) for name, value in effects.items()}


def report(directions: Sequence[Direction]) -> str:
    """A line a named direction: rank correlation, own effect, the largest side effect, the share of
    notes that it keeps, how far it goes, and the track that it is a slider of."""
    lines = [
        f"{'direction':32}{'spearman':>9}{'own':>7}{'side':>7}{'kept':>6}{'from':>6}{'to':>5}"
        "  of          moved most beside it"
    ]
    for each in directions:
        if each.kind != "named":
            continue
        others = {name: value for name, value in each.effects.items() if name != each.measure}
        most = max(others, key=lambda name: abs(others[name]))
        kept = "" if each.kept is None else f"{each.kept:.2f}"
        where = each.owner or ("all tracks" if each.offered else "not offered")
        lines.append(
            f"{each.id:32}{each.spearman:9.2f}{each.effects[each.measure]:7.2f}"
            f"{others[most]:7.2f}{kept:>6}{each.low:6.1f}{each.high:5.1f}  {where:12}{most}"
        )
    return "\n".join(lines)
