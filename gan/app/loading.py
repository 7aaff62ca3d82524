"""Checkpoints, loaded once for all sessions, behind pages that are already there.

TensorFlow takes seconds to import. A page therefore asks for a `Future` and goes on with
the phrase that is stored beside the checkpoint.
"""

from __future__ import annotations

import gc
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import streamlit as st

from gan.engine import Engine, checkpoints, first_point, load
from gan.models.checkpoint import CheckpointInfo
from gan.spec import CHECKPOINTS

_worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="load")


def available(root: Path = CHECKPOINTS) -> tuple[dict[str, CheckpointInfo], dict[str, str]]:
    """Usable checkpoints by name, and damaged ones with the reason. Read anew each time."""
    usable, refused = checkpoints(root)
    return {info.name: info for info in usable}, refused


@st.cache_resource(max_entries=3, show_spinner=False)
def loading(path: str, digest: str) -> Future[Engine]:
    """The engine of a checkpoint, on its way. `digest` makes new weights another entry."""
    del digest
    return _worker.submit(_load, path)


def keep_compiled_graphs() -> None:
    """Stop Streamlit from throwing away compiled graphs at the end of every script run.

    It calls `keras.backend.clear_session()` then, meant for scripts that build models anew.
    Here one model serves all sessions, and the next phrase would take two seconds instead of
    fifteen milliseconds, while TensorFlow compiles its graph again.
    """
    import keras

    keras.backend.clear_session = lambda *_, **__: None


def _load(path: str) -> Engine:
    engine = load(path)
    keep_compiled_graphs()
    # Warm the graphs, so that the first drag is as fast as the next.
    point = first_point(engine.info)
    engine.roll(point)
    for direction in engine.directions[:1]:
        engine.roll(replace(point, sliders={direction.id: 1.0}))
    # What is loaded now stays; keep the collector from walking over it again and again.
    gc.collect()
    gc.freeze()
    return engine
