"""Files written whole, and where a user's own files live.

A file is written beside its place, synced and renamed, so that a reader sees the old file or
the new one, and a crash leaves the old one.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def user_folder() -> Path:
    """Where the platform keeps a user's data; `GAN_DATA` names another place."""
    if "GAN_DATA" in os.environ:
        return Path(os.environ["GAN_DATA"])
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "musical-gan"
    base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "musical-gan"


def write_bytes(path: Path, data: bytes) -> None:
    """Write beside and rename, so that a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """JSON by `write_bytes`."""
    write_bytes(path, (json.dumps(values, indent=1, sort_keys=True) + "\n").encode())


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Arrays as an .npz file, beside and renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            values: dict[str, Any] = {name: np.asarray(value) for name, value in arrays.items()}
            np.savez(file, allow_pickle=False, **values)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
