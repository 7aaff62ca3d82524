"""Tune a trained checkpoint anew: thresholds or temperatures, the reranker, and the sliders.

    python -m gan.cli.tune --checkpoint_dir checkpoints/pop-gan --data_dir FOLDER

What `train.py` does after training, for weights that are there already; they stay as they are.
Keeps the result if it is nearer to held-out songs than what the checkpoint holds.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gan.cli.environment import SAMPLES, add_verbose, changing, run_command
from gan.data.dataset import must_fit, split_by_song
from gan.data.ingest import ingest
from gan.data.progress import terminal_progress
from gan.models.checkpoint import load_generator
from gan.music.keys import parse_key_choice
from gan.preview import prepare
from gan.quality.evaluation import evaluate, reference, store
from gan.training.tuning import tune

NAME = "gan.cli.tune"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog=NAME, description="Tune a checkpoint on the data it learnt from."
    )
    parser.add_argument("--checkpoint_dir", type=Path, required=True)
    parser.add_argument("--data_dir", required=True, help="the data that it was trained on")
    parser.add_argument("--cache_dir", type=Path, help="where prepared phrases are kept")
    parser.add_argument("--samples", type=SAMPLES, default=1000, help="phrases that are measured")
    add_verbose(parser)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return run_command(NAME, run, parse(arguments))


def run(args: argparse.Namespace) -> None:
    """Tune while no other run writes into the folder."""
    with changing(args):
        tuned(args)


def tuned(args: argparse.Namespace) -> None:
    """Tune, and store the result where it is better."""
    generator, info = load_generator(args.checkpoint_dir)
    with terminal_progress() as progress:
        dataset, _ = ingest(
            args.data_dir,
            scheme=generator.spec.scheme,
            key=parse_key_choice(str(info.data.get("key", "auto"))),
            cache_dir=args.cache_dir,
            progress=progress,
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
    store(info.path, generator, after, against, step=step, samples=args.samples, tuned=step)
    print("Finding the directions that the sliders move along ...", flush=True)
    prepare(info.path)
    print(f"Wrote {info.path.resolve()}")


if __name__ == "__main__":
    sys.exit(main())
