"""What a musician does to a phrase: notes by hand, feel, files."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tiny
from PIL import Image

from gan.app.player.component import Grid
from gan.app.player.events import Action, read_strokes
from gan.audio.play import _window, play
from gan.audio.render import RATE
from gan.errors import LatentError, SpecError
from gan.models.sampling import Sampling
from gan.music.edits import Edit, with_edits
from gan.music.feel import Feel, swung, touch
from gan.music.performance import Performance, perform
from gan.music.rolls import binarise, is_valid, notes_from_roll, roll_from_notes
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
    how = Performance(feel=Feel(swing=0.5, humanise=0.7))
    whole = perform(phrase(), tiny.SPEC, how).instruments[LEAD].notes
    straight = perform(phrase(), tiny.SPEC, Performance()).instruments[LEAD].notes
    assert [note.start for note in whole] != [note.start for note in straight]
    window, frames = _window(phrase(), tiny.SPEC, how, 9, 12)
    (note,) = window.instruments[LEAD].notes
    assert note.start + frames / RATE == pytest.approx(whole[1].start, abs=1e-9)
    assert note.end + frames / RATE == pytest.approx(whole[1].end, abs=1e-9)
    assert note.velocity == whole[1].velocity


def test_feel_is_heard() -> None:
    def sound(feel: Feel) -> np.ndarray:
        return play(phrase(), tiny.SPEC, Performance(feel=feel)).samples

    assert (sound(Feel()) == sound(Feel())).all()
    assert (sound(Feel()) != sound(Feel(humanise=1.0))).any()


@pytest.mark.parametrize("values", [{"swing": -0.1}, {"humanise": 1.1}])
def test_feel_out_of_range_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(SpecError):
        Feel(**values)


# --- Files ------------------------------------------------------------------------------------


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
    alone = perform(phrase(), tiny.SPEC, Performance(), include=(False, True, False))
    assert [one.name for one in alone.instruments] == ["CHORDS"]
