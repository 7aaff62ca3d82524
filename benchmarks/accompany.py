"""How well what is written to a real melody goes with it, and how many notes variants change.

    python -m benchmarks.accompany --data_dir POP909 [--phrases 100] [--answers 4]

The melodies are of songs that were held out of training; their own accompaniment is not shown to
the generator. Held against it: the real pair, the melody with the accompaniment of another song
(both in C major or A minor), and a draw of the generator with its own melody. `in chord` is the
share of accompaniment notes whose pitch class the real accompaniment sounds within the same beat:
nothing in the generator is fitted to it.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np

from gan.accompany import accompany
from gan.data.dataset import must_fit, rolls, split_by_song
from gan.data.ingest import ingest
from gan.engine import Engine, Rolls, load
from gan.music.attributes import measure
from gan.music.attributes.phrases import melody_index
from gan.music.cells import pitch_classes, ratio
from gan.music.edits import strokes_between
from gan.phrase import PhraseState
from gan.spec import CHECKPOINTS, ONSET, SOUNDING, RollSpec
from gan.vary import variants

NAMES = ("pop-gan", "pop-vae", "pop-transformer")
DISTANCES = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
FEWEST = 8  # notes of a melody, and twice as many of what goes with it
VARIED = 6  # phrases, of which each has four variants at each distance


def held_out(data_dir: str, spec: RollSpec, n: int) -> tuple[Rolls, np.ndarray]:
    """`n` phrases with a melody and an accompaniment, and which song each is of."""
    dataset, _ = ingest(data_dir, scheme=spec.scheme)
    must_fit(dataset, spec)
    _, index = split_by_song(dataset)
    index = np.random.default_rng(5).permutation(index)
    found = rolls(dataset, index)
    notes = found[..., ONSET].sum(axis=(2, 3))
    melody = melody_index(spec)
    others = notes.sum(axis=1) - notes[:, melody]
    kept = np.flatnonzero((notes[:, melody] >= FEWEST) & (others >= 2 * FEWEST))[:n]
    return found[kept], dataset.song[index[kept]]


def from_another_song(songs: np.ndarray) -> np.ndarray:
    """For each phrase the number of one of another song."""
    order, rng = np.arange(len(songs)), np.random.default_rng(6)
    return np.array([rng.choice(order[songs != song]) for song in songs])


def accompaniment(spec: RollSpec) -> list[int]:
    """The indices of the pitched tracks beside the melody."""
    melody = melody_index(spec)
    return [k for k, each in enumerate(spec.tracks) if k != melody and not each.is_drum]


def in_real_chord(ours: Rolls, real: Rolls, spec: RollSpec) -> np.ndarray:
    """Share of accompaniment notes that the real chord of their beat has, `(n,)`."""
    others = accompaniment(spec)
    sounding = (real[:, others, ..., SOUNDING] != 0).any(axis=1)
    classes = pitch_classes(sounding, spec).reshape(len(real), -1, spec.steps_per_beat, 12)
    chord = classes.any(axis=2).repeat(spec.steps_per_beat, axis=1)
    begun = ours[:, others, ..., ONSET].sum(axis=1, dtype=np.int64)
    inside = chord[..., (np.arange(spec.pitches) + spec.pitch_min) % 12]
    return ratio((begun * inside).sum(axis=(1, 2)), begun.sum(axis=(1, 2)))


def row(label: str, ours: Rolls, real: Rolls, spec: RollSpec, more: str = "") -> str:
    found = measure(ours, spec)
    figures = [found["melody_in_chord"], found["semitone_clashes"], in_real_chord(ours, real, spec)]
    return f"{label:34}" + "".join(f"{np.nanmean(each):9.3f}" for each in figures) + more


def written_to(engine: Engine, real: Rolls, answers: int) -> tuple[Rolls, Rolls, list[float]]:
    """The best answer to each melody, all answers, and the seconds that each melody took."""
    spec, base = engine.spec, PhraseState()
    melody, plain = melody_index(spec), engine.render(base)
    best, every, took = [], [], []
    for k, roll in enumerate(real):
        alone = np.zeros_like(roll)
        alone[melody] = roll[melody]
        state = replace(base, edits=strokes_between(plain, alone, spec))
        start = time.perf_counter()
        found = accompany(engine, state, [spec.track_names[melody]], answers, seed=k)
        took.append(time.perf_counter() - start)
        heard = engine.render_all([each.state for each in found])
        assert all(np.array_equal(each[melody], roll[melody]) for each in heard)
        best.append(heard[0])
        every += [heard[j % len(heard)] for j in range(answers)]
    return np.stack(best), np.stack(every), took


def varied(engine: Engine, distance: float) -> float:
    """Mean share of notes that a seed's phrase and its variants do not have in common."""
    shares = []
    for seed in range(VARIED):
        state = PhraseState(seed)
        own = engine.render(state)[..., ONSET] != 0
        for other in engine.render_all(variants(engine, state, distance, 4, seed=seed)):
            theirs = other[..., ONSET] != 0
            shares.append(1 - 2 * (own & theirs).sum() / max(own.sum() + theirs.sum(), 1))
    return float(np.mean(shares))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data_dir", help="the songs; without them only variants are measured")
    parser.add_argument("--phrases", type=int, default=100)
    parser.add_argument("--answers", type=int, default=4)
    parser.add_argument("--checkpoint_dir", type=Path, nargs="+")
    args = parser.parse_args()
    for folder in args.checkpoint_dir or [CHECKPOINTS / name for name in NAMES]:
        engine = load(folder, sliders=False)
        spec, melody = engine.spec, melody_index(engine.spec)
        print(f"{engine.info.name}: share of notes changed at each distance of Vary")
        curve = "  ".join(f"{each:g}: {varied(engine, each):.2f}" for each in DISTANCES)
        print(f"  {curve}", flush=True)
        if not args.data_dir:
            continue
        real, songs = held_out(args.data_dir, spec, args.phrases)
        other = real[from_another_song(songs)]
        other[:, melody] = real[:, melody]
        drawn = engine.render_all([PhraseState(seed) for seed in range(len(real))])
        best, every, took = written_to(engine, real, args.answers)
        print(f"{len(real)} melodies{'':22} consonant  clashes in chord")
        print(row("real pair", real, real, spec))
        print(row("melody with another song", other, real, spec))
        print(row("seeds, with their own melody", np.stack(drawn), real, spec))
        print(row("all answers", every, np.repeat(real, args.answers, axis=0), spec))
        seconds = f"   {np.percentile(took, 50):.1f} s for {args.answers} (p50)"
        print(row("the best of them", best, real, spec, seconds), flush=True)


if __name__ == "__main__":
    main()
