"""The process of one run of the Train page: `python -m gan.cli.queued RUN_FOLDER`.

It waits until no other run trains and none that was asked for earlier waits, trains as `train.py`
does, and publishes the result. See `gan.training.runs`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gan.cli import train
from gan.cli.environment import sentence, set_environment
from gan.errors import GanError
from gan.files import locked
from gan.training import runs
from gan.training.runs import Mark, Run, mark

PAUSE = 0.5  # seconds between looks at the queue, and at whether to stop


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="gan.cli.queued", description=__doc__)
    parser.add_argument("folder", type=Path)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the run of a folder; returns the exit code."""
    folder = parse(arguments).folder
    set_environment()
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(runs.NICE)
    # Waiting, for whoever looks whether the run is alive holds the lock for a moment.
    with locked(folder / runs.LOCK):
        run = runs.read_run(folder)
        if run.mark.state != "waiting":  # another process has done it meanwhile
            print("This run is not waiting to be done.", file=sys.stderr)
            return 2
        return _work(run)


def _work(run: Run) -> int:
    try:
        with _turn(run) as ours:
            if not ours:
                mark(run.folder, Mark("stopped", "It was stopped before its turn."))
                return 0
            mark(run.folder, Mark("training"))
            with _stopping(run.folder / runs.STOP):
                train.run(train.parse(_arguments(run)))
            goal = runs.publish(run)
            mark(run.folder, Mark("finished", goal.name))
            return 0
    except KeyboardInterrupt:
        mark(run.folder, Mark("stopped", "It was stopped while its weights were being finished."))
        return 0
    except (GanError, OSError) as error:
        stopped = (run.folder / runs.STOP).exists()
        mark(run.folder, Mark("stopped" if stopped else "failed", sentence(error)))
        print(sentence(error), file=sys.stderr)
        return 2
    except BaseException as error:
        mark(run.folder, Mark("failed", f"{type(error).__name__}: {error}"[:500]))
        raise


@contextmanager
def _turn(run: Run) -> Iterator[bool]:
    """Wait for the run's turn, and keep it; False where the run is stopped before."""
    while True:
        if (run.folder / runs.STOP).exists():
            yield False
            return
        if runs.is_next(run):
            try:
                with locked(runs.runs_folder() / runs.TURN, wait=False):
                    yield True
                    return
            except BlockingIOError:
                pass
        time.sleep(PAUSE)


@contextmanager
def _stopping(path: Path) -> Iterator[None]:
    """While a run trains: a file at `path` stops it softly, as Ctrl-C does."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(PAUSE):
            if path.exists():
                signal.raise_signal(signal.SIGINT)
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _arguments(run: Run) -> list[str]:
    """The command line that trains what was ordered."""
    order = run.order
    given = [
        "--data_dir", order.data_dir,
        "--checkpoint_dir", str(run.checkpoint),
        "--family", order.family,
        "--minutes", str(order.minutes),
    ]  # fmt: skip
    if order.start_from is None:
        given += ["--scheme", order.scheme]
    else:
        given += ["--start_from", order.start_from]
    if run.can_go_on:
        given.append("--resume")
    return given


if __name__ == "__main__":
    sys.exit(main())
