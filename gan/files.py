"""Files written whole, and where a user's own files live.

A file is written beside its place, synced and renamed, so that a reader sees the old file or
the new one, and a crash leaves the old one. Errors of the file system are `OSError`s that name
the file.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np
import platformdirs
from numpy.typing import NDArray

from gan.errors import DataError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

PRODUCT = "latent-music-explorer"
FORMER = "musical-gan"  # the folder of the first version
JSON_MAX = 8 << 20  # bytes
PROBE = 1 << 16  # bytes
_LEFTOVER = re.compile(r"\..+\.(\d+)\.tmp")


def user_folder(product: str = PRODUCT) -> Path:
    """Where the platform keeps a user's data; `GAN_DATA` names another place."""
    if "GAN_DATA" in os.environ:
        return Path(os.environ["GAN_DATA"])
    return Path(platformdirs.user_data_dir(product, appauthor=False))


@contextmanager
def _written(path: Path) -> Iterator[IO[bytes]]:
    """A file beside `path` that takes its place once it is whole."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


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


def must_be_writable(folder: Path, what: str, *, any_name: bool = False) -> None:
    """`DataError` unless `folder`, there or to be made, can be written to; `what` names it.

    To be asked before long work whose result would go there. Leaves nothing behind. TensorFlow
    writes to names in UTF-8 only; with `any_name` others will do.
    """
    try:
        place = folder.expanduser().absolute()
        while not os.path.lexists(place):
            place = place.parent
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(bytes(PROBE))
            file.flush()
        if not any_name:
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
    with _written(path) as file:
        file.write(data)


def json_bytes(values: Mapping[str, Any]) -> bytes:
    """Values as JSON text."""
    return (json.dumps(values, indent=1, sort_keys=True) + "\n").encode()


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """JSON by `write_bytes`."""
    write_bytes(path, json_bytes(values))


def parse_json(data: bytes | str) -> Any:
    """The value of a JSON text; `ValueError` for one that is too long, too deep or no JSON.

    NaN and infinite numbers are no JSON.
    """
    if len(data) > JSON_MAX:
        raise ValueError(f"more than {JSON_MAX >> 20} MiB of JSON")
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None


def arrays_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Arrays as the bytes of an .npz file."""
    buffer = io.BytesIO()
    _save_arrays(buffer, arrays)
    return buffer.getvalue()


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Arrays as an .npz file, beside and renamed."""
    with _written(path) as file:
        _save_arrays(file, arrays)


def _save_arrays(file: IO[bytes], arrays: Mapping[str, NDArray[Any]]) -> None:
    values: dict[str, Any] = {name: np.asarray(value) for name, value in arrays.items()}
    np.savez(file, allow_pickle=False, **values)


def remove_leftovers(folder: Path) -> None:
    """Remove files that writers which no longer run have left beside their places."""
    for path in folder.glob(".*.tmp"):
        found = _LEFTOVER.fullmatch(path.name)
        if found and not _runs(int(found[1])):
            with suppress(OSError):
                path.unlink()


def _runs(pid: int) -> bool:
    """Whether there is such a process; yes where that cannot be told."""
    if sys.platform == "win32":
        return pid == os.getpid()
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a lock that all processes share, in a file that is there as long as it is held.

    Without `wait`, `BlockingIOError` is raised where another one holds it. A process that dies
    lets go of it.
    """
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
        try:
            _lock(file, wait=wait)
            # Whoever held it may have removed the file meanwhile.
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                break
        except FileNotFoundError:
            pass
        except BaseException:
            file.close()
            raise
        file.close()
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        file.close()


def _lock(file: IO[bytes], *, wait: bool) -> None:
    if sys.platform == "win32":
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from error
    else:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
