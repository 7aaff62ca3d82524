"""Measure a checkpoint against songs it never saw.

    python -m gan.evaluate --checkpoint_dir checkpoints/pop-gan [--data_dir FOLDER] [--write]

Without `--data_dir` the samples are compared with the measures of held-out phrases that
training stored in the checkpoint (`reference.npz`). With it, the data is read again (the
cache makes that quick), and three more figures come: how well a classifier tells samples
from held-out phrases, how near samples come to training phrases, and how well held-out
phrases survive the way through the latent. `--write` stores all in `measures.json`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np
from numpy.typing import NDArray

from gan.data.dataset import Dataset, rolls, split_by_song
from gan.data.ingest import ingest
from gan.errors import GanError
from gan.models.base import Generator
from gan.music.compare import overlaps
from gan.music.measures import measure
from gan.spec import CHECKPOINTS, ONSET, SOUNDING
from gan.training.checkpoint import load_generator, write_json
from gan.training.evaluation import (
    Reference,
    choose,
    load_reference,
    reference,
    sample_rolls,
    spread,
)

Values = NDArray[np.float64]

NEAR_COPY = 0.8  # of the onsets that either phrase has, both have


def onset_overlap(ours: NDArray[np.uint8], theirs: NDArray[np.uint8]) -> Values:
    """Share of onset cells in common with the nearest of `theirs`, for each of `ours`.

    Jaccard similarity over all tracks, 0 to 1, `(n,)`.
    """
    a = ours[..., ONSET].reshape(len(ours), -1).astype(np.float32)
    best = np.zeros(len(a))
    for start in range(0, len(theirs), 2048):
        b = theirs[start : start + 2048, ..., ONSET]
        b = b.reshape(len(b), -1).astype(np.float32)
        both = a @ b.T
        either = a.sum(1)[:, None] + b.sum(1)[None] - both
        best = np.maximum(best, (both / np.maximum(either, 1.0)).max(axis=1))
    return best


def nearest_in_data(
    samples: NDArray[np.uint8], dataset: Dataset, index: NDArray[np.int64]
) -> Values:
    """`onset_overlap` with the phrases at `index`, read in blocks."""
    best = np.zeros(len(samples))
    for start in range(0, len(index), 2048):
        block = rolls(dataset, index[start : start + 2048])
        best = np.maximum(best, onset_overlap(samples, block))
    return best


def classifier_auc(
    ours: Mapping[str, Values], theirs: Mapping[str, Values], songs: NDArray[np.int32]
) -> float:
    """How well boosted trees on the measures tell samples from data: 0.5 is not at all.

    Area under the ROC curve in five folds by song (classifier two-sample test, Lopez-Paz
    and Oquab 2017). Both sides are float64 from 0/1 rolls, so no format gives a side away.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold, cross_val_predict

    names = sorted(theirs)
    features = np.concatenate(
        [np.stack([side[name] for name in names], axis=1) for side in (theirs, ours)]
    )
    count = len(features) - len(songs)
    labels = np.repeat([0, 1], [len(songs), count])
    groups = np.concatenate([songs, int(songs.max()) + 1 + np.arange(count)])
    scores = cross_val_predict(
        HistGradientBoostingClassifier(random_state=0),
        features,
        labels,
        groups=groups,
        cv=GroupKFold(5),
        method="predict_proba",
    )
    return float(roc_auc_score(labels, scores[:, 1]))


def reconstruction_f1(generator: Generator, phrases: NDArray[np.uint8]) -> dict[str, float]:
    """F1 of onset and of sounding cells after encode and decode, over all cells."""
    again = np.concatenate(
        [
            generator.binarise(generator.decode(generator.encode(phrases[k : k + 64])))
            for k in range(0, len(phrases), 64)
        ]
    )
    scores = {}
    for name, channel in (("onset", ONSET), ("sounding", SOUNDING)):
        ours, theirs = again[..., channel].astype(bool), phrases[..., channel].astype(bool)
        scores[name] = float(2 * (ours & theirs).sum() / max(ours.sum() + theirs.sum(), 1))
    return scores


def deviations(ours: Mapping[str, Values], theirs: Mapping[str, Values]) -> dict[str, float]:
    """MuseGAN's three, as mean relative deviation over tracks: EB, UPC, QN."""
    found = {}
    for short, name in (("EB", "empty_bars"), ("UPC", "pitch_classes"), ("QN", "qualified")):
        pairs = [
            (float(np.nanmean(ours[key])), float(np.nanmean(theirs[key])))
            for key in theirs
            if key.endswith(f".{name}") and np.nanmean(theirs[key]) > 0.02
        ]
        if pairs:
            found[short] = float(np.mean([abs(a - b) / b for a, b in pairs]))
    return found


def against_data(
    generator: Generator, samples: NDArray[np.uint8], data_dir: str, cache_dir: Path | None
) -> tuple[Reference, dict[str, Any]]:
    """The reference from the data itself, and the figures that need phrases."""
    dataset, _ = ingest(data_dir, scheme=generator.spec.scheme, cache_dir=cache_dir)
    train, held_out = split_by_song(dataset)
    found = reference(dataset, train, held_out, n=len(samples))
    index = choose(held_out if len(held_out) else train, len(samples), seed=1)
    phrases = rolls(dataset, index)
    ours, theirs = measure(samples, generator.spec), measure(phrases, generator.spec)
    nearest = nearest_in_data(samples, dataset, train)
    extra: dict[str, Any] = {
        "classifier_auc": classifier_auc(ours, theirs, dataset.song[index]),
        "nearest_training_phrase": {
            "mean": float(nearest.mean()),
            "max": float(nearest.max()),
            "near_copies": int((nearest >= NEAR_COPY).sum()),
            "held_out_mean": float(nearest_in_data(phrases[:256], dataset, train).mean()),
        },
    }
    if "encode" in generator.can:
        extra["reconstruction_f1"] = reconstruction_f1(generator, phrases[:256])
    return found, extra


def evaluate(
    checkpoint_dir: Path, *, data_dir: str | None, cache_dir: Path | None, n: int
) -> dict[str, Any]:
    """All figures as plain values."""
    generator, info = load_generator(checkpoint_dir)
    samples = sample_rolls(generator, n)
    extra: dict[str, Any] = {}
    if data_dir is None:
        against = load_reference(info.path)
    else:
        against, extra = against_data(generator, samples, data_dir, cache_dir)
    ours = measure(samples, generator.spec)
    overlap = overlaps(ours, against.held_out)
    mean = float(np.mean(list(overlap.values())))
    mono = [i for i, track in enumerate(generator.spec.tracks) if track.monophonic]
    return {
        "weights": info.digest,
        "samples": n,
        "overlap": overlap,
        "mean_overlap": mean,
        "ceiling": dict(against.ceiling),
        "mean_ceiling": against.mean_ceiling,
        "share_of_ceiling": mean / against.mean_ceiling,
        "diversity": spread(samples) / max(against.diversity, 1e-9),
        "deviation": deviations(ours, against.held_out),
        "monophonic_tracks_hold": bool((samples[:, mono, ..., SOUNDING].sum(-1) <= 1).all()),
        **extra,
    }


def table(result: Mapping[str, Any]) -> str:
    """The figures as text, the ceiling beside each overlap."""
    lines = [f"{'measure':28}{'overlap':>9}{'ceiling':>9}"]
    for name, value in sorted(result["overlap"].items()):
        lines.append(f"{name:28}{value:9.2f}{result['ceiling'][name]:9.2f}")
    lines.append(f"{'MEAN':28}{result['mean_overlap']:9.3f}{result['mean_ceiling']:9.3f}")
    lines.append(f"share of the ceiling: {result['share_of_ceiling']:.1%}")
    known = {"overlap", "ceiling", "mean_overlap", "mean_ceiling", "share_of_ceiling"}
    lines += [f"{name}: {value}" for name, value in result.items() if name not in known]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(description="Measure a checkpoint against held-out songs.")
    parser.add_argument("--checkpoint_dir", type=Path, default=CHECKPOINTS / "pop-gan")
    parser.add_argument("--data_dir", help="the data it was trained on, for the full figures")
    parser.add_argument("--cache_dir", type=Path, help="where prepared phrases are kept")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--write", action="store_true", help="store in measures.json")
    args = parser.parse_args(arguments)
    try:
        result = evaluate(
            args.checkpoint_dir, data_dir=args.data_dir, cache_dir=args.cache_dir, n=args.samples
        )
        print(table(result))
        if args.write:
            write_json(args.checkpoint_dir / "measures.json", result)
    except GanError as error:
        print(f"gan.evaluate: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
