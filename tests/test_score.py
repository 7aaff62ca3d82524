"""MusicXML: right by the W3C's schema, by music21, and by hand."""

from __future__ import annotations

import io
import threading
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import compose
import numpy as np
import pytest
import tiny
import xmlschema
from music21 import converter

from gan.data.schemes import BAND
from gan.errors import SpecError
from gan.music.notation import (
    Sign,
    Value,
    accidentals,
    beams,
    sharps_of,
    spelled,
    voices,
    written,
)
from gan.music.rolls import notes_from_roll, roll_from_notes
from gan.music.score import engraved, musicxml
from gan.spec import RollSpec, Track

ONE = RollSpec(tracks=(Track("One"),), bars=1)


def roll(spec: RollSpec, *tracks: list[tuple[int, int, int]]) -> np.ndarray:
    return roll_from_notes([np.array(rows, np.int32).reshape(-1, 3) for rows in tracks], spec)


def band() -> np.ndarray:
    drums = [(0, 1, 36), (4, 5, 38), (4, 5, 42), (6, 7, 42), (8, 9, 62)]
    piano = [(0, 8, 72), (4, 8, 76), (0, 8, 48), (13, 19, 66)]
    return roll(BAND, drums, piano, [(0, 4, 64)], [(0, 4, 36)], [(0, 16, 67), (8, 16, 71)])


def tree(xml: bytes) -> Xml.Element:
    return Xml.fromstring(xml)


def texts(element: Xml.Element, path: str) -> list[str]:
    return [each.text or "" for each in element.findall(path)]


@pytest.fixture(scope="module")
def schema() -> Any:
    """MusicXML 4.0's schema, as the package musicxml has it."""
    package = find_spec("musicxml")
    assert package and package.origin
    path = Path(package.origin).parent / "generate_classes" / "musicxml_4_0.xsd"
    return xmlschema.XMLSchema(str(path), allow="local")


# --- The file ---------------------------------------------------------------------------------


def test_the_schema_finds_nothing_wrong(schema: Any) -> None:
    empty = np.zeros(BAND.shape, np.uint8)
    odd = RollSpec(tracks=(Track("\x01Ä & <b>"),), bars=2, beats_per_bar=3, steps_per_beat=6)
    for xml in (
        musicxml(band(), BAND, transpose=-3, title="Ä & <b>\x02", markers=[(0, "A"), (2, "B & C")]),
        musicxml(empty, BAND, tempo=97.3, minor=True),
        musicxml(roll(odd, [(0, 2, 60), (2, 4, 62), (7, 8, 64), (10, 36, 60)]), odd),
        *(musicxml(roll_from_notes(compose.phrase_notes(seed), compose.SPEC), compose.SPEC)
          for seed in range(3)),
    ):  # fmt: skip
        schema.validate(io.BytesIO(xml))
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        schema.validate(io.BytesIO(xml.replace(b"<type>", b"<typ>").replace(b"</type>", b"</typ>")))


def test_every_part_has_its_instrument() -> None:
    root = tree(musicxml(band(), BAND, programs=(0, 4, 25, 33, 48)))
    parts = root.findall("part-list/score-part")
    assert texts(root, "part-list/score-part/part-name") == [
        "Drums", "Piano", "Guitar", "Bass", "Strings",
    ]  # fmt: skip
    programs = [part.find("midi-instrument/midi-program") for part in parts]
    assert [each.text for each in programs if each is not None] == ["1", "5", "26", "34", "49"]
    channels = [set(texts(part, "midi-instrument/midi-channel")) for part in parts]
    assert channels == [{"10"}, {"2"}, {"3"}, {"4"}, {"5"}]
    assert parts[2].findtext("score-instrument/instrument-name") == "Acoustic Guitar (steel)"
    assert texts(parts[0], "midi-instrument/midi-unpitched") == ["37", "39", "43", "63"]


def test_drums_are_unpitched_on_a_percussion_staff() -> None:
    part = tree(musicxml(band(), BAND, transpose=5)).findall("part")[0]
    assert texts(part, ".//clef/sign") == ["percussion"] and not part.findall(".//pitch")
    known = {each.get("id") for each in tree(musicxml(band(), BAND)).iter("score-instrument")}
    used = [each.get("id") for each in part.iter("instrument")]
    assert used == ["P1-I36", "P1-I38", "P1-I42", "P1-I42", "P1-I62"] and set(used) <= known
    assert texts(part, ".//unpitched/display-step") == ["F", "C", "G", "G", "E"]
    assert len(part.findall(".//notehead")) == 2
    # Strokes last to the next one, or to the end of their beat.
    assert texts(part, "measure[@number='1']/note/duration") == ["4", "2", "2", "2", "4", "4"]


def test_a_piano_has_two_staves_in_one_part() -> None:
    root = tree(musicxml(band(), BAND))
    assert [len(part.findall(".//staves")) for part in root.findall("part")] == [0, 1, 0, 0, 0]
    piano = root.findall("part")[1]
    assert texts(piano, ".//staves") == ["2"] and texts(piano, ".//clef/sign") == ["G", "F"]
    staff = {note.findtext("pitch/octave"): note.findtext("staff") for note in piano.iter("note")}
    assert staff["5"] == "1" and staff["3"] == "2"
    assert texts(root.findall("part")[3], ".//clef-octave-change") == ["-1"], "a bass is low"


def test_there_is_a_title_and_no_composer() -> None:
    xml = musicxml(band(), BAND, title="Seed 4")
    assert b"Music21" not in xml and b"creator" not in xml
    score = converter.parseData(xml.decode())
    assert (score.metadata.title, score.metadata.composer) == ("Seed 4", None)


def test_muted_tracks_are_not_written() -> None:
    root = tree(musicxml(band(), BAND, include=(False, True, False, True, False)))
    assert texts(root, "part-list/score-part/part-name") == ["Piano", "Bass"]
    assert len(root.findall("part")) == 2
    with pytest.raises(SpecError, match="muted"):
        musicxml(band(), BAND, include=(False,) * 5)


def test_equal_music_gives_equal_bytes() -> None:
    assert musicxml(band(), BAND) == musicxml(band(), BAND)


@pytest.mark.parametrize("transpose", [0, 2, -1, 6])
@pytest.mark.parametrize("seed", range(3))
def test_music21_reads_every_note_where_it_begins(seed: int, transpose: int) -> None:
    notes = compose.phrase_notes(seed)
    given = roll_from_notes(notes, compose.SPEC)
    pitched = (True, True, False)
    xml = musicxml(given, compose.SPEC, transpose=transpose, tempo=90, include=pitched)
    score = converter.parseData(xml.decode())
    found = Counter(
        (round(4 * note.getOffsetInHierarchy(score)), pitch.midi - transpose)
        for note in score.recurse().notes
        if not note.tie or note.tie.type == "start"
        for pitch in getattr(note, "pitches", ())
    )
    rows = np.concatenate(notes_from_roll(given, compose.SPEC)[:2]).tolist()
    assert found == Counter((onset, pitch) for onset, _, pitch in rows)
    assert score.recurse().getElementsByClass("MetronomeMark")[0].number == 90
    (sharps,) = {key.sharps for key in score.parts[0].recurse().getElementsByClass("KeySignature")}
    assert sharps == sharps_of(transpose)


def test_a_monophonic_track_keeps_its_lengths() -> None:
    given = roll(tiny.SPEC, [(0, 5, 60), (7, 20, 64)], [], [])
    part = converter.parseData(musicxml(given, tiny.SPEC).decode()).parts[0].stripTies()
    assert [(n.offset, n.quarterLength) for n in part.flatten().notes] == [(0, 1.25), (1.75, 3.25)]


def test_every_thread_can_engrave() -> None:
    xml, pages = musicxml(band(), BAND), []
    for _ in range(2):
        thread = threading.Thread(target=lambda: pages.extend(engraved(xml)))
        thread.start()
        thread.join()
    assert len(pages) == 2 and pages[0].count('class="note"') >= 8


def test_an_empty_phrase_has_a_score_too() -> None:
    assert engraved(musicxml(np.zeros(tiny.SPEC.shape, np.uint8), tiny.SPEC))


# --- Notation ---------------------------------------------------------------------------------


def test_voices_hold_what_sounds_together() -> None:
    rows = [(0, 16, 60), (0, 4, 64), (8, 12, 67)]
    assert voices(rows) == [[(0, 4, (64,)), (8, 12, (67,))], [(0, 16, (60,))]]
    assert voices(rows, most=1) == [[(0, 8, (60, 64)), (8, 12, (67,))]]
    assert voices([(0, 4, 60), (0, 4, 64)]) == [[(0, 4, (60, 64))]]
    assert voices([]) == []


def test_a_third_that_sounds_ends_the_first() -> None:
    rows = [(0, 8, 60), (1, 16, 62), (2, 16, 64), (2, 6, 65)]
    assert voices(rows) == [[(0, 2, (60,)), (2, 16, (64, 65))], [(1, 16, (62,))]]


@pytest.mark.parametrize(
    ("sound", "values"),
    [
        ((0, 16), ["whole"]),
        ((0, 5), ["quarter", "16th"]),
        ((3, 5), ["16th", "16th"]),
        ((2, 6), ["quarter"]),
        ((6, 10), ["eighth", "eighth"]),
        ((1, 4), ["eighth."]),
        ((4, 10), ["quarter."]),
    ],
)
def test_note_values_can_be_read_in_their_bar(sound: tuple[int, int], values: list[str]) -> None:
    signs = [sign for sign in written([(*sound, (60,))], ONE)[0] if sign.pitches]
    assert [sign.value.type + "." * sign.value.dots for sign in signs] == values
    assert signs[0].tie_kinds == (("start",) if len(signs) > 1 else ())
    assert sum(sign.length for sign in written([(*sound, (60,))], ONE)[0]) == 16


def test_a_whole_rest_stands_for_its_bar_only() -> None:
    six = RollSpec(tracks=(Track("One"),), bars=1, beats_per_bar=6)
    values = [(sign.value.type, sign.value.dots) for sign in written([(0, 8, (60,))], six)[0]]
    assert values == [("half", 0), ("quarter", 0), ("half", 1)]


def test_triplets_are_written_and_fifths_of_a_beat_refused() -> None:
    thirds = RollSpec(tracks=(Track("One"),), bars=1, steps_per_beat=3)
    signs = written([(0, 1, (60,)), (1, 3, (62,)), (3, 6, (64,))], thirds)[0]
    assert [sign.value for sign in signs[:3]] == [
        Value("eighth", triplet=True), Value("quarter", triplet=True), Value("quarter"),
    ]  # fmt: skip
    with pytest.raises(SpecError, match="5th of a beat"):
        written([], RollSpec(tracks=(Track("One"),), bars=1, steps_per_beat=5))


def test_beams_hold_a_beat_together() -> None:
    voice = [
        (0, 1, (60,)),
        (1, 2, (62,)),
        (2, 4, (64,)),
        (4, 7, (60,)),
        (7, 8, (60,)),
        (8, 10, (60,)),
    ]
    assert beams(written(voice, ONE)[0], ONE)[:6] == [
        ("begin", "begin"), ("continue", "end"), ("end",), ("begin",), ("end", "backward hook"), (),
    ]  # fmt: skip


def test_pitches_are_spelled_in_their_key() -> None:
    black = (61, 63, 66, 68, 70)
    assert [spelled(pitch, 0)[:2] for pitch in black] == [
        ("C", 1), ("E", -1), ("F", 1), ("G", 1), ("B", -1),
    ]  # fmt: skip
    assert spelled(59, -6) == ("C", -1, 4) and spelled(60, 6) == ("B", 1, 3)
    for sharps in range(-6, 7):
        for pitch in range(128):
            letter, alter, octave = spelled(pitch, sharps)
            assert "C D EF G A B".index(letter) + alter + 12 * (octave + 1) == pitch


def test_accidentals_hold_for_the_bar() -> None:
    quarter = Value("quarter")
    signs = [Sign(at, 4, quarter, (pitch,)) for at, pitch in enumerate((66, 66, 65, 78))]
    assert accidentals(signs, 0) == {(0, 66): "sharp", (2, 65): "natural", (3, 78): "sharp"}
    assert accidentals(signs, 1) == {(2, 65): "natural"}
    tied = [Sign(0, 4, quarter, (66,), tied=True), Sign(4, 4, quarter, (66,))]
    assert accidentals(tied, 0) == {(4, 66): "sharp"}


@pytest.mark.parametrize(
    ("shift", "signature"), [(0, 0), (7, 1), (2, 2), (-2, -2), (6, 6), (5, -1)]
)
def test_keys_have_their_signature(shift: int, signature: int) -> None:
    assert sharps_of(shift) == signature
