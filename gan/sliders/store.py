"""Directions on disk, beside the checkpoint they belong to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan.errors import CheckpointError
from gan.files import write_arrays, write_json
from gan.models.checkpoint import CheckpointInfo, read_arrays
from gan.music.attributes import ATTRIBUTES
from gan.sliders.directions import Direction, words_of

# Tilts as they were called when they had names of their own, and which way they went.
FORMER_TILTS = {
    "sixteenths": ("off_sixteenth", 1.0),
    "beats": ("on_beat", 1.0),
    "steady": ("rhythm_repetition", 1.0),
    "same": ("repetition", 1.0),
    "height": ("register", 1.0),
    "length": ("note_length", 1.0),
    "reuse": ("pitch_classes", -1.0),
    "minor": ("minorness", 1.0),
    "black": ("in_scale", -1.0),
    "smooth": ("stepwise_melody", 1.0),
    "chord": ("melody_in_chord", 1.0),
    "spread": ("range", 1.0),
}


def save_directions(
    info: CheckpointInfo, directions: Sequence[Direction], tilts: Sequence[str] = ()
) -> None:
    """`directions.npz` with the vectors, `directions.json` with names and effects.

    `tilts` names what the vectors hold behind the plan.
    """
    write_arrays(
        info.path / "directions.npz",
        {"vectors": np.stack([direction.vector for direction in directions])},
    )
    write_json(
        info.path / "directions.json",
        {
            "weights": info.digest,
            "tilts": list(tilts),
            "directions": [
                {
                    "id": direction.id,
                    "label": direction.label,
                    "help": direction.help,
                    "kind": direction.kind,
                    "effects": direction.effects,
                    "spearman": direction.spearman,
                }
                for direction in directions
            ],
        },
    )


def load_directions(
    info: CheckpointInfo, plan_dim: int, tilts: Sequence[str] = ()
) -> list[Direction]:
    """The stored directions, their vectors over the plan and `tilts`.

    Labels and help texts are those of the attributes' table, whatever they were when stored. An
    empty list where there are none for these weights, or where they use tilts that these weights
    do not have. Raises `CheckpointError` where the files are damaged.
    """
    listing = info.path / "directions.json"
    if not listing.is_file():
        return []
    vectors = read_arrays(info.path / "directions.npz").get("vectors")
    try:
        values = json.loads(listing.read_text(encoding="utf-8"))
        entries = values["directions"]
        names, signs = _present(values.get("tilts", ()))
        if values["weights"] != info.digest:
            return []  # of earlier weights; better none than sliders that lie
        if vectors is None or vectors.shape != (len(entries), plan_dim + len(names)):
            raise CheckpointError(f"{listing} and directions.npz do not fit each other.")
        if not set(names) <= set(tilts):
            return []
        found = np.zeros((len(entries), plan_dim + len(tilts)), np.float32)
        found[:, :plan_dim] = vectors[:, :plan_dim]
        for column, name in enumerate(names):
            moved = signs[column] * vectors[:, plan_dim + column]
            found[:, plan_dim + list(tilts).index(name)] = moved
        return [_direction(entry, vector) for entry, vector in zip(entries, found, strict=True)]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{listing} is damaged ({error}).") from error


def _present(tilts: Sequence[str]) -> tuple[list[str], list[float]]:
    """Stored tilts, `TRACK.name`, by the names that they have now, and their signs."""
    names, signs = [], []
    for each in tilts:
        track, _, kind = each.rpartition(".")
        name, sign = FORMER_TILTS.get(kind, (kind, 1.0))
        names.append(f"{track}.{name}")
        signs.append(sign)
    return names, signs


def _direction(entry: Mapping[str, Any], vector: NDArray[np.float32]) -> Direction:
    direction = Direction(vector=vector, **entry)
    if direction.kind != "named" or direction.id.rpartition(".")[2] not in ATTRIBUTES:
        return direction
    label, text = words_of(direction.id)
    return replace(direction, label=label, help=text)
