"""What a musician does to a phrase: notes by hand, feel, files, favourites."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path

import numpy as np
import pytest
import tiny
from PIL import Image

from gan.app import library
from gan.app.player.component import Grid
from gan.app.player.events import Action, read_strokes
from gan.audio.play import stems_of
from gan.errors import LatentError, SpecError
from gan.models.sampling import Sampling
from gan.music.edits import Edit, with_edits
from gan.music.feel import Feel, swung, touch
from gan.music.midi import midi_from_roll
from gan.music.performance import Performance, perform
from gan.music.rolls import binarise, is_valid, notes_from_roll, roll_from_notes
from gan.music.score import engraved, musicxml, sharps, sounds
from gan.pictures import roll_png

LEAD, CHORDS, KIT = range(3)


def phrase() -> np.ndarray:
    lead = np.array([(0, 8, 60), (8, 12, 64)], np.int32)
    chords = np.array([(0, 16, 52), (0, 16, 55)], np.int32)
    return roll_from_notes([lead, chords, np.array([(0, 1, 50)], np.int32)], tiny.SPEC)


def notes(roll: np.ndarray, track: int) -> list[tuple[int, int, int]]:
    return [tuple(note) for note in notes_from_roll(roll, tiny.SPEC)[track].tolist()]


# --- Notes by hand ----------------------------------------------------------------------------


def test_a_drawn_note_is_there_and_the_rest_as_it_was() -> None:
    after = with_edits(phrase(), [Edit(CHORDS, 12, 20, 24)], tiny.SPEC)
    assert is_valid(after, tiny.SPEC)
    assert notes(after, CHORDS) == [(0, 16, 52), (0, 16, 55), (20, 24, 60)]
    assert notes(after, LEAD) == notes(phrase(), LEAD)


def test_a_drawn_note_takes_its_place_in_a_monophonic_track() -> None:
    after = with_edits(phrase(), [Edit(LEAD, 20, 4, 10)], tiny.SPEC)
    assert is_valid(after, tiny.SPEC)
    # The first note is cut, the second had begun under the new one and is gone.
    assert notes(after, LEAD) == [(0, 4, 60), (4, 10, 68)]


def test_a_drawn_note_splits_a_long_one_of_its_pitch() -> None:
    after = with_edits(phrase(), [Edit(CHORDS, 4, 4, 8)], tiny.SPEC)
    assert notes(after, CHORDS) == [(0, 4, 52), (0, 16, 55), (4, 8, 52)]


def test_erasing_a_note_takes_all_of_it() -> None:
    after = with_edits(phrase(), [Edit(CHORDS, 4, 0, 16, on=False)], tiny.SPEC)
    assert notes(after, CHORDS) == [(0, 16, 55)]
    # The start alone takes the rest along: nothing sounds that was not struck.
    after = with_edits(phrase(), [Edit(CHORDS, 4, 0, 2, on=False)], tiny.SPEC)
    assert notes(after, CHORDS) == [(0, 16, 55)]


def test_a_drum_is_struck_for_one_step() -> None:
    after = with_edits(phrase(), [Edit(KIT, 5, 8, 14)], tiny.SPEC)
    assert is_valid(after, tiny.SPEC)
    assert notes(after, KIT)[1] == (8, 9, 53)


@pytest.mark.parametrize(
    "edit", [Edit(9, 0, 0, 1), Edit(0, 99, 0, 1), Edit(0, 0, 5, 5), Edit(0, 0, 30, 99)]
)
def test_a_stroke_outside_is_passed_over(edit: Edit) -> None:
    assert (with_edits(phrase(), [edit], tiny.SPEC) == phrase()).all()


def test_strokes_from_a_browser_are_not_believed() -> None:
    good = {"number": 2, "track": 1, "pitch": 60, "start": 0, "end": 4, "on": True}
    bad = [
        {**good, "track": 3},
        {**good, "pitch": 10},
        {**good, "start": 4},
        {**good, "end": 65},
        {**good, "number": None},
        {**good, "start": "x"},
        "nonsense",
    ]
    grid = Grid(bars=2, pitch_min=48, pitches=24)
    found = read_strokes({"strokes": [*bad, good, {**good, "number": 1, "on": False}]}, grid, 3)
    assert [(stroke.number, stroke.on) for stroke in found] == [(1, False), (2, True)]
    assert read_strokes({"strokes": "x"}, grid, 3) == ()
    assert len(read_strokes({"strokes": [good] * 1000}, grid, 3)) == 64


def test_an_action_may_be_about_a_bar() -> None:
    action = Action.from_json({"kind": "lock", "bar": 1}, tracks=["A"], bars=2)
    assert (action.kind, action.part) == ("lock", "bar:1")
    assert Action.from_json({"kind": "lock", "bar": 2}, tracks=["A"], bars=2).kind == "none"
    assert Action.from_json({"kind": "lock", "track": "A"}, tracks=["A"]).part == "track:A"


# --- How likely a note must be ----------------------------------------------------------------


def test_density_lets_notes_in_and_keeps_them_out() -> None:
    probabilities = np.zeros((1, *tiny.SPEC.shape), np.float32)
    probabilities[0, CHORDS, 0, 3] = 0.3
    probabilities[0, CHORDS, 4, 5] = 0.7

    def count(density: tuple[float, ...]) -> int:
        thresholds = Sampling(density=density).dense(np.full(3, 0.5))[None]
        return int(binarise(probabilities, tiny.SPEC, onset_threshold=thresholds)[..., 1].sum())

    assert [count(d) for d in ((), (0, 1, 0), (0, -1, 0), (1, 0, 1))] == [1, 2, 0, 1]
    with pytest.raises(LatentError):
        Sampling(density=(2.0,))
    with pytest.raises(LatentError):
        Sampling(density=(0.0,)).dense(np.full(3, 0.5))


# --- Feel -------------------------------------------------------------------------------------


def test_swing_moves_the_second_eighth_to_the_last_of_a_triplet() -> None:
    feel = Feel(swing=1.0)
    played = [swung(step, tiny.SPEC, feel) for step in (0, 1, 2, 3, 4, 6)]
    assert played == pytest.approx([0, 4 / 3, 8 / 3, 10 / 3, 4, 4 + 8 / 3])
    assert [swung(step, tiny.SPEC, Feel()) for step in range(8)] == list(range(8))


def test_humanising_is_the_same_each_time_and_small() -> None:
    feel = Feel(humanise=1.0, seed=3)
    offsets = [touch(0, onset, 60, feel) for onset in range(200)]
    assert offsets == [touch(0, onset, 60, feel) for onset in range(200)]
    assert 0.005 < np.std([late for late, _ in offsets]) < 0.02
    assert offsets != [touch(0, onset, 60, Feel(humanise=1.0, seed=4)) for onset in range(200)]
    assert touch(0, 0, 60, Feel()) == (0.0, 0.0)


def test_feel_reaches_the_midi_and_a_window_of_it() -> None:
    feel = Feel(swing=0.5, humanise=0.7)
    whole = midi_from_roll(phrase(), tiny.SPEC, feel=feel)
    later = phrase()[:, 8:]
    padded = np.concatenate([later, np.zeros_like(phrase()[:, :8])], axis=1)
    padded[LEAD, 0, :, 1] = padded[LEAD, 0, :, 0]
    window = midi_from_roll(padded, tiny.SPEC, feel=feel, origin=8)
    second = whole.instruments[LEAD].notes[1]
    same = window.instruments[LEAD].notes[0]
    step = 60 / 120 / tiny.SPEC.steps_per_beat
    assert same.start == pytest.approx(max(second.start - 8 * step, 0.0), abs=1e-6)
    assert same.velocity == second.velocity
    straight = midi_from_roll(phrase(), tiny.SPEC)
    assert [n.start for n in whole.instruments[LEAD].notes] != [
        n.start for n in straight.instruments[LEAD].notes
    ]


def test_feel_is_heard() -> None:
    def sound(feel: Feel) -> np.ndarray:
        return stems_of(phrase(), tiny.SPEC, how=Performance(feel=feel)).samples

    assert (sound(Feel()) == sound(Feel())).all()
    assert (sound(Feel()) != sound(Feel(humanise=1.0))).any()


@pytest.mark.parametrize("values", [{"swing": -0.1}, {"humanise": 1.1}])
def test_feel_out_of_range_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(SpecError):
        Feel(**values)


# --- Files ------------------------------------------------------------------------------------


def test_a_voice_lasts_to_its_next_sound() -> None:
    rows = [(0, 16, 60), (0, 4, 64), (8, 12, 67)]
    assert sounds(rows) == [(0, 8, (60, 64)), (8, 12, (67,))]


@pytest.mark.parametrize(
    ("shift", "signature"), [(0, 0), (7, 1), (2, 2), (-2, -2), (6, 6), (5, -1)]
)
def test_keys_have_their_signature(shift: int, signature: int) -> None:
    assert sharps(shift) == signature


def test_the_score_has_every_note_where_it_begins() -> None:
    from music21 import converter

    xml = musicxml(phrase(), tiny.SPEC, transpose=2, tempo=90, title="A test")
    score = converter.parseData(xml.decode())
    lead = score.parts[0].flatten()
    assert [(n.offset, n.pitch.midi) for n in lead.notes] == [(0.0, 62), (2.0, 66)]
    assert lead.keySignature.sharps == 2
    assert score.parts[0].partName == "Lead"
    below = [part for part in score.parts if part.flatten().getElementsByClass("BassClef")]
    assert sorted(p.midi for p in below[0].flatten().notes[0].pitches) == [54, 57]
    pages = engraved(xml)
    assert len(pages) == 1 and pages[0].lstrip().startswith("<")
    assert pages[0].count('class="note"') >= 4


def test_every_thread_can_engrave() -> None:
    xml, pages = musicxml(phrase(), tiny.SPEC), []
    for _ in range(2):
        thread = threading.Thread(target=lambda: pages.extend(engraved(xml)))
        thread.start()
        thread.join()
    assert len(pages) == 2 and pages[0].count('class="note"') >= 4


def test_an_empty_phrase_has_a_score_too() -> None:
    empty = np.zeros(tiny.SPEC.shape, np.uint8)
    assert engraved(musicxml(empty, tiny.SPEC))


def test_the_picture_shows_the_tracks_in_their_colours() -> None:
    image = Image.open(io.BytesIO(roll_png(phrase(), tiny.SPEC)))
    assert image.format == "PNG" and image.width > 500
    colours = {colour for _, colour in image.getcolors(100_000)}
    assert {(0x3D, 0x8B, 0xD4), (0xE0, 0x78, 0x2F)} <= colours
    assert Image.open(io.BytesIO(roll_png(np.zeros(tiny.SPEC.shape, np.uint8), tiny.SPEC))).width


def test_the_picture_names_octaves_as_they_sound() -> None:
    def picture(transpose: int) -> bytes:
        return Image.open(io.BytesIO(roll_png(phrase(), tiny.SPEC, transpose=transpose))).tobytes()

    assert picture(0) == picture(0)
    assert len({picture(0), picture(2), picture(12)}) == 3


def test_one_track_alone_as_midi() -> None:
    how = Performance(include=(False, True, False))
    assert [one.name for one in perform(phrase(), tiny.SPEC, how).instruments] == ["CHORDS"]


# --- Favourites -------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GAN_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_favourites_are_kept_newest_first_and_forgotten(home: Path) -> None:
    assert library.read() == []
    library.add("One", "pop", {"p": "1~1~~", "off": ["A", "B"]})
    library.add(" Two ", "pop", {"p": "2~1~~"})
    library.add("One", "pop", {"p": "3~1~~"})
    found = library.read()
    assert [(each.name, each.query["p"]) for each in found] == [
        ("One", ["3~1~~"]),
        ("Two", ["2~1~~"]),
    ]
    library.remove("One", "pop")
    assert [each.name for each in library.read()] == ["Two"]
    assert [path.name for path in home.iterdir()] == ["favourites.json"]


def test_phrases_without_a_name_do_not_replace_each_other(home: Path) -> None:
    for seed in "123":
        library.add(" ", "pop", {"p": seed})
    assert [each.name for each in library.read()] == ["Phrase 3", "Phrase 2", "Phrase 1"]


def test_a_full_shelf_loses_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "MOST", 2)
    library.add("One", "pop", {"p": "1"})
    library.add("Two", "pop", {"p": "2"})
    with pytest.raises(library.ShelfError, match="forget some"):
        library.add("Three", "pop", {"p": "3"})
    assert [each.name for each in library.read()] == ["Two", "One"]


@pytest.mark.parametrize("text", ["{", "[]", '{"favourites": 3}', "\x00"])
def test_a_broken_file_is_put_aside(home: Path, text: str) -> None:
    home.mkdir()
    (home / "favourites.json").write_text(text, encoding="utf-8")
    assert library.read() == []
    library.add("New", "pop", {"p": "1"})
    assert len(library.read()) == 1
    assert [p.read_text() for p in home.glob("favourites-broken-*")] == [text]


def test_entries_that_are_none_are_left_out(home: Path) -> None:
    home.mkdir()
    good = {"name": "A", "checkpoint": "pop", "query": {"p": ["1"]}}
    bad = [3, {}, {**good, "name": 1}, {**good, "query": []}, {**good, "query": {"p": [1]}}]
    values = {"favourites": [*bad, good]}
    (home / "favourites.json").write_text(json.dumps(values), encoding="utf-8")
    assert [each.name for each in library.read()] == ["A"]


def test_many_at_once_lose_nothing(home: Path) -> None:
    threads = [
        threading.Thread(target=library.add, args=(f"n{k}", "pop", {"p": str(k)}))
        for k in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(library.read()) == 16


def test_a_folder_that_cannot_be_written_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAN_DATA", "/proc/nowhere")
    with pytest.raises(library.ShelfError, match="cannot be written"):
        library.add("A", "pop", {"p": "1"})
