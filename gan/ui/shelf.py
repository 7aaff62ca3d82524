"""Favourites: phrases with names, in a file of the user's that outlives the server.

A favourite is a link: `gan.ui.link` writes and checks it. The file is written beside its
place and renamed; one that cannot be read is put aside, never overwritten.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gan.errors import GanError
from gan.training.checkpoint import write_json

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


def data_dir() -> Path:
    """Where the platform keeps a user's data; `GAN_DATA` names another place."""
    if "GAN_DATA" in os.environ:
        return Path(os.environ["GAN_DATA"])
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "musical-gan"
    base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "musical-gan"


def shelf_file() -> Path:
    return data_dir() / "favourites.json"


def as_favourite(values: Any) -> Favourite | None:
    """A favourite from JSON values; None where they make none."""
    if not isinstance(values, Mapping):
        return None
    name, checkpoint, query = (values.get(key) for key in ("name", "checkpoint", "query"))
    if not isinstance(name, str) or not isinstance(checkpoint, str):
        return None
    if not isinstance(query, Mapping):
        return None
    lists: dict[str, list[str]] = {}
    for key, value in query.items():
        texts = value if isinstance(value, list) else [value]
        if not isinstance(key, str) or not all(isinstance(text, str) for text in texts):
            return None
        lists[key] = list(texts)
    saved = values.get("saved")
    when = float(saved) if isinstance(saved, int | float) else 0.0
    return Favourite(name[:NAME_LENGTH], checkpoint[:100], lists, when)


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
    return [entry for entry in found if entry is not None]


def _put_aside(path: Path) -> None:
    try:
        path.replace(path.with_name(f"favourites-broken-{int(time.time())}.json"))
    except OSError:
        return


def _write(favourites: list[Favourite]) -> None:
    try:
        write_json(
            shelf_file(),
            {"format": FORMAT, "favourites": [asdict(each) for each in favourites[:MOST]]},
        )
    except OSError as error:
        raise ShelfError(f"The favourites cannot be written to {shelf_file()}: {error}.") from error


def add(name: str, checkpoint: str, query: Query) -> None:
    """Keep a phrase; one of the same name and checkpoint is replaced."""
    lists = {key: value if isinstance(value, list) else [value] for key, value in query.items()}
    fresh = Favourite(name.strip()[:NAME_LENGTH] or "Unnamed", checkpoint, lists, time.time())
    merge([fresh])


def merge(fresh: list[Favourite]) -> None:
    """Put favourites in front of those that are there; the same name twice is kept once."""
    with _lock:
        known = read()
        taken = {(each.name, each.checkpoint) for each in fresh}
        _write([*fresh, *(each for each in known if (each.name, each.checkpoint) not in taken)])


def remove(name: str, checkpoint: str) -> None:
    """Forget a phrase."""
    with _lock:
        known = read()
        _write([each for each in known if (each.name, each.checkpoint) != (name, checkpoint)])
