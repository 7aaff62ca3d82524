"""Rolls to MIDI and back.

A step becomes the same number of ticks everywhere, so that a roll written and read again is
the same roll. Text is written in UTF-8; files with text in Latin-1 are read too.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import pretty_midi

from gan.errors import MidiError, SpecError
from gan.music.feel import Feel, swung, touch, velocities
from gan.music.notes import NoteArray, as_notes, no_notes
from gan.music.rolls import Roll, notes_from_roll, roll_from_notes
from gan.spec import RollSpec, Track

TICKS_PER_BEAT = 480
TEMPO_RANGE = (10.0, 480.0)

VOLUME, PAN = 7, 10  # controllers
FULL_VOLUME = 100  # of controller 7 at a gain of 1: what synthesizers start with
CENTRE, PAN_STEP = 64, 12  # of controller 10


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
    gains: Sequence[float] | None = None,
    minor: bool = False,
) -> pretty_midi.PrettyMIDI:
    """The roll `(track, step, pitch, 2)` as MIDI, one instrument a track named as in the spec.

    `tempo` is in quarter notes a minute. `transpose` moves the pitched tracks by semitones;
    a note that would leave MIDI's range stays in it by octaves. The key signature is that of
    C major, or A minor where `minor`, so transposed. `programs`, `include` and `gains` hold a
    value for each track of the spec; a track that is not included is left out, an included
    one is there even when empty. A gain is a linear factor of loudness, 1 for full, and
    becomes the channel's volume. `text` is kept as a text event. `feel` moves notes off the
    grid and changes their velocities.
    Raises `SpecError` for values that do not fit.
    """
    count = len(spec.tracks)
    chosen = [track.program for track in spec.tracks] if programs is None else list(programs)
    wanted = [True] * count if include is None else list(include)
    factors = [1.0] * count if gains is None else list(gains)
    _check(tempo=tempo, programs=chosen, include=wanted, gains=factors, tracks=count)
    tempo = _writable_tempo(tempo)
    midi = pretty_midi.PrettyMIDI(resolution=TICKS_PER_BEAT, initial_tempo=tempo, charset="utf-8")
    midi.time_signature_changes.append(pretty_midi.TimeSignature(spec.beats_per_bar, 4, 0.0))
    midi.key_signature_changes.append(pretty_midi.KeySignature(_key(transpose, minor), 0.0))
    if text:
        midi.text_events.append(pretty_midi.Text(text, 0.0))
    time = _Time(spec, feel or Feel(), 60.0 / tempo / spec.steps_per_beat)
    for index, notes in enumerate(notes_from_roll(roll, spec)):
        if wanted[index]:
            track = spec.tracks[index]
            instrument = pretty_midi.Instrument(chosen[index], track.is_drum, track.name)
            shift = 0 if track.is_drum else transpose
            instrument.notes = _midi_notes(notes, time, track=index, shift=shift)
            instrument.control_changes = [
                pretty_midi.ControlChange(VOLUME, _volume(factors[index]), 0.0),
                pretty_midi.ControlChange(PAN, _pan(index, spec), 0.0),
            ]
            midi.instruments.append(instrument)
    return midi


def _check(
    *,
    tempo: float,
    programs: Sequence[int],
    include: Sequence[bool],
    gains: Sequence[float],
    tracks: int,
) -> None:
    low, high = TEMPO_RANGE
    if not low <= tempo <= high:
        raise SpecError(f"A tempo of {tempo:g} is not between {low:g} and {high:g}.")
    if not len(programs) == len(include) == len(gains) == tracks:
        raise SpecError(
            f"Programs, gains and included tracks need one value for each of {tracks} tracks."
        )
    wrong = [program for program in programs if not 0 <= program <= 127]
    if wrong:
        raise SpecError(f"Program {wrong[0]} is not in 0 to 127.")
    if not all(0 <= gain < np.inf for gain in gains):
        raise SpecError("A gain is a number that is not below zero.")


def _key(transpose: int, minor: bool) -> int:
    """pretty_midi's number of a key: 0 to 11 are C major and up, 12 to 23 C minor and up."""
    return 12 + (9 + transpose) % 12 if minor else transpose % 12


def _volume(gain: float) -> int:
    """Controller 7 of a gain: General MIDI has 40 log10 of it as decibels."""
    return min(127, round(FULL_VOLUME * math.sqrt(gain)))


def _pan(index: int, spec: RollSpec) -> int:
    """Controller 10: drums and the first pitched track in the middle, others to either side."""
    if spec.tracks[index].is_drum:
        return CENTRE
    place = len([track for track in spec.tracks[:index] if not track.is_drum])
    side = -1 if place % 2 else 1
    return CENTRE + side * min((place + 1) // 2, 4) * PAN_STEP


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
    """From steps of a roll to seconds, `feel` included; `step` is the length of one."""

    spec: RollSpec
    feel: Feel
    step: float

    def place(self, onset: int, end: int, late: float) -> tuple[float, float]:
        """Start and end of a note in seconds; never before 0, never of no length."""
        start, stop = (swung(at, self.spec, self.feel) * self.step + late for at in (onset, end))
        start = max(start, 0.0)
        return start, max(stop, start + 0.25 * self.step)


def _midi_notes(notes: NoteArray, time: _Time, *, track: int, shift: int) -> list[pretty_midi.Note]:
    made = []
    struck = velocities(notes, time.spec, track=track).tolist()
    for (onset, end, pitch), velocity in zip(notes.tolist(), struck, strict=True):
        moved = pitch + shift
        while moved > 127:
            moved -= 12
        while moved < 0:
            moved += 12
        late, louder = touch(track, onset, pitch, time.feel)
        start, stop = time.place(onset, end, late)
        loudness = min(max(round(velocity + louder), 1), 127)
        made.append(pretty_midi.Note(loudness, moved, start, stop))
    return made


def midi_bytes(
    midi: pretty_midi.PrettyMIDI,
    *,
    bars: int | None = None,
    markers: Sequence[tuple[int, str]] = (),
) -> bytes:
    """The MIDI file's bytes; equal music gives equal bytes.

    Every track ends with the last bar: `bars` is their number, None those that hold notes.
    What rings on ends there too. `markers` are names of sections, each with the bar (counted
    from 0) at which it begins.
    """
    buffer = io.BytesIO()
    midi.write(buffer)
    buffer.seek(0)
    file = mido.MidiFile(file=buffer)  # Latin-1 there and back: text bytes stay as they are.
    meter = midi.time_signature_changes
    beats = 4 * meter[0].numerator / meter[0].denominator if meter else 4
    bar = round(midi.resolution * beats)
    length = max(sum(event.time for event in track) - 1 for track in file.tracks)
    end = bar * (max(1, -(-length // bar)) if bars is None else bars)
    for index, track in enumerate(file.tracks):
        named = [(bar * at, _marker(name)) for at, name in markers] if index == 0 else []
        file.tracks[index] = _until(end, [*_timed(track), *named])
    whole = io.BytesIO()
    file.save(file=whole)
    return whole.getvalue()


def _marker(name: str) -> mido.MetaMessage:
    return mido.MetaMessage("marker", text=name.encode().decode("latin-1"))


def _timed(track: mido.MidiTrack) -> list[tuple[int, mido.Message]]:
    """The events of a track, less the one that ends it, with their times in ticks."""
    at = np.cumsum([event.time for event in track]).tolist()
    timed = zip(at, track, strict=True)
    return [(when, event) for when, event in timed if event.type != "end_of_track"]


def _until(end: int, events: list[tuple[int, mido.Message]]) -> mido.MidiTrack:
    """A track of events at their ticks that ends at `end`."""
    track, now = mido.MidiTrack(), 0
    for at, event in sorted(events, key=lambda timed: timed[0]):
        track.append(event.copy(time=min(at, end) - now))
        now = min(at, end)
    track.append(mido.MetaMessage("end_of_track", time=end - now))
    return track


def read_midi(source: pretty_midi.PrettyMIDI | bytes | str | Path) -> pretty_midi.PrettyMIDI:
    """MIDI from a path or from a file's bytes; `MidiError` when it is not readable."""
    if isinstance(source, pretty_midi.PrettyMIDI):
        return source
    name = "The data" if isinstance(source, bytes) else str(source)
    try:
        return _opened(source)
    # mido and pretty_midi raise what their parsing happens upon, from KeyError to struct.error.
    except Exception as error:
        raise MidiError(f"{name} cannot be read as MIDI ({type(error).__name__}).") from error


def _opened(source: bytes | str | Path) -> pretty_midi.PrettyMIDI:
    """Text is UTF-8 where it can be that, and Latin-1 elsewhere."""

    def read(charset: str) -> pretty_midi.PrettyMIDI:
        opened = io.BytesIO(source) if isinstance(source, bytes) else str(source)
        return pretty_midi.PrettyMIDI(opened, charset=charset)

    try:
        return read("utf-8")
    except UnicodeDecodeError:
        return read("latin-1")


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
