"""Tune a trained checkpoint anew: thresholds or temperatures, the reranker, and the sliders.

    python -m gan.cli.tune --checkpoint_dir checkpoints/pop-gan --data_dir FOLDER

What `train.py` does after training, for weights that are there already; they stay as they are.
Keeps the result if it is nearer to held-out songs than what the checkpoint holds.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

from gan.data.dataset import must_fit, split_by_song
from gan.data.ingest import ingest
from gan.data.progress import terminal_progress
from gan.engine import prepare
from gan.errors import GanError
from gan.models.checkpoint import load_generator
from gan.quality.evaluation import evaluate, reference, save_reference, store
from gan.training.tuning import tune


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(description="Tune a checkpoint on the data it learnt from.")
    parser.add_argument("--checkpoint_dir", type=Path, required=True)
    parser.add_argument("--data_dir", required=True, help="the data that it was trained on")
    parser.add_argument("--cache_dir", type=Path, help="where prepared phrases are kept")
    parser.add_argument("--samples", type=int, default=1000, help="phrases that are measured")
    args = parser.parse_args(arguments)
    try:
        run(args)
    except GanError as error:
        print(f"gan.cli.tune: {error}", file=sys.stderr)
        return 2
    return 0


def run(args: argparse.Namespace) -> None:
    generator, info = load_generator(args.checkpoint_dir)
    with terminal_progress() as progress:
        dataset, _ = ingest(
            args.data_dir, scheme=generator.spec.scheme, cache_dir=args.cache_dir, progress=progress
        )
    must_fit(dataset, generator.spec)
    train, held_out = split_by_song(dataset)
    against = reference(dataset, train, held_out, n=args.samples)
    before = evaluate(generator, against, n=args.samples)
    print(f"As it is: {before.share:.1%} of the ceiling. Tuning ...", flush=True)
    tune(generator, dataset, train, samples=args.samples)
    after = evaluate(generator, against, n=args.samples)
    print(f"Tuned: {after.share:.1%} of the ceiling.", flush=True)
    if after.mean <= before.mean:
        print("That is no better, and the checkpoint stays as it was.")
        return
    step = int(info.measures.get("step", 0))
    save_reference(info.path, against)
    store(info.path, generator, after, against, step=step, samples=args.samples)
    print("Finding the directions that the sliders move along ...", flush=True)
    prepare(info.path)
    print(f"Wrote {info.path.resolve()}")


if __name__ == "__main__":
    sys.exit(main())
