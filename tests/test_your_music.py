"""The page Your music, through the router, with a generator that loads in a second."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import smf
import soundfile
import tiny
from compose import phrase_notes
from streamlit.testing.v1 import AppTest
from test_pages import MAIN, only, ready, real, write_checkpoint

from gan.app import library, loading
from gan.app import session as session_module
from gan.app.document import from_text
from gan.app.history import Session
from gan.app.widgets import yours_sound
from gan.app.widgets.yours_figures import YOURS, Overview, comparison_figure, overview_figure
from gan.app.widgets.yours_phrase import likeness
from gan.app.widgets.yours_shelf import Shelf
from gan.data.own_file import read_own
from gan.engine import Engine
from gan.listen.beats import find_beats
from gan.listen.heard import Heard
from gan.music.edits import strokes_between, with_edits
from gan.music.rolls import roll_from_notes
from gan.music.smf import tempo_of
from gan.music.take import Take, TakeNote
from gan.spec import ROOT

PAGE = str(ROOT / "pages" / "your_music.py")
SONG = smf.song(
    smf.name("LEAD") + smf.tune(6), smf.name("CHORDS") + smf.tune(6, low=48, channel=1, turn=2)
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoints")
    write_checkpoint(path / "one", 1)
    return path


@pytest.fixture(autouse=True)
def folder(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    only(root, tmp_path, monkeypatch)
    yield root


def opened(root: Path) -> AppTest:
    ready(root)
    page = AppTest.from_file(MAIN, default_timeout=60).run()
    return page.switch_page(PAGE).run()


def fine(page: AppTest) -> AppTest:
    assert not page.exception, page.exception
    assert not page.error, page.error
    return page


def drop(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    for name, data in files:
        page.file_uploader(key="yours:files").upload(name, data, "audio/midi")
    return page.run()


def session(page: AppTest) -> Session:
    return page.session_state["browser"].session


def shelf(page: AppTest) -> Shelf:
    return page.session_state["yours"]


def press(page: AppTest, label: str) -> AppTest:
    return next(each for each in page.button if each.label == label).click().run()


def test_a_song_is_dropped_and_explored(root: Path) -> None:
    page = fine(drop(fine(opened(root)), ("My song.mid", SONG)))
    document = session(page).document
    assert document.phrase.z is not None and not document.phrase.edits
    assert len(session(page).past) == 1
    found, _ = from_text(page.query_params["d"])
    assert found.phrase == document.phrase
    page.toggle(key="yours:keep").set_value(True).run()
    kept = session(fine(page)).document.phrase
    assert kept.z == document.phrase.z and kept.edits
    engine = loading.loading(real(root)[0]["one"]).result()
    arranged = shelf(page).arranged
    assert arranged is not None
    press(page, "Keep in My phrases")
    assert [(each.name, each.kind) for each in library.favourites()] == [("My song", "own")]
    press(page, "Explore from here")
    assert fine(page).number_input(key="seed")
    assert session(page).document.phrase == kept
    roll = engine.render(kept)
    fine(page.switch_page(PAGE).run())
    assert session(page).document.phrase == kept
    assert roll.any()


def test_other_bars_other_choices(root: Path) -> None:
    page = fine(drop(opened(root), ("a.mid", SONG)))
    first = session(page).document.phrase
    page.select_slider(key="yours:bar").set_value(4).run()
    assert shelf(fine(page)).bars == {"a.mid": 3}
    second = session(page).document.phrase
    assert second != first
    page.selectbox(key="yours:place:1").set_value("Leave out").run()
    arranged = shelf(fine(page)).arranged
    assert arranged is not None and arranged[1].understood.dropped == {"left out": 24}
    page.number_input(key="yours:shift").set_value(1.0).run()
    assert shelf(fine(page)).choices["a.mid"].shift == 4
    press(page, "As it was found")
    assert shelf(fine(page)).choices == {}
    assert session(page).document.phrase == second


def test_several_files_and_what_cannot_be_read(root: Path) -> None:
    page = fine(drop(opened(root), ("<b>x</b>.mid", b"no"), ("a.mid", SONG), ("b.mid", SONG)))
    assert list(shelf(page).pieces) == ["a.mid", "b.mid"]
    [warning] = page.warning
    assert "not a MIDI file" in warning.value and "<b>" not in warning.value
    page.selectbox(key="yours:current").set_value("b.mid").run()
    assert shelf(fine(page)).current == "b.mid"


def test_undo_leads_back_and_back_to_mine(root: Path) -> None:
    page = fine(drop(opened(root), ("a.mid", SONG)))
    mine = session(page).document
    press(page, "Undo")
    assert session(fine(page)).document.phrase.z is None
    press(page, "Back to my bars")
    assert session(fine(page)).document.phrase == mine.phrase


def test_strokes_lead_from_any_roll_to_any_other() -> None:
    rolls = [roll_from_notes(phrase_notes(seed, tiny.SPEC), tiny.SPEC) for seed in range(12)]
    for before, after in pairwise(rolls):
        strokes = strokes_between(before, after, tiny.SPEC)
        assert np.array_equal(with_edits(before, strokes, tiny.SPEC), after)
    assert strokes_between(rolls[0], rolls[0], tiny.SPEC) == ()


def test_likeness_and_its_picture() -> None:
    rng = np.random.default_rng(1)
    mine, theirs = tiny.phrase(rng), tiny.phrase(rng)
    assert likeness(mine, mine).onset == 1.0
    like = likeness(mine, theirs)
    a, b = mine[..., 1], theirs[..., 1]
    assert like.onset == pytest.approx(2 * (a & b).sum() / (a.sum() + b.sum()))
    assert like.lost == int((a > b).sum()) and like.new == int((b > a).sum())
    figure = comparison_figure(mine, theirs, tiny.SPEC)
    codes = np.asarray(figure.data[0].z)
    tracks = len(tiny.SPEC.tracks)
    assert (codes == 2 * tracks + 2).sum() == like.lost
    assert (np.asarray(figure.data[1].z) == 2 * tracks + 4).sum() == like.new
    assert YOURS in [trace.marker.color for trace in figure.data[2:]]


def test_the_overview_offers_each_bar_at_which_a_phrase_begins() -> None:
    roll = np.concatenate([tiny.phrase(np.random.default_rng(k)) for k in range(3)], axis=1)
    lines = np.arange(0, 97, 16)
    inside = np.array([True] * 5 + [False])
    figure = overview_figure(Overview(roll, tiny.SPEC, lines, (0, 1, 3), inside, 2), 1)
    assert np.asarray(figure.data[1].customdata).tolist() == [0, 1, 3]
    assert np.asarray(figure.data[1].x).tolist() == [8, 24, 56]
    frame = figure.layout.shapes[0]
    assert (frame.x0, frame.x1) == (16, 48)


def test_a_generator_that_does_not_load_keeps_no_other_from_reading(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = loading.loading(real(root)[0]["one"]).result()
    with monkeypatch.context() as patch:
        for module in (loading, session_module):
            patch.setattr(module, "loading", lambda info: Future())
        fine(AppTest.from_file(MAIN, default_timeout=60).run().switch_page(PAGE).run())
    loading._readings.clear()
    loading.ready_to_read(engine).result(60)


def test_encoding_tells_how_far_it_is(root: Path) -> None:
    ready(root)
    engine: Engine = loading.loading(real(root)[0]["one"]).result()
    roll = tiny.phrase(np.random.default_rng(0))
    told: list[float] = []
    state = engine.encode(roll, progress=lambda done, _: told.append(done))
    assert told[-1] == 1.0 and told == sorted(told) and len(told) == 100
    assert state == engine.encode(roll)


# --- Recordings, and playing -------------------------------------------------------------------


def recording(level: float) -> bytes:
    file = io.BytesIO()
    samples = level * np.sin(np.arange(22_050) / 10)
    soundfile.write(file, samples, 22_050, format="WAV")
    return file.getvalue()


def hear(page: AppTest, data: bytes) -> AppTest:
    page.file_uploader(key="yours:recording").upload("hum.wav", data, "audio/wav").run()
    page.session_state["yours:listening"].work.future.exception(60)
    return page.run()


def test_a_recording_becomes_a_piece(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = np.arange(32) / 2
    notes = np.stack([starts, starts + 0.4, 60 + np.arange(32) % 5, np.full(32, 80)], axis=1)
    heard = Heard(notes, find_beats(notes, tempo=120), 0.9, one_voice=True, seconds=16.0)
    monkeypatch.setattr(yours_sound, "transcribe", lambda *_, **__: heard)
    page = fine(hear(opened(root), recording(0.5)))
    (piece,) = shelf(page).pieces.values()
    assert (piece.name, piece.notes) == ("hum.mid", 32)
    assert any("one voice" in text.value for text in page.caption)
    listening = page.session_state["yours:listening"]
    page.number_input(key=f"yours:tempo:{listening.digest}").set_value(60.0).run()
    assert tempo_of(next(iter(shelf(fine(page)).pieces.values())).song) == pytest.approx(60, abs=1)


def test_silence_is_told(root: Path) -> None:
    page = hear(opened(root), recording(0.0))
    assert "silent" in page.error[0].value and shelf(page).pieces == {}


def test_listening_can_be_stopped(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()

    def slow(*_: object, progress: Callable[[int, int], None], **__: object) -> None:
        held.wait(30)
        progress(1, 2)

    monkeypatch.setattr(yours_sound, "transcribe", slow)
    page = opened(root)
    page.file_uploader(key="yours:recording").upload("hum.wav", recording(0.5), "audio/wav").run()
    page.button(key="yours:stop").click().run()
    held.set()
    page.session_state["yours:listening"].work.future.exception(30)
    assert any("Stopped" in text.value for text in fine(page.run()).info)


def test_what_is_played_becomes_a_piece(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Callable[[Take], None]] = []
    monkeypatch.setattr(
        yours_sound, "record_panel", lambda *_, on_take, **__: given.append(on_take)
    )
    page = opened(root)
    monkeypatch.setattr(yours_sound, "bring", lambda data, name: brought.append((data, name)))
    monkeypatch.setattr(yours_sound, "shelf", lambda: shelf(page))
    brought: list[tuple[bytes, str]] = []
    given[-1](Take((TakeNote(0, 60, 0.0, 1.0, 90),), tempo=90.0))
    ((data, name),) = brought
    assert name == "Played 1.mid" and read_own(data, name).notes == 1
