"""Files written whole, and where a user's own files live.

A file is written beside its place, synced and renamed, so that a reader sees the old file or
the new one, and a crash leaves the old one.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan.errors import DataError


def user_folder() -> Path:
    """Where the platform keeps a user's data; `GAN_DATA` names another place."""
    if "GAN_DATA" in os.environ:
        return Path(os.environ["GAN_DATA"])
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "musical-gan"
    base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "musical-gan"


def file_names(names: Sequence[str]) -> list[str]:
    """Names for files, made from any names: safe on every system, and no two alike.

    Small letters; what is not a letter, a digit or one of `-_` becomes `_`; of equal names the
    later ones are numbered.
    """
    found: list[str] = []
    for name in names:
        plain = "".join(one if one.isalnum() or one in "-_" else "_" for one in name.lower())
        plain = plain[:40] or "_"
        if re.fullmatch(r"con|prn|aux|nul|(com|lpt)\d", plain):  # devices on Windows
            plain += "_"
        number, unique = 1, plain
        while unique in found:
            number += 1
            unique = f"{plain}-{number}"
        found.append(unique)
    return found


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
