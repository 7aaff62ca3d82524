"""Phrases as stems for the player."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gan.audio.mix import Mix, gains
from gan.audio.render import RATE, Sound, levelling_gain, mix, render_stems
from gan.audio.soundfonts import soundfont_path
from gan.audio.stems import Stems
from gan.music.midi import midi_from_roll
from gan.music.notes import NoteArray
from gan.music.performance import Performance, perform, seconds
from gan.music.rolls import Roll, notes_from_roll, roll_from_notes
from gan.spec import RollSpec

RELEASE = 1.5  # seconds that ring on after the last step asked for


def play(
    roll: Roll,
    spec: RollSpec,
    performance: Performance,
    *,
    start: int = 0,
    end: int | None = None,
) -> Stems:
    """The steps `start` to `end` of a phrase, one stem a track.

    Only notes that sound in that window are rendered. One that began before it is
    rendered from its onset, so that it is not struck again at the window's edge.
    """
    end = spec.steps if end is None else end
    step_seconds = 60.0 / performance.tempo / spec.steps_per_beat
    notes, first = _window(notes_from_roll(roll, spec), start, end)
    window = roll_from_notes(notes, spec)
    midi = midi_from_roll(
        window,
        spec,
        tempo=performance.tempo,
        transpose=performance.transpose,
        programs=performance.programs,
        feel=performance.feel,
        origin=first,
    )
    length = (end - first) * step_seconds + RELEASE
    soundfont = soundfont_path(performance.soundfont)
    samples = render_stems(midi, soundfont=soundfont, seconds=length)
    cut = round((start - first) * step_seconds * RATE)
    level = _level(spec, performance.programs, soundfont)
    return Stems(
        np.ascontiguousarray(np.clip(samples[:, cut:] * level, -1.0, 1.0)),
        rate=RATE,
        step_seconds=step_seconds,
        start=start,
        end=end,
    )


def mixdown(
    roll: Roll, spec: RollSpec, performance: Performance, mix_of_tracks: Mix | None = None
) -> Sound:
    """A whole piece as one sound, each track at its level in the mix; silence has its length."""
    stems = stems_of(roll, spec, performance)
    levels = gains(mix_of_tracks or Mix(), spec.track_names)
    sound = mix(stems, levels)
    if any(levels) and len(sound.samples):
        return sound
    frames = round(seconds(spec, performance.tempo) * RATE)
    return Sound(np.zeros((frames, 2), np.float32), RATE)


def stems_of(roll: Roll, spec: RollSpec, performance: Performance) -> NDArray[np.float32]:
    """A whole piece, one stem a track with its release, `(track, frame, 2)`, not levelled."""
    midi = perform(roll, spec, performance)
    return render_stems(midi, soundfont=soundfont_path(performance.soundfont))


def _window(tracks: list[NoteArray], start: int, end: int) -> tuple[list[NoteArray], int]:
    """Notes that sound in the window, moved so that the first of them begins at step 0."""
    kept = [notes[(notes[:, 1] > start) & (notes[:, 0] < end)] for notes in tracks]
    first = min([start, *(int(notes[:, 0].min()) for notes in kept if len(notes))])
    return [notes - np.array([first, first, 0], notes.dtype) for notes in kept], first


@lru_cache(maxsize=32)
def _level(spec: RollSpec, programs: tuple[int, ...] | None, soundfont: Path | None) -> float:
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
