"""Rolls to MIDI and back."""

from __future__ import annotations

import io
from pathlib import Path

import compose
import mido
import music21
import numpy as np
import pretty_midi
import pytest
import symusic
from compose import SPEC

from gan.errors import MidiError, SpecError
from gan.music.feel import Feel
from gan.music.midi import (
    midi_bytes,
    midi_from_roll,
    notes_from_midi,
    read_midi,
    roll_from_midi,
)
from gan.music.notes import as_notes, no_notes
from gan.music.performance import Performance, midi_file, seconds
from gan.music.rolls import notes_from_roll, roll_from_notes
from gan.spec import RollSpec, Track


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
    # As written: mido takes it for Latin-1.
    assert messages["text"].text.encode("latin-1").decode() == "seed 7 – ♭"
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


def test_text_and_names_are_utf8_and_old_files_are_read() -> None:
    spec = RollSpec(tracks=(Track("Flöte ♭"),), bars=1)
    given = roll_from_notes([as_notes([(0, 4, 60)])], spec)
    new = read_midi(midi_bytes(midi_from_roll(given, spec, text="fünf – ♭")))
    assert (new.instruments[0].name, new.text_events[0].text) == ("Flöte ♭", "fünf – ♭")
    old = pretty_midi.PrettyMIDI()
    old.instruments.append(pretty_midi.Instrument(73, name="Flöte"))
    old.instruments[0].notes.append(pretty_midi.Note(80, 60, 0.0, 1.0))
    assert read_midi(midi_bytes(old)).instruments[0].name == "Flöte"


def file_of(data: bytes) -> mido.MidiFile:
    return mido.MidiFile(file=io.BytesIO(data), charset="utf-8")


def messages(data: bytes, kind: str) -> list[mido.Message]:
    return [message for track in file_of(data).tracks for message in track if message.type == kind]


@pytest.mark.parametrize(
    ("transpose", "minor", "key"),
    [(0, False, "C"), (0, True, "Am"), (-2, False, "Bb"), (6, False, "F#"), (4, True, "C#m")],
)
def test_the_file_says_its_key(transpose: int, minor: bool, key: str) -> None:
    data = midi_bytes(midi_from_roll(roll(), SPEC, transpose=transpose, minor=minor))
    assert [message.key for message in messages(data, "key_signature")] == [key]
    score = symusic.Score.from_midi(data)
    sharps = {"C": 0, "Am": 0, "Bb": -2, "F#": 6, "C#m": 4}[key]
    assert [(each.key, each.tonality) for each in score.key_signatures] == [(sharps, int(minor))]


def test_the_mix_is_in_the_controllers() -> None:
    data = midi_bytes(midi_from_roll(roll(), SPEC, gains=[1.0, 0.25, 0.0]))
    found = {(m.channel, m.control): m.value for m in messages(data, "control_change")}
    # 40 log10(50 / 100) dB is a factor of 0.25. The second pitched track is to the left.
    assert found == {(0, 7): 100, (0, 10): 64, (1, 7): 50, (1, 10): 52, (9, 7): 0, (9, 10): 64}


def test_pans_alternate_and_never_go_far() -> None:
    spec = RollSpec(tracks=tuple(Track(f"T{k}") for k in range(12)), bars=1)
    midi = midi_from_roll(np.zeros(spec.shape, np.uint8), spec)
    pans = [one.control_changes[1].value for one in midi.instruments]
    assert pans[:5] == [64, 52, 76, 40, 88] and min(pans) >= 16 and max(pans) <= 112


@pytest.mark.parametrize("rows", [[], [(0, 2, 60)], [(60, 64, 60)], [(16, 20, 60)]])
@pytest.mark.parametrize("include", [None, (True, False, False), (False, False, False)])
def test_every_track_ends_with_the_last_bar(
    rows: list[tuple[int, int, int]], include: tuple[bool, ...] | None
) -> None:
    given = roll_from_notes([as_notes(rows), no_notes(), no_notes()], SPEC)
    # Humanised so that the last note would ring on over the end.
    how = Performance(tempo=97, feel=Feel(humanise=1.0, seed=1))
    data = midi_file(given, SPEC, how, include=include)
    ticks = [sum(message.time for message in track) for track in file_of(data).tracks]
    assert set(ticks) == {4 * 4 * 480} and len(ticks) == 1 + sum(include or (True,) * 3)
    assert file_of(data).length == pytest.approx(seconds(SPEC, 97), abs=1e-4)
    assert len(read_midi(data).instruments) == bool(rows and (include is None or include[0]))


def test_without_a_number_of_bars_the_last_with_notes_is_filled() -> None:
    given = roll_from_notes([as_notes([(17, 18, 60)]), no_notes(), no_notes()], SPEC)
    tracks = file_of(midi_bytes(midi_from_roll(given, SPEC))).tracks
    assert {sum(message.time for message in track) for track in tracks} == {2 * 4 * 480}


def test_sections_are_markers() -> None:
    data = midi_file(roll(), SPEC, Performance(), markers=[(0, "Verse"), (2, "Refrain – ♭")])
    now, found = 0, []
    for message in file_of(data).tracks[0]:
        now += message.time
        if message.type == "marker":
            found.append((now, message.text))
    assert found == [(0, "Verse"), (2 * 4 * 480, "Refrain – ♭")]
    assert np.array_equal(roll_from_midi(data, SPEC), roll())
    assert [(m.time, m.text) for m in symusic.Score.from_midi(data).markers] == found


def test_other_readers_find_the_same_notes() -> None:
    data = midi_file(roll(), SPEC, Performance(tempo=90, transpose=2))
    score = symusic.Score.from_midi(data)
    assert score.tempos[0].qpm == pytest.approx(90, abs=1e-3)
    assert (score.time_signatures[0].numerator, score.time_signatures[0].denominator) == (4, 4)
    expected = notes_from_roll(roll(), SPEC)
    for track, notes, drums in zip(score.tracks, expected, (0, 0, 1), strict=True):
        shift = 0 if drums else 2
        found = sorted((n.time // 120, n.end // 120, n.pitch - shift) for n in track.notes)
        assert found == sorted(map(tuple, notes.tolist()))
    stream = music21.converter.parseData(data)
    assert stream.recurse().getElementsByClass("KeySignature")[0].sharps == 2
    first = [(n.offset * 4, n.pitch.midi - 2) for n in stream.parts[0].stripTies().flatten().notes]
    assert first == [(onset, pitch) for onset, _, pitch in expected[0].tolist()]


def struck(rows: list[tuple[int, int, int]], track: int = 0) -> list[int]:
    notes = [as_notes(rows) if k == track else no_notes() for k in range(3)]
    midi = midi_from_roll(roll_from_notes(notes, SPEC), SPEC)
    order = sorted(midi.instruments[track].notes, key=lambda note: (note.start, note.pitch))
    return [note.velocity for note in order]


def test_velocities_follow_the_meter() -> None:
    downbeat, beat, half_bar, eighth, sixteenth = struck(
        [(16, 17, 60), (20, 21, 60), (24, 25, 60), (26, 27, 60), (27, 28, 60)]
    )
    assert downbeat > half_bar > beat > eighth > sixteenth


def test_a_phrase_swells_and_a_line_grows_as_it_rises() -> None:
    first, second, third, last = struck([(16 * k, 16 * k + 1, 60) for k in range(4)])
    assert first < second < third > last > first
    assert np.diff(struck([(16, 17, 60), (32, 33, 67)]))[0] > np.diff(
        struck([(16, 17, 60), (32, 33, 60)])
    )


def test_the_melody_stands_out_and_chords_are_softer() -> None:
    (alone,) = struck([(0, 4, 60)], track=1)
    low, middle, top = struck([(0, 4, 60), (0, 4, 64), (0, 4, 67)], track=1)
    assert low < alone and middle < top
    assert struck([(0, 4, 60)])[0] > alone > np.mean([low, middle, top])


def test_velocities_stay_in_range_and_have_many_values() -> None:
    values = [
        note.velocity for each in midi_from_roll(roll(), SPEC).instruments for note in each.notes
    ]
    assert 40 <= min(values) < max(values) <= 120 and len(set(values)) > 8


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
        {"gains": [1.0]},
        {"gains": [1.0, -1.0, 1.0]},
        {"gains": [1.0, float("nan"), 1.0]},
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
