"""Ingested phrases on disk: `.npy` arrays that can be memory-mapped, and a JSON manifest.

An entry is a folder named after the content of its source files and every setting that
shapes the phrases. It is written beside its place and renamed, so an entry is whole or not
there. To find the key without reading every file again, `stamps/` maps the files' names,
sizes and times to the key of their content; a file that was written to has another stamp.

Who writes holds a shared lock on the cache folder; what begins with a dot while nobody does was
left by a process that was killed, and is removed by the next one that writes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import platformdirs

from gan.data.dataset import Dataset
from gan.data.phrases import Facts, Phrases
from gan.errors import DataError, SpecError
from gan.files import PRODUCT, write_json
from gan.music.rolls import packed_size
from gan.spec import RollSpec, spec_from_dict, spec_to_dict

if sys.platform != "win32":  # where nothing is locked, and nothing cleaned up
    import fcntl

FORMAT = 2
_LEFTOVER = re.compile(r"\.[0-9a-f]{24}\..+")
_ARRAYS = ("bits", "song", "start_bar", "shift", "minor")


@dataclass(frozen=True)
class Written:
    """What `write_entry` collected beside the arrays."""

    song_names: tuple[str, ...]
    phrases: int
    sparse: int
    refused: dict[str, str]
    songs: list[Facts]


@dataclass(frozen=True)
class Stamp:
    """What files of some names, sizes and times are known to hold.

    `key` names their entry, `why` says in a sentence which scheme was used and why.
    """

    key: str
    why: str


def default_cache_dir() -> Path:
    """Where the platform keeps a user's caches, in a folder of this program's own."""
    return Path(platformdirs.user_cache_dir(PRODUCT, appauthor=False))


def stamp_of(files: Sequence[Path], root: Path, settings: Mapping[str, Any]) -> str:
    """A key of the files' names, sizes and times of change, with the settings."""
    digest = _digest(settings)
    digest.update(str(root.resolve()).encode(errors="surrogateescape"))
    for path in files:
        status = path.stat()
        changed = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        digest.update(f"\n{path.relative_to(root)}\t{changed}".encode(errors="surrogateescape"))
    return digest.hexdigest()[:24]


def content_of(
    files: Sequence[Path], root: Path, settings: Mapping[str, Any]
) -> tuple[str, list[bytes]]:
    """A key of the files' names and bytes, with the settings; and a digest of each file."""
    digest = _digest(settings)
    digests = []
    for path in files:
        digests.append(_file_digest(path))
        digest.update(f"\n{path.relative_to(root)}\t".encode(errors="surrogateescape"))
        digest.update(digests[-1])
    return digest.hexdigest()[:24], digests


def _digest(settings: Mapping[str, Any]) -> hashlib._Hash:
    text = json.dumps({"format": FORMAT, **settings}, sort_keys=True)
    return hashlib.sha256(text.encode())


def _file_digest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b""  # refused later, with its reason


def read_stamp(cache_dir: Path, stamp: str) -> Stamp | None:
    """What is noted for files with `stamp`, if anything."""
    try:
        values = json.loads((cache_dir / "stamps" / f"{stamp}.json").read_text())
        return Stamp(key=str(values["key"]), why=str(values["why"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_stamp(cache_dir: Path, stamp: str, noted: Stamp) -> None:
    """Note what files with `stamp` hold."""
    with _writing(cache_dir):
        write_json(cache_dir / "stamps" / f"{stamp}.json", asdict(noted))


def write_entry(
    cache_dir: Path,
    key: str,
    spec: RollSpec,
    *,
    phrases: Iterable[Phrases],
) -> Written:
    """Stream the phrases of each song to the entry `key`.

    Only one song's phrases are in memory at a time.
    """
    with _writing(cache_dir):
        beside = Path(tempfile.mkdtemp(prefix=f".{key}.", dir=cache_dir))
        try:
            return _write_beside(beside, cache_dir / key, spec, phrases)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


@contextmanager
def _writing(cache_dir: Path) -> Iterator[None]:
    """Hold the cache folder for writing; what killed writers left in it is removed first."""
    cache_dir.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        yield
        return
    handle = os.open(cache_dir, os.O_RDONLY)
    try:
        if _locked(handle, fcntl.LOCK_EX | fcntl.LOCK_NB):
            _remove_leftovers(cache_dir)
        _locked(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)  # and with it the lock


def _locked(handle: int, kind: int) -> bool:
    """Whether the lock was granted; never where the file system knows no locks."""
    try:
        fcntl.flock(handle, kind)
    except OSError:
        return False
    return True


def _remove_leftovers(cache_dir: Path) -> None:
    # By their very names: the folder may hold other things, as a home folder does.
    for left in [*cache_dir.glob(".*"), *(cache_dir / "stamps").glob(".*")]:
        if not _LEFTOVER.fullmatch(left.name):
            continue
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _write_beside(
    beside: Path,
    place: Path,
    spec: RollSpec,
    phrases: Iterable[Phrases],
) -> Written:
    written = _write_arrays(beside, spec, phrases)
    record = {
        "format": FORMAT,
        "spec": spec_to_dict(spec),
        "song_names": written.song_names,
        "phrases": written.phrases,
        "sparse": written.sparse,
        "refused": written.refused,
        "songs": [asdict(song) for song in written.songs],
    }
    (beside / "manifest.json").write_text(json.dumps(record, indent=1))
    _move_into_place(beside, place)
    return written


def _move_into_place(beside: Path, place: Path) -> None:
    if place.exists():  # damaged, or another process was faster: both end with a whole entry
        shutil.rmtree(place, ignore_errors=True)
    try:
        beside.replace(place)
    except OSError:
        if not (place / "manifest.json").is_file():
            raise


def _write_arrays(folder: Path, spec: RollSpec, phrases: Iterable[Phrases]) -> Written:
    names: list[str] = []
    refused: dict[str, str] = {}
    songs: list[Facts] = []
    columns: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in _ARRAYS[1:]}
    count = sparse = 0
    width = packed_size(spec)
    with (folder / "bits.npy").open("wb") as file:
        _write_header(file, 0, width)
        for part in phrases:
            sparse += part.sparse
            if part.refused:
                refused[part.name] = part.refused
                continue
            file.write(np.ascontiguousarray(part.bits).tobytes())
            columns["song"].append(np.full(len(part), len(names), dtype=np.int32))
            columns["start_bar"].append(part.start_bar)
            columns["shift"].append(part.shift)
            columns["minor"].append(part.minor)
            names.append(part.name)
            if part.facts is not None:
                songs.append(part.facts)
            count += len(part)
        file.seek(0)
        _write_header(file, count, width)
    dtypes = {"song": np.int32, "start_bar": np.int32, "shift": np.int8, "minor": np.bool_}
    for name, dtype in dtypes.items():
        parts = [np.zeros(0, dtype), *columns[name]]
        np.save(folder / f"{name}.npy", np.concatenate(parts).astype(dtype), allow_pickle=False)
    return Written(tuple(names), count, sparse, refused, songs)


def _write_header(file: Any, count: int, width: int) -> None:
    """The `.npy` header; NumPy pads it so that the first axis can grow without moving data."""
    header = {"descr": "|u1", "fortran_order": False, "shape": (count, width)}
    np.lib.format.write_array_header_1_0(file, header)


def read_entry(cache_dir: Path, key: str) -> tuple[Dataset, Written] | None:
    """The entry's dataset, its bits mapped from disk, and what was noted with it.

    None where there is no whole entry of this format: it is then made again.
    """
    folder = cache_dir / key
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        if manifest.get("format") != FORMAT:
            return None
        arrays = {
            name: np.load(
                folder / f"{name}.npy",
                mmap_mode="r" if name == "bits" and manifest["phrases"] else None,
                allow_pickle=False,
            )
            for name in _ARRAYS
        }
        names = tuple(manifest["song_names"])
        spec = spec_from_dict(manifest["spec"])
        dataset = Dataset(spec=spec, song_names=names, **arrays)
        noted = Written(
            song_names=names,
            phrases=len(dataset),
            sparse=int(manifest["sparse"]),
            refused=dict(manifest["refused"]),
            songs=[Facts(**{**one, "notes": tuple(one["notes"])}) for one in manifest["songs"]],
        )
    except (OSError, ValueError, TypeError, KeyError, EOFError, SpecError, DataError):
        return None
    return dataset, noted
