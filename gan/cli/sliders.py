"""Find again what the sliders of a checkpoint move along, and say how truly each does it.

python -m gan.cli.sliders --checkpoint_dir checkpoints/pop-gan
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gan.cli.environment import add_verbose, between, load_tensorflow, run_command
from gan.data.progress import terminal_progress
from gan.models.checkpoint import load_generator, read_info
from gan.sliders.directions import find_directions, report
from gan.sliders.store import save_directions
from gan.training.claim import claimed

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
    add_verbose(parser)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return run_command(NAME, run, parse(arguments))


def run(args: argparse.Namespace) -> None:
    read_info(args.checkpoint_dir)
    with claimed(args.checkpoint_dir, resume=True):
        load_tensorflow(verbose=args.verbose)
        generator, info = load_generator(args.checkpoint_dir)
        with terminal_progress("Drawing phrases", "phrase") as progress:
            found = find_directions(
                generator, n=args.samples, count=args.components, progress=progress
            )
        save_directions(info, found, generator.tilt_names)
    print(report(found))


if __name__ == "__main__":
    sys.exit(main())
