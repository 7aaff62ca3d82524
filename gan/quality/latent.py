"""How a latent behaves: what comes back through it, and how even the ways through it are."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan.models.base import Generator
from gan.music.attributes import measure
from gan.music.compare import f1
from gan.spec import ONSET

Floats = NDArray[np.float32]
Rolls = NDArray[np.uint8]

NEAR = 0.1  # of the length of z, a move within a neighbourhood
WARM = 3  # calls that are not timed


def reconstruction(generator: Generator, phrases: Rolls) -> dict[str, float]:
    """F1 of phrases that went through the latent and back.

    For a family with noise in its latent also the F1 through the plan alone, with the noise
    at its middle: how much of a phrase the sliders' part of the latent knows.
    """
    z = generator.encode(phrases)
    found = f1(generator.rolls_of_z(z), phrases)
    if generator.plan_dim < generator.latent_dim:
        z = z.copy()
        z[:, generator.plan_dim :] = 0.0
        alone = f1(generator.rolls_of_z(z), phrases)
        found |= {f"{name}_plan_alone": value for name, value in alone.items()}
    return found


def smoothness(generator: Generator, *, pairs: int = 48, steps: int = 16) -> dict[str, float]:
    """How straight a walk from one seed to another is for the ear, and how quiet small moves are.

    `path_over_line`: length of the way in the space of the measures (each in its standard
    deviations) over the distance of its ends, median over pairs; 1 is straight, and a walk
    that changed everything at every step would take about `steps` times. `changed` is the
    share of onset cells that differ from one of the `steps` to the next, `apart` that of the ends,
    `changed_nearby` that of phrases whose z are a `NEAR` of their length apart.
    """
    ends = generator.sample_latent(2 * pairs, 5)
    a, b = ends[::2], ends[1::2]
    walks = generator.walk(a, b, np.linspace(0.0, 1.0, steps + 1))
    close = generator.rolls_of_z(nearby(a, np.random.default_rng(5)))
    rolls = generator.rolls_of_z(walks.reshape(-1, generator.latent_dim))
    measures = measure(rolls, generator.spec)
    table = np.stack([np.asarray(values, np.float64) for values in measures.values()], axis=1)
    scale = np.maximum(np.nanstd(table, axis=0), 1e-9)
    table = np.nan_to_num((table - np.nanmean(table, axis=0)) / scale)
    table = table.reshape(pairs, steps + 1, -1)
    lengths = np.linalg.norm(np.diff(table, axis=1), axis=2).sum(axis=1)
    lines = np.linalg.norm(table[:, -1] - table[:, 0], axis=1)
    onsets = rolls[..., ONSET].reshape(pairs, steps + 1, -1).astype(bool)
    near = close[..., ONSET].reshape(pairs, -1).astype(bool)
    return {
        "path_over_line": float(np.median(lengths / np.maximum(lines, 1e-9))),
        "changed": float(np.mean([_apart(w[1:], w[:-1]) for w in onsets])),
        "apart": _apart(onsets[:, 0], onsets[:, -1]),
        "changed_nearby": _apart(onsets[:, 0], near),
    }


def nearby(z: Floats, random: np.random.Generator) -> Floats:
    """Each z `(n, dim)` moved by `NEAR` of its length in a direction drawn at random."""
    way = random.standard_normal(z.shape).astype(np.float32)
    lengths = [np.linalg.norm(rows, axis=1, keepdims=True) for rows in (z, way)]
    return np.asarray(z + NEAR * lengths[0] / lengths[1] * way, np.float32)


def _apart(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Mean Jaccard distance of rows."""
    either = (a | b).sum(axis=1)
    return float(np.mean(1.0 - (a & b).sum(axis=1) / np.maximum(either, 1)))


def milliseconds(generator: Generator, *, times: int = 40) -> dict[str, float]:
    """Time from a z to its phrase, one at a time: the median, and what 95% stay below."""
    z = generator.sample_latent(times + WARM, 9)
    return _timed([partial(generator.rolls_of_z, row[None]) for row in z])


def milliseconds_a_seed(generator: Generator, *, times: int = 20) -> dict[str, float]:
    """The same from a seed to its z, which a reranker may choose among many."""
    return _timed([partial(generator.sample_latent, 1, seed) for seed in range(times + WARM)])


def _timed(calls: list[Callable[[], object]]) -> dict[str, float]:
    """Median and 95th percentile of calls in milliseconds, the first `WARM` aside."""
    taken = []
    for call in calls:
        started = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - started))
    p50, p95 = np.percentile(taken[WARM:], [50, 95])
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2)}


def parameters(generator: Generator) -> int:
    """Numbers that training found."""
    return int(sum(np.size(values) for values in generator.weights().values()))


def summary(generator: Generator) -> dict[str, Any]:
    """Sizes and speed."""
    return {
        "parameters": parameters(generator),
        "latent_dim": generator.latent_dim,
        "plan_dim": generator.plan_dim,
        "milliseconds_a_phrase": milliseconds(generator),
        "milliseconds_a_seed": milliseconds_a_seed(generator),
        "can": sorted(ability.value for ability in generator.can),
    }
