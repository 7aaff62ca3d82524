"""Train a generator on a folder of MIDI files: `python train.py --data_dir FOLDER`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

from gan.data.ingest import ingest
from gan.data.progress import terminal_progress
from gan.errors import GanError
from gan.spec import CHECKPOINTS
from gan.training.config import KINDS, MODELS, RECIPES, TrainConfig

if TYPE_CHECKING:
    from gan.models.config import ModelConfig
    from gan.training.loop import Progress
    from gan.training.state import TrainState


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line; defaults are those of the family that is asked for."""
    first = argparse.ArgumentParser(add_help=False)
    first.add_argument("--family", choices=sorted(RECIPES), default="gan")
    family = first.parse_known_args(arguments)[0].family
    defaults = TrainConfig(family=family, **RECIPES[family])
    parser = argparse.ArgumentParser(
        description="Train a generator on a folder of MIDI files.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--data_dir", required=True, help="folder tree of .mid files, or 'bach'")
    add("--checkpoint_dir", type=Path, help="where to write (checkpoints/FOLDERNAME-FAMILY)")
    add("--family", choices=sorted(RECIPES), default="gan", help="what to train")
    add("--scheme", default="auto", help="how tracks are chosen: auto, named, band, piano, bach")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, help=f"training steps ({defaults.steps})")
    length.add_argument("--minutes", type=float, help="stop after this long")
    length.add_argument("--epochs", type=float, help="passes over the training phrases")
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
    add("--start_from", type=Path, help="checkpoint folder whose weights to begin with")
    add("--resume", action="store_true", help="go on from the last checkpoint")
    add("--cache_dir", type=Path, help="where prepared phrases are kept")
    return parser.parse_args(arguments)


def config_of(args: argparse.Namespace, phrases: int) -> TrainConfig:
    """The training configuration that the command line asks for."""
    from gan.training.loop import with_steps

    given = vars(args)
    settings = {setting.name for setting in fields(TrainConfig)} - {"steps"}
    chosen: dict[str, Any] = {name: given[name] for name in settings & given.keys()}
    if args.steps is not None:
        return TrainConfig(**chosen, steps=args.steps)
    if args.minutes is not None:
        return TrainConfig(**chosen, steps=10_000_000)
    config = TrainConfig(**chosen)
    return (
        config if args.epochs is None else with_steps(config, phrases=phrases, epochs=args.epochs)
    )


def model_of(args: argparse.Namespace) -> ModelConfig:
    """The sizes of the networks: the family's, or those of the checkpoint to start from."""
    from gan.models.checkpoint import read_info
    from gan.models.config import ModelConfig

    if args.start_from is not None:
        return replace(read_info(args.start_from).model, dropout=args.dropout)
    return ModelConfig(**{**MODELS[args.family], "dropout": args.dropout})


class Console:
    """Prints the run: a progress bar, a line an evaluation, TensorBoard beside it."""

    def __init__(self, folder: Path, state: TrainState, minutes: float | None) -> None:
        from tqdm import tqdm

        from gan.training.board import Board

        self.minutes, self.started = minutes, time.monotonic()
        total = None if minutes is not None else state.config.steps
        # tqdm shows steps/s and the time to go.
        self.bar = tqdm(total=total, initial=state.step, unit="step", mininterval=1)
        self.board = Board(folder / "training" / "tensorboard", state)

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
    args = parse(arguments)
    try:
        return run(args)
    except GanError as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 2


def run(args: argparse.Namespace) -> int:
    with terminal_progress() as progress:
        dataset, report = ingest(
            args.data_dir, scheme=args.scheme, cache_dir=args.cache_dir, progress=progress
        )
    print(report)
    from gan.engine import prepare
    from gan.training import loop
    from gan.training.device import describe_device

    name = Path(args.data_dir).resolve().name.lower()
    folder = args.checkpoint_dir or CHECKPOINTS / f"{name}-{args.family}"
    config = config_of(args, len(dataset))
    stopping: list[bool] = []

    def on_interrupt(_signal: int, _frame: Any) -> None:
        if stopping:
            raise KeyboardInterrupt
        stopping.append(True)
        print("\nStopping after this step; press again to stop at once.", file=sys.stderr)

    previous = signal.signal(signal.SIGINT, on_interrupt)
    try:
        training = loop.Run(
            dataset=dataset,
            folder=folder,
            config=config,
            model=model_of(args),
            minutes=args.minutes,
            resume=args.resume,
            start_from=args.start_from,
            distribute=args.distribute,
            data={"folder": name, "phrases": len(dataset), "songs": len(dataset.song_names)},
        )
        session = loop.begin(training)
        state = session.state
        print(f"Device: {describe_device()}")
        print(f"Parameters: {state.parameters():,}   Checkpoint: {folder.resolve()}")
        if not session.workers.chief:
            session.go()
            return 0
        console = Console(folder, state, args.minutes)
        session.go(watch=console, stop=lambda: bool(stopping))
        console.close()
        print("Calibrating the best weights ...")
        result = session.finish()
        print(f"Overlap with held-out songs {result.mean:.3f}, {result.share:.0%} of the ceiling")
    finally:
        signal.signal(signal.SIGINT, previous)
    print("Finding the directions that the sliders move along ...")
    prepare(folder)
    print(f"Wrote {folder.resolve()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
