"""Files written whole, and where a user's own files live.

A file is written beside its place, synced and renamed, so that a reader sees the old file or
the new one, and a crash leaves the old one.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from gan.errors import DataError

PRODUCT = "latent-music-explorer"
FORMER = "musical-gan"  # the folder of the first version


def user_folder(product: str = PRODUCT) -> Path:
    """Where the platform keeps a user's data; `GAN_DATA` names another place."""
    if "GAN_DATA" in os.environ:
        return Path(os.environ["GAN_DATA"])
    return Path(platformdirs.user_data_dir(product, appauthor=False))


def must_be_writable(folder: Path, what: str) -> None:
    """`DataError` unless `folder`, there or to be made, can be written to; `what` names it.

    To be asked before long work whose result would go there. Leaves nothing behind.
    """
    try:
        place = folder.expanduser().absolute()
        while not os.path.lexists(place):
            place = place.parent
        with tempfile.TemporaryFile(dir=place):
            pass
        str(folder).encode()
    except NotADirectoryError:
        reason = "a file is in its way"
    except UnicodeEncodeError:
        reason = "its name is not UTF-8, as TensorFlow needs it"
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
    else:
        return
    shown = str(folder).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    raise DataError(f"{what} {shown} cannot be written to ({reason}): choose another.")


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
