"""Favourites: phrases with names, in a file of the user's that outlives the server.

A favourite is a link: `gan.app.link` writes and checks it. The file is written beside its
place and renamed; one that cannot be read is put aside, never overwritten.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeGuard

from gan.app.player.events import finite
from gan.errors import GanError
from gan.files import user_folder, write_json

MOST = 500
NAME_LENGTH = 60
FORMAT = 1

Query = Mapping[str, str | list[str]]

_lock = threading.RLock()  # reading and writing again is one act


@dataclass(frozen=True)
class Favourite:
    """A named phrase; `query` is what its link would hold."""

    name: str
    checkpoint: str
    query: dict[str, list[str]]
    saved: float = 0.0


class ShelfError(GanError):
    """The favourites cannot be kept."""


def shelf_file() -> Path:
    return user_folder() / "favourites.json"


def as_query(values: Any) -> dict[str, list[str]] | None:
    """A link's parameters from JSON values; None where they make none."""
    if not isinstance(values, Mapping):
        return None
    lists = {key: value if isinstance(value, list) else [value] for key, value in values.items()}
    texts = [*lists, *(text for value in lists.values() for text in value)]
    return lists if all(_is_text(text) for text in texts) else None


def _is_text(value: Any) -> TypeGuard[str]:
    """Half a surrogate pair is valid JSON, but nothing that a page can show."""
    return isinstance(value, str) and not any("\ud800" <= char <= "\udfff" for char in value)


def as_favourite(values: Any) -> Favourite | None:
    """A favourite from JSON values; None where they make none."""
    if not isinstance(values, Mapping):
        return None
    name, checkpoint, query = (values.get(key) for key in ("name", "checkpoint", "query"))
    lists = as_query(query)
    if lists is None or not _is_text(name) or not _is_text(checkpoint):
        return None
    when = finite(values.get("saved")) or 0.0
    return Favourite(_tidy(name), checkpoint[:100], lists, when)


def _tidy(name: str) -> str:
    return " ".join(name.split())[:NAME_LENGTH].strip() or "Phrase"


def _once(favourites: list[Favourite]) -> list[Favourite]:
    """The first of each name and checkpoint."""
    found: dict[tuple[str, str], Favourite] = {}
    for each in favourites:
        found.setdefault((each.name, each.checkpoint), each)
    return list(found.values())


def read() -> list[Favourite]:
    """All favourites, the newest first; a broken file is put aside and counts as empty."""
    path = shelf_file()
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        entries = values["favourites"]
        found = [as_favourite(entry) for entry in entries]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError):
        with _lock:
            _put_aside(path)
        return []
    return _once([entry for entry in found if entry is not None])


def _put_aside(path: Path) -> None:
    try:
        path.replace(path.with_name(f"favourites-broken-{int(time.time())}.json"))
    except OSError:
        return


def _write(favourites: list[Favourite]) -> None:
    if len(favourites) > MOST:
        raise ShelfError(f"No more than {MOST} favourites can be kept: forget some first.")
    values = {"format": FORMAT, "favourites": [asdict(each) for each in favourites]}
    try:
        write_json(shelf_file(), values)
    except OSError as error:
        raise ShelfError(f"The favourites cannot be written to {shelf_file()}: {error}.") from error


def add(name: str, checkpoint: str, query: Query) -> None:
    """Keep a phrase; one of the same name and checkpoint is replaced, nameless ones are counted."""
    lists = {key: value if isinstance(value, list) else [value] for key, value in query.items()}
    with _lock:
        if not name.strip():
            taken = {each.name for each in read() if each.checkpoint == checkpoint}
            name = next(n for k in range(1, MOST + 2) if (n := f"Phrase {k}") not in taken)
        merge([Favourite(_tidy(name), checkpoint, lists, time.time())])


def merge(fresh: list[Favourite]) -> None:
    """Put favourites in front of those that are there; the same name twice is kept once."""
    with _lock:
        _write(_once([*fresh, *read()]))


def remove(name: str, checkpoint: str) -> None:
    """Forget a phrase."""
    with _lock:
        known = read()
        _write([each for each in known if (each.name, each.checkpoint) != (name, checkpoint)])
