"""The time of a user's piece: from the file's ticks to steps of the grid, and to seconds.

Beats are the file's where its notes follow them, and estimated where they do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan.data.beats import FASTEST, SLOWEST, beat_positions, beat_seconds, estimate_beats
from gan.data.midi_files import OFF_GRID
from gan.data.own_file import Own
from gan.data.own_plain import Choices
from gan.errors import MidiError
from gan.music.smf import MidiSong, seconds_of, tempo_of
from gan.spec import RollSpec

Floats = npt.NDArray[np.float64]

_TRIPLET = 12  # a beat's parts that hold sixteenths and triplets
_TRIPLETS_FROM = 0.15  # mean distance from that grid, of its parts; chance gives 0.25
_ANOTHER_TEMPO = 0.05  # by which a tempo differs from the one before to be told


@dataclass(frozen=True, eq=False)
class Timing:
    """Where the beats of a song are: `beats` has their seconds if they are estimated.

    The first of them begins a bar. `triplets` says that most notes are thirds of a beat.
    """

    song: MidiSong
    steps_per_beat: int
    beats: Floats | None = None
    triplets: bool = False


def timing_of(own: Own, spec: RollSpec, choices: Choices) -> Timing:
    """How the piece's beats are found; `MidiError` where they have to be heard and cannot be."""
    song = own.song
    onsets = np.concatenate([one.notes[:, 0] for one in song.instruments]) / song.ticks_per_beat
    steps = onsets * spec.steps_per_beat
    free = _off(steps) > OFF_GRID
    late = _late(steps) if free and not song.timed else 0.0
    triplets = free and not late and _off(onsets * _TRIPLET) < _TRIPLETS_FROM
    listen = choices.listen
    if listen is None:
        listen = song.timed or (free and not triplets)
    if not listen or len(np.unique(onsets)) < 2:
        return Timing(song, spec.steps_per_beat, None, triplets)
    # A click that starts late is steadier than any estimate, unless another tempo is asked for.
    steady = bool(late) and choices.tempo is None
    beats = _late_beats(own, spec, late) if steady else _estimated(own, choices.tempo)
    return Timing(song, spec.steps_per_beat, _from_downbeat(beats, own, spec))


def in_steps(ticks: npt.NDArray[np.int64], timing: Timing) -> Floats:
    """Ticks of the file as steps of the grid, not rounded."""
    if timing.beats is None:
        return np.asarray(ticks / (timing.song.ticks_per_beat / timing.steps_per_beat))
    return beat_positions(seconds_of(ticks, timing.song), timing.beats) * timing.steps_per_beat


def seconds_at(steps: npt.ArrayLike, timing: Timing) -> Floats:
    """The times of steps in the file, in seconds."""
    at = np.asarray(steps, np.float64) / timing.steps_per_beat
    if timing.beats is None:
        return seconds_of(at * timing.song.ticks_per_beat, timing.song)
    return beat_seconds(at, timing.beats)


def tempo_between(begin: int, end: int, timing: Timing) -> float:
    """Quarters a minute from one step to another."""
    first, last = seconds_at([begin, end], timing)
    beats = (end - begin) / timing.steps_per_beat
    return float(np.clip(60.0 * beats / max(last - first, 1e-6), SLOWEST, FASTEST))


def usual_tempo(lines: npt.NDArray[np.int64], timing: Timing) -> float:
    """Quarters a minute: what the file says for longest, or the mean of estimated beats."""
    if timing.beats is None and not timing.song.timed:
        return tempo_of(timing.song)
    return tempo_between(int(lines[0]), int(lines[-1]), timing)


def tempo_map(lines: npt.NDArray[np.int64], timing: Timing) -> tuple[tuple[int, float], ...]:
    """Bars, counted from 0, at which another tempo begins, and those tempos."""
    beats = np.diff(lines) / timing.steps_per_beat
    tempos = 60.0 * beats / np.maximum(np.diff(seconds_at(lines, timing)), 1e-6)
    found: list[tuple[int, float]] = []
    for bar, tempo in enumerate(tempos.tolist()):
        if not found or abs(tempo / found[-1][1] - 1) >= _ANOTHER_TEMPO:
            found.append((bar, tempo))
    return tuple(found)


def _off(places: Floats) -> float:
    return float(np.abs(places - np.rint(places)).mean())


def _late(steps: Floats) -> float:
    """By how much of a step all onsets are late, -0.5 to 0.5; 0 where they are not so together.

    The circular mean of what is over whole steps.
    """
    mean = np.exp(2j * np.pi * steps).mean()
    late = float(np.angle(mean)) / (2 * np.pi)
    return late if _off(steps - late) <= OFF_GRID / 2 else 0.0


def _late_beats(own: Own, spec: RollSpec, late: float) -> Floats:
    """Seconds of the file's beats, moved to where its notes are: most of them begin on beats."""
    song, a_beat = own.song, spec.steps_per_beat
    onsets = np.concatenate([one.notes[:, 0] for one in song.instruments])
    steps = onsets / song.ticks_per_beat * a_beat - late
    weights, lengths = _weights(own)
    within = np.rint(steps).astype(np.int64) % a_beat
    first = int(np.bincount(within, weights * lengths, minlength=a_beat).argmax())
    count = int(steps.max()) // a_beat + 2
    at = np.maximum((np.arange(count) * a_beat + first + late) / a_beat, 0.0)
    return seconds_of(np.unique(at) * song.ticks_per_beat, song)


def _estimated(own: Own, tempo: float | None) -> Floats:
    """Seconds of beats by ear."""
    song = own.song
    onsets = np.concatenate([seconds_of(one.notes[:, 0], song) for one in song.instruments])
    try:
        return estimate_beats(onsets, _weights(own)[0], tempo=tempo)
    except MidiError as error:
        raise MidiError(
            f"No beat can be heard in {own.name} ({error}): export a part of it."
        ) from error


def _weights(own: Own) -> tuple[Floats, Floats]:
    """How much each note tells of beats, low ones more; and its seconds, two at most."""
    song = own.song
    times = np.concatenate([seconds_of(one.notes[:, :2], song) for one in song.instruments])
    pitches = [np.where(one.is_drum, 60, one.notes[:, 2]) for one in song.instruments]
    low = np.maximum(60 - np.concatenate(pitches), 0)
    return 1.0 + low / 24.0, np.clip(times[:, 1] - times[:, 0], 0.05, 2.0)


def _from_downbeat(beats: Floats, own: Own, spec: RollSpec) -> Floats:
    """The beats from one on that begins a bar, at or before the first note.

    Which of them begins a bar is a guess: the one on which most long and low notes begin.
    """
    song, bar = own.song, spec.beats_per_bar
    onsets = np.concatenate([seconds_of(one.notes[:, 0], song) for one in song.instruments])
    position = beat_positions(onsets, beats)
    near = np.abs(position - np.rint(position)) < 0.2
    weights, lengths = _weights(own)
    beat = np.rint(position[near]).astype(np.int64) % bar
    accents = np.bincount(beat, (weights * lengths)[near], minlength=bar)
    downbeat = int(accents.argmax())
    earliest = int(np.floor(position.min() + 0.5 / spec.steps_per_beat))
    first = downbeat + (earliest - downbeat) // bar * bar
    return beat_seconds(np.arange(first, max(len(beats), first + 2)), beats)
