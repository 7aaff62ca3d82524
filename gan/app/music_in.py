"""Music that a run of the Train page may learn from: files that were dropped, and what they hold.

Reading goes on in a thread, so that the page shows how far it is and stays alive.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gan.app.work import Progress, Work
from gan.data.dataset import Dataset
from gan.data.folder import SUFFIXES, list_music
from gan.data.ingest import Report, look_into
from gan.errors import DataError
from gan.spec import RollSpec
from gan.training.runs import runs_folder

FILE_MAX = 4 << 20  # bytes; a symphony has less than one
FILES_MAX = 2000
_reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read")


@dataclass(frozen=True)
class Wanted:
    """What is to be read: a folder or "bach", and by which scheme or for whose tracks."""

    data_dir: str
    scheme: str = "auto"
    like: RollSpec | None = None


@dataclass(frozen=True)
class Reading:
    """Music that is being read."""

    wanted: Wanted
    work: Work[tuple[Dataset, Report]]


def read(wanted: Wanted) -> Reading:
    """Begin to read; the future raises `DataError` for what cannot be."""

    def look(progress: Progress) -> tuple[Dataset, Report]:
        return look_into(
            wanted.data_dir, scheme=wanted.scheme, like=wanted.like, progress=progress, workers=1
        )

    return Reading(wanted, Work(_reader, look))


def keep_files(files: Iterable[tuple[str, bytes]]) -> Path:
    """Files by name in a folder of their own; the same files, the same folder.

    `DataError` for what is too large, or no music.
    """
    kept = list(files)
    if len(kept) > FILES_MAX:
        raise DataError(f"These are {len(kept):,} files: put them into a folder and give its name.")
    digest = hashlib.sha256()
    for name, data in kept:
        if len(data) > FILE_MAX:
            raise DataError(f"{name[:80]} has more than {FILE_MAX >> 20} MiB: leave it out.")
        digest.update(f"{name}:{len(data)}:".encode())
        digest.update(data)
    folder = runs_folder() / f".music-{digest.hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    beside = folder.with_name(f"{folder.name}.{os.getpid()}.tmp")
    beside.mkdir(parents=True, exist_ok=True)
    for number, (name, data) in enumerate(kept):
        plain = Path(name.replace("\\", "/")).name
        suffix = Path(plain).suffix.lower()
        if suffix not in SUFFIXES:
            suffix = ".mid"
        (beside / f"{number:04}-{Path(plain).stem[:80] or 'file'}{suffix}").write_bytes(data)
    try:
        beside.rename(folder)
    except OSError:  # another tab was first
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def copy_without(data_dir: Path, left_out: Sequence[str], goal: Path) -> None:
    """Copy a folder's music to `goal`, without the songs of these names (paths under it)."""
    for path in list_music(data_dir).files:
        name = path.relative_to(data_dir)
        if name.as_posix() in left_out:
            continue
        (goal / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, goal / name)
