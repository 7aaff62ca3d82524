"""Every page through the router, with a checkpoint small enough to load in a second."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import streamlit as st
import tiny
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest

from gan.app import loading
from gan.app.desk import Desk
from gan.app.widgets import exports
from gan.cli import evaluate
from gan.data.dataset import split_by_song
from gan.engine import PhraseState
from gan.models.checkpoint import read_info, write_config, write_weights
from gan.models.registry import build
from gan.models.sampling import Sampling
from gan.quality.evaluation import reference, save_reference
from gan.spec import ROOT

MAIN = str(ROOT / "gan" / "ui" / "main.py")


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


@pytest.fixture(autouse=True)
def folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(loading, "available", lambda: real(root))
    monkeypatch.setattr("gan.app.session.available", lambda: real(root))
    yield root


real = loading.available


def ready(root: Path, name: str = "one") -> None:
    """Wait until a checkpoint has loaded, as a user would."""
    info = read_info(root / name)
    loading.loading(str(info.path), info.digest).result(timeout=300)


def app() -> AppTest:
    return AppTest.from_file(MAIN, default_timeout=60)


def fine(page: AppTest) -> AppTest:
    assert not page.exception, page.exception
    assert not page.error, page.error
    return page


def desk(page: AppTest, root: Path, name: str = "one"):
    info = read_info(root / name)
    return page.session_state[f"desk:{info.path}:{info.digest}"]


def test_explore_shows_a_phrase_and_a_new_one(root: Path) -> None:
    ready(root)
    page = fine(app().run())
    assert desk(page, root).point == PhraseState()
    page.number_input(key="seed").set_value(41).run()
    assert desk(fine(page), root).point == PhraseState(seed=41)
    next(b for b in page.button if b.label == "New phrase").click().run()
    after = desk(fine(page), root).point
    assert after.seed != 41
    next(b for b in page.button if b.label == "Undo").click().run()
    assert desk(fine(page), root).point.seed == 41
    next(b for b in page.button if b.label == "Redo").click().run()
    assert desk(fine(page), root).point == after
    assert page.query_params["p"] == f"{after.seed}~1~~"


def test_a_damaged_checkpoint_is_named_and_the_others_work(root: Path) -> None:
    ready(root)
    page = fine(app().run())
    assert any("broken" in warning.value for warning in page.warning)
    picker = next(box for box in page.selectbox if box.label == "Generator")
    assert picker.options == ["one", "two"]
    ready(root, "two")
    picker.set_value("two").run()
    assert fine(page).session_state["checkpoint"] == "two"


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
    shown = desk(page, root)
    assert shown.point == PhraseState(77, 0.5, part_seeds={"bar:1": 4})
    assert shown.how.tempo == 90
    assert not shown.notices


def test_nonsense_in_a_link_is_noticed(root: Path) -> None:
    ready(root)
    page = app()
    page.query_params["c"] = "one"
    page.query_params["p"] = "<script>~~~"
    page.query_params["bpm"] = "-1"
    fine(page.run())
    assert desk(page, root).point == PhraseState()
    notices = [line for warning in page.warning for line in warning.value.splitlines()]
    assert sum("made no sense" in line for line in notices) == 2


def test_a_link_to_a_checkpoint_that_is_not_there(root: Path) -> None:
    ready(root)
    page = app()
    page.query_params["c"] = "gone"
    page.query_params["p"] = "5"
    fine(page.run())
    assert any("'gone'" in warning.value for warning in page.warning)
    assert desk(page, root).point == PhraseState()


def test_tempo_and_key_reach_the_desk(root: Path) -> None:
    ready(root)
    page = fine(app().run())
    page.slider(key="explore:bpm").set_value(90).run()
    page.select_slider(key="explore:key").set_value(3).run()
    how = desk(fine(page), root).how
    assert (how.tempo, how.transpose) == (90, 3)


def test_interpolate_walks_between_two_seeds(root: Path) -> None:
    ready(root)
    page = fine(app().run())
    page.switch_page(str(ROOT / "pages" / "interpolate.py")).run()
    fine(page)
    ends = page.session_state["interpolate"]
    assert (ends["a"], ends["b"], ends["steps"]) == (0, 1, 8)
    page.slider(key="between:steps").set_value(3).run()
    page.number_input(key="between:b:1").set_value(9).run()
    ends = fine(page).session_state["interpolate"]
    assert (ends["b"], ends["steps"]) == (9, 3)


def test_the_first_page_comes_before_the_generator(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from concurrent.futures import Future

    monkeypatch.setattr("gan.app.session.loading", lambda path, digest: Future())
    page = fine(app().run())
    assert any("Loading the generator" in caption.value for caption in page.caption)


@pytest.fixture(autouse=True, scope="module")
def clear() -> Iterator[None]:
    yield
    st.cache_resource.clear()


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
    page.number_input(key="models:first").set_value(12).run()
    assert "seed 12" in fine(page).segmented_control[0].options[0]


def test_models_says_how_to_make_a_card(root: Path) -> None:
    ready(root, "two")
    page = app()
    page.query_params["c"] = "two"
    fine(page.run())
    page.switch_page(str(ROOT / "pages" / "models.py")).run()
    assert any("gan.cli.evaluate" in info.value for info in fine(page).info)


def test_compose_goes_on_where_the_family_can(root: Path) -> None:
    ready(root, "two")
    page = app()
    page.query_params["c"] = "two"
    fine(page.run())
    page.switch_page(str(ROOT / "pages" / "compose.py")).run()
    page.slider(key="compose:bars").set_value(4).run()
    piece = fine(page).session_state["compose:piece"][1]
    bars = tiny.SPEC.bars + 4
    assert piece.shape[1] == bars * tiny.SPEC.steps_per_bar
    next(b for b in page.button if b.label == "Another").click().run()
    assert (fine(page).session_state["compose:piece"][1] != piece).any()


def test_compose_says_why_a_gan_cannot(root: Path) -> None:
    ready(root)
    page = fine(app().run())
    page.switch_page(str(ROOT / "pages" / "compose.py")).run()
    assert any("cannot go on" in info.value for info in fine(page).info)


def test_a_transformer_has_temperature_and_its_link_keeps_it(root: Path) -> None:
    ready(root, "two")
    page = app()
    page.query_params["c"] = "two"
    page.query_params["p"] = "5~1~~~~0.7~0.9"
    fine(page.run())
    assert desk(page, root, "two").point == PhraseState(5, sampling=Sampling(0.7, 0.9))
    assert page.query_params["p"] == "5~1~~~~0.7~0.9"


def open_drawer(page: AppTest, name: str) -> AppTest:
    return fine(page.segmented_control(key="explore:drawer").set_value(name).run())


def press(page: AppTest, label: str) -> AppTest:
    return fine(next(b for b in page.button if b.label == label).click().run())


def test_a_and_b(root: Path) -> None:
    ready(root)
    page = fine(app().run())
    press(page, "Keep as A")
    page.number_input(key="seed").set_value(9).run()
    press(page, "Hear A")
    assert desk(page, root).point.seed == 0
    press(page, "Hear B")
    assert desk(page, root).point.seed == 9
    press(page, "Keep as A")
    page.number_input(key="seed").set_value(4).run()
    press(page, "Hear A")
    assert desk(page, root).point.seed == 9


def test_history_goes_back_to_a_phrase(root: Path) -> None:
    ready(root)
    page = fine(app().run())
    for seed in (3, 5, 7):
        page.number_input(key="seed").set_value(seed).run()
    open_drawer(page, "History")
    page.segmented_control(key="explore:history:pick").set_value("2").run()
    fine(page)
    assert desk(page, root).point.seed == 3
    assert [place.point.seed for place in desk(page, root).future] == [5, 7]


def test_a_favourite_is_kept_lends_a_track_and_is_gone_to(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAN_DATA", str(tmp_path))
    ready(root)
    page = fine(app().run())
    page.number_input(key="seed").set_value(3).run()
    open_drawer(page, "Favourites")
    page.text_input[0].set_value("My *first*")
    press(page, "Keep")
    page.number_input(key="seed").set_value(8).run()
    page.segmented_control(key="explore:favourite:My *first*:track").set_value("LEAD").run()
    fine(page)
    assert desk(page, root).point.locks["track:LEAD"].seed == 3
    assert desk(page, root).point.seed == 8
    page.button(key="explore:favourite:My *first*:go").click().run()
    assert desk(fine(page), root).point == PhraseState(3)
    # Another session, after a restart say, finds it too.
    other = open_drawer(fine(app().run()), "Favourites")
    assert any(r"My \*first\*" in text.value for text in other.markdown)
    other.button(key="explore:favourite:My *first*:forget").click().run()
    assert any("stay here" in caption.value for caption in fine(other).caption)


def test_everything_can_be_taken_away(root: Path) -> None:
    ready(root)
    page = open_drawer(fine(app().run()), "Take away")
    labels = {button.label for button in page.get("download_button")}
    assert {"MIDI: Lead", "FLAC", "Stems (WAV)", "MusicXML", "Picture (PNG)"} <= labels
    page.toggle(key="explore:score").set_value(True).run()
    fine(page)


def explorer_of(root: Path, name: str = "one"):
    ready(root, name)
    info = read_info(root / name)
    return loading.loading(str(info.path), info.digest).result()


def test_a_favourite_brings_tempo_and_key_and_undo_takes_them_back(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAN_DATA", str(tmp_path))
    ready(root)
    page = open_drawer(fine(app().run()), "Favourites")
    page.text_input[0].set_value("Slow")
    page.slider(key="explore:bpm").set_value(80).run()
    page.select_slider(key="explore:key").set_value(-3).run()
    page.text_input[0].set_value("Slow")
    press(page, "Keep")
    page.slider(key="explore:bpm").set_value(140).run()
    page.select_slider(key="explore:key").set_value(0).run()
    page.button(key="explore:favourite:Slow:go").click().run()
    how = desk(fine(page), root).how
    assert (how.tempo, how.transpose) == (80, -3)
    assert page.slider(key="explore:bpm").value == 80
    press(page, "Undo")
    assert (desk(page, root).how.tempo, desk(page, root).how.transpose) == (140, 0)
    press(page, "Undo")
    assert desk(page, root).how.transpose == -3
    assert page.select_slider(key="explore:key").value == -3


def test_stems_are_one_file_a_track(root: Path) -> None:
    engine = explorer_of(root)
    data = exports.stems_zip(engine.roll(PhraseState()), engine, Desk())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["lead.wav", "chords.wav", "kit.wav"]
        samples, rate = soundfile.read(io.BytesIO(archive.read("lead.wav")))
    assert rate == 44100 and len(samples) > rate


def test_the_hint_is_put_away_for_good(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAN_DATA", str(tmp_path))
    ready(root)
    page = fine(app().run())
    assert any("Press play" in text.value for text in page.markdown)
    press(page, "Got it")
    assert not any("Press play" in text.value for text in page.markdown)
    assert not any("Press play" in text.value for text in fine(app().run()).markdown)
