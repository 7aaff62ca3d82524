"""Phrases as stems for the player."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gan.audio.render import RATE, levelling_gain, render_stems
from gan.audio.stems import Stems
from gan.music.midi import midi_from_roll
from gan.music.notes import NoteArray
from gan.music.performance import Performance
from gan.music.rolls import Roll, notes_from_roll, roll_from_notes
from gan.spec import RollSpec

RELEASE = 1.5  # seconds that ring on after the last step asked for


def stems_of(
    roll: Roll,
    spec: RollSpec,
    *,
    how: Performance,
    soundfont: str | None = None,
    start: int = 0,
    end: int | None = None,
) -> Stems:
    """The steps `start` to `end` of a phrase, one stem a track.

    Only notes that sound in that window are rendered. One that began before it is
    rendered from its onset, so that it is not struck again at the window's edge.
    """
    end = spec.steps if end is None else end
    step_seconds = 60.0 / how.tempo / spec.steps_per_beat
    notes, first = _window(notes_from_roll(roll, spec), start, end)
    window = roll_from_notes(notes, spec)
    midi = midi_from_roll(
        window,
        spec,
        tempo=how.tempo,
        transpose=how.transpose,
        programs=how.programs,
        feel=how.feel,
        origin=first,
    )
    length = (end - first) * step_seconds + RELEASE
    samples = render_stems(midi, soundfont=soundfont, seconds=length)
    cut = round((start - first) * step_seconds * RATE)
    level = _level(spec, how.programs, soundfont)
    return Stems(
        np.ascontiguousarray(np.clip(samples[:, cut:] * level, -1.0, 1.0)),
        rate=RATE,
        step_seconds=step_seconds,
        start=start,
        end=end,
    )


def _window(tracks: list[NoteArray], start: int, end: int) -> tuple[list[NoteArray], int]:
    """Notes that sound in the window, moved so that the first of them begins at step 0."""
    kept = [notes[(notes[:, 1] > start) & (notes[:, 0] < end)] for notes in tracks]
    first = min([start, *(int(notes[:, 0].min()) for notes in kept if len(notes))])
    return [notes - np.array([first, first, 0], notes.dtype) for notes in kept], first


@lru_cache(maxsize=32)
def _level(spec: RollSpec, programs: tuple[int, ...] | None, soundfont: str | None) -> float:
    """One level for a soundfont and its instruments, measured on a chord on every beat.

    A level of its own for every phrase would undo what a density slider does to loudness.
    """
    steps = np.arange(0, spec.steps, spec.steps_per_beat)
    tracks = []
    for index, track in enumerate(spec.tracks):
        pitches = (36, 38, 42) if track.is_drum else ((72,) if index == 0 else (48, 55, 64))
        rows = [(s, s + spec.steps_per_beat, pitch) for s in steps for pitch in pitches]
        tracks.append(np.array(rows, np.int32))
    midi = midi_from_roll(roll_from_notes(tracks, spec), spec, programs=programs)
    return levelling_gain(render_stems(midi, soundfont=soundfont))
