"""Write phrases as MIDI: `python generate.py --checkpoint_dir CHECKPOINT`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from gan.accompany import accompany, kept_tracks
from gan.app.document import Continuation, Document, Walk
from gan.app.link import recipe
from gan.cli.environment import add_verbose, between, load_tensorflow, quiet_libraries, run_command
from gan.cli.own import encoded, read_bars, tempo_and_key
from gan.engine import Engine, load
from gan.errors import LatentError
from gan.files import file_names, must_be_writable, remove_leftovers, write_bytes, write_json
from gan.models.checkpoint import read_info
from gan.models.sampling import TEMPERATURE_MAX, TEMPERATURE_MIN, TOP_P_MIN, Sampling
from gan.music.parts import concatenated
from gan.music.performance import TEMPO_MAX, TEMPO_MIN, Performance, midi_file
from gan.phrase import SEED_MAX, TRUNCATION_MAX, PhraseState, latent_numbers, lock
from gan.spec import CHECKPOINTS, RollSpec
from gan.vary import variants

BLOCK = 256  # phrases that are decoded together


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="generate.py",
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
    add("--tempo", type=between(TEMPO_MIN, TEMPO_MAX), help="quarters a minute (120, or FILE's)")
    add("--transpose", type=between(-12, 12, int), help="semitones from C / a (0, or FILE's)")
    add("--from", type=Path, dest="source", metavar="FILE", help="a MIDI file of yours to read in")
    add("--bar", type=between(1, 10_000, int), help="of FILE, where the phrase begins")
    add("--z", type=Path, help="JSON file with one latent, or a list of them, to decode")
    add("--save_z", action="store_true", help="write each phrase's z beside it as JSON")
    add("--interpolate", type=between(0, SEED_MAX, int), nargs=2, metavar=("SEED_A", "SEED_B"))
    add("--steps", type=between(2, 256, int), default=8, help="phrases of an interpolation")
    vary = "phrases that far from the one of --seed: 0 is the same, 1 only hints at it"
    add("--vary", type=between(0.0, 1.0), metavar="DISTANCE", help=vary)
    keep = "tracks of the phrase of --seed that stay; the others are written to them, or varied"
    add("--keep", nargs="+", default=(), metavar="TRACK", help=keep)
    add("--wav", action="store_true", help="write sound beside each MIDI file")
    add("--temperature", type=between(TEMPERATURE_MIN, TEMPERATURE_MAX), default=1.0, help=note)
    add("--top_p", type=between(TOP_P_MIN, 1.0), default=1.0, help=note)
    add("--bars", type=between(1, 64, int), default=0, help=f"bars to go on for; {note}")
    add("--export", type=Path, metavar="FOLDER", help="write a SavedModel there, and no phrases")
    add_verbose(parser)
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


def asked_for(args: argparse.Namespace, engine: Engine) -> Iterator[tuple[str, PhraseState]]:
    """Names and states of the phrases that are asked for."""
    how = Sampling(args.temperature, args.top_p)
    if args.source is not None:
        part = read_bars(args.source, engine, args.bar)
        args.tempo, args.transpose = tempo_and_key(part, args.tempo, args.transpose)
        (stem,) = file_names([args.source.stem])
        yield f"{stem}-bar-{part.bar + 1}", replace(encoded(part, engine), sampling=how)
    elif args.z is not None:
        for k, z in enumerate(read_z(args.z, engine)):
            yield f"z-{k:04d}", PhraseState(z=latent_numbers(z), sampling=how)
    elif args.interpolate:
        a, b = (PhraseState(seed, args.truncation, sampling=how) for seed in args.interpolate)
        for k, state in enumerate(engine.between(a, b, args.steps)):
            yield f"seed-{a.seed}-to-{b.seed}-{k:03d}", state
    elif args.keep or args.vary is not None:
        state = PhraseState(args.seed, args.truncation, sampling=how)
        yield from around(args, engine, state, f"seed-{args.seed:06d}")
    else:
        for seed in range(args.seed, args.seed + args.num_samples):
            yield f"seed-{seed:06d}", PhraseState(seed, args.truncation, sampling=how)


def around(
    args: argparse.Namespace, engine: Engine, state: PhraseState, name: str
) -> Iterator[tuple[str, PhraseState]]:
    """Phrases that are made of one, by `--vary` and `--keep`, with names that begin with its own.

    With both, the tracks that are kept stay while the others are varied.
    """
    if args.vary is None:
        for k, answer in enumerate(accompany(engine, state, args.keep, args.num_samples)):
            yield f"{name}-kept-{k:03d}", answer.state
        return
    for track in kept_tracks(args.keep, engine.spec):
        state = lock(state, f"track:{engine.spec.track_names[track]}", engine.spec)
    for k, variant in enumerate(variants(engine, state, args.vary, args.num_samples)):
        yield f"{name}-varied-{k:03d}", variant


class Writer:
    """Writes music of one generator into a folder and prints the paths, one a line."""

    def __init__(self, args: argparse.Namespace, engine: Engine) -> None:
        self.args, self.engine = args, engine
        self.folder = args.output_dir.resolve()

    @property
    def performance(self) -> Performance:
        """Tempo and key as they are asked for, or as a file that was read has them."""
        tempo, transpose = self.args.tempo, self.args.transpose
        return Performance(120.0 if tempo is None else tempo, transpose or 0)

    def path(self, name: str, ending: str) -> Path:
        return Path(self.folder / f"{self.engine.info.name}-{name}{ending}")

    def phrase(self, name: str, state: PhraseState, roll: np.ndarray) -> None:
        """One phrase, with the bars that follow it where they are asked for."""
        args, spec = self.args, self.engine.spec
        document = self.document(state)
        if args.bars:
            document = replace(document, continuation=Continuation(args.bars, args.seed))
            more = self.engine.continued(state, args.bars, seed=args.seed)
            roll, spec = concatenated([roll, more], spec)
        self.music(name, roll, spec, document)
        if args.save_z:
            path = self.path(name, ".json")
            write_json(path, {"z": [float(value) for value in self.engine.z(state)]})
            print(path)

    def walk(self, states: Sequence[PhraseState], rolls: Sequence[np.ndarray]) -> None:
        """All phrases of an interpolation as one piece."""
        a, b = states[0], states[-1]
        walk = Walk(end=b, steps=len(states))
        joined, spec = concatenated(rolls, self.engine.spec)
        document = replace(self.document(a), walk=walk)
        self.music(f"seed-{a.seed}-to-{b.seed}", joined, spec, document)

    def document(self, state: PhraseState) -> Document:
        info = self.engine.info
        return Document(info.name, info.digest, state, self.performance)

    def music(self, name: str, roll: np.ndarray, spec: RollSpec, document: Document) -> None:
        """A roll as MIDI, and as sound where that is asked for."""
        path = self.path(name, ".mid")
        write_bytes(path, midi_file(roll, spec, self.performance, recipe(document)))
        print(path)
        if self.args.wav:
            from gan.audio.play import mixdown
            from gan.audio.render import encode_wav

            path = self.path(name, ".wav")
            with quiet_libraries(verbose=self.args.verbose):
                sound = encode_wav(mixdown(roll, spec, self.performance))
            write_bytes(path, sound)
            print(path)


def write(args: argparse.Namespace, engine: Engine) -> int:
    """Render and write; returns the number of phrases."""
    writer, count = Writer(args, engine), 0
    remove_leftovers(writer.folder)
    walk: list[tuple[PhraseState, np.ndarray]] = []
    wanted = asked_for(args, engine)
    while block := list(islice(wanted, BLOCK)):
        rolls = engine.render_all([state for _, state in block])
        for (name, state), roll in zip(block, rolls, strict=True):
            writer.phrase(name, state, roll)
            if args.interpolate:
                walk.append((state, roll))
        count += len(block)
    if walk:
        writer.walk(*zip(*walk, strict=True))
    return count


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return run_command("generate.py", run, parse(arguments))


def run(args: argparse.Namespace) -> None:
    """Write what is asked for: the paths go to standard output, all else to standard error."""
    read_info(args.checkpoint_dir)  # refused at once, before seconds of importing
    if args.export is None:
        must_be_writable(args.output_dir, "The output folder", any_name=True)
    load_tensorflow(verbose=args.verbose)
    engine = load(args.checkpoint_dir, sliders=False)
    if args.export is not None:
        from gan.models.export import export

        with quiet_libraries(verbose=args.verbose):
            written = export(engine.generator, args.export)
        print(written)
        return
    started = time.perf_counter()
    count = write(args, engine)
    took = time.perf_counter() - started
    print(f"{count} phrases in {took:.2f} s, {count / took:.2g} phrases/s", file=sys.stderr)
