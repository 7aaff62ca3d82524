"""Write phrases as MIDI: `python generate.py --seed 1`; see `gan.cli.generate`."""

import sys

from gan.cli.generate import main

if __name__ == "__main__":
    sys.exit(main())
