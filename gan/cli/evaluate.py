"""Measure a checkpoint against songs it never saw.

    python -m gan.cli.evaluate --checkpoint_dir checkpoints/pop-gan [--data_dir FOLDER] [--write]

Without `--data_dir` the samples are compared with the measures of held-out phrases that
training stored in the checkpoint (`reference.npz`). With it, the data is read again (the
cache makes that quick), and more figures come: how well classifiers tell samples from
held-out phrases, how near samples come to training phrases, and how well held-out phrases
survive the way through the latent. Beside each stands what training songs reach in the place
of samples. The same for phrases away from seeds: on walks, under sliders, and so on
(`gan.quality.regions`). `--write` stores all in the checkpoint's `card.json`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan.cli.environment import SAMPLES, add_verbose, load_tensorflow, run_command
from gan.data.dataset import Dataset, must_fit, rolls, split_by_song
from gan.data.ingest import ingest
from gan.errors import DataError
from gan.files import must_be_writable
from gan.models.ability import Ability
from gan.models.base import Generator
from gan.models.checkpoint import CheckpointInfo, load_generator, read_info
from gan.music.attributes import measure, short_names
from gan.music.compare import overlaps
from gan.music.keys import parse_key_choice
from gan.quality import latent, two_sample
from gan.quality.card import histograms, write_card
from gan.quality.copies import NEAR_COPY, nearest_in_data
from gan.quality.evaluation import (
    Reference,
    choose,
    load_reference,
    reference,
    sample_rolls,
    spread,
)
from gan.quality.regions import above_seeds, region_figures, region_rolls
from gan.sliders.store import load_directions
from gan.spec import CHECKPOINTS, SOUNDING, RollSpec

Values = NDArray[np.float64]
Rolls = NDArray[np.uint8]
Measures = Mapping[str, Values]

NAME = "gan.cli.evaluate"
ENCODED = 256  # held-out phrases that are sent through the latent


def deviations(ours: Mapping[str, Values], theirs: Mapping[str, Values]) -> dict[str, float]:
    """MuseGAN's three, as mean relative deviation over tracks: EB, UPC, QN."""
    found = {}
    for short, name in short_names().items():
        pairs = [
            (float(np.nanmean(ours[key])), float(np.nanmean(theirs[key])))
            for key in theirs
            if key.endswith(f".{name}") and np.nanmean(theirs[key]) > 0.02
        ]
        if pairs:
            found[short] = float(np.mean([abs(a - b) / b for a, b in pairs]))
    return found


class Songs:
    """Phrases of held-out songs, and as many of training songs: what is possible at best."""

    def __init__(self, dataset: Dataset, n: int) -> None:
        self.dataset = dataset
        self.train, held_out = split_by_song(dataset)
        if not len(self.train):
            raise DataError("The data has no training songs.")
        index = choose(held_out if len(held_out) else self.train, n, seed=1)
        self.held_out, self.held_out_songs = rolls(dataset, index), dataset.song[index]
        index = choose(self.train, n, seed=2)
        self.training, self.training_songs = rolls(dataset, index), dataset.song[index]


def against_songs(generator: Generator, samples: Rolls, songs: Songs) -> dict[str, Any]:
    """The figures that need phrases of the data."""
    spec = generator.spec
    ours, theirs, best = (measure(side, spec) for side in (samples, songs.held_out, songs.training))
    nearest = nearest_in_data(samples, songs.dataset, songs.train)
    apart = nearest_in_data(songs.held_out[:ENCODED], songs.dataset, songs.train)
    found: dict[str, Any] = {
        "prdc": two_sample.density_and_coverage(ours, theirs),
        "prdc_of_training_songs": two_sample.density_and_coverage(best, theirs),
        "deviation_of_training_songs": deviations(best, theirs),
        "nearest_training_phrase": {
            "mean": float(nearest.mean()),
            "max": float(nearest.max()),
            "near_copies": int((nearest >= NEAR_COPY).sum()),
            "held_out_mean": float(apart.mean()),
        },
        "histograms": histograms(ours, theirs),
    }
    if two_sample.enough(songs.held_out_songs):
        found |= _classified(samples, songs, ours, theirs, best)
    if Ability.READS_PHRASES in generator.can:
        found["reconstruction_f1"] = latent.reconstruction(generator, songs.held_out[:ENCODED])
    return found


def _classified(
    samples: Rolls, songs: Songs, ours: Measures, theirs: Measures, best: Measures
) -> dict[str, Any]:
    """What classifiers tell apart: samples and songs, and as a floor songs and songs."""
    return {
        "classifier_auc": {
            "trees": two_sample.trees_auc(ours, theirs, songs.held_out_songs),
            "network": two_sample.network_auc(samples, songs.held_out, songs.held_out_songs),
        },
        "classifier_auc_of_training_songs": {
            "trees": two_sample.trees_auc(best, theirs, songs.held_out_songs, songs.training_songs),
            "network": two_sample.network_auc(
                songs.training, songs.held_out, songs.held_out_songs, songs.training_songs
            ),
        },
    }


def away_from_seeds(
    generator: Generator, info: CheckpointInfo, n: int, against: Reference, songs: Songs | None
) -> dict[str, Any]:
    """The figures of `n` phrases of each region, and by how much the worst is above seeds."""
    found = load_directions(info, generator.plan_dim, generator.tilt_names)
    vectors = [each.vector for each in found if each.kind == "named" and each.offered]
    moves = generator.along(np.reshape(vectors, (-1, generator.steered_dim)))
    phrases = region_rolls(generator, moves, n)
    apart = songs if songs and two_sample.enough(songs.held_out_songs) else None
    figures = region_figures(phrases, against.held_out, generator.spec, apart)
    return {"phrases": n, "regions": figures, "worst_above_seeds": above_seeds(figures)}


def evaluate(
    checkpoint_dir: Path, *, data_dir: str | None, cache_dir: Path | None, n: int, regions: int
) -> dict[str, Any]:
    """All figures as plain values, of `n` samples and of `regions` phrases of each region."""
    generator, info = load_generator(checkpoint_dir)
    samples = sample_rolls(generator, n)
    extra: dict[str, Any] = {}
    dataset = None
    if data_dir is None:
        against = load_reference(info.path)
    else:
        dataset, _ = ingest(
            data_dir,
            scheme=generator.spec.scheme,
            key=parse_key_choice(str(info.data.get("key", "auto"))),
            cache_dir=cache_dir,
        )
        must_fit(dataset, generator.spec)
        songs = Songs(dataset, n)
        train, held_out = split_by_song(dataset)
        against = reference(dataset, train, held_out, n=n)
        extra = against_songs(generator, samples, songs)
    if regions:
        some = None if dataset is None else Songs(dataset, regions)
        extra["space"] = away_from_seeds(generator, info, regions, against, some)
    return {
        "samples": n,
        **_figures(generator.spec, samples, against),
        "smoothness": latent.smoothness(generator),
        "generator": latent.summary(generator),
        **extra,
    }


def _figures(spec: RollSpec, samples: Rolls, against: Reference) -> dict[str, Any]:
    """What needs the measures of held-out phrases only."""
    ours = measure(samples, spec)
    overlap = overlaps(ours, against.held_out)
    mean = float(np.mean(list(overlap.values())))
    mono = [i for i, track in enumerate(spec.tracks) if track.monophonic]
    return {
        "overlap": overlap,
        "mean_overlap": mean,
        "ceiling": dict(against.ceiling),
        "mean_ceiling": against.mean_ceiling,
        "share_of_ceiling": mean / against.mean_ceiling,
        "diversity": spread(samples) / max(against.diversity, 1e-9),
        "deviation": deviations(ours, against.held_out),
        "monophonic_tracks_hold": bool((samples[:, mono, ..., SOUNDING].sum(-1) <= 1).all()),
    }


def table(result: Mapping[str, Any]) -> str:
    """The figures as text, the ceiling beside each overlap."""
    lines = [f"{'measure':28}{'overlap':>9}{'ceiling':>9}"]
    for name, value in sorted(result["overlap"].items()):
        lines.append(f"{name:28}{value:9.2f}{result['ceiling'][name]:9.2f}")
    lines.append(f"{'MEAN':28}{result['mean_overlap']:9.3f}{result['mean_ceiling']:9.3f}")
    lines.append(f"share of the ceiling: {result['share_of_ceiling']:.1%}")
    known = {"overlap", "ceiling", "mean_overlap", "mean_ceiling", "share_of_ceiling"}
    known |= {"histograms"}
    lines += [f"{name}: {_short(value)}" for name, value in result.items() if name not in known]
    return "\n".join(lines)


def _short(value: Any) -> Any:
    """Numbers as they are read, three figures after the point."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_short(each)}" for name, each in value.items())
    if isinstance(value, list):
        return " ".join(str(each) for each in value)
    return f"{value:.3f}" if isinstance(value, float) else value


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog=NAME, description="Measure a checkpoint against held-out songs."
    )
    parser.add_argument("--checkpoint_dir", type=Path, default=CHECKPOINTS / "pop-gan")
    parser.add_argument("--data_dir", help="the data it was trained on, for the full figures")
    parser.add_argument("--cache_dir", type=Path, help="where prepared phrases are kept")
    parser.add_argument("--samples", type=SAMPLES, default=1000)
    parser.add_argument("--regions", type=int, default=500, help="phrases a region, 0 for none")
    parser.add_argument("--write", action="store_true", help="store in card.json")
    add_verbose(parser)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return run_command(NAME, run, parse(arguments))


def run(args: argparse.Namespace) -> None:
    read_info(args.checkpoint_dir)
    if args.write:
        must_be_writable(args.checkpoint_dir, "The checkpoint folder")  # measuring takes minutes
    load_tensorflow(verbose=args.verbose)
    result = evaluate(
        args.checkpoint_dir,
        data_dir=args.data_dir,
        cache_dir=args.cache_dir,
        n=args.samples,
        regions=args.regions,
    )
    print(table(result))
    if args.write:
        write_card(read_info(args.checkpoint_dir), {"figures": result})


if __name__ == "__main__":
    sys.exit(main())
