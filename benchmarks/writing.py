"""A transformer's phrases by the hundred: blocks side by side, one thread each, against one by one.

    python -m benchmarks.writing [--phrases 512] [--checkpoint_dir checkpoints/pop-transformer]

Both write the same phrases in the same run, first on cores that are otherwise idle, then beside
processes that multiply matrices with as many threads as NumPy takes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np

from gan.models import event_sampler, transformer
from gan.models.base import Floats, Generator
from gan.models.checkpoint import load_generator

MULTIPLY = """
import numpy as np
rows, matrix = np.ones((256, 160), np.float32), np.ones((160, 640), np.float32)
print("begun", flush=True)
while True:
    rows @ matrix
"""


def one_by_one(generator: Generator, w: Floats) -> np.ndarray:
    """A block after the other, products shared among threads as NumPy would."""
    limited, event_sampler.one_thread = event_sampler.one_thread, nullcontext
    try:
        starts = range(0, len(w), transformer.BATCH)
        blocks = [generator.rolls_of_w(w[start : start + transformer.BATCH]) for start in starts]
    finally:
        event_sampler.one_thread = limited
    return np.concatenate(blocks)


def rate(write: Callable[[], object], phrases: int) -> float:
    start = time.perf_counter()
    write()
    return phrases / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--phrases", type=int, default=512)
    parser.add_argument("--checkpoint_dir", type=Path, default=Path("checkpoints/pop-transformer"))
    args = parser.parse_args()
    generator, _ = load_generator(args.checkpoint_dir)
    w = generator.to_w(generator.draw_latent(args.phrases, 1))
    generator.rolls_of_w(w[:8])
    cores = os.cpu_count() or 1
    print(f"{args.phrases} phrases of {args.checkpoint_dir.name}, {cores} cores")
    for label, workers in (("idle", 0), ("beside one process", 1), ("beside two", 2)):
        busy = [
            subprocess.Popen([sys.executable, "-c", MULTIPLY], stdout=subprocess.PIPE)
            for _ in range(workers)
        ]
        for process in busy:
            assert process.stdout is not None
            process.stdout.readline()  # it has begun
        plain = rate(lambda: one_by_one(generator, w), args.phrases)
        ours = rate(lambda: generator.rolls_of_w(w), args.phrases)
        for process in busy:
            process.kill()
        print(
            f"{label:20} one by one {plain:6.1f}/s, side by side {ours:6.1f}/s: "
            f"{ours / plain:.2f} times as fast"
        )


if __name__ == "__main__":
    main()
