"""Two workers on this machine learn what one learns from the whole batch."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import tiny

from gan.cli import train
from gan.errors import SpecError
from gan.models.checkpoint import read_info
from gan.spec import ROOT
from gan.training import loop
from gan.training.config import TrainConfig
from gan.training.workers import Workers

SCRIPT = """
import json, sys
sys.path[:0] = [{root!r}, {tests!r}]
import tiny
from gan.models.checkpoint import read_info
from gan.training import loop
from gan.training.config import TrainConfig
from pathlib import Path

config = TrainConfig(**json.loads(sys.argv[2]))
run = loop.Run(tiny.dataset(), Path(sys.argv[1]), config, tiny.MODEL, distribute=sys.argv[3])
session = loop.begin(run)
losses = []
session.go(watch=lambda progress: losses.append(progress.metrics))
print("LOSSES", json.dumps([dict(each) for each in losses if each]))
"""


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start(folder: Path, config: dict, distribute: str, tf_config: dict | None):
    script = SCRIPT.format(root=str(ROOT), tests=str(ROOT / "tests"))
    environment = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
    if tf_config is not None:
        environment["TF_CONFIG"] = json.dumps(tf_config)
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder), json.dumps(config), distribute],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def losses_of(process: subprocess.Popen) -> list[dict]:
    try:
        out, err = process.communicate(timeout=600)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode == 0, err[-2000:]
    line = next(line for line in out.splitlines() if line.startswith("LOSSES"))
    return json.loads(line.removeprefix("LOSSES"))


def test_two_workers_have_the_losses_of_one(tmp_path: Path) -> None:
    config = {"family": "vae", "steps": 6, "batch_size": 16, "evaluate_every": 6, "samples": 8}
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    workers = [
        start(
            tmp_path / "shared",
            config,
            "multiworker",
            {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}},
        )
        for index in range(2)
    ]
    shared = [losses_of(process) for process in workers]
    alone = losses_of(start(tmp_path / "alone", config, "none", None))
    assert len(alone) == 6
    for ours in shared:
        for mine, theirs in zip(ours, alone, strict=True):
            assert mine["loss"] == pytest.approx(theirs["loss"], rel=2e-4)
    # They learnt something, and the chief has written it.
    assert alone[-1]["loss"] < alone[0]["loss"]
    assert read_info(tmp_path / "shared").measures["step"]


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    class Two:
        num_replicas_in_sync = 2

    assert Workers(Two()).share_of(32) == 16
    with pytest.raises(SpecError, match="multiple of 16"):
        Workers(Two()).share_of(24)


def test_workers_need_tf_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    config = TrainConfig(steps=1, batch_size=8, samples=8)
    run = loop.Run(tiny.dataset(), tmp_path / "x", config, tiny.MODEL, distribute="multiworker")
    with pytest.raises(SpecError, match="TF_CONFIG"):
        loop.begin(run)
    assert not (tmp_path / "x").exists()


def test_of_several_workers_the_chief_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = {"worker": ["a:1", "b:1"]}
    cases = (
        ("none", {"cluster": workers, "task": {"type": "worker", "index": 1}}, True),
        ("multiworker", {"cluster": workers, "task": {"type": "worker", "index": 0}}, True),
        ("multiworker", {"cluster": workers, "task": {"type": "worker", "index": 1}}, False),
        ("multiworker", {"cluster": workers | {"chief": ["c:1"]},
                         "task": {"type": "worker", "index": 0}}, False),
        ("multiworker", {"cluster": workers | {"chief": ["c:1"]},
                         "task": {"type": "chief", "index": 0}}, True),
        ("multiworker", {}, True),
    )  # fmt: skip
    for distribute, config, expected in cases:
        monkeypatch.setenv("TF_CONFIG", json.dumps(config))
        assert train.writes(distribute) is expected
