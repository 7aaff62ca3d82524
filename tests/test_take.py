"""What was played: from the browser, to MIDI, to strokes on a phrase."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
import tiny

from gan.app.recorder.component import RecorderData, RecorderTrack, payload, read_take
from gan.app.widgets.recording import backing
from gan.errors import SpecError
from gan.music.edits import Edit, with_edits
from gan.music.rolls import is_valid, notes_from_roll, roll_from_notes
from gan.music.smf import read_smf, tempo_of
from gan.music.take import (
    NOTES_MAX,
    Quantise,
    Take,
    TakeNote,
    quantised,
    take_to_edits,
    take_to_midi,
)

LEAD, CHORDS, KIT = range(3)
BEATS = tiny.SPEC.bars * tiny.SPEC.beats_per_bar
DATA = RecorderData(
    tracks=tuple(RecorderTrack(track.name, "#3d8bd4") for track in tiny.SPEC.tracks),
    bars=tiny.SPEC.bars,
)


def take(*notes: tuple[int, int, float, float], grid: Any = "off", strength: float = 1.0) -> Take:
    made = tuple(TakeNote(*note, 100) for note in notes)
    return Take(notes=made, beats=BEATS, tempo=90.0, quantise=Quantise(grid, strength))


# --- From the browser -------------------------------------------------------------------------


def event(**changes: Any) -> dict[str, Any]:
    return {
        "number": 5,
        "session": "s",
        "notes": [[0, 60, 0, 1.5, 90], [1, 64, 7.75, 9, 1]],
        "beats": 8,
        "tempo": 90,
        "armed": 1,
        "quantise": {"grid": "1/8", "strength": 0.5},
    } | changes


def test_a_take_is_read() -> None:
    notes = (TakeNote(0, 60, 0.0, 1.5, 90), TakeNote(1, 64, 7.75, 9.0, 1))
    expected = Take(notes, beats=8.0, tempo=90.0, armed=1, quantise=Quantise("1/8", 0.5))
    assert read_take(event(), DATA) == expected


@pytest.mark.parametrize(
    "change",
    [
        {"notes": [[0, 128, 0, 1, 90]]},
        {"notes": [[0, 60, -0.1, 1, 90]]},
        {"notes": [[0, 60, 1, 1, 90]]},
        {"notes": [[0, 60, 8, 9, 90]]},
        {"notes": [[0, 60, 1, 9.5, 90]]},
        {"notes": [[0, 60, float("nan"), 1, 90]]},
        {"notes": [[0, 60, 0, float("inf"), 90]]},
        {"notes": [[0, 60, 0, 1, 0]]},
        {"notes": [[3, 60, 0, 1, 90]]},
        {"notes": [["0", 60, 0, 1, 90]]},
        {"notes": [[0, 60, 0, 1, 90]] * (NOTES_MAX + 1)},
        {"notes": None},
        {"beats": 16},
        {"beats": float("nan")},
        {"tempo": 0},
        {"tempo": float("nan")},
        {"armed": 3},
        {"quantise": {"grid": "1/3"}},
        {"quantise": {"grid": "1/8", "strength": float("nan")}},
    ],
)
def test_a_take_that_does_not_fit_is_refused_quietly(change: dict[str, Any]) -> None:
    assert read_take(event(**change), DATA) is None


def test_the_payload_holds_the_take_that_fits() -> None:
    played = take((LEAD, 60, 0.0, 1.0))
    shown = msgspec.json.decode(msgspec.json.encode(payload(DATA, played, session="s")))
    assert shown["take"] == [[LEAD, 60, 0.0, 1.0, 100]]
    longer = msgspec.structs.replace(played, beats=16.0)
    assert payload(DATA, longer, session="s")["take"] == []


def test_a_recorder_needs_a_track() -> None:
    with pytest.raises(SpecError, match="track"):
        RecorderData(tracks=())


# --- Quantised --------------------------------------------------------------------------------


def onsets(played: Take) -> list[tuple[float, float]]:
    return [(round(note.onset, 6), round(note.end, 6)) for note in quantised(played)]


def test_an_onset_goes_to_the_nearest_line_and_the_end_with_it() -> None:
    notes = ((LEAD, 60, 1.1, 1.4), (LEAD, 60, 1.375, 2.0))
    assert onsets(take(*notes)) == [(1.1, 1.4), (1.375, 2.0)]
    assert onsets(take(*notes, grid="1/16")) == [(1.0, 1.3), (1.5, 2.125)]
    assert onsets(take(*notes, grid="1/8")) == [(1.0, 1.3), (1.5, 2.125)]
    assert onsets(take(*notes, grid="1/16", strength=0.5)) == [(1.05, 1.35), (1.4375, 2.0625)]


def test_what_comes_just_before_the_loop_begins_again_is_its_first_beat() -> None:
    assert onsets(take((LEAD, 60, 7.9, 8.4), grid="1/16")) == [(0.0, 0.5)]


# --- As MIDI ----------------------------------------------------------------------------------


def test_a_take_becomes_a_file_that_the_importer_reads() -> None:
    played = take((LEAD, 72, 0.02, 1.0), (KIT, 36, 4.0, 4.1), (LEAD, 74, 1.0, 2.0), grid="1/16")
    song = read_smf(take_to_midi(played, tiny.SPEC.tracks))
    assert tempo_of(song) == pytest.approx(90.0, abs=1e-3)
    assert song.signatures == ((0, 4, 4),)
    assert [(one.name, one.program, one.is_drum) for one in song.instruments] == [
        ("LEAD", 73, False),
        ("KIT", 0, True),
    ]
    assert song.instruments[0].notes.tolist() == [[0, 470, 72], [480, 960, 74]]
    assert song.instruments[1].notes.tolist() == [[1920, 1968, 36]]
    raw = read_smf(take_to_midi(played, tiny.SPEC.tracks, quantise=False))
    assert raw.instruments[0].notes.tolist() == [[10, 480, 72], [480, 960, 74]]


def test_a_take_without_notes_is_an_empty_file() -> None:
    assert read_smf(take_to_midi(take(), tiny.SPEC.tracks)).instruments == ()


# --- On a phrase ------------------------------------------------------------------------------


def test_a_take_becomes_strokes_on_the_steps() -> None:
    played = take((CHORDS, 55, 1.1, 2.1), (CHORDS, 52, 0.1, 0.12), (LEAD, 60, 7.9, 8.4))
    assert take_to_edits(played, tiny.SPEC) == (
        Edit(CHORDS, 4, 0, 1),
        Edit(LEAD, 12, 0, 2),
        Edit(CHORDS, 7, 4, 8),
    )


def test_a_take_is_heard_in_the_key_of_the_performance() -> None:
    played = take((LEAD, 62, 0.0, 1.0), (KIT, 50, 0.0, 0.1))
    assert take_to_edits(played, tiny.SPEC, transpose=2) == (
        Edit(KIT, 2, 0, 1),
        Edit(LEAD, 12, 0, 4),
    )


def test_pitches_outside_come_in_by_octaves_and_drums_stay_out() -> None:
    played = take((LEAD, 96, 0.0, 1.0), (LEAD, 47, 1.0, 2.0), (KIT, 36, 0.0, 0.1))
    assert take_to_edits(played, tiny.SPEC) == (Edit(LEAD, 12, 0, 4), Edit(LEAD, 11, 4, 8))


def test_of_notes_that_fall_together_the_longest_stays() -> None:
    played = take((CHORDS, 55, 1.0, 3.0), (CHORDS, 55, 1.05, 1.5))
    assert take_to_edits(played, tiny.SPEC) == (Edit(CHORDS, 7, 4, 12),)


def test_a_take_lies_on_top_of_a_phrase() -> None:
    under = roll_from_notes(
        [np.array(notes, np.int32).reshape(-1, 3) for notes in ([(0, 16, 60)], [], [])], tiny.SPEC
    )
    edits = take_to_edits(take((LEAD, 64, 1.0, 2.0), (CHORDS, 55, 7.0, 9.0)), tiny.SPEC)
    roll = with_edits(under, edits, tiny.SPEC)
    assert is_valid(roll, tiny.SPEC)
    lead, chords, _ = (notes.tolist() for notes in notes_from_roll(roll, tiny.SPEC))
    assert lead == [[0, 4, 60], [4, 8, 64]]
    assert chords == [[28, 32, 55]]
    assert backing(roll, tiny.SPEC, transpose=2) == (
        TakeNote(LEAD, 62, 0.0, 1.0, 64),
        TakeNote(LEAD, 66, 1.0, 2.0, 64),
        TakeNote(CHORDS, 57, 7.0, 8.0, 64),
    )
