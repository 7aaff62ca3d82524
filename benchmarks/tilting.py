"""A phrase with tilts against the same without: alone, as when a slider is dragged, and in bulk.

    python -m benchmarks.tilting [--phrases 256] [CHECKPOINT ...]

Alone, each move is another amount of the same phrase's tilts. A transformer that is not tilted
writes the phrase anew each time; one that is, takes the decisions of the phrase again.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np

from gan.models.base import Floats, Generator
from gan.models.checkpoint import load_generator

MOVES = 60  # of a slider
CHECKPOINTS = [Path("checkpoints") / name for name in ("pop-gan", "pop-vae", "pop-transformer")]


def tilted(generator: Generator, w: Floats, tilts: int, amounts: Floats) -> Floats:
    """`w` with the first so many tilts of each row at its amount."""
    w = np.array(w)
    w[:, generator.latent_dim : generator.latent_dim + tilts] = amounts[:, None]
    return w


def median_ms(act: Callable[[Floats], object], rows: Floats) -> float:
    act(rows[:1])
    took = []
    for row in rows:
        start = time.perf_counter()
        act(row[None])
        took.append(time.perf_counter() - start)
    return 1e3 * float(np.median(took))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--phrases", type=int, default=256)
    parser.add_argument("checkpoints", nargs="*", type=Path, default=CHECKPOINTS)
    args = parser.parse_args()
    print(f"milliseconds a phrase, {os.cpu_count()} cores")
    for path in args.checkpoints:
        generator, _ = load_generator(path)
        every = len(generator.tilt_names)
        moves = np.repeat(generator.to_w(generator.draw_latent(1, 1)), MOVES, axis=0)
        many = generator.to_w(generator.draw_latent(args.phrases, 2))
        turns = np.linspace(0.5, 2.0, MOVES, dtype=np.float32)
        spread = np.random.default_rng(3).uniform(0.5, 2.0, args.phrases).astype(np.float32)
        rows = []
        for tilts in (0, 1, every):
            alone = median_ms(generator.rolls_of_w, tilted(generator, moves, tilts, turns))
            bulk = tilted(generator, many, tilts, spread)
            generator.rolls_of_w(bulk)
            start = time.perf_counter()
            generator.rolls_of_w(bulk)
            rows.append((tilts, alone, 1e3 * (time.perf_counter() - start) / args.phrases))
        for tilts, alone, bulk_ms in rows:
            print(
                f"{path.name:18}{tilts:3} tilts: "
                f"alone {alone:6.1f} ({alone / rows[0][1]:4.2f} times as long), "
                f"in bulk {bulk_ms:5.2f} ({bulk_ms / rows[0][2]:4.2f})"
            )


if __name__ == "__main__":
    main()
