"""Bars, phrases and voices: the parts of reading that a whole folder does not show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from compose import SPEC, Part, melody, write_midi

from gan.data import bach
from gan.data.midi_files import bar_lines, read_song
from gan.data.phrases import KeySpan, Phrases, Song, cut_phrases, phrase_starts, refuse
from gan.data.plan import Plan
from gan.data.pool import Work, read_all
from gan.errors import MidiError
from gan.music.keys import Key
from gan.music.notes import as_notes, no_notes
from gan.music.rolls import notes_from_roll, unpack
from gan.spec import RollSpec, Track

PIANO = RollSpec(scheme="piano", tracks=(Track("Piano"),))


@pytest.mark.parametrize(
    ("signatures", "last", "lines"),
    [
        ((), 40, [0, 16, 32, 48]),
        (((0, 4, 4),), 32, [0, 16, 32]),
        (((0, 3, 4),), 20, [0, 12, 24]),
        (((0, 2, 2),), 17, [0, 16, 32]),
        (((0, 6, 8), (24, 4, 4)), 50, [0, 12, 24, 40, 56]),
        # A change in the middle of a bar begins a bar there.
        (((0, 4, 4), (20, 4, 4)), 40, [0, 16, 20, 36, 52]),
        # A signature that comes late, and one after the music.
        (((16, 3, 4), (400, 4, 4)), 30, [0, 16, 28, 40]),
        (((0, 3, 4), (0, 4, 4)), 16, [0, 16]),
    ],
)
def test_bar_lines(signatures, last: int, lines: list[int]) -> None:
    assert bar_lines(signatures, last=last, spec=SPEC).tolist() == lines


def test_absurd_bars_are_refused() -> None:
    with pytest.raises(MidiError, match="too long"):
        bar_lines([(0, 4, 4)], last=10**9, spec=SPEC)
    with pytest.raises(MidiError, match="time signature of 0/4"):
        bar_lines([(0, 0, 4)], last=100, spec=SPEC)


@pytest.mark.parametrize("ticks", [96, 120, 480, 960, 10])
def test_steps_do_not_depend_on_the_files_ticks(tmp_path: Path, ticks: int) -> None:
    path = write_midi(tmp_path / "a.mid", [Part("", melody(4))], ticks_per_beat=ticks)
    song = read_song(path, "a", PIANO)
    assert song.tracks[0].tolist() == [list(row) for row in melody(4)]
    assert song.bar_starts.tolist() == [0, 16, 32, 48, 64]


def test_tracks_of_one_kind_are_merged(tmp_path: Path) -> None:
    parts = [Part("a", [(0, 4, 60)]), Part("b", [(2, 6, 64)], program=40)]
    song = read_song(write_midi(tmp_path / "a.mid", parts), "a", PIANO)
    assert song.tracks[0].tolist() == [[0, 4, 60], [2, 6, 64]]


def test_no_phrase_crosses_an_odd_bar() -> None:
    lines = np.cumsum([0, 16, 16, 16, 16, 16, 8, 16, 16, 16, 16, 16, 16])
    assert phrase_starts(lines, SPEC, hop_bars=1) == [0, 1, 6, 7, 8]
    assert phrase_starts(lines, SPEC, hop_bars=2) == [0, 6, 8]
    assert phrase_starts(lines[:4], SPEC, hop_bars=1) == []


def test_a_phrase_takes_the_key_that_holds_longest_or_the_nearest() -> None:
    line = as_notes([(4 * k, 4 * k + 4, 60) for k in range(64)])
    song = Song(
        name="s",
        tracks=(line, line, no_notes()),
        bar_starts=np.arange(17) * 16,
        keys=(KeySpan(0, 40, Key(2)), KeySpan(40, 150, Key(9, minor=True))),
    )
    found = cut_phrases(song, SPEC, hop_bars=4)
    assert found.start_bar.tolist() == [0, 4, 8, 12]
    assert found.shift.tolist() == [-2, 0, 0, 0]
    assert found.minor.tolist() == [False, True, True, True]


def test_nearly_empty_phrases_are_left_out() -> None:
    busy = as_notes([(4 * k, 4 * k + 4, 60) for k in range(16)])
    sparse = as_notes([(64 + 16 * k, 68 + 16 * k, 60) for k in range(4)])
    later = busy + np.array([128, 128, 0], dtype=np.int32)
    lead = as_notes([*busy, *sparse, *later])
    keys = as_notes([*busy, *sparse])
    # Bars 4 to 7 hold eight notes in two tracks; bars 8 to 11 one track of three only.
    song = Song("s", (lead, keys, no_notes()), np.arange(13) * 16)
    found = cut_phrases(song, SPEC, hop_bars=4)
    assert found.start_bar.tolist() == [0, 4]
    assert found.sparse == 1
    fewer = Song("s", (lead, keys[:-1], no_notes()), np.arange(13) * 16)
    assert cut_phrases(fewer, SPEC, hop_bars=4).start_bar.tolist() == [0]


def test_drums_stay_where_they_are_as_the_music_moves_to_c() -> None:
    line = as_notes([(4 * k, 4 * k + 4, 67) for k in range(16)])
    kit = as_notes([(4 * k, 4 * k + 1, 36) for k in range(16)])
    song = Song("s", (line, line, kit), np.arange(5) * 16, (KeySpan(0, 64, Key(7)),))
    roll = unpack(cut_phrases(song, SPEC).bits, SPEC)[0]
    lead, _, drums = notes_from_roll(roll, SPEC)
    assert set(lead[:, 2]) == {72}
    assert set(drums[:, 2]) == {36}


def test_halves_of_a_divided_bar_are_joined_and_a_pickup_is_not() -> None:
    lines = np.cumsum([0, 4, 16, 12, 4, 16, 12])
    assert np.diff(bach.joined(lines, 16)).tolist() == [4, 16, 16, 16, 12]
    assert np.diff(bach.joined(np.cumsum([0, 8, 8, 8, 8]), 16)).tolist() == [16, 16]
    assert bach.joined(np.array([0]), 16).tolist() == [0]


def test_a_chorale_is_four_voices_without_its_pickup() -> None:
    path = bach.corpus_folder() / "bwv66.6.mxl"
    found = bach.read_phrases(path, "bwv66.6", 2)
    assert found.refused == ""
    assert found.minor.all()  # F sharp minor, three semitones up to A
    assert set(found.shift.tolist()) == {3}
    assert found.start_bar.tolist() == [1, 3, 5]
    voices = notes_from_roll(unpack(found.bits, bach.SPEC)[0], bach.SPEC)
    # The first whole bar, after C# B: soprano A B C# E in quarters, up a minor third.
    assert voices[0][:4].tolist() == [[0, 4, 72], [4, 8, 74], [8, 12, 76], [12, 16, 79]]
    assert [int(voice[0, 2]) for voice in voices] == [72, 69, 64, 57]


def test_what_is_not_a_chorale_in_four_is_refused() -> None:
    folder = bach.corpus_folder()
    assert bach.read_phrases(folder / "bwv846.mxl", "a", 2).refused == (
        "not four voices but 2 parts"
    )
    assert bach.read_phrases(folder / "bwv269.mxl", "b", 2).refused == "not 4/4 but 3/4"


def dies_at_three(path: Path, name: str, hop_bars: int) -> Phrases:
    """A reader for processes: one file kills its process, one raises what none expects."""
    if name == "3":
        import os

        os._exit(9)
    if name == "5":
        raise ZeroDivisionError("division by zero")
    return refuse(name, "read", PIANO)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_that_kills_its_process_costs_only_itself(workers: int) -> None:
    jobs = tuple(Path(f"/music/{number}") for number in range(18))
    plan = Plan(Path("/music"), PIANO, jobs, jobs, dies_at_three, "test", "test")
    calls: list[int] = []
    found = list(
        read_all(
            Work(plan, 2, {7: "6"}),
            workers=workers,
            progress=lambda done, total: calls.append(done),
        )
    )
    assert [one.name for one in found] == [str(number) for number in range(18)]
    reasons = {one.name: one.refused for one in found if one.refused != "read"}
    assert reasons == {
        "3": "unreadable: reading it crashes",
        "5": "unreadable: division by zero",
        "7": "a copy of 6",
    }
    assert calls == list(range(1, 19))
