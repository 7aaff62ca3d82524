"""Maps that are made while the app runs, one at a time, for all sessions."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from gan.engine import Engine
from gan.space.making import make
from gan.space.store import save_space

PHRASES = 1000

_worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="map")
_builds: dict[tuple[str, str], Build] = {}
_lock = threading.Lock()


class Build:
    """A map that is being made: `done` of `total` phrases are drawn."""

    def __init__(self, engine: Engine, phrases: int) -> None:
        self.done, self.total = 0, phrases
        self.future: Future[None] = _worker.submit(self._run, engine)

    def _run(self, engine: Engine) -> None:
        def progress(done: int, _total: int) -> None:
            self.done = done

        save_space(engine.info, make(engine, self.total, progress=progress))


def build(engine: Engine) -> Build:
    """Begin to make the map of a generator, or find the one that is being made."""
    key = (str(engine.info.path), engine.info.digest)
    with _lock:
        found = _builds.get(key)
        if found is None:
            found = _builds[key] = Build(engine, PHRASES)
        return found


def building(engine: Engine) -> Build | None:
    """The map of a generator that is being made or has just been, None otherwise."""
    with _lock:
        return _builds.get((str(engine.info.path), engine.info.digest))


def forget(engine: Engine) -> None:
    """Let go of a map that is made, or that could not be made."""
    with _lock:
        _builds.pop((str(engine.info.path), engine.info.digest), None)
