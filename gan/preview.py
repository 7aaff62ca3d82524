"""The phrase that a new session shows first: chosen once, stored beside the weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gan.engine import Engine, Rolls
from gan.errors import CheckpointError, SpecError
from gan.files import json_bytes
from gan.models.checkpoint import CheckpointInfo, load_generator
from gan.models.parts import write_parts
from gan.models.reading import read_json_part
from gan.music.rolls import notes_from_roll, roll_from_notes
from gan.phrase import SEED_MAX, PhraseState
from gan.spec import SOUNDING

PREVIEW = "preview.json"
CANDIDATES = 32  # seeds among which the phrase is chosen


def prepare(checkpoint_dir: str | Path, *, n: int = 4096, count: int = 8) -> None:
    """Store what the app shows of a checkpoint: sliders' directions, and the first phrase.

    Run after training; the weights are not touched.
    """
    from gan.quality.evaluation import songs_of
    from gan.sliders.directions import find_directions
    from gan.sliders.ranges import measured
    from gan.sliders.store import save_directions

    generator, info = load_generator(checkpoint_dir)
    directions = find_directions(generator, n=n, count=count)
    directions = measured(generator, directions, songs_of(info))
    save_directions(info, directions, generator.tilt_names)
    store_preview(Engine(generator, info, directions))


def store_preview(engine: Engine) -> None:
    """Choose and store a phrase in which every slider has something to move: of some seeds the
    first with the most bars of tracks that sound.
    """
    states = [PhraseState(seed=seed) for seed in range(CANDIDATES)]
    rolls = np.stack(engine.render_all(states))
    spec = engine.spec
    bars = rolls[..., SOUNDING].reshape(len(rolls), len(spec.tracks), spec.bars, -1)
    best = int(bars.any(axis=3).sum(axis=(1, 2)).argmax())
    notes = [track.tolist() for track in notes_from_roll(rolls[best], spec)]
    preview = {"weights": engine.info.digest, "seed": states[best].seed, "notes": notes}
    write_parts(engine.info.path, {PREVIEW: json_bytes(preview)})


def first_phrase(info: CheckpointInfo) -> PhraseState:
    """Where a new session begins; seed 0 unless a preview is stored for these very weights."""
    try:
        stored = read_json_part(info.path, PREVIEW) or {}
        if stored["weights"] == info.digest and 0 <= int(stored["seed"]) <= SEED_MAX:
            return PhraseState(seed=int(stored["seed"]))
    except (CheckpointError, ValueError, KeyError, TypeError, OverflowError):
        pass
    return PhraseState()


def read_preview(info: CheckpointInfo) -> Rolls | None:
    """The stored phrase of `first_phrase`, None where there is none; loads no TensorFlow."""
    stored = read_json_part(info.path, PREVIEW)
    if stored is None:
        return None
    try:
        tracks = [np.asarray(track, np.int32).reshape(-1, 3) for track in stored["notes"]]
        return roll_from_notes(tracks, info.spec)
    except (ValueError, LookupError, TypeError, OverflowError, SpecError) as error:
        raise CheckpointError(f"{info.path / PREVIEW} is damaged ({error}).") from error
