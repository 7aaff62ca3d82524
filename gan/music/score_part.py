"""One part of a score as MusicXML: attributes, measures, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

from gan.music.notation import Sign, Sound, accidentals, beams, spelled, written
from gan.spec import RollSpec

SPLIT = 60  # of two staves the upper one begins here

# Line or space of a drum, and "x" for a head that is a cross, about as in N. Weinberg, Guide to
# Standardized Drumset Notation (1998).
KIT = {
    35: "F4", 36: "F4", 37: "C5x", 38: "C5", 39: "C5x", 40: "C5", 41: "G4", 42: "G5x", 43: "A4",
    44: "D4x", 45: "B4", 46: "G5x", 47: "D5", 48: "E5", 49: "A5x", 50: "F5", 51: "F5x", 52: "A5x",
    53: "F5x", 54: "E5x", 55: "A5x", 56: "E5x", 57: "A5x", 59: "F5x",
}  # fmt: skip
OTHER_DRUM = "E5"
PERCUSSION = ("percussion", 0, 0)  # sign, line and octaves of a clef


@dataclass(frozen=True)
class Part:
    """What a part is written from: its staves (each of voices) and its key, None for drums."""

    id: str
    spec: RollSpec
    staves: Sequence[list[list[Sound]]]
    sharps: int | None = 0
    minor: bool = False


def add(parent: Xml.Element, tag: str, text: object = None, **attributes: str) -> Xml.Element:
    """A new child of an element."""
    child = Xml.SubElement(parent, tag, attributes)
    if text is not None:
        child.text = str(text)
    return child


def write_part(element: Xml.Element, part: Part) -> None:
    """All measures of a part, into its element."""
    signs = [[written(voice, part.spec) for voice in staff or [[]]] for staff in part.staves]
    for bar in range(part.spec.bars):
        measure = add(element, "measure", number=str(bar + 1))
        if bar == 0:
            _attributes(measure, part)
        for staff, lines in enumerate(signs):
            _staff(measure, part, staff, [line[bar] for line in lines])
        if bar + 1 == part.spec.bars:
            add(add(measure, "barline", location="right"), "bar-style", "light-heavy")


def _attributes(measure: Xml.Element, part: Part) -> None:
    attributes = add(measure, "attributes")
    add(attributes, "divisions", part.spec.steps_per_beat)
    key = add(attributes, "key")
    add(key, "fifths", part.sharps or 0)
    if part.sharps is not None:
        add(key, "mode", "minor" if part.minor else "major")
    time = add(attributes, "time")
    add(time, "beats", part.spec.beats_per_bar)
    add(time, "beat-type", 4)
    if len(part.staves) > 1:
        add(attributes, "staves", len(part.staves))
    for number, staff in enumerate(part.staves, 1):
        sign, line, octave = _clef(staff, number) if part.sharps is not None else PERCUSSION
        clef = add(attributes, "clef", number=str(number))
        add(clef, "sign", sign)
        if line:
            add(clef, "line", line)
        if octave:
            add(clef, "clef-octave-change", octave)


def _clef(staff: list[list[Sound]], number: int) -> tuple[str, int, int]:
    """Sign, line and octaves of the clef in which a staff has few ledger lines."""
    pitches = [pitch for voice in staff for _, _, struck in voice for pitch in struck]
    usual = SPLIT if number == 1 else SPLIT - 1
    height = sum(pitches) / len(pitches) if pitches else usual
    if height >= SPLIT:
        return "G", 2, int(height >= 88)
    return "F", 4, -int(height < 38)


def _staff(measure: Xml.Element, part: Part, staff: int, lines: list[list[Sign]]) -> None:
    """A measure of one staff: its voices one after the other."""
    needed = accidentals([sign for line in lines for sign in line], part.sharps or 0)
    for number, line in enumerate(lines):
        if number and not any(sign.pitches for sign in line):
            continue  # A second voice that is silent is not there.
        if staff or number:
            add(add(measure, "backup"), "duration", part.spec.steps_per_bar)
        gap = 0
        for sign, beam in zip(line, beams(line, part.spec), strict=True):
            if number and not sign.pitches:
                gap += sign.length
                continue
            gap = _forward(measure, gap)
            for index, pitch in enumerate(sign.pitches or (None,)):
                note = add(measure, "note")
                if index:
                    add(note, "chord")
                _head(note, part, sign, pitch)
                add(note, "voice", 4 * staff + number + 1)
                _look(note, part, sign, pitch, needed)
                if len(part.staves) > 1:
                    add(note, "staff", staff + 1)
                for level, state in enumerate(() if index else beam, 1):
                    add(note, "beam", state, number=str(level))
                _ties(note, sign)
        _forward(measure, gap)


def _forward(measure: Xml.Element, gap: int) -> int:
    """A second voice's rests are not written: what follows begins so much later."""
    if gap:
        add(add(measure, "forward"), "duration", gap)
    return 0


def _head(note: Xml.Element, part: Part, sign: Sign, pitch: int | None) -> None:
    """What sounds, and how long."""
    if pitch is None:
        whole = {"measure": "yes"} if sign.length == part.spec.steps_per_bar else {}
        add(note, "rest", **whole)
    elif part.sharps is None:
        place, drum = KIT.get(pitch, OTHER_DRUM), add(note, "unpitched")
        add(drum, "display-step", place[0])
        add(drum, "display-octave", place[1])
    else:
        letter, alter, octave = spelled(pitch, part.sharps)
        height = add(note, "pitch")
        add(height, "step", letter)
        if alter:
            add(height, "alter", alter)
        add(height, "octave", octave)
    add(note, "duration", sign.length)
    for kind in sign.tie_kinds:
        add(note, "tie", type=kind)
    if part.sharps is None and pitch is not None:
        add(note, "instrument", id=f"{part.id}-I{pitch}")


def _look(
    note: Xml.Element, part: Part, sign: Sign, pitch: int | None, needed: dict[tuple[int, int], str]
) -> None:
    """The note value, the accidental, the head."""
    add(note, "type", sign.value.type)
    if sign.value.dots:
        add(note, "dot")
    if pitch is None:
        accidental = cross = None
    elif part.sharps is None:
        accidental, cross = None, KIT.get(pitch, OTHER_DRUM).endswith("x")
    else:
        accidental, cross = None if sign.tied else needed.get((sign.at, pitch)), False
    if accidental:
        add(note, "accidental", accidental)
    if sign.value.triplet:
        change = add(note, "time-modification")
        add(change, "actual-notes", 3)
        add(change, "normal-notes", 2)
    if cross:
        add(note, "notehead", "x")


def _ties(note: Xml.Element, sign: Sign) -> None:
    if sign.tie_kinds:
        notations = add(note, "notations")
        for kind in sign.tie_kinds:
            add(notations, "tied", type=kind)
