"""Damaged MIDI files: read, or refused in a sentence; nothing else ever happens.

    python -m benchmarks.fuzz [--files 10000] [--seed 0]

Files are mutated by a seed: bytes changed, taken out, doubled, files cut off. Prints how many
were read and refused, and how long the slowest took.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from test_own import NO_DRUMS, mutated  # noqa: E402

from gan.data.own import arrange, excerpt, fullest_bar  # noqa: E402
from gan.data.own_file import read_own  # noqa: E402
from gan.data.own_report import report  # noqa: E402
from gan.errors import MidiError  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    results: Counter[str] = Counter()
    slowest = 0.0
    for number in range(options.files):
        data = mutated(random)
        begun = time.process_time()
        try:
            piece = arrange(read_own(data, "a.mid"), NO_DRUMS)
            excerpt(piece, fullest_bar(piece))
            report(piece)
            results["read"] += 1
        except MidiError:
            results["refused"] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, it was not caught
            results["not caught"] += 1
            print(f"file {number}: {type(error).__name__}: {error}")
        slowest = max(slowest, time.process_time() - begun)
    for name, count in results.items():
        print(f"{name:<12}{count:8,}")
    print(f"slowest     {1000 * slowest:8.0f} ms of processor time")
    return int(results["not caught"] > 0)


if __name__ == "__main__":
    raise SystemExit(main())
