"""Generators, loaded once for all sessions, behind pages that are already there.

TensorFlow takes seconds to import. A page therefore asks for a `Future` and goes on with the
phrase that is stored beside the checkpoint. A few generators are kept, the ones used last.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from cachetools import LRUCache

from gan.engine import Engine, load
from gan.models.ability import Ability
from gan.models.checkpoint import CheckpointInfo, list_checkpoints
from gan.preview import first_phrase
from gan.spec import CHECKPOINTS

KEPT = 4
FIRST = "pop-gan"  # the generator of a new session, where it is there

_worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="load")
_engines: LRUCache[tuple[str, str], Future[Engine]] = LRUCache(KEPT)
_reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read")
_readings: LRUCache[tuple[str, str], Future[None]] = LRUCache(KEPT)
_lock = threading.Lock()


def available(root: Path = CHECKPOINTS) -> tuple[dict[str, CheckpointInfo], dict[str, str]]:
    """Usable checkpoints by name, and damaged ones with the reason. Read anew each time."""
    usable, refused = list_checkpoints(root)
    return {info.name: info for info in usable}, refused


def first_of(usable: Mapping[str, CheckpointInfo]) -> str:
    """The name of the generator of a new session."""
    return FIRST if FIRST in usable else next(iter(usable))


def loading(info: CheckpointInfo) -> Future[Engine]:
    """The engine of a checkpoint, as a future."""
    key = (str(info.path), info.digest)
    with _lock:
        future = _engines.get(key)
        if future is None:
            future = _engines[key] = _worker.submit(_load, info.path)
        return future


def ready_to_read(engine: Engine) -> Future[None]:
    """Done once a generator has read a phrase: the first takes as long as several later ones.

    To be asked for before someone waits. Tracing the graphs twice at once would take longer.
    """
    key = (str(engine.info.path), engine.info.digest)
    with _lock:
        future = _readings.get(key)
        if future is None:
            future = _readings[key] = _reader.submit(_read_one, engine)
        return future


def forget(info: CheckpointInfo) -> None:
    """Load this checkpoint anew when it is asked for again."""
    with _lock:
        _engines.pop((str(info.path), info.digest), None)


def load_first() -> None:
    """Begin to load the generator that a new session shows first, before it is asked for."""
    usable, _ = available()
    if usable:
        loading(usable[first_of(usable)])


def keep_compiled_graphs() -> None:
    """Stop Streamlit from throwing away compiled graphs at the end of every script run.

    It calls `keras.backend.clear_session()` then, meant for scripts that build models anew.
    Here one model serves all sessions: the next phrase would take two seconds instead of
    fifteen milliseconds, while TensorFlow compiles its graph again, and while a model is still
    loading, every run of a waiting page would collect all garbage.
    """
    import keras

    keras.backend.clear_session = lambda *_, **__: None


def _read_one(engine: Engine) -> None:
    if Ability.READS_PHRASES in engine.can:
        engine.encode(engine.render(first_phrase(engine.info)))


def _load(path: Path) -> Engine:
    keep_compiled_graphs()
    engine = load(path)
    # Warm the graphs, so that the first drag is as fast as the next.
    state = first_phrase(engine.info)
    engine.render(state)
    for direction in engine.directions[:1]:
        engine.render(replace(state, sliders={direction.id: 1.0}))
    gc.collect()
    return engine
