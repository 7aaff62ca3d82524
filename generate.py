"""Write phrases as MIDI: `python generate.py --checkpoint_dir CHECKPOINT`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np

from gan.engine import SEED_MAX, TRUNCATION_MAX, Engine, PhraseState, concatenated, load
from gan.errors import GanError, LatentError
from gan.models.sampling import TEMPERATURE_MAX, TEMPERATURE_MIN, TOP_P_MIN, Sampling
from gan.music.performance import TEMPO_MAX, TEMPO_MIN, Performance
from gan.spec import CHECKPOINTS


def between(low: float, high: float, kind: type = float) -> Any:
    """An argument type that refuses what lies outside `low` to `high`."""

    def parse(text: str) -> Any:
        value = kind(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not between {low} and {high}")
        return value

    parse.__name__ = kind.__name__
    return parse


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Write phrases of a trained generator as MIDI files.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    note = "for transformers"
    add("--checkpoint_dir", type=Path, default=CHECKPOINTS / "pop-gan")
    add("--num_samples", type=between(1, 1_000_000, int), default=8)
    add("--seed", type=between(0, SEED_MAX, int), default=0, help="seed of the first phrase")
    add("--truncation", type=between(0, TRUNCATION_MAX), default=1.0, help="0 is the average")
    add("--output_dir", type=Path, default=Path("output"))
    add("--tempo", type=between(TEMPO_MIN, TEMPO_MAX), default=120.0, help="quarters a minute")
    add("--transpose", type=between(-12, 12, int), default=0, help="semitones from C / a")
    add("--z", type=Path, help="JSON file with one latent, or a list of them, to decode")
    add("--save_z", action="store_true", help="write each phrase's z beside it as JSON")
    add("--interpolate", type=between(0, SEED_MAX, int), nargs=2, metavar=("SEED_A", "SEED_B"))
    add("--steps", type=between(2, 256, int), default=8, help="phrases of an interpolation")
    add("--wav", action="store_true", help="write sound beside each MIDI file")
    add("--temperature", type=between(TEMPERATURE_MIN, TEMPERATURE_MAX), default=1.0, help=note)
    add("--top_p", type=between(TOP_P_MIN, 1.0), default=1.0, help=note)
    add("--bars", type=between(1, 64, int), default=0, help=f"bars to go on for; {note}")
    add("--export", type=Path, metavar="FOLDER", help="write a SavedModel there, and no phrases")
    return parser.parse_args(arguments)


def read_z(path: Path, engine: Engine) -> np.ndarray:
    """Latents from JSON: a list of numbers, a list of such lists, or `{"z": ...}`."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(values, dict):
            values = values["z"]
        z = np.atleast_2d(np.asarray(values, np.float32))
    except FileNotFoundError:
        raise LatentError(f"There is no file {path}.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LatentError(f"{path} holds no latent: a JSON list of numbers is needed.") from error
    return engine.generator.check(z)


def phrases(args: argparse.Namespace, engine: Engine) -> tuple[list[str], Any, Any]:
    """Names, latents and rolls of what is asked for."""
    if args.z is not None:
        z = read_z(args.z, engine)
        names = [f"z-{k:04d}" for k in range(len(z))]
        return names, z, engine.rolls_of_z(z, sampling(args))
    if args.interpolate:
        a, b = args.interpolate
        ends = [PhraseState(seed, args.truncation) for seed in (a, b)]
        z, rolls = engine.between(*ends, args.steps)
        return [f"seed-{a}-to-{b}-{k:03d}" for k in range(args.steps)], z, rolls
    z, rolls = engine.sample(args.num_samples, args.seed, args.truncation, sampling(args))
    return [f"seed-{args.seed + k:06d}" for k in range(args.num_samples)], z, rolls


def sampling(args: argparse.Namespace) -> Sampling:
    return Sampling(args.temperature, args.top_p)


def continued(args: argparse.Namespace, engine: Engine, roll: np.ndarray) -> Any:
    """A phrase with `--bars` more bars after it, and the spec of that length."""
    spec = engine.spec
    if not args.bars:
        return roll, spec
    more = engine.continue_(roll, args.bars, seed=args.seed, sampling=sampling(args))
    return np.concatenate([roll, more], axis=1), replace(spec, bars=spec.bars + args.bars)


def write(args: argparse.Namespace, engine: Engine) -> int:
    """Decode and write; returns the number of phrases."""
    from gan.audio.render import render_with_midi2audio
    from gan.files import write_bytes, write_json
    from gan.music.midi import midi_bytes, midi_from_roll

    names, z, rolls = phrases(args, engine)
    how = Performance(tempo=args.tempo, transpose=args.transpose)
    folder, stem = args.output_dir.resolve(), engine.info.name
    for name, latent, roll in zip(names, z, rolls, strict=True):
        path = folder / f"{stem}-{name}.mid"
        long, spec = continued(args, engine, roll)
        text = f"{stem} {engine.info.digest} {name}"
        midi = midi_from_roll(long, spec, tempo=how.tempo, transpose=how.transpose, text=text)
        write_bytes(path, midi_bytes(midi))
        print(path)
        if args.save_z:
            write_json(path.with_suffix(".json"), {"z": [float(value) for value in latent]})
            print(path.with_suffix(".json"))
        if args.wav:
            render_with_midi2audio(midi, path.with_suffix(".wav"))
            print(path.with_suffix(".wav"))
    if args.interpolate:
        joined, spec = concatenated(rolls, engine.spec)
        path = folder / f"{stem}-seed-{args.interpolate[0]}-to-{args.interpolate[1]}.mid"
        whole = midi_from_roll(joined, spec, tempo=args.tempo, transpose=args.transpose)
        write_bytes(path, midi_bytes(whole))
        print(path)
    return len(names)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    args = parse(arguments)
    try:
        engine = load(args.checkpoint_dir, sliders=False)
        if args.export is not None:
            from gan.models.export import export

            print(export(engine.generator, args.export))
            return 0
        started = time.perf_counter()
        count = write(args, engine)
    except GanError as error:
        print(f"generate.py: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"generate.py: cannot write to {args.output_dir}: {error}", file=sys.stderr)
        return 2
    took = time.perf_counter() - started
    print(f"{count} phrases in {took:.2f} s, {count / took:.0f} phrases/s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
