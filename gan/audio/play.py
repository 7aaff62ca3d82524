"""From a roll and how it is played to sound: stems for the player, mixes for files.

There is no other way from notes to sound. All depends on the arguments alone, and on the
soundfonts of this machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pretty_midi
from numpy.typing import NDArray

from gan.audio.fluid import BLOCK
from gan.audio.render import RATE, Sound, balanced, levelling_gain, mix, render_stems
from gan.audio.soundfonts import SoundFont, choose_soundfont
from gan.audio.stems import Stems
from gan.music.midi import midi_from_roll
from gan.music.performance import Performance, perform, seconds
from gan.music.rolls import Roll, notes_from_roll, roll_from_notes
from gan.spec import RollSpec

RELEASE = 1.5  # seconds that ring on after the last step asked for
RESTS = 10 ** (1.5 / 20)  # phrases with their rests are softer than notes without a pause


def play(
    roll: Roll, spec: RollSpec, performance: Performance, start: int = 0, end: int | None = None
) -> Stems:
    """The steps `start` to `end` of a phrase, one stem a track, muted ones too.

    Only notes that sound in that window are rendered, each as it is played in the whole
    phrase. One that began before it is rendered from its onset, so that it is not struck
    again at the window's edge. All stems together do not clip.
    """
    end = spec.steps if end is None else end
    step = 60.0 / performance.tempo / spec.steps_per_beat
    midi, begin = _window(roll, spec, performance, start, end)
    font = choose_soundfont(performance.soundfont)
    samples = render_stems(midi, soundfont=font, seconds=end * step - begin / RATE + RELEASE)
    parts = balanced(samples, level=_level(spec, performance.programs, font))
    cut = round(start * step * RATE) - begin
    return Stems(
        np.ascontiguousarray(np.clip(parts[:, cut:], -1.0, 1.0)),
        rate=RATE,
        step_seconds=step,
        start=start,
        end=end,
    )


def mixdown(
    roll: Roll,
    spec: RollSpec,
    performance: Performance,
    mix_gains: Sequence[float] | None = None,
) -> Sound:
    """The whole phrase as one sound until it has died away; at least as long as its bars.

    `mix_gains` are linear factors for the tracks of the spec, 0 for one that is not heard.
    """
    stems = _stems(roll, spec, performance)
    return _filled(mix(stems, mix_gains).samples, spec, performance)


def separate(
    roll: Roll,
    spec: RollSpec,
    performance: Performance,
    mix_gains: Sequence[float] | None = None,
) -> dict[str, Sound]:
    """What `mixdown` adds up to: a sound for the name of each track that is heard."""
    parts = balanced(_stems(roll, spec, performance), mix_gains)
    heard = [True] * len(parts) if mix_gains is None else [gain > 0 for gain in mix_gains]
    named = zip(spec.track_names, parts, heard, strict=True)
    return {name: _filled(part, spec, performance) for name, part, on in named if on}


def _stems(roll: Roll, spec: RollSpec, performance: Performance) -> NDArray[np.float32]:
    """All tracks, muted or not: the level of a mix is that of the whole band."""
    midi = perform(roll, spec, performance)
    return render_stems(midi, soundfont=choose_soundfont(performance.soundfont))


def _filled(samples: NDArray[np.float32], spec: RollSpec, performance: Performance) -> Sound:
    """Silence to the end of the last bar, where the sound ends before."""
    missing = round(seconds(spec, performance.tempo) * RATE) - len(samples)
    return Sound(np.pad(samples, ((0, max(0, missing)), (0, 0))), RATE)


def _window(
    roll: Roll, spec: RollSpec, performance: Performance, start: int, end: int
) -> tuple[pretty_midi.PrettyMIDI, int]:
    """The notes that sound in the window, and the frame of the phrase at which they begin.

    That frame is a whole number of FluidSynth's blocks, so that notes fall on the same blocks
    as in the whole phrase.
    """
    midi = perform(roll, spec, performance)
    begin = start * 60.0 / performance.tempo / spec.steps_per_beat
    for notes, instrument in zip(notes_from_roll(roll, spec), midi.instruments, strict=True):
        sounds = (notes[:, 1] > start) & (notes[:, 0] < end)
        instrument.notes = [n for n, on in zip(instrument.notes, sounds, strict=True) if on]
        begin = min([begin, *(note.start for note in instrument.notes)])
    frames = int(begin * RATE) // BLOCK * BLOCK
    for instrument in midi.instruments:
        for note in instrument.notes:
            note.start, note.end = note.start - frames / RATE, note.end - frames / RATE
    return midi, frames


@lru_cache(maxsize=32)
def _level(spec: RollSpec, programs: tuple[int, ...] | None, soundfont: SoundFont) -> float:
    """One level for a soundfont and its instruments, measured on sustained notes.

    A level of its own for every phrase would undo what a density slider does to loudness.
    """
    spec = replace(spec, bars=2)  # as loud for a piece as for a phrase
    beats = np.arange(0, spec.steps, spec.steps_per_beat)
    tracks = []
    for index, track in enumerate(spec.tracks):
        low = (36, 42) if track.is_drum else ((55,) if track.monophonic else (48, 60))
        pitches = (72,) if index == 0 and not track.is_drum else low
        rows = [(s, s + spec.steps_per_beat, pitch) for s in beats for pitch in pitches]
        tracks.append(np.array(rows, np.int32))
    midi = midi_from_roll(roll_from_notes(tracks, spec), spec, programs=programs)
    return RESTS * levelling_gain(render_stems(midi, soundfont=soundfont))
