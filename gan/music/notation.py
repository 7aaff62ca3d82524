"""How notes are written down: voices, note values, ties, beams, spelling.

Times are in steps of the spec; a beat is a quarter note.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from gan.errors import SpecError
from gan.spec import RollSpec

Row = tuple[int, int, int]
"""Onset, end and pitch of a note."""
Sound = tuple[int, int, tuple[int, ...]]
"""Onset, end and pitches of notes that are struck and end together."""

FIFTHS = "FCGDAEB"
ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
TYPES = ("whole", "half", "quarter", "eighth", "16th", "32nd", "64th")


@dataclass(frozen=True)
class Value:
    """A note value: `dots` 0 or 1; `triplet`: three in the time of two."""

    type: str
    dots: int = 0
    triplet: bool = False

    @property
    def beams(self) -> int:
        return max(0, TYPES.index(self.type) - TYPES.index("quarter"))


@dataclass(frozen=True)
class Sign:
    """One note, chord or rest (no pitches) as it is written; `at` counts from the bar's start.

    `tied`: it goes on from the sign before; `ties`: it goes on in the next.
    """

    at: int
    length: int
    value: Value
    pitches: tuple[int, ...] = ()
    tied: bool = False
    ties: bool = False

    @property
    def tie_kinds(self) -> tuple[str, ...]:
        """MusicXML's words for its ties."""
        return (*(["stop"] if self.tied else []), *(["start"] if self.ties else []))


_VALUES = {
    beats * factor: Value(name, dots, triplet)
    for name, beats in ((name, Fraction(4, 2**k)) for k, name in enumerate(TYPES))
    for factor, dots, triplet in (
        (Fraction(2, 3), 0, True), (Fraction(3, 2), 1, False), (Fraction(1), 0, False),
    )
}  # fmt: skip
"""Note values by their length in beats; a plain one goes before a triplet."""


def voices(rows: Iterable[Row], most: int = 2) -> list[list[Sound]]:
    """Notes as voices in each of which one sound follows another, the higher ones first.

    Every note is there where it begins. Where more than `most` would sound at a time, what
    begins together becomes one chord, and the sound that would end first ends early.
    """
    chords: dict[tuple[int, int], list[int]] = {}
    for onset, end, pitch in rows:
        chords.setdefault((onset, end), []).append(pitch)
    found: list[list[Sound]] = []
    order = sorted(chords.items(), key=lambda chord: (chord[0][0], -max(chord[1])))
    for (onset, end), pitches in order:
        sound = (onset, end, tuple(sorted(pitches)))
        free = [voice for voice in found if voice[-1][1] <= onset]
        together = [voice for voice in found if voice[-1][0] == onset]
        if free:
            free[0].append(sound)
        elif len(found) < most:
            found.append([sound])
        elif together:
            _, until, others = together[0].pop()
            together[0].append((onset, max(until, end), tuple(sorted({*others, *pitches}))))
        else:
            voice = min(found, key=lambda each: each[-1][1])
            voice[-1] = (voice[-1][0], onset, voice[-1][2])
            voice.append(sound)
    return found


def written(voice: Sequence[Sound], spec: RollSpec) -> list[list[Sign]]:
    """A voice with its rests as signs, a list a bar.

    Raises `SpecError` where a step is no note value (five to a beat, say).
    """
    if Fraction(1, spec.steps_per_beat) not in _VALUES:
        raise SpecError(f"Steps of a {spec.steps_per_beat}th of a beat cannot be written as notes.")
    found: list[list[Sign]] = [[] for _ in range(spec.bars)]
    now = 0
    for onset, end, pitches in [*voice, (spec.steps, spec.steps, ())]:
        for start, stop, struck in ((now, onset, ()), (onset, end, pitches)):
            places = _in_bars(start, stop, spec)
            for index, (bar, at, length) in enumerate(places):
                value = _VALUES[Fraction(length, spec.steps_per_beat)]
                tied, ties = bool(struck and index), bool(struck and index + 1 < len(places))
                found[bar].append(Sign(at, length, value, struck, tied, ties))
        now = end
    return found


def _in_bars(start: int, stop: int, spec: RollSpec) -> list[tuple[int, int, int]]:
    """Bar, place in it and length of the note values from `start` to `stop`."""
    found = []
    while start < stop:
        bar, at = divmod(start, spec.steps_per_bar)
        length = min(stop - start, spec.steps_per_bar - at)
        found += [(bar, *piece) for piece in _pieces(at, length, spec)]
        start += length
    return found


def _pieces(at: int, length: int, spec: RollSpec) -> list[tuple[int, int]]:
    """Place and length of the note values that a stretch of one bar is written as."""
    if length == 1 or _is_one_value(at, length, spec):
        return [(at, length)]
    beat = spec.steps_per_beat
    halves = [spec.steps_per_bar // 2] if spec.beats_per_bar % 2 == 0 else []
    for grid in [*halves, beat, *([beat // 2] if beat % 2 == 0 else []), 1]:
        middle = (at // grid + 1) * grid
        if middle < at + length:
            break
    left, right = (at, middle - at), (middle, at + length - middle)
    return [*_pieces(*left, spec), *_pieces(*right, spec)]


def _is_one_value(at: int, length: int, spec: RollSpec) -> bool:
    """Whether there is a note value of that length, and it can be read at that place.

    What is shorter than a beat stays within one; the middle of the bar is crossed by what
    begins on a beat only. A whole note fills its bar: readers take its rest for that.
    """
    beat, last, middle = spec.steps_per_beat, at + length - 1, spec.steps_per_bar // 2
    value = _VALUES.get(Fraction(length, beat))
    if value is None or (value.type == "whole" and length < spec.steps_per_bar):
        return False
    if (value.beams or value.triplet) and at // beat != last // beat:
        return False
    if spec.beats_per_bar % 2 == 0 and at < middle <= last and at % beat:
        return False
    plain = Fraction(length) / (Fraction(3, 2) if value.dots else 1)
    return value.triplet or plain == 1 or at % (plain / 2) == 0


def beams(signs: Sequence[Sign], spec: RollSpec) -> list[tuple[str, ...]]:
    """MusicXML's beam of each sign at each level: notes within a beat hang together."""
    groups: list[list[int]] = []
    for index, sign in enumerate(signs):
        if not (sign.pitches and sign.value.beams):
            continue
        beat = sign.at // spec.steps_per_beat
        last = groups[-1][-1] if groups else -2
        if last == index - 1 and signs[last].at // spec.steps_per_beat == beat:
            groups[-1].append(index)
        else:
            groups.append([index])
    found: list[tuple[str, ...]] = [()] * len(signs)
    for group in groups:
        counts = [0, *(signs[index].value.beams for index in group), 0]
        for place, index in enumerate(group if len(group) > 1 else [], 1):
            before, here, after = counts[place - 1 : place + 2]
            levels = range(1, here + 1)
            found[index] = tuple(_beam(k <= before, k <= after, place == 1) for k in levels)
    return found


def _beam(before: bool, after: bool, first: bool) -> str:
    if before:
        return "continue" if after else "end"
    if after:
        return "begin"
    return "forward hook" if first else "backward hook"


def spelled(pitch: int, sharps: int) -> tuple[str, int, int]:
    """Letter, alteration and octave of a pitch in the key of so many sharps (or -flats).

    The twelve names from three fifths under the tonic to eight over it: in C major and A
    minor, E flat to G sharp.
    """
    fifth = sharps - 3 + (pitch * 7 - sharps + 3) % 12
    alter, letter = divmod(fifth + 1, 7)
    return FIFTHS[letter], alter, (pitch - alter) // 12 - 1


def accidentals(signs: Iterable[Sign], sharps: int) -> dict[tuple[int, int], str]:
    """The accidentals of a bar of one staff, by place and pitch of the notes that need one."""
    shown: dict[tuple[str, int], int] = {}
    found = {}
    for sign in sorted(signs, key=lambda each: each.at):
        for pitch in () if sign.tied else sign.pitches:
            letter, alter, octave = spelled(pitch, sharps)
            place = FIFTHS.index(letter)
            usual = (sharps - place + 6) // 7  # of the key signature
            if shown.get((letter, octave), usual) != alter:
                found[sign.at, pitch] = ACCIDENTALS[alter]
            shown[letter, octave] = alter
    return found


def sharps_of(shift: int) -> int:
    """Sharps (flats are negative) of C major moved by semitones, six at most."""
    found = shift * 7 % 12
    return found - 12 if found > 6 else found
