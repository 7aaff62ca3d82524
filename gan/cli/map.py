"""Make the map of a generator, which the Map page shows.

python -m gan.cli.map --checkpoint_dir checkpoints/pop-gan
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gan.cli.environment import add_verbose, between, changing, run_command
from gan.data.progress import terminal_progress
from gan.space.making import LEAST, MOST, make
from gan.space.store import save_space
from gan.space.words import family_names

NAME = "gan.cli.map"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog=NAME, description="Make the map of a generator.")
    parser.add_argument("--checkpoint_dir", type=Path, required=True)
    parser.add_argument(
        "--phrases", type=between(LEAST, MOST, int), default=4000, help="how many are on the map"
    )
    add_verbose(parser)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return run_command(NAME, run, parse(arguments))


def run(args: argparse.Namespace) -> None:
    with changing(args):
        from gan.engine import load

        engine = load(args.checkpoint_dir, sliders=False)
        with terminal_progress("Drawing phrases", "phrase") as progress:
            space = make(engine, args.phrases, progress=progress)
        save_space(engine.info, space)
    print(f"{len(space):,} phrases in {int(space.family.max()) + 1} families:")
    for name in family_names(space):
        print(f"  {name}")


if __name__ == "__main__":
    sys.exit(main())
