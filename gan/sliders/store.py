"""Directions on disk, beside the checkpoint they belong to."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from gan.errors import CheckpointError
from gan.files import write_arrays, write_json
from gan.models.checkpoint import CheckpointInfo, read_arrays
from gan.sliders.directions import Direction


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

    An empty list where there are none for these weights, or where they lean on tilts of another
    name. Raises `CheckpointError` where the files are damaged.
    """
    listing = info.path / "directions.json"
    if not listing.is_file():
        return []
    vectors = read_arrays(info.path / "directions.npz").get("vectors")
    try:
        values = json.loads(listing.read_text(encoding="utf-8"))
        entries, names = values["directions"], list(values.get("tilts", ()))
        if values["weights"] != info.digest:
            return []  # of earlier weights; better none than sliders that lie
        if vectors is None or vectors.shape != (len(entries), plan_dim + len(names)):
            raise CheckpointError(f"{listing} and directions.npz do not fit each other.")
        if not set(names) <= set(tilts):
            return []
        found = np.zeros((len(entries), plan_dim + len(tilts)), np.float32)
        found[:, :plan_dim] = vectors[:, :plan_dim]
        for column, name in enumerate(names):
            found[:, plan_dim + list(tilts).index(name)] = vectors[:, plan_dim + column]
        return [
            Direction(vector=vector, **entry) for entry, vector in zip(entries, found, strict=True)
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{listing} is damaged ({error}).") from error
