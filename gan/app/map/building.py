"""Maps that are made while the app runs, one at a time, for all sessions."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from gan.app.work import Progress, Work
from gan.engine import Engine
from gan.space.making import make
from gan.space.store import save_space

PHRASES = 1000

_worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="map")
_builds: dict[tuple[str, str], Work[None]] = {}
_lock = threading.Lock()


def build(engine: Engine) -> Work[None]:
    """Begin to make the map of a generator, or find the one that is being made."""
    key = (str(engine.info.path), engine.info.digest)
    with _lock:
        found = _builds.get(key)
        if found is None:
            found = _builds[key] = Work(_worker, partial(_make, engine))
        return found


def _make(engine: Engine, progress: Progress) -> None:
    save_space(engine.info, make(engine, PHRASES, progress=progress))


def building(engine: Engine) -> Work[None] | None:
    """The map of a generator that is being made or has just been, None otherwise."""
    with _lock:
        return _builds.get((str(engine.info.path), engine.info.digest))


def forget(engine: Engine) -> None:
    """Let go of a map that is made, or that could not be made."""
    with _lock:
        _builds.pop((str(engine.info.path), engine.info.digest), None)
