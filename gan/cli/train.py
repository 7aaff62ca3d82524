"""Train a generator on a folder of MIDI files: `python train.py --data_dir FOLDER`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan.cli.environment import POSITIVE, add_verbose, load_tensorflow, run_command
from gan.data.folder import folder_name
from gan.data.ingest import ingest, look_into
from gan.data.progress import terminal_progress
from gan.data.report import report_json, report_text
from gan.errors import DataError
from gan.music.keys import parse_key_choice
from gan.spec import CHECKPOINTS
from gan.training.claim import claimed
from gan.training.config import KINDS, MODELS, RECIPES, TrainConfig, with_steps

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gan.models.config import ModelConfig
    from gan.training.run import Progress, Run
    from gan.training.state import TrainState


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line; defaults are those of the family that is asked for."""
    first = argparse.ArgumentParser(add_help=False)
    first.add_argument("--family", choices=sorted(RECIPES), default="gan")
    family = first.parse_known_args(arguments)[0].family
    defaults = TrainConfig(family=family, **RECIPES[family])
    parser = argparse.ArgumentParser(
        prog="train.py",
        description="Train a generator on a folder of MIDI files.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--data_dir", required=True, help="folder tree of .mid files, or 'bach'")
    add("--checkpoint_dir", type=Path, help="where to write (checkpoints/FOLDERNAME-FAMILY)")
    add("--family", choices=sorted(RECIPES), default="gan", help="what to train")
    add("--scheme", default="auto", help="how tracks are chosen: auto, named, band, piano, bach")
    add("--key", default="auto", help="of all files: auto, none (as written), +5, Am, Gb ...")
    add("--report", action="store_true", help="say what the folder holds, and do not train")
    add("--json", action="store_true", help="the report as JSON")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, help=f"training steps ({defaults.steps})")
    length.add_argument("--minutes", type=POSITIVE, help="stop after this long")
    length.add_argument("--epochs", type=POSITIVE, help="passes over the training phrases")
    add("--batch_size", type=int, default=defaults.batch_size)
    add("--seed", type=int, default=defaults.seed)
    add("--learning_rate", type=float, default=defaults.learning_rate, help="of the VAE stage")
    add("--cooldown", type=float, default=defaults.cooldown, help="share at the end to zero rate")
    add("--adversarial_rate", type=float, default=defaults.adversarial_rate)
    add("--discriminator_rate", type=float, default=defaults.discriminator_rate)
    add("--warmup", type=float, default=defaults.warmup, help="share trained as a VAE first")
    add("--kl", type=float, default=defaults.kl, help="weight of the KL term")
    add("--kl_steps", type=int, default=defaults.kl_steps, help="steps over which it rises")
    add("--free_nats", type=float, default=defaults.free_nats, help="a part that cost no KL")
    add("--plan_dropout", type=float, default=defaults.plan_dropout, help="parts drawn anew")
    add("--dropout", type=float, default=MODELS[family].get("dropout", 0.0), help="transformer")
    add("--anchor", type=float, default=defaults.anchor, help="weight of the reconstruction")
    add("--reconstructed", type=float, default=defaults.reconstructed, help="share of fakes")
    add("--profile", type=float, default=defaults.profile, help="weight of the profile loss")
    add("--r1", type=float, default=defaults.r1, help="weight of the gradient penalty")
    add("--key_shift", type=int, default=defaults.key_shift, help="augment by +-N semitones")
    add("--evaluate_every", type=int, default=defaults.evaluate_every, help="steps")
    add("--samples", type=int, default=defaults.samples, help="phrases an evaluation measures")
    add("--distribute", choices=KINDS, default="none", help="all cards, or workers of TF_CONFIG")
    add("--start_from", type=Path, help="checkpoint whose weights and tracks to begin with")
    add("--resume", action="store_true", help="go on from the last checkpoint")
    add("--cache_dir", type=Path, help="where prepared phrases are kept")
    add_verbose(parser)
    return parser.parse_args(arguments)


def config_of(args: argparse.Namespace) -> TrainConfig:
    """The training configuration that the command line asks for, epochs left out."""
    given = vars(args)
    settings = {setting.name for setting in fields(TrainConfig)} - {"steps"}
    chosen: dict[str, Any] = {name: given[name] for name in settings & given.keys()}
    steps = 10_000_000 if args.minutes is not None else args.steps
    return TrainConfig(**chosen) if steps is None else TrainConfig(**chosen, steps=steps)


def model_of(args: argparse.Namespace) -> ModelConfig:
    """The sizes of the networks: the family's, or those of the checkpoint to start from."""
    from gan.models.checkpoint import read_info
    from gan.models.config import ModelConfig

    if args.start_from is not None:
        return replace(read_info(args.start_from).model, dropout=args.dropout)
    return ModelConfig(**{**MODELS[args.family], "dropout": args.dropout})


class Console:
    """Prints the run: a progress bar, a line an evaluation; TensorBoard and a diary beside it."""

    def __init__(self, folder: Path, state: TrainState, minutes: float | None) -> None:
        from tqdm import tqdm

        from gan.quality.evaluation import sample_rolls
        from gan.training.board import Board
        from gan.training.diary import HEARD, Diary

        self.minutes, self.started = minutes, time.monotonic()
        total = None if minutes is not None else state.config.steps
        # tqdm shows steps/s and the time to go.
        self.bar = tqdm(total=total, initial=state.step, unit="step", mininterval=1)
        self.board = Board(folder / "training" / "tensorboard", state)

        def draw() -> NDArray[np.uint8]:
            return sample_rolls(state.average, HEARD, seed=0)

        self.diary = Diary(folder / "training", state.spec, draw, minutes)

    def __call__(self, progress: Progress) -> None:
        self.bar.update(progress.step - self.bar.n)
        shown = {key: f"{value:.3g}" for key, value in list(progress.metrics.items())[:4]}
        left = ""
        if self.minutes is not None:
            seconds = max(0.0, 60 * self.minutes - (time.monotonic() - self.started))
            left = f" {seconds / 60:.1f} min left"
        self.bar.set_description(progress.stage + left, refresh=False)
        self.bar.set_postfix(shown, refresh=False)
        self.board(progress)
        self.diary(progress)
        result = progress.evaluation
        if result is None:
            return
        self.bar.write(
            f"step {progress.step} ({progress.stage}): overlap with held-out songs "
            f"{result.mean:.3f}, {result.share:.0%} of the ceiling; "
            f"diversity {result.diversity:.2f} of the data's"
        )
        if result.collapsed:
            self.bar.write(
                "WARNING: the samples are all alike (collapse). Stop, and go on from an "
                "earlier checkpoint with a lower --adversarial_rate or a higher --r1."
            )

    def close(self) -> None:
        self.bar.close()
        self.board.close()


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return run_command("train.py", run, parse(arguments))


def run(args: argparse.Namespace) -> None:
    """Check what can be checked, claim the folder, then read the data and train."""
    if args.report:
        show_report(args)
        return
    if args.json:
        raise DataError("--json is the form of a report: give --report as well.")
    config, model = config_of(args), model_of(args)
    name = folder_name(args.data_dir)
    folder = args.checkpoint_dir or CHECKPOINTS / f"{name}-{args.family}"
    with claimed(folder, resume=args.resume) if writes(args.distribute) else nullcontext():
        with terminal_progress() as progress:
            dataset, report = ingest(args.data_dir, **reading(args), progress=progress)
        print(report)
        load_tensorflow(verbose=args.verbose)
        from gan.training.run import Run

        if args.epochs is not None:
            config = with_steps(config, phrases=len(dataset), epochs=args.epochs)
        train(
            Run(
                dataset=dataset,
                folder=folder,
                config=config,
                model=model,
                minutes=args.minutes,
                resume=args.resume,
                start_from=args.start_from,
                distribute=args.distribute,
                data={
                    "folder": name,
                    "phrases": len(dataset),
                    "songs": len(dataset.song_names),
                    "key": args.key,
                },
            )
        )


def reading(args: argparse.Namespace) -> dict[str, Any]:
    """How the data is read: into the tracks of the checkpoint to start from, where there is one."""
    from gan.models.checkpoint import read_info

    like = args.start_from is not None and args.scheme == "auto"
    return {
        "scheme": args.scheme,
        "like": read_info(args.start_from).spec if like else None,
        "key": parse_key_choice(args.key),
        "cache_dir": args.cache_dir,
        # In processes however few the files: one that crashes its reader costs only itself.
        "workers": min(os.cpu_count() or 1, 32),
    }


def writes(distribute: str) -> bool:
    """Whether this process writes into the run's folder: of several workers the chief does.

    The chief is `TF_CONFIG`'s own, or the first worker where it names none.
    """
    if distribute != "multiworker":
        return True
    try:
        config = json.loads(os.environ.get("TF_CONFIG", "{}"))
        task, has_chief = config["task"], "chief" in config["cluster"]
        return bool(task["type"] == "chief" or (not has_chief and int(task["index"]) == 0))
    except (ValueError, KeyError, TypeError, AttributeError):
        return True  # as TensorFlow has it where nothing is set; it says what is wrong


def show_report(args: argparse.Namespace) -> None:
    """What the folder holds, as text or JSON; nothing is trained."""
    with terminal_progress() as progress:
        _, report = look_into(args.data_dir, **reading(args), progress=progress)
    print(report_json(report) if args.json else report_text(report))


def train(run: Run) -> None:
    """Train, tune, and find the sliders' directions."""
    from gan.preview import prepare
    from gan.training.device import describe_device
    from gan.training.loop import begin

    with stopped_softly() as stopping:
        session = begin(run)
        print(f"Device: {describe_device()}")
        print(f"Parameters: {session.state.parameters():,}   Checkpoint: {run.folder.resolve()}")
        if not session.workers.chief:
            session.go()
            return
        console = Console(run.folder, session.state, run.minutes)
        try:
            session.go(watch=console, stop=lambda: bool(stopping))
        finally:
            console.close()
        print("Calibrating the best weights ...")
        result = session.finish()
        print(f"Overlap with held-out songs {result.mean:.3f}, {result.share:.0%} of the ceiling")
    print("Finding the directions that the sliders move along ...")
    prepare(run.folder)
    print(f"Wrote {run.folder.resolve()}")


@contextmanager
def stopped_softly() -> Iterator[list[bool]]:
    """A list that Ctrl-C fills; the second one interrupts."""
    stopping: list[bool] = []

    def on_interrupt(_signal: int, _frame: Any) -> None:
        if stopping:
            raise KeyboardInterrupt
        stopping.append(True)
        print("\nStopping after this step; press again to stop at once.", file=sys.stderr)

    previous = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield stopping
    finally:
        signal.signal(signal.SIGINT, previous)
