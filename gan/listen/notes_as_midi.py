"""Notes in seconds and beats in seconds -> a MIDI file that has both."""

from __future__ import annotations

import io

import mido
import numpy as np
from numpy.typing import NDArray

from gan.music.midi import TICKS_PER_BEAT

Times = NDArray[np.float64]

_EVEN = 0.002  # seconds: beats that differ less are written with one tempo


def beaten_midi(notes: Times, beats: Times, *, name: str, program: int) -> bytes:
    """One track of `notes` `(n, 4)` (start and end in seconds, pitch, velocity) in 4/4.

    Tick 0 is the first of `beats`, seconds in order, two at least; uneven beats become a map of
    tempi. No note may begin before that. A note ends where its pitch begins again.
    """
    file = mido.MidiFile(ticks_per_beat=TICKS_PER_BEAT)
    file.tracks += [_tempi(beats), _track(notes, beats, name=name, program=program)]
    whole = io.BytesIO()
    file.save(file=whole)
    return whole.getvalue()


def _tempi(beats: Times) -> mido.MidiTrack:
    periods = np.diff(beats)
    if np.ptp(periods) < _EVEN:
        periods = periods.mean(keepdims=True)
    track = mido.MidiTrack([mido.MetaMessage("time_signature", numerator=4, denominator=4)])
    for index, period in enumerate(periods.tolist()):
        tempo = min(round(period * 1e6), 0xFFFFFF)
        track.append(mido.MetaMessage("set_tempo", tempo=tempo, time=TICKS_PER_BEAT * bool(index)))
    return track


def _track(notes: Times, beats: Times, *, name: str, program: int) -> mido.MidiTrack:
    ticks = np.rint(_beats_at(notes[:, :2], beats) * TICKS_PER_BEAT).astype(int)
    starts = np.maximum(ticks[:, 0], 0)
    ends = np.maximum(ticks[:, 1], starts + 1)
    free: dict[int, int] = {}  # tick at which a pitch begins again, from the last note backwards
    events: list[tuple[int, int, mido.Message]] = []
    for row in np.argsort(-starts, kind="stable").tolist():
        pitch, velocity = int(notes[row, 2]), int(notes[row, 3])
        start = int(starts[row])
        if free.get(pitch) == start:
            continue
        end = min(int(ends[row]), free.get(pitch, int(ends[row])))
        free[pitch] = start
        events.append((end, 0, mido.Message("note_off", note=pitch)))
        events.append((start, 1, mido.Message("note_on", note=pitch, velocity=velocity)))
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    track.append(mido.Message("program_change", program=program))
    now = 0
    for at, _, message in sorted(events, key=lambda event: (event[0], event[1], event[2].note)):
        track.append(message.copy(time=at - now))
        now = at
    return track


def _beats_at(seconds: Times, beats: Times) -> Times:
    """The place of times among the beats; outside of them beats go on evenly."""
    place = np.interp(seconds, beats, np.arange(len(beats)))
    after = np.maximum(seconds - beats[-1], 0.0) / (beats[-1] - beats[-2])
    before = np.minimum(seconds - beats[0], 0.0) / (beats[1] - beats[0])
    return np.asarray(place + after + before)
