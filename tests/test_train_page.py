"""The page Train, through the router, with a generator that loads in a second."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import compose
import numpy as np
import pytest
import tiny
from streamlit.testing.v1 import AppTest
from test_pages import MAIN, fine, only, write_checkpoint

from gan.app.widgets import teaching
from gan.files import locked
from gan.spec import ROOT
from gan.training import runs
from gan.training.diary import Diary
from gan.training.run import Progress
from gan.training.runs import Mark

PAGE = str(ROOT / "pages" / "train.py")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoints")
    write_checkpoint(path / "one", 1)
    return path


@pytest.fixture(autouse=True)
def started(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """Folders of runs whose processes were asked for; none is started."""
    only(root, tmp_path, monkeypatch)
    monkeypatch.setattr(teaching, "CHECKPOINTS", root)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folders: list[Path] = []

    def start(folder: Path) -> None:
        folders.append(folder)
        runs.mark(folder, Mark("waiting"))

    monkeypatch.setattr(runs, "start", start)
    yield folders


def opened() -> AppTest:
    page = AppTest.from_file(MAIN, default_timeout=60).run()
    return fine(page.switch_page(PAGE).run())


def read(page: AppTest) -> AppTest:
    """Wait until the music has been read."""
    page.session_state["train:reading"].work.future.result(60)
    return fine(page.run())


def drop(page: AppTest, folder: Path, songs: int) -> AppTest:
    for number in range(songs):
        data = compose.duo(folder / "x.mid", bars=12, turn=number).read_bytes()
        page.file_uploader(key="train:files").upload(f"song {number}.mid", data, "audio/midi")
    return read(fine(page.run()))


def test_files_become_a_run(started: list[Path], tmp_path: Path) -> None:
    page = drop(opened(), tmp_path, 6)
    assert any("6 of 6 files" in text.value for text in page.markdown)
    train = next(b for b in page.button if b.label == "Train")
    assert train.disabled  # without a name
    page.multiselect(key="train:left out").set_value(["0001-song 1.mid"]).run()
    page.text_input(key="train:title").set_value("One").run()
    assert any("goes into the folder one-2" in text.value for text in page.caption)
    next(b for b in fine(page).button if b.label == "Train").click().run()
    (run,) = runs.list_runs()
    assert started == [run.folder]
    assert (run.order.title, run.order.name, run.order.family) == ("One", "one-2", "gan")
    assert run.order.start_from is not None and run.order.start_from.endswith("one")
    kept = sorted(path.name for path in Path(run.order.data_dir).iterdir())
    assert len(kept) == 5 and "0001-song 1.mid" not in kept
    assert Path(run.order.data_dir).parent == run.folder


def test_a_folder_is_read_by_a_scheme_from_nothing(started: list[Path], tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    for number in range(5):
        compose.duo(music / f"{number}.mid", bars=12, turn=number)
    page = opened()
    page.segmented_control(key="train:where").set_value("A folder on this machine").run()
    page.selectbox(key="train:start").set_value(teaching.NOTHING).run()
    page.text_input(key="train:folder").set_value(str(music)).run()
    read(page)
    assert any("few to begin from nothing" in text.value for text in page.info)
    page.selectbox(key="train:family").set_value("vae").run()
    page.text_input(key="train:title").set_value("Duo").run()
    next(b for b in fine(page).button if b.label == "Train").click().run()
    (run,) = runs.list_runs()
    assert (run.order.data_dir, run.order.family) == (str(music), "vae")
    assert run.order.start_from is None


def test_too_little_music_and_none_are_told(tmp_path: Path) -> None:
    page = drop(opened(), tmp_path, 1)
    assert any("too few" in warning.value for warning in page.warning)
    page = opened()
    page.segmented_control(key="train:where").set_value("A folder on this machine").run()
    page.text_input(key="train:folder").set_value(str(tmp_path / "none")).run()
    page.session_state["train:reading"].work.future.exception(60)
    page.run()
    assert page.error[0].value.startswith("There is no folder")


def test_a_run_is_shown_with_its_buttons(started: list[Path]) -> None:
    with runs.new_run() as folder:
        order = {"title": "Mine", "name": "mine", "data_dir": "x", "family": "gan", "minutes": 1}
        runs.write_bytes(
            folder / runs.ORDER, str({**order, "asked": time.time()}).replace("'", '"').encode()
        )
        runs.mark(folder, Mark("training"))
        write_checkpoint(folder / runs.CHECKPOINT, 1)
    rng = np.random.default_rng(0)
    write = Diary(
        folder / runs.CHECKPOINT / "training", tiny.SPEC, lambda: np.stack([tiny.phrase(rng)])
    )
    with locked(folder / runs.LOCK):
        page = opened()
        assert any("is learning" in text.value for text in page.markdown)
        next(b for b in page.button if b.label == "Stop").click().run()
        assert (folder / runs.STOP).exists()
        assert next(b for b in fine(page).button if b.label == "Stopping ...").disabled
    write(Progress(1, 2, "vae", {"loss": 3.0}, evaluation=object()))  # type: ignore[arg-type]
    write(Progress(2, 2, "vae", {"loss": 2.0}, evaluation=object()))  # type: ignore[arg-type]
    page.run()
    assert any("was interrupted" in text.value for text in fine(page).markdown)
    page.segmented_control(key=f"listen:{folder.name}").set_value("step 2").run()
    fine(page)
    next(b for b in page.button if b.label == "Remove").click().run()
    assert runs.list_runs() == []
