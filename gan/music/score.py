"""Phrases as notation: MusicXML 4.0 (https://www.w3.org/2021/06/musicxml40/), engraved by verovio.

A melody and drums have one staff; what plays chords has two in one part, which meet at
middle C.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as Xml

import pretty_midi

from gan.errors import SpecError
from gan.music.notation import Row, Sound, sharps_of, voices
from gan.music.rolls import Roll, notes_from_roll
from gan.music.score_part import SPLIT, Part, add, write_part
from gan.spec import RollSpec, Track

KEYBOARDS = range(8)  # programs that have two staves in any case
KICK = 36  # stands for drums that are silent
DRUM_CHANNEL = 10  # as all channels and programs in MusicXML, counted from 1
HEAD = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" \
"http://www.musicxml.org/dtds/partwise.dtd">
"""


def musicxml(
    roll: Roll,
    spec: RollSpec,
    *,
    tempo: float = 120.0,
    transpose: int = 0,
    title: str = "",
    include: Sequence[bool] | None = None,
    programs: Sequence[int] | None = None,
    markers: Sequence[tuple[int, str]] = (),
    minor: bool = False,
) -> bytes:
    """The roll `(track, step, pitch, 2)` as MusicXML, a part a track.

    Every note is there where it begins. A staff has two voices at most; where more would
    sound at a time the first to end ends early. `include` and `programs` have a value for
    each track of the spec; what is not included is not written. The key signature is that
    of C major, or A minor where `minor`, moved by `transpose`; `markers` name sections by the
    bar (counted from 0) at which they begin. Equal music gives equal bytes.
    Raises `SpecError` where no track is included.
    """
    wanted = [True] * len(spec.tracks) if include is None else list(include)
    played = [track.program for track in spec.tracks] if programs is None else list(programs)
    if not any(wanted):
        raise SpecError("All tracks are muted: a score needs one that is heard.")
    root = Xml.Element("score-partwise", version="4.0")
    add(add(root, "work"), "work-title", _printable(title) or "Phrase")
    part_list = add(root, "part-list")
    tracks = zip(notes_from_roll(roll, spec), spec.tracks, played, wanted, strict=True)
    for notes, track, program, included in tracks:
        if included:
            rows: list[Row] = [(onset, end, pitch) for onset, end, pitch in notes.tolist()]
            number = len(part_list) + 1
            _describe(part_list, number, track, program, sorted({row[2] for row in rows}) or [KICK])
            sharps = None if track.is_drum else sharps_of(transpose)
            staves = _staves(rows, spec, track, program=program, shift=transpose)
            part = Part(f"P{number}", spec, staves, sharps, minor)
            write_part(add(root, "part", id=part.id), part)
    _direct(root.findall("part[1]/measure"), tempo, markers)
    return HEAD + bytes(Xml.tostring(root))


def _printable(text: str) -> str:
    """Without what XML cannot hold."""
    return "".join(letter for letter in text if letter.isprintable()).strip()


def _describe(
    part_list: Xml.Element, number: int, track: Track, program: int, drums: Sequence[int]
) -> None:
    """The entry of a part: its name and what plays it, of drums each one."""
    part = add(part_list, "score-part", id=f"P{number}")
    add(part, "part-name", _printable(track.name).capitalize() or f"Track {number}")
    if track.is_drum:
        names = {key: pretty_midi.note_number_to_drum_name(key) or f"Drum {key}" for key in drums}
        channel, program = DRUM_CHANNEL, 0
    else:
        names = {0: pretty_midi.program_to_instrument_name(program)}
        channel = [*range(1, DRUM_CHANNEL), *range(DRUM_CHANNEL + 1, 17)][(number - 1) % 15]
    for key, name in names.items():
        add(add(part, "score-instrument", id=f"P{number}-I{key}"), "instrument-name", name)
    for key in names:
        midi = add(part, "midi-instrument", id=f"P{number}-I{key}")
        add(midi, "midi-channel", channel)
        add(midi, "midi-program", program + 1)
        if track.is_drum:
            add(midi, "midi-unpitched", key + 1)


def _staves(
    rows: list[Row], spec: RollSpec, track: Track, *, program: int, shift: int
) -> list[list[list[Sound]]]:
    """The voices of each staff, the upper staff first."""
    if track.is_drum:
        return [voices(_strokes(rows, spec), most=1)]
    rows = [(onset, end, pitch + shift) for onset, end, pitch in rows]
    if track.monophonic:
        return [voices(rows, most=1)]
    hands = [[r for r in rows if r[2] >= SPLIT], [r for r in rows if r[2] < SPLIT]]
    if all(hands) or program in KEYBOARDS:
        return [voices(hand) for hand in hands]
    return [voices(rows)]


def _strokes(rows: list[Row], spec: RollSpec) -> list[Row]:
    """Drums as long as to the next stroke, within their beat: rests would hide the rhythm."""
    beat, onsets = spec.steps_per_beat, sorted({onset for onset, _, _ in rows})
    following = dict(zip(onsets, [*onsets[1:], spec.steps], strict=False))
    return [(a, min(following[a], (a // beat + 1) * beat), pitch) for a, _, pitch in rows]


def _direct(
    measures: Sequence[Xml.Element], tempo: float, markers: Sequence[tuple[int, str]]
) -> None:
    """Tempo and the names of sections, over the first part."""
    for bar, name in markers:
        if bar < len(measures):
            add(_direction(measures[bar]), "rehearsal", _printable(name))
    kind = _direction(measures[0], sound_tempo=f"{tempo:g}")
    metronome = add(kind, "metronome")
    add(metronome, "beat-unit", "quarter")
    add(metronome, "per-minute", f"{tempo:g}")


def _direction(measure: Xml.Element, *, sound_tempo: str = "") -> Xml.Element:
    """A direction where a measure begins, after its attributes; returns where its kind goes."""
    direction = Xml.Element("direction", placement="above")
    measure.insert(0 if measure.find("attributes") is None else 1, direction)
    kind = add(direction, "direction-type")
    if sound_tempo:
        add(direction, "sound", tempo=sound_tempo)
    return kind


def engraved(xml: bytes, *, width: int = 2100) -> list[str]:
    """Pages of the score as SVG; raises `SpecError` where verovio cannot read it."""
    import verovio

    # Where its fonts lie verovio remembers for the thread that imported it, and for no other.
    kit = verovio.toolkit(False)
    kit.setResourcePath(str(Path(verovio.__file__).parent / "data"))
    kit.setOptions({"pageWidth": width, "pageHeight": 3000, "scale": 45, "adjustPageHeight": True,
                    "footer": "none", "systemDivider": "none"})  # fmt: skip
    # From a file: the string that Python hands over is parsed for its encoding twice.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "score.musicxml"
        path.write_bytes(xml)
        if not kit.loadFile(str(path)):
            raise SpecError("The score could not be engraved.")
        return [str(kit.renderToSVG(page + 1)) for page in range(kit.getPageCount())]
