"""Train a generator: `python train.py --data_dir FOLDER`; see `gan.cli.train`."""

import sys

from gan.cli.train import main

if __name__ == "__main__":
    sys.exit(main())
