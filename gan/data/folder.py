"""The music files of a folder tree, and what else is in it.

Nothing is left out without a count: the report names every kind.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gan.errors import DataError

SUFFIXES = (".mid", ".midi", ".kar", ".rmi", ".smf")
"""Endings of MIDI files: karaoke files (.kar) and MIDI in RIFF (.rmi) among them."""

_SYSTEM = re.compile(r"__MACOSX|\.git|\.Trash.*|\$RECYCLE\.BIN", re.IGNORECASE)
"""Folders in which systems keep what a user does not see. Others may begin with a dot."""

_MAC_COPY = "._"
"""What begins the name of a file in which a Mac keeps what other file systems cannot hold."""


@dataclass
class Listing:
    """`files` are the MIDI files in order of their paths; `left_out` counts the rest by kind."""

    files: list[Path] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def list_music(root: Path) -> Listing:
    """Every MIDI file under `root`, by name; links to files and folders are followed.

    A folder that is reached in several ways is read once. Raises `DataError` for a folder that
    the user has no right to list.
    """
    found = Listing()
    _list(root, found, set())
    found.files.sort()
    return found


def printable(name: str) -> str:
    """A file's name as text: bytes that are not UTF-8 as `\\x..`."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def folder_name(data_dir: str | Path) -> str:
    """A name for what is made from a folder, in small letters and without what is not UTF-8."""
    name = Path(data_dir).expanduser().resolve().name
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace").lower() or "music"


def told(left_out: Mapping[str, int], *, most: int = 8) -> str:
    """The counts of a `Listing` in words, the larger ones first."""
    counts = sorted(left_out.items(), key=lambda one: (-one[1], one[0]))
    words = [f"{count:,} {kind}" for kind, count in counts[:most]]
    rest = sum(count for _, count in counts[most:])
    return ", ".join([*words, *([f"{rest:,} others"] if rest else [])])


def _list(folder: Path, found: Listing, seen: set[tuple[int, int]]) -> None:
    try:
        status = folder.stat()
        # What may be listed but not entered (mode 644) would show names of files that nobody
        # can open.
        if not os.access(folder, os.R_OK | os.X_OK):
            raise PermissionError
        # Links last: of two ways to a folder the one without a link counts.
        entries = sorted(os.scandir(folder), key=lambda one: (one.is_symlink(), one.name))
    except OSError as error:
        raise DataError(
            f"The folder {printable(str(folder))} cannot be read: give yourself the right to"
            " (chmod u+rx) or move it elsewhere."
        ) from error
    if (status.st_dev, status.st_ino) in seen:
        found.left_out["folder reached twice"] += 1
        return
    seen.add((status.st_dev, status.st_ino))
    for entry in entries:
        if not entry.is_dir():
            _sort_in(entry, found)
        elif _SYSTEM.fullmatch(entry.name):
            found.left_out["system folder"] += 1
        else:
            _list(folder / entry.name, found, seen)


def _sort_in(entry: os.DirEntry[str], found: Listing) -> None:
    """Take a file, or count it under the kind that it is."""
    name = printable(entry.name).lower()
    if not name.endswith(SUFFIXES):
        found.left_out[Path(name).suffix or "no ending"] += 1
    elif name.startswith(_MAC_COPY):
        found.left_out["copy by a Mac (._)"] += 1
    elif not entry.is_file():
        found.left_out["link to nothing"] += 1
    else:
        found.files.append(Path(entry.path))
