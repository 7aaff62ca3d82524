"""How a phrase is played, and a roll as MIDI played like that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pretty_midi

from gan.music.feel import Feel
from gan.music.midi import midi_bytes, midi_from_roll
from gan.music.rolls import Roll
from gan.spec import RollSpec

TEMPO_MIN, TEMPO_MAX = 40.0, 240.0
TRANSPOSE_MAX = 12


@dataclass(frozen=True)
class Performance:
    """How a phrase is played: quarter notes a minute, semitones, programs, feel, soundfont.

    `programs` and `include` (the tracks that are heard) have an entry a track; None means the
    spec's programs and all. `soundfont` is a name; empty, the best on this machine.
    """

    tempo: float = 120.0
    transpose: int = 0
    programs: tuple[int, ...] | None = None
    include: tuple[bool, ...] | None = None
    feel: Feel = field(default_factory=Feel)
    soundfont: str = ""


def seconds(spec: RollSpec, tempo: float) -> float:
    """Length of a phrase."""
    return spec.bars * spec.beats_per_bar * 60.0 / tempo


def perform(
    roll: Roll,
    spec: RollSpec,
    how: Performance,
    text: str | None = None,
    *,
    include: Sequence[bool] | None = None,
    gains: Sequence[float] | None = None,
    minor: bool = False,
) -> pretty_midi.PrettyMIDI:
    """A roll as MIDI, played like this; the other arguments are those of `midi_from_roll`."""
    return midi_from_roll(
        roll,
        spec,
        tempo=how.tempo,
        transpose=how.transpose,
        programs=how.programs,
        include=how.include if include is None else include,
        text=text,
        feel=how.feel,
        gains=gains,
        minor=minor,
    )


def midi_file(
    roll: Roll,
    spec: RollSpec,
    how: Performance,
    text: str | None = None,
    *,
    include: Sequence[bool] | None = None,
    gains: Sequence[float] | None = None,
    markers: Sequence[tuple[int, str]] = (),
    minor: bool = False,
) -> bytes:
    """A roll as the bytes of a MIDI file, exactly `spec.bars` long.

    `gains` are the mix, a linear factor for each track of the spec; `markers` name sections
    by the bar (counted from 0) at which they begin.
    """
    midi = perform(roll, spec, how, text, include=include, gains=gains, minor=minor)
    return midi_bytes(midi, bars=spec.bars, markers=markers)
