"""A map on disk, `map.npz`, a part of the checkpoint whose weights it was drawn with."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from gan.errors import CheckpointError
from gan.files import arrays_bytes
from gan.models.checkpoint import CheckpointInfo
from gan.models.parts import listed, read_part, write_parts
from gan.models.reading import parse_part
from gan.phrase import SEED_MAX
from gan.space.features import Scale
from gan.space.making import LEAST, MOST
from gan.space.space import Space
from gan.spec import RollSpec

MAP = "map.npz"


class _About(msgspec.Struct):
    """What is no number: the digest of the weights, and the names of the measures."""

    weights: str
    measures: list[str]


def save_space(info: CheckpointInfo, space: Space) -> None:
    """Store a map in the folder of its generator."""
    about = msgspec.json.encode(_About(info.digest, list(space.scale.names)))
    wide = space.spec.steps > 256
    arrays: dict[str, NDArray[Any]] = {
        "about": np.frombuffer(about, np.uint8),
        "low": space.scale.low,
        "high": space.scale.high,
        "seeds": space.seeds,
        "xy": space.xy,
        "family": space.family,
        "codes": space.codes,
        "chroma": space.chroma,
        "counts": space.counts,
        "notes": space.notes if wide else space.notes.astype(np.uint8),
    }
    write_parts(info.path, {MAP: arrays_bytes(arrays)})


def map_name(info: CheckpointInfo) -> str | None:
    """What tells a generator's map from another one, None where it has none."""
    part = listed(info.path).get(MAP)
    return part.sha256 or part.file if part else None


def load_space(info: CheckpointInfo) -> Space | None:
    """The map of a generator, None where there is none of these weights.

    Raises `CheckpointError` where the file is damaged. Loads neither TensorFlow nor scikit-learn.
    """
    data = read_part(info.path, MAP)
    if data is None:
        return None
    arrays = parse_part(info.path, MAP, data)
    try:
        about = msgspec.json.decode(arrays["about"].tobytes(), type=_About)
        if about.weights != info.digest:
            return None
        space = _space(arrays, about, info.spec)
        _check(space)
    except (msgspec.DecodeError, LookupError, ValueError, TypeError, AttributeError) as error:
        what = " ".join(str(error).split())[:200]
        raise CheckpointError(
            f"{info.path / MAP} is damaged ({what}); make the map again."
        ) from error
    return space


def _space(arrays: dict[str, NDArray[Any]], about: _About, spec: RollSpec) -> Space:
    low, high = (np.asarray(arrays[name], np.float64) for name in ("low", "high"))
    return Space(
        spec=spec,
        scale=Scale(tuple(about.measures), low, high),
        seeds=arrays["seeds"].astype(np.int32),
        xy=arrays["xy"].astype(np.float32),
        family=arrays["family"].astype(np.uint8),
        codes=arrays["codes"].astype(np.uint8),
        chroma=arrays["chroma"].astype(np.uint8),
        counts=arrays["counts"].astype(np.uint16),
        notes=arrays["notes"].astype(np.uint16),
    )


def _check(space: Space) -> None:
    """`ValueError` where the arrays do not fit each other, or hold what no map has."""
    n, measures, tracks = len(space.seeds), len(space.scale.names), len(space.spec.tracks)
    if not LEAST <= n <= MOST:
        raise ValueError(f"it has {n} phrases")
    shapes: dict[str, tuple[NDArray[Any], tuple[int, ...]]] = {
        "low": (space.scale.low, (measures,)),
        "high": (space.scale.high, (measures,)),
        "seeds": (space.seeds, (n,)),
        "xy": (space.xy, (n, 2)),
        "family": (space.family, (n,)),
        "codes": (space.codes, (n, measures)),
        "chroma": (space.chroma, (n, 12)),
        "counts": (space.counts, (n, tracks)),
        "notes": (space.notes, (int(space.counts.sum(dtype=np.int64)), 3)),
    }
    for name, (array, shape) in shapes.items():
        if array.shape != shape:
            raise ValueError(f"{name} has the shape {array.shape}, not {shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds what is no number")
    if not (space.scale.high > space.scale.low).all():
        raise ValueError("a measure has no range")
    if space.seeds.min() < 0 or space.seeds.max() > SEED_MAX or len(set(space.seeds)) < n:
        raise ValueError("its seeds are none")
    if np.abs(space.xy).max() > 1.0:
        raise ValueError("a phrase lies beside the map")
    onset, length, pitch = space.notes.T.astype(np.int64)
    top = space.spec.pitch_min + space.spec.pitches
    inside = (length > 0) & (onset + length <= space.spec.steps)
    if not (inside & (pitch >= space.spec.pitch_min) & (pitch < top)).all():
        raise ValueError("it holds notes outside of the roll")
