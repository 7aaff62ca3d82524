"""Tuning a checkpoint that is there: kept if better, left alone if not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny

from gan.cli import tune
from gan.models.checkpoint import load_generator, read_info, write_config, write_weights
from gan.models.registry import build
from gan.music.rolls import packed_size
from gan.quality.evaluation import Evaluation


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = build("vae", tiny.SPEC, tiny.MODEL)
    write_config(tmp_path, family="vae", spec=tiny.SPEC, model=tiny.MODEL, training={}, data={})
    write_weights(tmp_path, tiny.lively(made.weights(), np.random.default_rng(0)))
    monkeypatch.setattr(tune, "ingest", lambda *_, **__: (tiny.dataset(), None))

    def tuned(generator, *_, **__) -> None:
        generator.hold_thresholds[1] = 0.25

    monkeypatch.setattr(tune, "tune", tuned)
    return tmp_path


def run(folder: Path) -> int:
    return tune.main(["--checkpoint_dir", str(folder), "--data_dir", "songs", "--samples", "16"])


@pytest.mark.parametrize("better", [True, False])
def test_the_result_is_kept_if_it_is_better(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    better: bool,
) -> None:
    means = iter([0.5, 0.6 if better else 0.5])

    def evaluated(*_, **__) -> Evaluation:
        mean = next(means)
        return Evaluation({"LEAD.notes": mean}, mean, mean / 0.9, 1.0)

    prepared: list[Path] = []
    monkeypatch.setattr(tune, "evaluate", evaluated)
    monkeypatch.setattr(tune, "prepare", prepared.append)
    before = read_info(folder).digest
    assert run(folder) == 0
    generator, info = load_generator(folder)
    assert (info.digest != before) == better
    assert generator.hold_thresholds[1] == (0.25 if better else 0.5)
    assert prepared == ([folder] if better else [])
    assert info.measures.get("mean_overlap") == (0.6 if better else None)
    told = capsys.readouterr().out
    assert "55.6%" in told and ("no better" in told) != better


def test_what_cannot_be_tuned_is_one_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    songs = tiny.dataset()
    spec = replace(tiny.SPEC, tracks=tiny.SPEC.tracks[:2])
    bits = np.zeros((len(songs), packed_size(spec)), np.uint8)
    other = replace(songs, spec=spec, bits=bits)
    monkeypatch.setattr(tune, "ingest", lambda *_, **__: (other, None))
    assert run(folder) == 2
    assert "give the data that it was trained on" in capsys.readouterr().err
    assert run(folder / "nowhere") == 2
