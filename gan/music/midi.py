"""Rolls to MIDI and back.

A step becomes the same number of ticks everywhere, so that a roll written and read again is
the same roll. Velocities carry the meter: downbeat over beat over what lies between.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pretty_midi

from gan.errors import MidiError, SpecError
from gan.music.feel import Feel, swung, touch
from gan.music.notes import NoteArray, as_notes, no_notes
from gan.music.rolls import Roll, notes_from_roll, roll_from_notes
from gan.spec import RollSpec, Track

TICKS_PER_BEAT = 480
DOWNBEAT, BEAT, BETWEEN = 104, 92, 80
"""Velocities."""

TEMPO_RANGE = (10.0, 480.0)


def midi_from_roll(
    roll: Roll,
    spec: RollSpec,
    *,
    tempo: float = 120.0,
    transpose: int = 0,
    programs: Sequence[int] | None = None,
    include: Sequence[bool] | None = None,
    text: str | None = None,
    feel: Feel | None = None,
    origin: int = 0,
) -> pretty_midi.PrettyMIDI:
    """The roll `(track, step, pitch, 2)` as MIDI, one instrument a track named as in the spec.

    `tempo` is in quarter notes a minute. `transpose` moves the pitched tracks by semitones;
    a note that would leave MIDI's range stays in it by octaves. `programs` and `include`
    hold a value for each track of the spec; a track that is not included is left out, an
    included one is there even when empty. `text` is kept as a text event. `feel` moves notes
    off the grid and their velocities; `origin` is the step of the phrase at which the roll
    begins, where it is a window of a longer one.
    Raises `SpecError` for values that do not fit.
    """
    count = len(spec.tracks)
    chosen = [track.program for track in spec.tracks] if programs is None else list(programs)
    wanted = [True] * count if include is None else list(include)
    _check(tempo=tempo, programs=chosen, include=wanted, tracks=count)
    tempo = _writable_tempo(tempo)
    midi = pretty_midi.PrettyMIDI(resolution=TICKS_PER_BEAT, initial_tempo=tempo)
    midi.time_signature_changes.append(pretty_midi.TimeSignature(spec.beats_per_bar, 4, 0.0))
    if text:
        midi.text_events.append(pretty_midi.Text(_latin(text), 0.0))
    seconds_per_step = 60.0 / tempo / spec.steps_per_beat
    tracks = zip(notes_from_roll(roll, spec), spec.tracks, chosen, wanted, strict=True)
    for index, (notes, track, program, included) in enumerate(tracks):
        if included:
            instrument = pretty_midi.Instrument(program, track.is_drum, _latin(track.name))
            shift = 0 if track.is_drum else transpose
            time = _Time(spec, feel or Feel(), seconds_per_step, origin)
            instrument.notes = _midi_notes(notes, time, track=index, shift=shift)
            midi.instruments.append(instrument)
    return midi


def _check(*, tempo: float, programs: Sequence[int], include: Sequence[bool], tracks: int) -> None:
    low, high = TEMPO_RANGE
    if not low <= tempo <= high:
        raise SpecError(f"A tempo of {tempo:g} is not between {low:g} and {high:g}.")
    if len(programs) != tracks or len(include) != tracks:
        raise SpecError(f"Programs and included tracks need one value for each of {tracks} tracks.")
    wrong = [program for program in programs if not 0 <= program <= 127]
    if wrong:
        raise SpecError(f"Program {wrong[0]} is not in 0 to 127.")


def _writable_tempo(tempo: float) -> float:
    """The tempo of a whole number of microseconds a beat that is nearest to `tempo`.

    pretty_midi cuts off the fraction where MIDI has whole microseconds, so that a rounding
    error of 1e-10 costs one: then a quarter of a microsecond more is asked for.
    """
    whole = round(6e7 / tempo)
    exact = 6e7 / whole
    tick = 60.0 / (exact * TICKS_PER_BEAT)
    written = int(6e7 / (60.0 / (tick * TICKS_PER_BEAT)))
    return exact if written == whole else 6e7 / (whole + 0.25)


@dataclass(frozen=True)
class _Time:
    """From steps of a roll to seconds and velocities, `feel` included."""

    spec: RollSpec
    feel: Feel
    step: float
    origin: int

    def place(self, onset: int, end: int, late: float) -> tuple[float, float]:
        """Start and end of a note in seconds; never before 0, never of no length."""
        start, stop = (
            (swung(at + self.origin, self.spec, self.feel) - self.origin) * self.step + late
            for at in (onset, end)
        )
        start = max(start, 0.0)
        return start, max(stop, start + 0.25 * self.step)

    def velocity(self, onset: int, louder: float) -> int:
        plain = _velocity(onset + self.origin, self.spec)
        return int(np.clip(round(plain + louder), 1, 127))


def _midi_notes(notes: NoteArray, time: _Time, *, track: int, shift: int) -> list[pretty_midi.Note]:
    made = []
    for onset, end, pitch in notes.tolist():
        moved = pitch + shift
        while moved > 127:
            moved -= 12
        while moved < 0:
            moved += 12
        late, louder = touch(track, onset + time.origin, pitch, time.feel)
        start, stop = time.place(onset, end, late)
        made.append(pretty_midi.Note(time.velocity(onset, louder), moved, start, stop))
    return made


def _velocity(onset: int, spec: RollSpec) -> int:
    if onset % spec.steps_per_bar == 0:
        return DOWNBEAT
    return BEAT if onset % spec.steps_per_beat == 0 else BETWEEN


def _latin(text: str) -> str:
    """What MIDI's text events can hold: pretty_midi writes Latin-1 and fails at the rest."""
    return text.encode("latin-1", "replace").decode("latin-1")


def midi_bytes(midi: pretty_midi.PrettyMIDI) -> bytes:
    """The MIDI file's bytes; equal music gives equal bytes."""
    buffer = io.BytesIO()
    midi.write(buffer)
    return buffer.getvalue()


def read_midi(source: pretty_midi.PrettyMIDI | bytes | str | Path) -> pretty_midi.PrettyMIDI:
    """MIDI from a path or from a file's bytes; `MidiError` when it is not readable."""
    if isinstance(source, pretty_midi.PrettyMIDI):
        return source
    name = "The data" if isinstance(source, bytes) else str(source)
    opened = io.BytesIO(source) if isinstance(source, bytes) else str(source)
    try:
        return pretty_midi.PrettyMIDI(opened)
    # mido and pretty_midi raise what their parsing happens upon, from KeyError to struct.error.
    except Exception as error:
        raise MidiError(f"{name} cannot be read as MIDI ({type(error).__name__}).") from error


def notes_from_midi(
    source: pretty_midi.PrettyMIDI | bytes | str | Path,
    spec: RollSpec,
    *,
    transpose: int = 0,
) -> list[NoteArray]:
    """A `NoteArray` a track, by ticks, rounded to the spec's steps; it may outlast the roll.

    Instruments go to the tracks of their names; where no name matches and there are as many
    instruments as tracks, to the tracks in order. `transpose` undoes that of
    `midi_from_roll`. Raises `MidiError` when no instrument can be placed.
    """
    midi = read_midi(source)
    found: list[NoteArray] = []
    for instruments, track in zip(_placed(midi, spec), spec.tracks, strict=True):
        rows = [
            (_step(midi, note.start, spec), _step(midi, note.end, spec), note.pitch)
            for instrument in instruments
            for note in instrument.notes
        ]
        notes = as_notes(np.array(rows)) if rows else no_notes()
        if not track.is_drum:
            notes[:, 2] -= transpose
        found.append(notes)
    return found


def _placed(midi: pretty_midi.PrettyMIDI, spec: RollSpec) -> list[list[pretty_midi.Instrument]]:
    """The instruments of each track of the spec."""
    by_name = [_named(midi, track) for track in spec.tracks]
    if any(by_name):
        return by_name
    if len(midi.instruments) == len(spec.tracks):
        return [[instrument] for instrument in midi.instruments]
    if not midi.instruments:
        return [[] for _ in spec.tracks]
    names = ", ".join(sorted({one.name.strip() or "unnamed" for one in midi.instruments}))
    wanted = ", ".join(spec.track_names)
    raise MidiError(f"The file's tracks ({names}) are not among {wanted}.")


def _named(midi: pretty_midi.PrettyMIDI, track: Track) -> list[pretty_midi.Instrument]:
    wanted = track.name.strip().casefold()
    return [one for one in midi.instruments if one.name.strip().casefold() == wanted]


def _step(midi: pretty_midi.PrettyMIDI, seconds: float, spec: RollSpec) -> int:
    beats = int(midi.time_to_tick(seconds)) / int(midi.resolution)
    return round(beats * spec.steps_per_beat)


def roll_from_midi(
    source: pretty_midi.PrettyMIDI | bytes | str | Path,
    spec: RollSpec,
    *,
    transpose: int = 0,
) -> Roll:
    """The first `spec.bars` bars of a MIDI file as a roll; the inverse of `midi_from_roll`."""
    return roll_from_notes(notes_from_midi(source, spec, transpose=transpose), spec)
