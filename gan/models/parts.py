"""The parts of a checkpoint folder as one consistent set.

Each part, such as `weights.npz`, lies in a file that is named after its digest, such as
`weights-0123456789abcdef.npz`. `manifest.json` says which file holds which part and is replaced
last, so that a reader finds the set before a change or the one after it, whenever it looks and
wherever a writer is killed. A folder of an earlier version has no manifest: its parts lie under
their plain names, until they are replaced.
"""

from __future__ import annotations

import hashlib
import re
import stat
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gan.errors import CheckpointError
from gan.files import JSON_MAX, json_bytes, locked, parse_json, remove_leftovers, write_bytes
from gan.models.arrays import ARRAYS_MAX

MANIFEST = "manifest.json"
FORMAT = 1
PARTS = (
    "config.json",
    "weights.npz",
    "measures.json",
    "reference.npz",
    "directions.json",
    "directions.npz",
    "preview.json",
    "card.json",
    "map.npz",
)
LOCK = ".write.lock"
TRIES = 200  # at a set that others keep replacing
PAUSE = 0.005  # seconds between them


@dataclass(frozen=True)
class Part:
    """The file of a part, and the SHA-256 of its bytes; None where it is not known yet."""

    file: str
    sha256: str | None = None


def listed(folder: Path) -> dict[str, Part]:
    """The parts that a folder has, by name; `CheckpointError` where its manifest is damaged."""
    path = folder / MANIFEST
    try:
        values = parse_json(_bytes_of(path, JSON_MAX))
        if values["format"] != FORMAT:
            other = str(values["format"])[:20]
            raise CheckpointError(f"{path} has format {other}, but this program reads {FORMAT}.")
        found = {name: Part(**entry) for name, entry in values["parts"].items()}
        wrong = [name for name, part in found.items() if not _names(part, name)]
    except (FileNotFoundError, NotADirectoryError):
        return {name: Part(name) for name in PARTS if (folder / name).is_file()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path} is damaged ({_short(error)}).") from error
    if wrong:
        raise CheckpointError(f"{path} is damaged: its entry of {wrong[0]!r} names no such file.")
    return found


def read_parts(folder: Path, names: Iterable[str]) -> dict[str, bytes]:
    """The bytes of those of the named parts that there are, all of one set.

    `CheckpointError` where one is damaged, or is listed and missing.
    """
    return snapshot(folder, names)[1]


def snapshot(folder: Path, names: Iterable[str]) -> tuple[dict[str, Part], dict[str, bytes]]:
    """All parts of a set as `listed`, and the bytes of the named ones as `read_parts`."""
    names = tuple(names)
    for _ in range(TRIES):
        parts = listed(folder)
        try:
            data = {name: _read(folder, name, parts[name]) for name in names if name in parts}
            return parts, data
        except FileNotFoundError as error:
            if listed(folder) == parts:
                raise CheckpointError(
                    f"{error.filename} is missing; train again or restore the file."
                ) from None
        time.sleep(PAUSE)  # replaced meanwhile
    raise CheckpointError(f"{folder} is being replaced all the time; try again later.")


def read_part(folder: Path, name: str) -> bytes | None:
    """The bytes of one part, None where the folder has none."""
    return read_parts(folder, [name]).get(name)


def path_of(folder: Path, name: str) -> Path:
    """Where a part lies now, or would lie in a folder without a manifest."""
    return folder / listed(folder).get(name, Part(name)).file


def write_parts(folder: Path, parts: Mapping[str, bytes]) -> None:
    """Replace these parts, and keep the others; all at once for whoever reads."""
    with locked(folder / LOCK):
        before = listed(folder)
        after = {
            name: part if part.sha256 else Part(part.file, sha256_of(_read(folder, name, part)))
            for name, part in before.items()
            if name not in parts
        }
        for name, data in parts.items():
            after[name] = _stored(folder, name, data)
        entries = {name: {"file": part.file, "sha256": part.sha256} for name, part in after.items()}
        write_bytes(folder / MANIFEST, json_bytes({"format": FORMAT, "parts": entries}))
        _tidy(folder, after)


def _stored(folder: Path, name: str, data: bytes) -> Part:
    digest, place = sha256_of(data), Path(name)
    part = Part(f"{place.stem}-{digest[:16]}{place.suffix}", digest)
    try:
        _read(folder, name, part)  # as it is already
    except (CheckpointError, OSError):
        write_bytes(folder / part.file, data)
    return part


def _tidy(folder: Path, parts: Mapping[str, Part]) -> None:
    """Remove files of parts that the manifest does not name, and what killed writers left."""
    remove_leftovers(folder)
    kept = {part.file for part in parts.values()}
    for name in parts:
        for path in folder.glob(f"{Path(name).stem}*{Path(name).suffix}"):
            if path.name not in kept and _names(Part(path.name), name):
                with suppress(OSError):
                    path.unlink()


def _names(part: Part, name: str) -> bool:
    """Whether a part's file is one that `name` may lie in."""
    stem, suffix = (re.escape(each) for each in (Path(name).stem, Path(name).suffix))
    digest = part.sha256 is None or re.fullmatch("[0-9a-f]{64}", part.sha256)
    return bool(digest and re.fullmatch(f"{stem}(-[0-9a-f]{{16}})?{suffix}", part.file))


def _read(folder: Path, name: str, part: Part) -> bytes:
    """The bytes of a part; `FileNotFoundError` where they are not there."""
    path = folder / part.file
    try:
        data = _bytes_of(path, JSON_MAX if name.endswith(".json") else ARRAYS_MAX)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read ({_short(error)}).") from error
    if part.sha256 is not None and sha256_of(data) != part.sha256:
        raise CheckpointError(
            f"{path} is damaged: it is not what {MANIFEST} names; train again or restore the file."
        )
    return data


def _bytes_of(path: Path, most: int) -> bytes:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is no file")
    if status.st_size > most:
        raise ValueError(f"it has more than {most >> 20} MiB")
    return path.read_bytes()


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
