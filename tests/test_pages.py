"""Every page through the router, with a checkpoint small enough to load in a second."""

from __future__ import annotations

import gc
import io
import weakref
import zipfile
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import streamlit as st
import tiny
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest

from gan.app import library, loading
from gan.app.document import Document, Walk
from gan.app.history import Session
from gan.app.map import building
from gan.app.map.component import MapData
from gan.app.player.component import PlayerData, PlayerResult
from gan.app.player.events import Play
from gan.app.widgets.exports import stems_zip
from gan.app.widgets.model_card import facts
from gan.app.widgets.piece import Piece, take_play
from gan.audio.mix import Mix
from gan.cli import evaluate
from gan.data.dataset import split_by_song
from gan.engine import Engine
from gan.models.checkpoint import read_info, write_config, write_weights
from gan.models.parts import write_parts
from gan.models.registry import build
from gan.models.sampling import Sampling
from gan.music.edits import Edit
from gan.music.performance import Performance
from gan.music.take import Take, TakeNote
from gan.phrase import EDITS_MAX, PhraseState
from gan.quality.evaluation import reference, save_reference
from gan.spec import ROOT
from gan.vary import variants

MAIN = str(ROOT / "gan" / "app" / "main.py")


def write_checkpoint(folder: Path, seed: int, family: str = "gan") -> None:
    generator = build(family, tiny.SPEC, tiny.MODEL)
    rng = np.random.default_rng(seed)
    weights = tiny.lively(generator.weights(), rng)
    write_config(folder, family=family, spec=tiny.SPEC, model=tiny.MODEL, training={}, data={})
    write_weights(folder, weights)
    dataset = tiny.dataset()
    train, held_out = split_by_song(dataset)
    save_reference(folder, reference(dataset, train, held_out, n=16))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints of two families that work and one that does not; one has a card."""
    path = tmp_path_factory.mktemp("checkpoints")
    write_checkpoint(path / "one", 1)
    write_checkpoint(path / "two", 2, "transformer")
    evaluate.main(
        ["--checkpoint_dir", str(path / "one"), "--samples", "16", "--regions", "0", "--write"]
    )
    (path / "broken").mkdir()
    return path


def only(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Show the app these generators alone, and an empty folder of the user's."""
    for module in ("session", "widgets.favourites", "widgets.model_card", "widgets.session_panel"):
        monkeypatch.setattr(f"gan.app.{module}.available", lambda: real(root))
    monkeypatch.setattr(loading, "available", lambda: real(root))
    monkeypatch.setenv("GAN_DATA", str(tmp_path / "data"))


@pytest.fixture(autouse=True)
def folder(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    only(root, tmp_path, monkeypatch)
    yield root


real = loading.available


def ready(root: Path, name: str = "one") -> None:
    """Wait until a checkpoint has loaded, as a user would."""
    loading.loading(read_info(root / name)).result(timeout=300)


def app() -> AppTest:
    return AppTest.from_file(MAIN, default_timeout=60)


def fine(page: AppTest) -> AppTest:
    assert not page.exception, page.exception
    assert not page.error, page.error
    return page


def session(page: AppTest) -> Session:
    return page.session_state["browser"].session


def document(page: AppTest) -> Document:
    return session(page).document


def phrase(page: AppTest) -> PhraseState:
    return document(page).phrase


def test_explore_shows_a_phrase_and_a_new_one(root: Path) -> None:
    ready(root)
    page = fine(app().run())
    assert phrase(page) == PhraseState()
    page.number_input(key="seed").set_value(41).run()
    assert phrase(fine(page)) == PhraseState(seed=41)
    next(b for b in page.button if b.label == "New phrase").click().run()
    after = phrase(fine(page))
    assert after.seed != 41
    next(b for b in page.button if b.label == "Undo").click().run()
    assert phrase(fine(page)).seed == 41
    next(b for b in page.button if b.label == "Redo").click().run()
    assert phrase(fine(page)) == after
    assert reopened(page).seed == after.seed


def test_a_damaged_checkpoint_is_named_and_the_others_work(root: Path) -> None:
    ready(root)
    page = fine(app().run())
    assert any("broken" in warning.value for warning in page.warning)
    picker = next(box for box in page.selectbox if box.label == "Generator")
    assert picker.options == ["one", "two"]
    ready(root, "two")
    picker.set_value("two").run()
    assert document(fine(page)).generator == "two"


def test_no_checkpoint_says_how_to_make_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("gan.app.session.available", lambda: real(tmp_path))
    page = app().run()
    assert "python train.py" in page.error[0].value
    assert not page.exception


def test_a_link_restores_the_phrase(root: Path) -> None:
    ready(root)
    page = app()
    page.query_params["c"] = "one"
    page.query_params["v"] = read_info(root / "one").digest
    page.query_params["p"] = "77~0.5~~bar:1=4"
    page.query_params["bpm"] = "90"
    fine(page.run())
    assert phrase(page) == PhraseState(77, 0.5, takes={"bar:1": 4})
    assert document(page).performance.tempo == 90
    assert not session(page).notices and not session(page).past


def test_nonsense_in_a_link_is_noticed(root: Path) -> None:
    ready(root)
    page = app()
    page.query_params["c"] = "one"
    page.query_params["p"] = "<script>~~~"
    page.query_params["bpm"] = "-1"
    fine(page.run())
    assert phrase(page) == PhraseState()
    (notice,) = session(page).notices
    assert "seed" in notice and "tempo" in notice


def test_a_link_to_a_checkpoint_that_is_not_there(root: Path) -> None:
    ready(root)
    page = app()
    page.query_params["c"] = "gone"
    page.query_params["p"] = "5"
    fine(page.run())
    assert any("'gone'" in warning.value for warning in page.warning)
    assert phrase(page) == PhraseState()


def tempo(page: AppTest, value: float) -> None:
    """Choose a tempo in the player, whose own events AppTest cannot send."""
    take_play(session(page), Play(value, document(page).performance.transpose))
    fine(page.run())


def transposed(page: AppTest, value: int) -> None:
    take_play(session(page), Play(document(page).performance.tempo, value))
    fine(page.run())


def test_feel_and_instruments_reach_the_document(root: Path) -> None:
    ready(root)
    page = fine(app().run())
    page.slider(key="explore:swing").set_value(0.5).run()
    page.selectbox(key="explore:program:LEAD").set_value(40).run()
    how = document(fine(page)).performance
    assert how.feel.swing == 0.5 and how.programs == (40, 0, 0)
    press(page, "Undo")
    press(page, "Undo")
    assert document(page).performance == Performance()
    assert page.slider(key="explore:swing").value == 0


def go_to(page: AppTest, name: str) -> AppTest:
    page.switch_page(str(ROOT / "pages" / f"{name}.py")).run()
    return fine(page)


def reopened(page: AppTest) -> PhraseState:
    """The phrase that the page's address gives in another browser."""
    other = app()
    for name, values in page.query_params.items():
        other.query_params[name] = values
    return phrase(fine(other.run()))


def test_interpolate_walks_between_two_phrases(root: Path) -> None:
    ready(root)
    page = go_to(fine(app().run()), "interpolate")
    page.slider(key="walk:steps").set_value(3).run()
    page.number_input(key="walk:seed:1").set_value(9).run()
    walk = document(fine(page)).walk
    assert (walk.start, walk.end, walk.steps) == (None, PhraseState(9), 3)
    press(page, "", key="walk:dice:0")
    assert document(page).walk.start is not None and phrase(page) == PhraseState()


class FakeMap:
    """Stands in for the map in a browser: keeps what it is shown, and acts once."""

    def __init__(self) -> None:
        self.data: MapData | None = None
        self.seed: int | None = None
        self.line: np.ndarray | None = None

    def __call__(self, data: MapData, *, key: str, on_pick: Any, on_path: Any) -> None:
        self.data = data
        if self.seed is not None:
            on_pick(self.seed)
            self.seed = None
        if self.line is not None:
            on_path(self.line)
            self.line = None


def test_a_map_is_made_and_a_phrase_and_a_path_are_taken(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeMap()
    monkeypatch.setattr("gan.app.map.component.space_map", fake)
    monkeypatch.setattr("gan.app.map.building.PHRASES", 24)
    ready(root)
    page = go_to(fine(app().run()), "map")
    assert fake.data is None
    next(each for each in page.button if each.label == "Make the map").click().run()
    making = building.building(loading.loading(read_info(root / "one")).result())
    if making is not None:
        making.future.result(timeout=120)
    fine(page.run())
    assert fake.data is not None and len(fake.data.space) == 24
    assert [mark.kind for mark in fake.data.marks] == ["present"]

    fake.seed = 17
    fine(page.run())
    fine(page.run())
    assert phrase(page) == PhraseState(seed=17)
    present = fake.data.marks[0]
    assert (present.x, present.y) == pytest.approx(tuple(fake.data.space.xy[17]))

    fake.line = fake.data.space.xy[[4, 11, 20]].astype(float)
    fine(page.run())
    seeds = document(page).journey.seeds
    assert seeds[0] == 4 and seeds[-1] == 20 and fine(page.run()) and fake.data.path == seeds
    page.segmented_control(key="map:wanted").set_value("More like this").run()
    assert len(fake.data.shown) == 8 and 17 not in fake.data.shown
    # Without the map, and by an address alone, the path is still the same music.
    other = app()
    for key, values in page.query_params.items():
        other.query_params[key] = values
    assert document(fine(other.run())).journey.seeds == seeds


def test_a_damaged_map_is_named_and_nothing_else_fails(root: Path) -> None:
    ready(root, "two")
    write_parts(root / "two", {"map.npz": b"no arrays"})
    page = app()
    page.query_params["c"] = "two"
    page = go_to(fine(page.run()), "map")
    fine(page)
    assert any("is damaged" in each.value for each in page.warning)
    assert any(each.label == "Make the map" for each in page.button)
    fine(go_to(page, "explore"))


@pytest.mark.parametrize(
    "name", ["explore", "your_music", "map", "interpolate", "compose", "train", "models"]
)
def test_every_page_has_the_document_in_its_address(root: Path, name: str) -> None:
    ready(root, "two")
    page = app()
    page.query_params["c"] = "two"
    fine(page.run())
    page.number_input(key="seed").set_value(41).run()
    tempo(page, 90)
    go_to(page, "interpolate")
    page.slider(key="walk:steps").set_value(5).run()
    go_to(page, name)
    other = app()
    for key, values in page.query_params.items():
        other.query_params[key] = values
    found = document(fine(other.run()))
    assert found == document(page)
    assert (found.generator, found.phrase.seed, found.walk.steps) == ("two", 41, 5)


def test_the_back_button_is_a_step_and_a_late_run_is_none(root: Path) -> None:
    ready(root)
    page = fine(app().run())
    page.number_input(key="seed").set_value(41).run()
    before = dict(page.query_params)
    page.number_input(key="seed").set_value(42).run()
    page.query_params.update(before)
    page.run()
    assert phrase(fine(page)).seed == 42, "asked for before the browser knew of the new address"
    address = page.session_state["browser"].address
    address.left = {key: at - 10 for key, at in address.left.items()}
    page.query_params.update(before)
    page.run()
    assert phrase(fine(page)).seed == 41
    press(page, "Undo")
    assert phrase(page).seed == 42


def test_the_last_session_is_offered_again(root: Path) -> None:
    ready(root)
    page = fine(app().run())
    page.number_input(key="seed").set_value(41).run()
    other = fine(app().run())
    assert phrase(other) == PhraseState()
    press(other, "Last session")
    assert phrase(other).seed == 41
    assert not any(button.label == "Last session" for button in other.button)


def test_a_generator_that_was_left_is_let_go(root: Path) -> None:
    info = read_info(root / "one")
    loading.forget(info)
    engine = weakref.ref(engine_of(root))
    ready(root, "two")
    page = fine(app().run())
    assert page.session_state["live"][1].engine is engine()
    page.selectbox(key="generator").set_value("two").run()
    fine(page.run())
    loading.forget(info)
    gc.collect()
    assert engine() is None


def test_another_generator_keeps_how_it_is_played(root: Path) -> None:
    ready(root)
    ready(root, "two")
    page = fine(app().run())
    page.number_input(key="seed").set_value(41).run()
    tempo(page, 90)
    page.selectbox(key="generator").set_value("two").run()
    now = document(fine(page))
    assert (now.generator, now.phrase, now.performance.tempo) == ("two", PhraseState(), 90)
    page.selectbox(key="generator").set_value("one").run()
    assert phrase(fine(page)).seed == 41, "each has its own phrase"
    press(page, "Undo")
    press(page, "Undo")
    assert (document(page).generator, phrase(page).seed) == ("one", 41)


def test_the_first_page_comes_before_the_generator(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from concurrent.futures import Future

    monkeypatch.setattr("gan.app.session.loading", lambda info: Future())
    page = fine(app().run())
    assert any("the sliders follow" in caption.value for caption in page.caption)


@pytest.fixture(autouse=True, scope="module")
def clear() -> Iterator[None]:
    yield
    loading._engines.clear()
    st.cache_data.clear()


def test_a_script_run_leaves_compiled_graphs_alone(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streamlit clears Keras's session after each run; the next drag would wait for seconds."""
    from tensorflow.python.eager import context

    ready(root)
    cleared: list[bool] = []
    monkeypatch.setattr(
        context.Context, "clear_kernel_cache", lambda self: cleared.append(True), raising=True
    )
    script_runner._clean_problem_modules()
    assert cleared == []
    fine(app().run())
    assert cleared == []


def test_models_shows_the_card_and_samples(root: Path) -> None:
    ready(root)
    page = fine(app().run())
    page.switch_page(str(ROOT / "pages" / "models.py")).run()
    overview = fine(page).dataframe[0].value
    assert overview["generator"].tolist() == ["one", "two"]
    assert overview["share of the ceiling"].notna().tolist() == [True, False]
    assert any("Licence" in text.value for text in page.markdown)
    attributes = page.dataframe[1].value["attribute"].tolist()
    assert "Lead: height" in attributes and not any("." in name for name in attributes)
    page.number_input(key="models:first").set_value(12).run()
    assert "seed 12" in fine(page).segmented_control[0].options[0]


def test_models_says_how_to_make_a_card(root: Path) -> None:
    ready(root, "two")
    page = app()
    page.query_params["c"] = "two"
    fine(page.run())
    page.switch_page(str(ROOT / "pages" / "models.py")).run()
    assert any("gan.cli.evaluate" in code.value for code in fine(page).code)


def written(page: AppTest) -> np.ndarray:
    return np.concatenate(page.session_state["compose:written"]["rolls"], axis=1)


def test_compose_goes_on_where_the_family_can(root: Path) -> None:
    ready(root, "two")
    page = app()
    page.query_params["c"] = "two"
    fine(page.run())
    go_to(page, "compose")
    page.slider(key="compose:bars").set_value(4).run()
    piece = written(fine(page))[:, : (tiny.SPEC.bars + 4) * tiny.SPEC.steps_per_bar]
    assert piece.shape[1] == (tiny.SPEC.bars + 4) * tiny.SPEC.steps_per_bar
    press(page, "Another")
    again = written(page)
    assert (again[:, : piece.shape[1]] != piece).any()
    page.number_input(key="compose:seed").set_value(0).run()
    assert (written(fine(page))[:, : piece.shape[1]] == piece).all(), "the same seed, the same"


def test_compose_that_was_stopped_keeps_what_is_written(root: Path) -> None:
    ready(root, "two")
    page = app()
    page.query_params["c"] = "two"
    fine(page.run())
    go_to(page, "compose")
    bars = written(page).shape[1] // tiny.SPEC.steps_per_bar
    page.session_state["compose:stopped"] = True
    page.slider(key="compose:bars").set_value(64).run()
    assert written(fine(page)).shape[1] // tiny.SPEC.steps_per_bar == bars
    assert any("of 64 bars are written" in caption.value for caption in page.caption)
    assert any(button.label == "Write on" for button in page.button)


def test_compose_offers_the_generator_that_can(root: Path) -> None:
    ready(root)
    ready(root, "two")
    page = go_to(fine(app().run()), "compose")
    assert any("cannot go on" in info.value for info in page.info)
    press(page, "Compose with two")
    assert document(page).generator == "two" and written(page).any()


def test_a_transformer_has_temperature_and_its_link_keeps_it(root: Path) -> None:
    ready(root, "two")
    page = app()
    page.query_params["c"] = "two"
    page.query_params["p"] = "5~1~~~~0.7~0.9"
    fine(page.run())
    assert phrase(page) == reopened(page) == PhraseState(5, sampling=Sampling(0.7, 0.9))


def open_panel(page: AppTest, name: str) -> AppTest:
    return fine(page.segmented_control(key="explore:panel").set_value(name).run())


def press(page: AppTest, label: str, key: str = "") -> AppTest:
    found = page.button(key=key) if key else next(b for b in page.button if b.label == label)
    return fine(found.click().run())


@pytest.mark.parametrize("name", ["one", "two"])
def test_variants_and_answers_are_heard_kept_and_gone_on_from(root: Path, name: str) -> None:
    ready(root, name)
    page = app()
    page.query_params["c"] = name
    fine(page.run())
    page.number_input(key="seed").set_value(41).run()
    mine, engine = phrase(page), page.session_state["live"][1].engine
    open_panel(page, "Vary")
    page.segmented_control(key="vary:pick").set_value(3).run()
    third = phrase(fine(page))
    assert third == variants(engine, mine, 0.3, 8)[2]
    press(page, "", key="vary:keep")
    assert [each.generator for each in library.favourites()] == [name]
    page.segmented_control(key="vary:pick").set_value(0).run()
    assert phrase(fine(page)) == mine
    page.segmented_control(key="vary:pick").set_value(3).run()
    press(page, "", key="vary:take")
    assert phrase(page) == third and page.segmented_control(key="vary:pick").value == 0

    open_panel(page, "Accompany")
    press(page, "", key="accompany:write")
    page.segmented_control(key="accompany:pick").set_value(1).run()
    answer, lead = phrase(fine(page)), engine.render(third)[0]
    assert answer not in (mine, third) and np.array_equal(engine.render(answer)[0], lead)
    press(page, "Undo")
    assert phrase(page) == third

    open_panel(page, "Onward")
    page.selectbox(key="onward:end").set_value(library.favourites()[0].name).run()
    press(page, "", key="onward:morph")
    assert (document(page).walk.start, document(page).walk.end) == (third, third)
    assert page.slider(key="walk:steps").value == 8


def test_a_and_b(root: Path) -> None:
    ready(root)
    page = fine(app().run())
    press(page, "Keep as A")
    page.number_input(key="seed").set_value(9).run()
    press(page, "Hear A")
    assert phrase(page).seed == 0
    press(page, "Hear B")
    assert phrase(page).seed == 9
    press(page, "Keep as A")
    page.number_input(key="seed").set_value(4).run()
    press(page, "Hear A")
    assert phrase(page).seed == 9
    page.number_input(key="seed").set_value(5).run()
    press(page, "Hear A")
    assert phrase(page).seed == 9, "A stays A"


def test_history_goes_back_to_a_phrase(root: Path) -> None:
    ready(root)
    page = fine(app().run())
    for seed in (3, 5, 7):
        page.number_input(key="seed").set_value(seed).run()
    open_panel(page, "History")
    page.segmented_control(key="history:pick").set_value("2").run()
    fine(page)
    assert phrase(page).seed == 3
    assert [each.phrase.seed for each in session(page).future] == [5, 7]


def test_a_favourite_is_kept_gives_a_track_and_is_gone_to(root: Path) -> None:
    ready(root)
    page = fine(app().run())
    page.number_input(key="seed").set_value(3).run()
    open_panel(page, "Favourites")
    page.text_input[0].set_value("My *first*")
    press(page, "Keep")
    page.number_input(key="seed").set_value(8).run()
    (kept,) = library.favourites()
    page.segmented_control(key=f"favourites:{kept.id}:track").set_value("LEAD").run()
    assert phrase(fine(page)).locks["track:LEAD"].seed == 3
    assert phrase(page).seed == 8
    press(page, "", key=f"favourites:{kept.id}:go")
    assert phrase(page) == PhraseState(3)
    # Another session, after a restart say, finds it too.
    other = open_panel(fine(app().run()), "Favourites")
    assert any(r"My \*first\*" in text.value for text in other.markdown)
    press(other, "", key=f"favourites:{kept.id}:forget")
    assert any("stay here" in caption.value for caption in other.caption)
    press(other, "Bring it back")
    assert any(r"My \*first\*" in text.value for text in other.markdown)


def test_favourites_of_other_generators_are_shown_and_gone_to(root: Path) -> None:
    ready(root)
    ready(root, "two")
    library.keep("Theirs", "two", "c=two&p=6")
    library.keep("Nobody's", "gone", "c=gone&p=6")
    page = open_panel(fine(app().run()), "Favourites")
    assert {each.label for each in page.expander} >= {"two (1)", "gone (1)"}
    theirs = next(each for each in library.favourites() if each.name == "Theirs")
    press(page, "", key=f"favourites:{theirs.id}:go")
    assert document(page).generator == "two" and phrase(page).seed == 6


def test_everything_can_be_taken_away(root: Path) -> None:
    ready(root)
    page = open_panel(fine(app().run()), "Take away")
    labels = {button.label for button in page.get("download_button")}
    assert {"MIDI: Lead", "FLAC", "Stems (WAV)", "MusicXML", "Picture (PNG)"} <= labels
    page.toggle(key="exports:score").set_value(True).run()
    fine(page)


def engine_of(root: Path, name: str = "one") -> Engine:
    ready(root, name)
    return loading.loading(read_info(root / name)).result()


def test_a_favourite_brings_tempo_and_key_and_undo_takes_them_back(
    root: Path,
) -> None:
    ready(root)
    page = open_panel(fine(app().run()), "Favourites")
    page.text_input[0].set_value("Slow")
    tempo(page, 80)
    transposed(page, -3)
    page.text_input[0].set_value("Slow")
    press(page, "Keep")
    tempo(page, 140)
    transposed(page, 0)
    press(page, "", key=f"favourites:{library.favourites()[0].id}:go")
    how = document(fine(page)).performance
    assert (how.tempo, how.transpose) == (80, -3)
    press(page, "Undo")
    assert (document(page).performance.tempo, document(page).performance.transpose) == (140, 0)
    press(page, "Undo")
    assert document(page).performance.transpose == -3


def test_stems_are_one_file_a_track(root: Path) -> None:
    engine = engine_of(root)
    piece = Piece(engine.render(PhraseState()), engine.spec, "phrase")
    data = stems_zip(piece, Document())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["lead.wav", "chords.wav", "kit.wav"]
        samples, rate = soundfile.read(io.BytesIO(archive.read("lead.wav")))
    assert rate == 44100 and len(samples) > rate


def test_the_hint_is_put_away_for_good(
    root: Path,
) -> None:
    ready(root)
    page = fine(app().run())
    assert any("Press play" in text.value for text in page.markdown)
    press(page, "Got it")
    assert not any("Press play" in text.value for text in page.markdown)
    assert not any("Press play" in text.value for text in fine(app().run()).markdown)


def test_another_generator_lets_the_one_before_go(root: Path) -> None:
    ready(root)
    page = fine(app().run())
    before = page.session_state["live"][0]
    assert before.is_open
    page.selectbox(key="generator").set_value("two").run()
    fine(page)
    assert not before.is_open
    assert "live" not in page.session_state or page.session_state["live"][0] is not before


BAIT = "![bait](x) <b>bait</b> :red[bait]"


def rendered(page: AppTest) -> list[str]:
    """Every text of a page that Streamlit reads as Markdown."""
    kinds = ("markdown", "caption", "info", "warning", "error", "subheader", "title")
    texts = [each.value for kind in kinds for each in page.get(kind)]
    widgets = ("button", "selectbox", "slider", "number_input", "toggle", "text_input")
    for kind in widgets:
        texts += [each.label for each in page.get(kind)]
        texts += [each.help for each in page.get(kind) if getattr(each, "help", "")]
    return texts


@pytest.mark.parametrize(
    "name", ["explore", "your_music", "map", "interpolate", "compose", "train", "models"]
)
def test_names_and_cards_from_folders_are_no_markdown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A picture in a name would be loaded by every page."""
    good = tmp_path / BAIT.replace("/", "")
    tracks = tuple(replace(track, name=f"{track.name} {BAIT}"[:60]) for track in tiny.SPEC.tracks)
    write_config(
        good,
        family="gan",
        spec=replace(tiny.SPEC, tracks=tracks),
        model=tiny.MODEL,
        training={},
        data={},
    )
    write_weights(good, build("gan", tiny.SPEC, tiny.MODEL).weights())
    bad = tmp_path / "other ![bait](x)"
    bad.mkdir()
    (bad / "manifest.json").write_text('{"format": "![bait](x)"}')
    monkeypatch.setattr("gan.app.session.available", lambda: real(tmp_path))
    monkeypatch.setattr(loading, "loading", lambda info: Future())
    monkeypatch.setattr("gan.app.session.loading", lambda info: Future())
    page = app().run()
    if name != "explore":
        page.switch_page(str(ROOT / "pages" / f"{name}.py")).run()
    assert not page.exception, page.exception
    texts = rendered(page)
    assert any("bait" in text for text in texts)
    for text in texts:
        assert "![bait" not in text and "<b>" not in text and ":red[" not in text, text


def test_a_card_is_no_markdown() -> None:
    figures = {"generator": {"parameters": 1, "latent_dim": 2, "plan_dim": 1}}
    data = dict.fromkeys(("name", "songs", "phrases", "licence"), BAIT)
    text = facts({"data": data, "figures": figures, "cost": BAIT, "intended_use": BAIT})
    assert text.count("bait") == 6 * 3
    assert "![bait" not in text and "<b>" not in text and ":red[" not in text


class FakePlayer:
    """The player as a page meets it: it keeps the mix that a browser told last."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: Mix | None = None
        self.shown = Mix()
        monkeypatch.setattr("gan.app.widgets.piece.player", self)

    def __call__(self, data: PlayerData, **handlers: Any) -> PlayerResult:
        self.shown, self.on_mix = data.mix, handlers["on_mix"]
        return PlayerResult(values={}, mix=self.told or data.mix, commit=None)

    def tell(self, mix: Mix) -> None:
        self.told = mix
        self.on_mix(mix)


def test_the_region_of_a_piece_is_a_step_that_undo_takes_back(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(root)
    player = FakePlayer(monkeypatch)
    page = go_to(fine(app().run()), "interpolate")
    player.tell(replace(player.shown, loop_start=4, loop_end=40))
    fine(page.run())
    assert document(page).walk.loop == (4, 40)
    assert (player.shown.loop_start, player.shown.loop_end) == (4, 40)
    assert document(page).mix == Mix(), "the phrase has a region of its own"
    session(page).undo()
    fine(page.run())
    assert document(page).walk.loop == (0, None)


@pytest.mark.parametrize("loop", [(900, None), (8, 4), (0, 9999)])
def test_a_region_that_is_not_in_the_piece_is_the_whole_piece(
    root: Path, monkeypatch: pytest.MonkeyPatch, loop: tuple[int, int | None]
) -> None:
    ready(root)
    player = FakePlayer(monkeypatch)
    page = fine(app().run())
    session(page).change(walk=Walk(loop=loop))
    go_to(page, "interpolate")
    assert (player.shown.loop_start, player.shown.loop_end) == (0, None)


def test_a_walk_of_the_command_line_opens_on_its_page(root: Path) -> None:
    ready(root)
    page = fine(app().run())
    session(page).change(walk=Walk(steps=40))
    go_to(page, "interpolate")
    assert page.slider(key="walk:steps").value == 40


def test_what_was_played_lies_on_the_phrase_and_undo_takes_it_off(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(root)
    page = open_panel(fine(app().run()), "Play")  # the component itself
    told: dict[str, Any] = {}
    monkeypatch.setattr(
        "gan.app.widgets.recording.recorder", lambda data, **rest: told.update(rest, data=data)
    )
    fine(page.run())
    assert [track.name for track in told["data"].tracks] == list(tiny.SPEC.track_names)
    told["on_use"](Take((TakeNote(1, 55, 1.1, 2.0),), beats=8.0))
    fine(page.run())
    assert phrase(page).edits == reopened(page).edits == (Edit(1, 7, 4, 8),)
    assert TakeNote(1, 55, 1.0, 2.0, 64) in told["data"].backing
    session(page).undo()
    fine(page.run())
    assert phrase(page).edits == ()

    many = (TakeNote(1, 48 + k % 24, k // 24 / 4, 8.0) for k in range(EDITS_MAX + 2))
    told["on_use"](Take(tuple(many), beats=8.0))
    assert any("the first 2 are gone" in warning.value for warning in page.run().warning)
    assert len(phrase(page).edits) == EDITS_MAX
