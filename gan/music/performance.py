"""How a phrase is played, and a roll as MIDI played like that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import pretty_midi
from msgspec import Meta

from gan.music.feel import Feel
from gan.music.midi import midi_bytes, midi_from_roll
from gan.music.rolls import Roll
from gan.spec import RollSpec

TEMPO_MIN, TEMPO_MAX = 40.0, 240.0
TRANSPOSE_MAX = 12


Program = Annotated[int, Meta(ge=0, le=127)]


@dataclass(frozen=True)
class Performance:
    """How a phrase is played.

    tempo      quarter notes a minute.
    transpose  semitones from C major / A minor, of all tracks but drums.
    programs   General MIDI, one a track; None is the spec's own.
    feel       swing and humanising.
    soundfont  its name; empty is the first that is found.
    """

    tempo: Annotated[float, Meta(ge=TEMPO_MIN, le=TEMPO_MAX)] = 120.0
    transpose: Annotated[int, Meta(ge=-TRANSPOSE_MAX, le=TRANSPOSE_MAX)] = 0
    programs: tuple[Program, ...] | None = None
    feel: Feel = field(default_factory=Feel)
    soundfont: Annotated[str, Meta(max_length=80)] = ""


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
        include=include,
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
