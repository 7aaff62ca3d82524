"""Find again what the sliders of a checkpoint move along, and say how truly each does it.

python -m gan.cli.sliders --checkpoint_dir checkpoints/pop-gan
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

from gan.data.progress import terminal_progress
from gan.errors import GanError
from gan.models.checkpoint import load_generator
from gan.sliders.directions import find_directions, report
from gan.sliders.store import save_directions


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(description="Find what the sliders of a checkpoint move.")
    parser.add_argument("--checkpoint_dir", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=4096, help="random phrases to learn from")
    parser.add_argument("--components", type=int, default=8)
    args = parser.parse_args(arguments)
    try:
        generator, info = load_generator(args.checkpoint_dir)
        with terminal_progress("Drawing phrases", "phrase") as progress:
            found = find_directions(
                generator, n=args.samples, count=args.components, progress=progress
            )
        save_directions(info, found, generator.tilt_names)
    except GanError as error:
        print(f"gan.cli.sliders: {error}", file=sys.stderr)
        return 2
    print(report(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
