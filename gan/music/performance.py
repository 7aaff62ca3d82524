"""How a phrase is played, and a roll as MIDI played like that."""

from __future__ import annotations

from dataclasses import dataclass, field

import pretty_midi

from gan.music.feel import Feel
from gan.music.midi import midi_from_roll
from gan.music.rolls import Roll
from gan.spec import RollSpec

TEMPO_MIN, TEMPO_MAX = 40.0, 240.0
TRANSPOSE_MAX = 12


@dataclass(frozen=True)
class Performance:
    """How a phrase is played: quarter notes a minute, semitones, programs, heard tracks, feel.

    `programs` and `include` have an entry a track; None means the spec's programs and all.
    """

    tempo: float = 120.0
    transpose: int = 0
    programs: tuple[int, ...] | None = None
    include: tuple[bool, ...] | None = None
    feel: Feel = field(default_factory=Feel)


def seconds(spec: RollSpec, tempo: float) -> float:
    """Length of a phrase."""
    return spec.bars * spec.beats_per_bar * 60.0 / tempo


def perform(
    roll: Roll, spec: RollSpec, how: Performance, text: str | None = None
) -> pretty_midi.PrettyMIDI:
    """A roll as MIDI, played like this; `text` is kept in the file."""
    return midi_from_roll(
        roll,
        spec,
        tempo=how.tempo,
        transpose=how.transpose,
        programs=how.programs,
        include=how.include,
        text=text,
        feel=how.feel,
    )
