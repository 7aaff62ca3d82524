"""What outlives the server: favourites, documents too long for an address, the last session.

One SQLite file in the user's folder, so that several processes may keep things at once and
nothing is lost. Documents are stored as text (`gan.app.document.to_text`) and are only read when
they are opened; an entry that this version does not understand stays as it is. The file of
favourites that the first version wrote is taken in once, and left where it is.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from msgspec import Meta

from gan.app.lenient import read_leniently
from gan.errors import GanError
from gan.files import FORMER, user_folder

VERSION = 2  # of the tables; 2 has kinds of favourites
FAVOURITES_MAX = 500
STORED_MAX = 2000  # documents too long for an address; the oldest are forgotten
NAME_MAX = 60
WAIT_SECONDS = 10.0  # for another process that is writing

TABLES = """
CREATE TABLE favourites (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    generator TEXT NOT NULL,
    address TEXT NOT NULL,
    saved REAL NOT NULL,
    kind TEXT NOT NULL DEFAULT '',
    UNIQUE (name, generator)
);
CREATE TABLE stored (name TEXT PRIMARY KEY, text TEXT NOT NULL, saved REAL NOT NULL);
"""


KINDS = "ALTER TABLE favourites ADD COLUMN kind TEXT NOT NULL DEFAULT ''"
OWN = "own"  # the kind of phrases that a user brought


@dataclass(frozen=True)
class Favourite:
    """A named phrase. `address` is the query of its link, as the address bar holds it.

    `kind` is `OWN` for one of the user's own, else empty.
    """

    id: int
    name: str
    generator: str
    address: str
    saved: float
    kind: str = ""


class LibraryError(GanError):
    """The user's library cannot be read or written."""


def library_file() -> Path:
    return user_folder() / "library.sqlite"


@contextmanager
def _library() -> Iterator[sqlite3.Connection]:
    """The open file, in one transaction that other processes wait for."""
    path = library_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)) as base:
            base.execute("BEGIN IMMEDIATE")
            _prepare(base, path)
            yield base
            base.execute("COMMIT")
    except (OSError, sqlite3.Error) as error:
        raise LibraryError(
            f"The library of favourites, {path}, cannot be used ({error}); check the file and "
            "the free space of its disk."
        ) from error


def _prepare(base: sqlite3.Connection, path: Path) -> None:
    version = base.execute("PRAGMA user_version").fetchone()[0]
    if version == VERSION:
        return
    if version > VERSION:
        raise LibraryError(
            f"{path} was written by a newer version of this program: use that one, or set "
            "GAN_DATA to another folder."
        )
    if version == 1:
        base.execute(KINDS)
        base.execute(f"PRAGMA user_version = {VERSION}")
        return
    for statement in TABLES.split(";"):
        base.execute(statement)
    for folder in dict.fromkeys((path.parent, user_folder(FORMER))):
        for row in _of_first_version(folder / "favourites.json"):
            _insert(base, *row)
    base.execute(f"PRAGMA user_version = {VERSION}")


def _of_first_version(path: Path) -> list[tuple[str, str, str, float]]:
    """Favourites of the JSON file that the first version kept, the oldest first.

    Of two with the same name and generator the newer one counted.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["favourites"]
        rows = [row for entry in entries if (row := favourite_row(entry)) is not None]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    found: dict[tuple[str, str], tuple[str, str, str, float]] = {}
    for name, generator, address, saved in rows:
        named = name or "Phrase"
        found.setdefault((named, generator), (named, generator, address, saved))
    return list(reversed(found.values()))


@dataclass(frozen=True)
class _Entry:
    """A favourite in JSON values, as session files and the first version hold it."""

    name: str = ""
    checkpoint: Annotated[str, Meta(max_length=100)] = ""
    query: Mapping[str, str | list[str]] = field(default_factory=dict)
    saved: Annotated[float, Meta(ge=0.0, le=1e12)] = 0.0


def favourite_row(values: Any) -> tuple[str, str, str, float] | None:
    """Name, generator, address and time of a favourite in JSON values; None where it is none."""
    entry, ignored = read_leniently(values, _Entry)
    if entry is None or not (entry.checkpoint and entry.query) or "name" in ignored:
        return None
    try:
        address = urlencode(entry.query, doseq=True)
    except UnicodeError:  # half of a surrogate pair is valid JSON
        return None
    return tidy(entry.name), entry.checkpoint, address, entry.saved


def tidy(name: str) -> str:
    """A name in one line that can be stored."""
    clean = name.encode("utf-8", "replace").decode()
    return " ".join(clean.split())[:NAME_MAX].strip()


def favourites() -> list[Favourite]:
    """All favourites, the newest first; `LibraryError` where they cannot be read."""
    with _library() as base:
        rows = base.execute(
            "SELECT id, name, generator, address, saved, kind FROM favourites ORDER BY id DESC"
        )
        return [Favourite(*row) for row in rows]


def keep(
    name: str, generator: str, address: str, saved: float | None = None, *, kind: str = ""
) -> str:
    """Keep a phrase; returns the name that it got: one that is taken is numbered."""
    with _library() as base:
        count = base.execute("SELECT count(*) FROM favourites").fetchone()[0]
        if count >= FAVOURITES_MAX:
            raise LibraryError(
                f"No more than {FAVOURITES_MAX} favourites can be kept: forget some first."
            )
        now = time.time() if saved is None else saved
        return _insert(base, name, generator, address, now, kind)


def _insert(
    base: sqlite3.Connection,
    name: str,
    generator: str,
    address: str,
    saved: float,
    kind: str = "",
) -> str:
    same = base.execute(
        "SELECT name FROM favourites WHERE generator = ? AND address = ? AND name = ?",
        (generator, address, tidy(name)),
    ).fetchone()
    if same:
        return str(same[0])
    rows = base.execute("SELECT name FROM favourites WHERE generator = ?", (generator,))
    taken = {row[0] for row in rows}
    free = _free_name(tidy(name), taken)
    base.execute(
        "INSERT INTO favourites (name, generator, address, saved, kind) VALUES (?, ?, ?, ?, ?)",
        (free, generator, address, saved, kind),
    )
    return free


def _free_name(name: str, taken: set[str]) -> str:
    if name and name not in taken:
        return name
    numbers = range(2 if name else 1, len(taken) + 3)
    stem = name or "Phrase"
    return next(free for k in numbers if (free := f"{stem[: NAME_MAX - 4]} {k}") not in taken)


def forget(favourite: Favourite) -> None:
    """Take a phrase off the list; `bring_back` undoes it."""
    with _library() as base:
        base.execute("DELETE FROM favourites WHERE id = ?", (favourite.id,))


def bring_back(favourite: Favourite) -> None:
    """Put a phrase that was forgotten where it was."""
    with _library() as base:
        base.execute(
            "INSERT OR IGNORE INTO favourites (id, name, generator, address, saved, kind) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (
                favourite.id,
                favourite.name,
                favourite.generator,
                favourite.address,
                favourite.saved,
                favourite.kind,
            ),
        )


def store(text: str) -> str:
    """Keep a text that is too long for an address; returns the name that stands for it."""
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    with _library() as base:
        base.execute("INSERT OR REPLACE INTO stored VALUES (?, ?, ?)", (name, text, time.time()))
        base.execute(
            "DELETE FROM stored WHERE name IN "
            "(SELECT name FROM stored ORDER BY saved DESC LIMIT -1 OFFSET ?)",
            (STORED_MAX,),
        )
    return name


def stored(name: str) -> str | None:
    """The text that `store` kept under a name; None where there is none."""
    try:
        with _library() as base:
            row = base.execute("SELECT text FROM stored WHERE name = ?", (name,)).fetchone()
    except LibraryError:
        return None
    return None if row is None else str(row[0])


LAST = "last session"


def remember(address: str) -> None:
    """Keep the address at which the user is, to be offered after a restart."""
    with _library() as base:
        base.execute("INSERT OR REPLACE INTO stored VALUES (?, ?, ?)", (LAST, address, time.time()))


def remembered() -> str | None:
    """The address that was remembered last, of this process or one before."""
    return stored(LAST)
