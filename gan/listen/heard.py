"""From sound to notes with beats: what was heard, and the same as a MIDI file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gan.errors import AudioError
from gan.listen.activations import (
    FRAME,
    HOP,
    LOWEST,
    Activations,
    Floats,
    Progress,
    activations,
    resampled,
)
from gan.listen.beats import Beats, even_beats, find_beats, shifted
from gan.listen.notes_as_midi import beaten_midi
from gan.listen.picking import Picked, pick_notes
from gan.listen.reading import read_audio
from gan.listen.voice import follow_voice

Voices = Literal["auto", "one", "many"]

TEMPO_MIN, TEMPO_MAX = 20.0, 300.0  # beats a minute that may be given
MELODY, PIANO = ("MELODY", 73), ("PIANO", 0)
"""Names of tracks as the included generators have them, and General MIDI programs."""

_TOGETHER = 0.3  # share of the sounding time with several notes, from which there are many voices
_ATTACK, _TAIL = 4, 8  # frames at which notes of one voice may overlap
_QUIET = 10 ** (-45 / 20)  # of the loudest moment: what is softer is not heard as notes
_STRUCK = 6  # frames from an onset in which a note is loudest
_MEDIAN_VELOCITY = 80
_UNSURE = 0.6  # mean activation below which a voice that never strikes a note is taken for noise


@dataclass(frozen=True, eq=False)
class Heard:
    """Notes that were heard in a recording.

    notes       float64 `(n, 4)`: start and end in seconds, MIDI pitch, velocity (1 to 127);
                sorted by start, then pitch. There is one at least.
    beats       the beats, from a bar line on, and how sure they are.
    confidence  from 0 to 1: the mean activation of the notes.
    one_voice   whether one note sounds at a time: then it is a melody.
    seconds     length of the recording.
    """

    notes: NDArray[np.float64]
    beats: Beats
    confidence: float
    one_voice: bool
    seconds: float

    @property
    def tempo(self) -> float:
        """Quarters a minute, on average."""
        return self.beats.tempo

    @property
    def first_beat(self) -> float:
        """The second at which the first bar begins; before 0 where the music begins within it."""
        return float(self.beats.times[0])


def transcribe(
    samples: Floats, rate: int, *, voices: Voices = "auto", progress: Progress | None = None
) -> Heard:
    """The notes and beats of mono samples `(n,)` in -1..1 at `rate` a second.

    `voices` says whether one note sounds at a time or many do; `auto` decides by what is heard.
    `progress` is called with windows done and their number, and may raise to stop. Raises
    `AudioError` where no notes are heard.
    """
    sound = resampled(samples, rate)
    loud = levels(sound)
    heard = _audible(activations(sound, progress), loud)
    struck = pick_notes(heard)
    one_voice = voices == "one" or (voices == "auto" and _is_one_voice(struck))
    notes = follow_voice(heard) if one_voice else struck
    if not len(notes) or (not len(struck) and notes[:, 3].mean() < _UNSURE):
        raise AudioError(
            "No notes are heard in the recording: come nearer to the microphone, or play louder."
        )
    rows = _in_seconds(notes, loud)
    return Heard(
        notes=rows,
        beats=find_beats(rows),
        confidence=float(notes[:, 3].mean()),
        one_voice=one_voice,
        seconds=len(samples) / rate,
    )


def corrected(
    heard: Heard, *, tempo: float | None = None, first_beat: float | None = None, shift: int = 0
) -> Heard:
    """The same notes with other beats.

    `tempo` is kept evenly. `first_beat` is a time in seconds at which a bar begins; without a
    tempo it is that which was heard, evened. `shift` then puts bar lines so many beats later.
    """
    if tempo is not None and not TEMPO_MIN <= tempo <= TEMPO_MAX:
        raise AudioError(f"A tempo of {tempo:g} is not between {TEMPO_MIN:g} and {TEMPO_MAX:g}.")
    beats = heard.beats
    if first_beat is not None:
        beats = even_beats(heard.notes, tempo=tempo or heard.tempo, first_beat=first_beat)
    elif tempo is not None:
        beats = find_beats(heard.notes, tempo=tempo)
    return replace(heard, beats=shifted(beats, shift))


def heard_as_midi(heard: Heard) -> bytes:
    """A MIDI file: a melody track for one voice, a piano track for many.

    It begins with the first bar line, and bars have four quarters. Its beats are those heard, so
    that notes lie near the grid, at the time of the recording less what is before that bar line.
    """
    name, program = MELODY if heard.one_voice else PIANO
    return beaten_midi(heard.notes, heard.beats.times, name=name, program=program)


def hear_file(
    source: bytes | Path,
    *,
    voices: Voices = "auto",
    tempo: float | None = None,
    shift: int = 0,
    progress: Progress | None = None,
) -> tuple[Heard, bytes]:
    """What is heard in a sound file, and the same as MIDI; all of the above in one call."""
    heard = transcribe(*read_audio(source), voices=voices, progress=progress)
    heard = corrected(heard, tempo=tempo, shift=shift)
    return heard, heard_as_midi(heard)


def levels(sound: Floats) -> Floats:
    """Root of the mean square of each frame of 256 samples, the last one filled with silence."""
    frames = -(-len(sound) // HOP)
    padded = np.pad(sound, (0, frames * HOP - len(sound))).reshape(frames, HOP)
    return np.asarray(np.sqrt((padded**2).mean(axis=1)), np.float32)


def _audible(heard: Activations, loud: Floats) -> Activations:
    """Activations of moments that can be heard: the model scales each window to full level."""
    heard_at_all = (loud > _QUIET * loud.max())[:, None].astype(np.float32)
    return Activations(heard.onset * heard_at_all, heard.note * heard_at_all, heard.contour)


def _is_one_voice(notes: Picked) -> bool:
    """Whether notes hardly ever sound together, their first and last moments aside."""
    if not len(notes):
        return True
    sounding = np.zeros(int(notes[:, 1].max()) + 1, np.int64)
    for begin, end in notes[:, :2].astype(int).tolist():
        sounding[begin + _ATTACK : max(begin + _ATTACK, end - _TAIL)] += 1
    return bool((sounding > 1).sum() <= _TOGETHER * (sounding > 0).sum())


def _in_seconds(notes: Picked, loud: Floats) -> NDArray[np.float64]:
    """Picked notes as `Heard.notes`.

    Velocities are those at which a synthesizer (40 log10 of velocity as decibels, as General MIDI
    has it) would be as loud as the recording is at the onset, if the median were played at 80.
    """
    begins = notes[:, 0].astype(int)
    struck = np.max([loud[np.minimum(begins + k, len(loud) - 1)] for k in range(_STRUCK)], axis=0)
    velocity = _MEDIAN_VELOCITY * np.sqrt(struck / max(float(np.median(struck)), 1e-9))
    whole = np.clip(np.rint(velocity), 1, 127)
    return np.stack([notes[:, 0] * FRAME, notes[:, 1] * FRAME, notes[:, 2] + LOWEST, whole], axis=1)
