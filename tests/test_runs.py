"""Runs of the Train page: in line, published whole, and told from those that were killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import compose
import msgspec
import numpy as np
import pytest
import tiny

from gan.app import music_in
from gan.app.music_in import Wanted
from gan.app.widgets.runs import warnings
from gan.cli import queued
from gan.data.ingest import look_into
from gan.errors import DataError
from gan.files import locked
from gan.models.checkpoint import list_checkpoints, read_info, write_config, write_weights
from gan.models.registry import build
from gan.spec import ROOT
from gan.training import diary, runs
from gan.training.run import Progress
from gan.training.runs import Mark, Order


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("GAN_DATA", str(tmp_path / "data"))
    yield tmp_path / "data"


def order(**fields: object) -> Order:
    given = {
        "title": "My songs",
        "name": "my_songs",
        "data_dir": "x",
        "family": "vae",
        "minutes": 1,
    }
    return msgspec.convert(given | {"asked": time.time()} | fields, Order)


def placed(monkeypatch: pytest.MonkeyPatch | None = None, **fields: object) -> runs.Run:
    """A run in its folder, without a process."""
    with runs.new_run() as folder:
        runs.write_bytes(folder / runs.ORDER, msgspec.json.encode(order(**fields)))
        runs.mark(folder, Mark("waiting"))
    return runs.read_run(folder)


def write_trained(folder: Path) -> None:
    """A checkpoint as a run leaves it."""
    generator = build("vae", tiny.SPEC, tiny.MODEL)
    write_config(folder, family="vae", spec=tiny.SPEC, model=tiny.MODEL, training={}, data={})
    write_weights(folder, generator.weights())
    (folder / "log.jsonl").write_text('{"step": 1}\n')


def test_a_run_is_alive_as_long_as_its_lock_is_held() -> None:
    run = placed()
    assert (run.state, run.alive) == ("interrupted", False)
    with locked(run.folder / runs.LOCK):
        assert runs.read_run(run.folder).state == "waiting"
        with pytest.raises(DataError, match="stop it first"):
            runs.remove(runs.read_run(run.folder))
    runs.remove(run)
    assert runs.list_runs() == []


def test_runs_are_listed_the_latest_first_and_others_are_passed_over(data: Path) -> None:
    first, second = placed(asked=1.0), placed(asked=2.0)
    (data / "runs" / "none").mkdir()
    damaged = placed(asked=3.0)
    (damaged.folder / runs.ORDER).write_text('{"title": 3}')
    assert [run.folder for run in runs.list_runs()] == [second.folder, first.folder]
    with pytest.raises(DataError, match="cannot be used"):
        runs.read_run(damaged.folder)


def test_the_earliest_waiting_run_is_next() -> None:
    first, second = placed(asked=1.0), placed(asked=2.0)
    assert runs.is_next(second)  # nobody works at the first one
    with locked(first.folder / runs.LOCK):
        assert not runs.is_next(second) and runs.is_next(runs.read_run(first.folder))


def test_a_folder_that_was_not_ordered_goes(data: Path) -> None:
    with pytest.raises(OSError), runs.new_run():
        raise OSError("full")
    assert list((data / "runs").iterdir()) == []


@pytest.mark.parametrize(
    "wrong",
    [{"minutes": 0}, {"minutes": 1e9}, {"family": "rnn"}, {"title": ""}, {"title": "x" * 61}],
)
def test_orders_have_bounds(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        order(**wrong)


def test_a_run_is_published_whole_and_overwrites_nothing(tmp_path: Path) -> None:
    root = tmp_path / "checkpoints"
    root.mkdir()
    run = placed()
    write_trained(run.checkpoint)
    for expected in ("my_songs", "my_songs-2"):
        goal = runs.publish(run, root)
        assert goal == root / expected
        info = read_info(goal)
        assert info.title == "My songs" and info.digest == read_info(run.checkpoint).digest
        assert (goal / "log.jsonl").read_text() == '{"step": 1}\n'
    (run.checkpoint / read_part_name(run.checkpoint)).write_bytes(b"torn")
    with pytest.raises(Exception, match="damaged"):
        runs.publish(run, root)
    assert sorted(path.name for path in root.iterdir()) == ["my_songs", "my_songs-2"]


def read_part_name(folder: Path) -> str:
    return json.loads((folder / "manifest.json").read_text())["parts"]["weights.npz"]["file"]


def test_a_checkpoint_that_is_being_written_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / ".mine.1.tmp").mkdir()
    assert list_checkpoints(tmp_path) == ([], {})


def test_a_run_trains_in_its_turn_and_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "checkpoints"
    root.mkdir()
    given: list[str] = []

    def train(args: object) -> None:
        given.append(str(args.start_from))  # type: ignore[attr-defined]
        write_trained(args.checkpoint_dir)  # type: ignore[attr-defined]

    monkeypatch.setattr(queued.train, "run", train)
    monkeypatch.setattr(os, "nice", lambda _: 0)
    publish = runs.publish
    monkeypatch.setattr(runs, "publish", lambda run: publish(run, root))
    run = placed(start_from=str(tmp_path))
    assert queued.main([str(run.folder)]) == 0
    assert runs.read_run(run.folder).mark == Mark("finished", "my_songs")
    assert given == [str(tmp_path)] and (root / "my_songs").is_dir()


def test_what_goes_wrong_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "nice", lambda _: 0)
    run = placed(data_dir="/there/is/none")
    assert queued.main([str(run.folder)]) == 2
    mark = runs.read_run(run.folder).mark
    assert mark.state == "failed" and mark.sentence.startswith("There is no folder /there/is/none")


def test_a_look_at_a_run_does_not_keep_it_from_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "nice", lambda _: 0)
    run = placed()
    runs.ask_to_stop(run)
    looking = threading.Event()

    def look() -> None:
        with locked(run.folder / runs.LOCK):
            looking.set()
            time.sleep(0.3)

    thread = threading.Thread(target=look)
    thread.start()
    assert looking.wait(10) and queued.main([str(run.folder)]) == 0
    thread.join()
    assert runs.read_run(run.folder).state == "stopped"
    assert queued.main([str(run.folder)]) == 2  # it has been done


def test_a_run_that_is_stopped_before_its_turn_has_not_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "nice", lambda _: 0)
    run = placed()
    runs.ask_to_stop(run)
    assert queued.main([str(run.folder)]) == 0
    assert runs.read_run(run.folder).state == "stopped"
    assert not run.checkpoint.exists()


def test_a_process_that_is_killed_is_told_from_one_that_waits(data: Path) -> None:
    run = placed()
    with locked(runs.runs_folder() / runs.TURN):  # another one trains
        process = subprocess.Popen(
            [sys.executable, "-m", "gan.cli.queued", str(run.folder)], cwd=ROOT
        )
        try:
            end = time.monotonic() + 60
            while not runs.read_run(run.folder).alive and time.monotonic() < end:
                time.sleep(0.05)
            assert runs.read_run(run.folder).state == "waiting"
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
    assert runs.read_run(run.folder).state == "interrupted"


def test_a_diary_tells_of_steps_and_of_what_was_heard(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    phrases = np.stack([tiny.phrase(rng) for _ in range(2)])
    write = diary.Diary(tmp_path, tiny.SPEC, lambda: phrases)
    write(Progress(1, 4, "vae", {"loss": 3.5}))
    write(Progress(2, 4, "vae", {"loss": 3.0}))  # too soon after the one before
    write(Progress(4, 4, "vae", {"loss": 2.5}, evaluation=object()))  # type: ignore[arg-type]
    with (tmp_path / "steps.jsonl").open("a") as file:
        file.write('{"step": 5, "sta')  # killed
    found = diary.read_steps(tmp_path)
    assert [(one.step, one.loss, one.share) for one in found] == [(1, 3.5, 0.25), (4, 2.5, 1.0)]
    (heard,) = diary.read_heard(tmp_path, tiny.SPEC)
    assert heard.step == 4 and np.array_equal(np.stack(heard.rolls), phrases)
    assert diary.read_heard(tmp_path, replace(tiny.SPEC, tracks=tiny.SPEC.tracks[:1])) == []
    assert diary.read_steps(tmp_path / "none") == []


def test_progress_bars_are_printed_as_they_were_last_seen() -> None:
    run = placed()
    (run.folder / runs.LOG_TEXT).write_bytes(b"one\n 0%\r 50%\r 100%\nend\n")
    assert runs.printed(run) == "one\n 100%\nend"


def test_collapse_and_copies_are_told_in_words() -> None:
    assert warnings([]) == [] and warnings([{"diversity": 1.0, "copies": 0.0}]) == []
    assert "all alike" in warnings([{"diversity": 0.1}])[0]
    assert "by heart" in warnings([{"diversity": 1.0, "copies": 0.5}])[0]


def test_files_are_kept_once_and_only_music(data: Path, tmp_path: Path) -> None:
    song = compose.duo(tmp_path / "a.mid").read_bytes()
    files = [("a.mid", song), ("../../b.mid", song), ("c", song)]
    folder = music_in.keep_files(files)
    assert music_in.keep_files(files) == folder and folder.parent == data / "runs"
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["0000-a.mid", "0001-b.mid", "0002-c.mid"]
    with pytest.raises(DataError, match="leave it out"):
        music_in.keep_files([("big.mid", bytes(music_in.FILE_MAX + 1))])


def test_songs_are_left_out(tmp_path: Path) -> None:
    music = tmp_path / "music"
    for name in ("a", "b"):
        (music / name).mkdir(parents=True)
        compose.duo(music / name / "x.mid")
    music_in.copy_without(music, ["b/x.mid"], tmp_path / "goal")
    kept = [path.relative_to(tmp_path / "goal") for path in (tmp_path / "goal").rglob("*.mid")]
    assert kept == [Path("a/x.mid")]


def test_music_is_read_into_the_tracks_of_a_generator(tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    compose.duo(music / "x.mid")
    plain, _ = look_into(music, cache_dir=tmp_path / "cache")
    others = tuple(
        replace(track, name=name) for track, name in zip(plain.spec.tracks, "AB", strict=True)
    )
    spec = replace(plain.spec, tracks=others)
    reading = music_in.read(Wanted(str(music), like=spec))
    dataset, report = reading.work.future.result(60)
    # No name is the same: the melody still leads, and the chords accompany.
    assert dataset.spec == spec and "generator" in report.why
    assert np.array_equal(dataset.bits, plain.bits)
    with pytest.raises(DataError, match="exclude each other"):
        look_into(music, scheme="band", like=spec)
