"""What every command shares: its environment, and one way to fail."""

from __future__ import annotations

import argparse
import importlib
import io
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gan.errors import GanError
from gan.models.checkpoint import read_info
from gan.training.claim import claimed

FAILED = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def set_environment(*, verbose: bool = False) -> None:
    """Choose Keras's backend and how much TensorFlow says.

    Call it before either is imported. What the environment already sets stays.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if verbose else "3")
    if not verbose:
        logging.getLogger("tensorflow").setLevel(logging.ERROR)


def add_verbose(parser: argparse.ArgumentParser) -> None:
    """`--verbose`, which every command has and `run_command` reads."""
    parser.add_argument(
        "--verbose", action="store_true", help="show messages of libraries, and where errors arise"
    )


def between(low: float, high: float, kind: type = float) -> Any:
    """An argument type that refuses what lies outside `low` to `high`."""

    def parse(text: str) -> Any:
        value = kind(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not between {low} and {high}")
        return value

    parse.__name__ = kind.__name__
    return parse


POSITIVE = between(1e-6, 1e6)
SAMPLES = between(8, 1_000_000, int)
"""Phrases that are measured: fewer tell nothing."""


def run_command(
    name: str, run: Callable[[argparse.Namespace], None], args: argparse.Namespace
) -> int:
    """Run a command; returns its exit code.

    What can go wrong is told in one sentence on standard error, behind the command's `name`.
    """
    set_environment(verbose=args.verbose)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show
    try:
        run(args)
        sys.stdout.flush()
    except BrokenPipeError:  # nobody reads on; Python would complain when it exits
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (GanError, OSError) as error:
        if args.verbose:
            traceback.print_exc()
        print(f"{name}: {sentence(error)}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(f"{name}: Interrupted.", file=sys.stderr)
        return INTERRUPTED
    return 0


def sentence(error: GanError | OSError) -> str:
    """What went wrong, for the person at the keyboard."""
    if isinstance(error, GanError) or error.strerror is None:
        return str(error)
    where = "" if error.filename is None else f" {os.fsdecode(error.filename)}"
    return f"Cannot read or write{where}: {error.strerror}."


@contextmanager
def quiet_libraries(*, verbose: bool) -> Iterator[None]:
    """Keep standard output free of what C libraries and other programs write.

    With `verbose` it goes to standard error; otherwise it goes nowhere, like their errors.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    target = os.dup(2) if verbose else os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(target, 1)
        os.dup2(target, 2)
        yield
    finally:
        for descriptor, saved in zip((1, 2), kept, strict=True):
            os.dup2(saved, descriptor)
        for descriptor in (*kept, target):
            os.close(descriptor)


@contextmanager
def changing(args: argparse.Namespace) -> Iterator[None]:
    """While a command changes a checkpoint: it is there, no other one changes it, TensorFlow is in.

    Raises `CheckpointError`, before anything that takes long.
    """
    read_info(args.checkpoint_dir)
    with claimed(args.checkpoint_dir, resume=True):
        load_tensorflow(verbose=args.verbose)
        yield


def load_tensorflow(*, verbose: bool) -> None:
    """Import TensorFlow; what it says meanwhile obeys no level."""
    with quiet_libraries(verbose=verbose):
        importlib.import_module("tensorflow")
