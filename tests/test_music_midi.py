"""Rolls to MIDI and back."""

from __future__ import annotations

import io
from pathlib import Path

import compose
import mido
import numpy as np
import pretty_midi
import pytest
from compose import SPEC

from gan.errors import MidiError, SpecError
from gan.music.midi import (
    BEAT,
    BETWEEN,
    DOWNBEAT,
    midi_bytes,
    midi_from_roll,
    notes_from_midi,
    roll_from_midi,
)
from gan.music.notes import as_notes, no_notes
from gan.music.rolls import roll_from_notes


def roll(seed: int = 0) -> np.ndarray:
    return roll_from_notes(compose.phrase_notes(seed), SPEC)


@pytest.mark.parametrize("tempo", [120.0, 97.3, 61.0, 240.0])
@pytest.mark.parametrize("seed", range(4))
def test_round_trip_through_a_file_is_exact(seed: int, tempo: float) -> None:
    midi = midi_from_roll(roll(seed), SPEC, tempo=tempo)
    assert np.array_equal(roll_from_midi(midi, SPEC), roll(seed))
    assert np.array_equal(roll_from_midi(midi_bytes(midi), SPEC), roll(seed))


def test_transposing_back_gives_the_roll_and_drums_stay() -> None:
    notes = [as_notes([(0, 4, 60)]), no_notes(), as_notes([(4, 5, 36)])]
    given = roll_from_notes(notes, SPEC)
    midi = midi_from_roll(given, SPEC, transpose=5)
    assert [note.pitch for note in midi.instruments[0].notes] == [65]
    assert [note.pitch for note in midi.instruments[2].notes] == [36]
    assert np.array_equal(roll_from_midi(midi, SPEC, transpose=5), given)


def test_transposing_stays_within_midi() -> None:
    given = roll_from_notes([as_notes([(0, 4, 95), (4, 8, 24)]), no_notes(), no_notes()], SPEC)
    high = midi_from_roll(given, SPEC, transpose=40).instruments[0].notes
    low = midi_from_roll(given, SPEC, transpose=-40).instruments[0].notes
    assert [note.pitch for note in high] == [123, 64]
    assert [note.pitch for note in low] == [55, 8]


def test_equal_rolls_give_equal_bytes() -> None:
    assert midi_bytes(midi_from_roll(roll(), SPEC)) == midi_bytes(midi_from_roll(roll(), SPEC))
    assert midi_bytes(midi_from_roll(roll(1), SPEC)) != midi_bytes(midi_from_roll(roll(), SPEC))


def test_the_file_names_its_instruments_tempo_and_meter() -> None:
    midi = midi_from_roll(roll(), SPEC, tempo=90.0, text="seed 7 – ♭")
    file = mido.MidiFile(file=io.BytesIO(midi_bytes(midi)))
    assert [track.name for track in file.tracks[1:]] == ["LEAD", "KEYS", "KIT"]
    messages = {message.type: message for message in file.tracks[0]}
    assert messages["set_tempo"].tempo == 666667
    assert (messages["time_signature"].numerator, messages["time_signature"].denominator) == (4, 4)
    assert messages["text"].text == "seed 7 ? ?"
    programs = [
        message.program
        for track in file.tracks
        for message in track
        if message.type == "program_change"
    ]
    assert programs == [73, 4, 0]
    assert midi.instruments[2].is_drum


@pytest.mark.parametrize("tempo", [*range(40, 241, 7), 120.5])
def test_the_tempo_is_written_to_the_microsecond(tempo: float) -> None:
    file = mido.MidiFile(file=io.BytesIO(midi_bytes(midi_from_roll(roll(), SPEC, tempo=tempo))))
    written = next(m.tempo for m in file.tracks[0] if m.type == "set_tempo")
    assert written == round(6e7 / tempo)


def test_velocities_follow_the_meter() -> None:
    rows = as_notes([(step, step + 1, 60) for step in (0, 3, 4, 16, 18)])
    midi = midi_from_roll(roll_from_notes([rows, no_notes(), no_notes()], SPEC), SPEC)
    heard = [note.velocity for note in midi.instruments[0].notes]
    assert heard == [DOWNBEAT, BETWEEN, BEAT, DOWNBEAT, BETWEEN]
    assert DOWNBEAT > BEAT > BETWEEN


def test_tracks_can_be_left_out_and_played_by_others() -> None:
    empty = np.zeros(SPEC.shape, dtype=np.uint8)
    midi = midi_from_roll(empty, SPEC, include=[True, False, True], programs=[11, 0, 0])
    assert [(one.name, one.program) for one in midi.instruments] == [("LEAD", 11), ("KIT", 0)]
    file = mido.MidiFile(file=io.BytesIO(midi_bytes(midi)))
    assert [track.name for track in file.tracks[1:]] == ["LEAD", "KIT"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"tempo": 0.0},
        {"tempo": float("nan")},
        {"programs": [0, 1]},
        {"programs": [0, 1, 128]},
        {"include": [True]},
    ],
)
def test_values_that_do_not_fit_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SpecError):
        midi_from_roll(roll(), SPEC, **wrong)


def test_instruments_are_found_by_name_in_any_order_or_by_place(tmp_path: Path) -> None:
    parts = [
        compose.Part("keys", [(0, 4, 48)]),
        compose.Part(" Lead ", [(0, 2, 60)]),
        compose.Part("other", [(0, 2, 90)]),
    ]
    path = compose.write_midi(tmp_path / "a.mid", parts)
    lead, keys, kit = notes_from_midi(path, SPEC)
    assert (lead.tolist(), keys.tolist(), len(kit)) == ([[0, 2, 60]], [[0, 4, 48]], 0)
    for part, name in zip(parts, "xyz", strict=True):
        object.__setattr__(part, "name", name)
    lead, keys, kit = notes_from_midi(compose.write_midi(tmp_path / "b.mid", parts), SPEC)
    assert (lead[0, 2], keys[0, 2], kit[0, 2]) == (48, 60, 90)


def test_files_that_cannot_be_placed_or_read_are_refused(tmp_path: Path) -> None:
    stranger = compose.write_midi(tmp_path / "a.mid", [compose.Part("Tuba", [(0, 2, 40)])])
    with pytest.raises(MidiError, match="Tuba"):
        roll_from_midi(stranger, SPEC)
    with pytest.raises(MidiError, match="cannot be read"):
        roll_from_midi(b"not music", SPEC)
    with pytest.raises(MidiError, match="cannot be read"):
        roll_from_midi(tmp_path / "none.mid", SPEC)


def test_a_midi_without_notes_is_an_empty_roll() -> None:
    assert roll_from_midi(pretty_midi.PrettyMIDI(), SPEC).sum() == 0
