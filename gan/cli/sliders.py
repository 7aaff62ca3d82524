"""Find again what the sliders of a checkpoint move along, and say how truly each does it.

    python -m gan.cli.sliders --checkpoint_dir checkpoints/pop-gan
    python -m gan.cli.sliders --checkpoint_dir checkpoints/pop-gan --measure

With `--measure` the stored directions stay as they are; only what they keep and how far they go
is measured again, and beside a track's slider that moves other tracks one is found that does not.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gan.cli.environment import add_verbose, between, changing, run_command
from gan.data.progress import terminal_progress
from gan.errors import CheckpointError
from gan.models.base import Generator
from gan.models.checkpoint import CheckpointInfo, load_generator
from gan.quality.evaluation import songs_of
from gan.sliders.directions import Direction, find_directions, report
from gan.sliders.narrow import narrowed
from gan.sliders.ranges import measured
from gan.sliders.store import load_directions, save_directions

NAME = "gan.cli.sliders"
PHRASES = between(256, 1_000_000, int)
COMPONENTS = between(1, 64, int)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog=NAME, description="Find what the sliders of a checkpoint move."
    )
    parser.add_argument("--checkpoint_dir", type=Path, required=True)
    parser.add_argument("--samples", type=PHRASES, default=4096, help="random phrases drawn")
    parser.add_argument("--components", type=COMPONENTS, default=8)
    parser.add_argument(
        "--measure",
        action="store_true",
        help="search no more: only measure what the stored sliders keep and how far they go",
    )
    add_verbose(parser)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return run_command(NAME, run, parse(arguments))


def run(args: argparse.Namespace) -> None:
    with changing(args):
        generator, info = load_generator(args.checkpoint_dir)
        if args.measure:
            found = _stored(generator, info)
        else:
            with terminal_progress("Drawing phrases", "phrase") as progress:
                found = find_directions(
                    generator, n=args.samples, count=args.components, progress=progress
                )
        with terminal_progress("Measuring sliders", "slider") as progress:
            found = measured(generator, found, songs_of(info), progress=progress)
        save_directions(info, found, generator.tilt_names)
    print(report(found))


def _stored(generator: Generator, info: CheckpointInfo) -> list[Direction]:
    """The stored directions, and those beside them that keep to their track."""
    found = load_directions(info, generator.plan_dim, generator.tilt_names)
    if not found:
        raise CheckpointError(
            f"{info.path} has no sliders for these weights; leave out --measure to find some."
        )
    return narrowed(generator, found)


if __name__ == "__main__":
    sys.exit(main())
