"""Phrases as notation: MusicXML by music21, engraved by verovio."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from gan.errors import SpecError
from gan.music.rolls import Roll, notes_from_roll
from gan.spec import RollSpec

SPLIT = 60  # a polyphonic track is written on two staves, which part here
SHARP = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLAT = ("C", "D-", "D", "E-", "E", "F", "G-", "G", "A-", "A", "B-", "B")

Sound = tuple[int, int, tuple[int, ...]]


def musicxml(
    roll: Roll, spec: RollSpec, *, tempo: float = 120.0, transpose: int = 0, title: str = ""
) -> bytes:
    """The roll `(track, step, pitch, 2)` as MusicXML: a staff a melody, two for chords.

    Every note is there where it begins; so that a staff is one voice that can be read, a
    sound lasts no longer than to the next of its staff. The key signature is that of C major
    moved by `transpose`.
    """
    m21 = _music21()
    score = m21.stream.Score()
    score.metadata = m21.metadata.Metadata(title=title or "Phrase")
    for track, notes in zip(spec.tracks, notes_from_roll(roll, spec), strict=True):
        shift = 0 if track.is_drum else transpose
        rows = [(onset, end, pitch + shift) for onset, end, pitch in notes.tolist()]
        hands = [rows]
        if not (track.monophonic or track.is_drum):
            hands = [[row for row in rows if row[2] >= SPLIT], [r for r in rows if r[2] < SPLIT]]
            hands = [hand for hand in hands if hand] or [[]]
        staves = [_staff(sounds(hand), spec, shift) for hand in hands]
        staves[0].partName = track.name.capitalize()
        for staff in staves:
            score.insert(0, staff)
        if len(staves) > 1:
            group = m21.layout.StaffGroup(staves, symbol="brace")
            score.insert(0, group)
    first = score.parts[0].getElementsByClass("Measure")[0]
    first.insert(0, m21.tempo.MetronomeMark(number=round(tempo)))
    return bytes(m21.musicxml.m21ToXml.GeneralObjectExporter(score).parse())


def _music21() -> Any:
    """Imported at first use, because it takes seconds."""
    import music21

    return music21


def sounds(rows: list[tuple[int, int, int]]) -> list[Sound]:
    """Notes `(onset, end, pitch)` as one voice: what begins together is one sound."""
    together: dict[int, list[tuple[int, int]]] = {}
    for onset, end, pitch in rows:
        together.setdefault(onset, []).append((end, pitch))
    onsets = sorted(together)
    found = []
    for index, onset in enumerate(onsets):
        end = max(end for end, _ in together[onset])
        if index + 1 < len(onsets):
            end = min(end, onsets[index + 1])
        found.append((onset, end, tuple(sorted(pitch for _, pitch in together[onset]))))
    return found


def _staff(voice: list[Sound], spec: RollSpec, shift: int) -> Any:
    m21 = _music21()
    part = m21.stream.Part()
    heights = [pitch for _, _, pitches in voice for pitch in pitches]
    high = not heights or sum(heights) / len(heights) >= SPLIT
    signature = m21.key.KeySignature(sharps(shift))
    part.insert(0, m21.clef.TrebleClef() if high else m21.clef.BassClef())
    part.insert(0, signature)
    part.insert(0, m21.meter.TimeSignature(f"{spec.beats_per_bar}/4"))
    at = 0
    for onset, end, pitches in [*voice, (spec.steps, spec.steps, ())]:
        if onset > at:
            part.append(m21.note.Rest(quarterLength=(onset - at) / spec.steps_per_beat))
        if pitches:
            names = [_named(pitch, signature.sharps) for pitch in pitches]
            one = len(names) == 1
            sound = m21.note.Note(names[0]) if one else m21.chord.Chord(names)
            sound.quarterLength = (end - onset) / spec.steps_per_beat
            part.append(sound)
        at = end
    part.makeNotation(inPlace=True, cautionaryNotImmediateRepeat=False)
    return part


def _named(pitch: int, sharp: int) -> str:
    """A pitch as the key spells it, in music21's way: "B-4"."""
    return f"{(FLAT if sharp < 0 else SHARP)[pitch % 12]}{pitch // 12 - 1}"


def sharps(shift: int) -> int:
    """Sharps (flats are negative) of C major moved by semitones, six at most."""
    found = shift * 7 % 12
    return found - 12 if found > 6 else found


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
