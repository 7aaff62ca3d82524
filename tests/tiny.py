"""A generator and a data set small enough that a test trains them in a second."""

from __future__ import annotations

import numpy as np

from gan.data.dataset import Dataset
from gan.models.config import ModelConfig
from gan.music.rolls import pack, roll_from_notes
from gan.spec import RollSpec, Track

SPEC = RollSpec(
    tracks=(Track("LEAD", 73, monophonic=True), Track("CHORDS", 0), Track("KIT", is_drum=True)),
    bars=2,
    pitch_min=48,
    pitches=24,
)
MODEL = ModelConfig(
    shared=8,
    per_track=4,
    per_bar=4,
    width=16,
    trunk_blocks=1,
    encoder_blocks=1,
    track_width=16,
    step_width=8,
    heads=2,
)


def phrase(rng: np.random.Generator) -> np.ndarray:
    """A scale in the lead, a chord a bar, a kick on every beat."""
    start = int(rng.integers(60, 66))
    lead = [(4 * k, 4 * k + int(rng.integers(1, 5)), start + int(k % 4)) for k in range(8)]
    chords = [(16 * b, 16 * b + 12, 48 + p + b) for b in range(2) for p in (0, 4, 7)]
    kit = [(4 * k, 4 * k + 1, 50) for k in range(8)]
    return roll_from_notes([np.array(notes, np.int32) for notes in (lead, chords, kit)], SPEC)


def dataset(songs: int = 6, phrases: int = 8) -> Dataset:
    """`songs` songs of `phrases` phrases each."""
    rng = np.random.default_rng(0)
    rolls = np.stack([phrase(rng) for _ in range(songs * phrases)])
    count = len(rolls)
    return Dataset(
        spec=SPEC,
        bits=pack(rolls),
        song=np.repeat(np.arange(songs, dtype=np.int32), phrases),
        song_names=tuple(f"song-{k}" for k in range(songs)),
        start_bar=np.tile(np.arange(phrases, dtype=np.int32), songs),
        shift=np.zeros(count, np.int8),
        minor=np.zeros(count, bool),
    )


def lively(weights: dict[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights large enough that an untrained generator writes different phrases.

    The prior stays as it is: a random flow would send latents out of all bounds. So do the
    sampler's thresholds.
    """
    kept = ("prior/", "sampler/")
    return {
        name: values if name.startswith(kept) else rng.normal(0, 0.6, values.shape)
        for name, values in weights.items()
    }
