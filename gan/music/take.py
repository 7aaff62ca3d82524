"""What someone has played: notes with times of their own, as MIDI and as strokes on a phrase.

Times are in beats (quarter notes) from the first beat of a loop of `beats` beats, as they were
played. Quantising moves an onset towards the nearest line of a grid and takes the note's end
along; a note that was played just before the loop begins again belongs to its first beat. The
recorder in the browser does the same (`assets/recorder/quantise.js`).
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Annotated, Literal

import mido
import msgspec
import numpy as np
from msgspec import Meta

from gan.music.edits import Edit
from gan.music.midi import TICKS_PER_BEAT
from gan.music.notes import fold_pitches
from gan.spec import BARS_MAX, BEATS_MAX, TRACKS_MAX, RollSpec, Track

NOTES_MAX = 4096
TEMPO_MIN, TEMPO_MAX = 10.0, 480.0
GRIDS = {"off": 0.0, "1/16": 0.25, "1/8": 0.5}  # beats between two lines

Beats = Annotated[float, Meta(ge=0.0, le=2.0 * BARS_MAX * BEATS_MAX)]


class TakeNote(msgspec.Struct, frozen=True, array_like=True):
    """One note: index of the track, MIDI pitch, onset and end in beats, velocity."""

    track: Annotated[int, Meta(ge=0, lt=TRACKS_MAX)]
    pitch: Annotated[int, Meta(ge=0, le=127)]
    onset: Beats
    end: Beats
    velocity: Annotated[int, Meta(ge=1, le=127)] = 90

    def __post_init__(self) -> None:
        if not (math.isfinite(self.onset) and math.isfinite(self.end) and self.onset < self.end):
            raise ValueError("A note ends after it begins.")


class Quantise(msgspec.Struct, frozen=True):
    """`strength` is the share of the way to the nearest line of the grid: 1 is on it."""

    grid: Literal["off", "1/16", "1/8"] = "off"
    strength: Annotated[float, Meta(ge=0.0, le=1.0)] = 1.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.strength):
            raise ValueError("The strength is a number from 0 to 1.")


class Take(msgspec.Struct, frozen=True):
    """Notes as they were played, in a loop of `beats` beats at `tempo` quarters a minute.

    `armed` is the track that was played last. A note begins within the loop and lasts no longer
    than the loop. Reading one by msgspec refuses everything else.
    """

    notes: Annotated[tuple[TakeNote, ...], Meta(max_length=NOTES_MAX)]
    beats: Annotated[float, Meta(gt=0.0, le=1.0 * BARS_MAX * BEATS_MAX)] = 16.0
    tempo: Annotated[float, Meta(ge=TEMPO_MIN, le=TEMPO_MAX)] = 120.0
    armed: Annotated[int, Meta(ge=0, lt=TRACKS_MAX)] = 0
    quantise: Quantise = Quantise()

    def __post_init__(self) -> None:
        if not (math.isfinite(self.beats) and math.isfinite(self.tempo)):
            raise ValueError("Beats and tempo are numbers.")
        for note in self.notes:
            if note.onset >= self.beats or note.end > note.onset + self.beats + 1e-6:
                raise ValueError("A note lies outside of the loop.")


def quantised(take: Take) -> tuple[TakeNote, ...]:
    """The notes of a take as its `quantise` moves them, in their order."""
    return tuple(_moved(note, take) for note in take.notes)


def _moved(note: TakeNote, take: Take) -> TakeNote:
    grid = GRIDS[take.quantise.grid]
    if not grid:
        return note
    # Halves go up, as in the browser; Python's own rounding goes to the even line.
    line = math.floor(note.onset / grid + 0.5) * grid
    shift = take.quantise.strength * (line - note.onset)
    if note.onset + shift >= take.beats:
        shift -= take.beats
    return msgspec.structs.replace(note, onset=note.onset + shift, end=note.end + shift)


# --- As MIDI ----------------------------------------------------------------------------------


def take_to_midi(
    take: Take,
    tracks: Sequence[Track],
    *,
    beats_per_bar: int = 4,
    quantise: bool = True,
) -> bytes:
    """The take as a MIDI file with its tempo, velocities and bars of `beats_per_bar` quarters.

    There is one MIDI track, named as in `tracks`, for each of them that was played, and at least
    one for the armed track. Times are those of the take in 1/480 beats, quantised as one heard
    them or, without `quantise`, as they were played. Notes of tracks that do not exist are left
    out.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    end = _ticks(take.beats)
    head = [
        mido.MetaMessage("set_tempo", tempo=round(6e7 / take.tempo)),
        mido.MetaMessage("time_signature", numerator=beats_per_bar, denominator=4),
    ]
    file.tracks.append(_track([(0, message) for message in head], end))
    notes = quantised(take) if quantise else take.notes
    for index, track in enumerate(tracks):
        played = [note for note in notes if note.track == index]
        if played or index == take.armed:
            channel = 9 if track.is_drum else _channel(index)
            file.tracks.append(_track(_events(played, track, channel), end))
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def _ticks(beats: float) -> int:
    return math.floor(beats * TICKS_PER_BEAT + 0.5)


def _channel(index: int) -> int:
    """One of the fifteen channels that are not the drums'."""
    place = index % 15
    return place + (place >= 9)


def _events(
    notes: Sequence[TakeNote], track: Track, channel: int
) -> list[tuple[int, mido.Message]]:
    # Text bytes of mido are Latin-1; read as such, they are the UTF-8 that other programs expect.
    name = track.name.encode().decode("latin-1")
    events = [
        (0, mido.MetaMessage("track_name", name=name)),
        (0, mido.Message("program_change", channel=channel, program=track.program)),
    ]
    for note in notes:
        start = _ticks(note.onset)
        stop = max(_ticks(note.end), start + 1)
        on = {"channel": channel, "note": note.pitch, "velocity": note.velocity}
        off = {"channel": channel, "note": note.pitch, "velocity": 0}
        events += [(start, mido.Message("note_on", **on)), (stop, mido.Message("note_off", **off))]
    return events


def _track(events: list[tuple[int, mido.Message]], end: int) -> mido.MidiTrack:
    """The events at their ticks, ends of notes before onsets; what rings on makes it longer."""
    track, now = mido.MidiTrack(), 0
    for at, event in sorted(events, key=lambda each: (each[0], each[1].type == "note_on")):
        track.append(event.copy(time=at - now))
        now = at
    track.append(mido.MetaMessage("end_of_track", time=max(end - now, 0)))
    return track


# --- On a phrase ------------------------------------------------------------------------------


def take_to_edits(take: Take, spec: RollSpec, *, transpose: int = 0) -> tuple[Edit, ...]:
    """The take as strokes on a phrase of `spec`, quantised and then on its steps, in time order.

    `transpose` are the semitones between a phrase's pitches and what is heard: it is taken off
    again. Pitches outside of the roll are moved into it by octaves; a drum that it does not have
    is left out, for an octave lower is another drum. So is what lies after the last bar. Of notes
    that fall together the longest stays.
    """
    longest: dict[tuple[int, int, int], int] = {}
    beats = min(take.beats, spec.bars * spec.beats_per_bar)
    steps = _steps(beats, spec)
    loop = _steps(take.beats, spec)
    for note in quantised(take):
        if note.track >= len(spec.tracks):
            continue
        pitch = _row(note.pitch, spec, drum=spec.tracks[note.track].is_drum, transpose=transpose)
        start, end = _steps(note.onset, spec), _steps(note.end, spec)
        if start >= loop:  # meant for the first beat of the next time round
            start, end = start - loop, end - loop
        if pitch is None or start >= steps:
            continue
        place = (start, pitch, note.track)
        end = min(max(end, start + 1), steps)
        longest[place] = max(end, longest.get(place, 0))
    return tuple(
        Edit(track=track, pitch=pitch, start=start, end=end)
        for (start, pitch, track), end in sorted(longest.items())
    )


def _steps(beats: float, spec: RollSpec) -> int:
    return math.floor(beats * spec.steps_per_beat + 0.5)


def _row(pitch: int, spec: RollSpec, *, drum: bool, transpose: int) -> int | None:
    """The pitch index of a note in the roll, None for a drum that has none."""
    row = pitch - spec.pitch_min
    if drum:
        return row if 0 <= row < spec.pitches else None
    folded = fold_pitches(np.array([row - transpose], np.int32), pitch_min=0, pitches=spec.pitches)
    return min(max(int(folded[0]), 0), spec.pitches - 1)
