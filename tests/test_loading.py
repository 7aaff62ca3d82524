"""Generators come and go: those that are not kept are not alive."""

from __future__ import annotations

import gc
import shutil
import weakref
from pathlib import Path

import numpy as np
import pytest
import tiny

from gan.app import loading
from gan.app.live.backend import ExploreBackend, batched, controls
from gan.app.live.protocol import LiveSession, find_session
from gan.engine import Engine, load
from gan.models.checkpoint import read_info, write_config, write_weights
from gan.models.registry import build
from gan.phrase import PhraseState


def test_generators_that_are_not_kept_are_not_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = build("gan", tiny.SPEC, tiny.MODEL)
    write_config(tmp_path / "0", family="gan", spec=tiny.SPEC, model=tiny.MODEL,
                 training={}, data={})  # fmt: skip
    write_weights(tmp_path / "0", tiny.lively(generator.weights(), np.random.default_rng(1)))
    del generator
    count = loading.KEPT + 2
    for number in range(1, count):
        shutil.copytree(tmp_path / "0", tmp_path / str(number))
    monkeypatch.setattr(loading, "load", lambda path: load(path, sliders=False))
    seen: list[weakref.ref[Engine]] = []
    tab: dict[str, LiveSession] = {}
    for number in range(count):  # a tab goes from one to the next
        engine = loading.loading(read_info(tmp_path / str(number))).result(600)
        batched(engine)(PhraseState(seed=number))
        seen.append(weakref.ref(engine))
        backend = ExploreBackend(engine)
        tab["live"] = LiveSession(backend, controls=controls(engine), steps=engine.spec.steps)
    token = tab["live"].token
    del engine, backend
    gc.collect()
    assert [known() is not None for known in seen] == [False] * 2 + [True] * loading.KEPT
    assert find_session(token) is not None
    tab.clear()  # the tab is closed
    gc.collect()
    assert find_session(token) is None
