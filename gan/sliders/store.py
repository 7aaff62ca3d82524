"""Directions on disk, parts of the checkpoint that they belong to."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from gan.errors import CheckpointError
from gan.files import arrays_bytes, json_bytes, parse_json
from gan.models.arrays import parse_arrays
from gan.models.checkpoint import CheckpointInfo, Number
from gan.models.parts import read_parts, write_parts
from gan.music.attributes import ATTRIBUTES
from gan.sliders.directions import FURTHEST, Direction, words_of

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

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Below = Annotated[float, Meta(ge=-FURTHEST, lt=0.0)]
Above = Annotated[float, Meta(gt=0.0, le=FURTHEST)]

LISTING, VECTORS = "directions.json", "directions.npz"
log = logging.getLogger(__name__)


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    """A `Direction` without its vector; what older ones lack has its default."""

    id: str
    label: str
    help: str
    kind: str
    effects: dict[str, Number]
    spearman: Number = 0.0
    attribute: str = ""
    track: str = ""
    kept: Share | None = None
    low: Below = -FURTHEST
    high: Above = FURTHEST
    offered: bool = True


class _Listing(msgspec.Struct):
    """`directions.json`: the digest of the weights, tilts behind the plan, and the entries."""

    weights: str
    directions: list[_Entry]
    tilts: list[str] = []


def save_directions(
    info: CheckpointInfo, directions: Sequence[Direction], tilts: Sequence[str] = ()
) -> None:
    """`directions.npz` with the vectors, `directions.json` with names and effects, in one go.

    `tilts` names what the vectors hold behind the plan.
    """
    entries = [
        {name: getattr(direction, name) for name in _Entry.__struct_fields__}
        for direction in directions
    ]
    listing = {"weights": info.digest, "tilts": list(tilts), "directions": entries}
    vectors = np.stack([direction.vector for direction in directions])
    write_parts(
        info.path,
        {LISTING: json_bytes(listing), VECTORS: arrays_bytes({"vectors": vectors})},
    )


def load_directions(
    info: CheckpointInfo, plan_dim: int, tilts: Sequence[str] = ()
) -> list[Direction]:
    """The stored directions, their vectors over the plan and `tilts`.

    Labels and help texts are those of the attributes' table, whatever they were when stored. An
    empty list where there are none for these weights, or where they use tilts that these weights
    do not have. Raises `CheckpointError` where the files are damaged.
    """
    stored = _stored(info, plan_dim)
    if stored is None:
        return []
    listing, vectors = stored
    names, signs = _present(listing.tilts)
    if not set(names) <= set(tilts):
        return []
    found = np.zeros((len(vectors), plan_dim + len(tilts)), np.float32)
    found[:, :plan_dim] = vectors[:, :plan_dim]
    for column, (name, sign) in enumerate(zip(names, signs, strict=True)):
        found[:, plan_dim + list(tilts).index(name)] = sign * vectors[:, plan_dim + column]
    return [
        _direction(entry, vector) for entry, vector in zip(listing.directions, found, strict=True)
    ]


def _stored(info: CheckpointInfo, plan_dim: int) -> tuple[_Listing, NDArray[np.float32]] | None:
    """The listing and the vectors `(direction, plan_dim + tilt)`, where they are of these weights.

    Of earlier weights is as good as none: better no sliders than sliders that lie.
    """
    data = read_parts(info.path, (LISTING, VECTORS))
    if LISTING not in data:
        return None
    try:
        listing = msgspec.convert(parse_json(data[LISTING]), _Listing)
        if listing.weights != info.digest:
            return None
        vectors = parse_arrays(data[VECTORS])["vectors"].astype(np.float32)
    except (msgspec.ValidationError, ValueError, KeyError) as error:
        raise CheckpointError(f"{info.path / LISTING} is damaged ({error}).") from error
    shape = (len(listing.directions), plan_dim + len(listing.tilts))
    if vectors.shape != shape or not np.isfinite(vectors).all():
        raise CheckpointError(f"{info.path / LISTING} and {VECTORS} do not fit each other.")
    return listing, vectors


def usable_directions(
    info: CheckpointInfo, plan_dim: int, tilts: Sequence[str] = ()
) -> list[Direction]:
    """As `load_directions`, but none where they are damaged: a generator works without."""
    try:
        return load_directions(info, plan_dim, tilts)
    except CheckpointError as error:
        log.warning("%s", error)
        return []


def _present(tilts: Sequence[str]) -> tuple[list[str], list[float]]:
    """Stored tilts, `TRACK.name`, by the names that they have now, and their signs."""
    names, signs = [], []
    for each in tilts:
        track, _, kind = each.rpartition(".")
        name, sign = FORMER_TILTS.get(kind, (kind, 1.0))
        names.append(f"{track}.{name}")
        signs.append(sign)
    return names, signs


def _direction(entry: _Entry, vector: NDArray[np.float32]) -> Direction:
    direction = Direction(vector=vector, **msgspec.structs.asdict(entry))
    name = direction.measure
    if direction.kind != "named" or name.rpartition(".")[2] not in ATTRIBUTES:
        return direction
    label, text = words_of(name)
    return replace(direction, label=label, help=text)
