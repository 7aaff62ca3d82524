"""Measures over all pitched tracks of a phrase, which is in C major or A minor.

The melody is the first monophonic track, or the first pitched one (its highest note a step).

* `in_scale`: share of notes on the white keys.
* `pitch_class_entropy`: of the notes' pitch classes, in bits (0 to log2 12 = 3.58).
* `minorness`: correlation of the time that each pitch class sounds with the key profile of
  A minor, less that with C major's (`gan.music.keys`).
* `melody_in_chord`: of the steps on which both the melody and another track sound, the share
  on which the melody's pitch class is one that sounds in another track.
* `semitone_clashes`: of the steps on which anything sounds, the share with two notes a minor
  second or minor ninth apart.
* `bass_motion`: mean distance in semitones from each beat's lowest sounding note to the next
  beat's that has one, the melody left aside where there are other tracks.
* `stepwise_melody`: of the melody's moves to another pitch, the share by one or two semitones.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan.music.cells import Cells, Values, any_of, pitch_classes, ratio
from gan.music.keys import Key, key_profile
from gan.spec import RollSpec


def melody_track(spec: RollSpec) -> int | None:
    """The index of the track that the melody measures use; None if all tracks are drums."""
    pitched = [index for index, track in enumerate(spec.tracks) if not track.is_drum]
    alone = [index for index in pitched if spec.tracks[index].monophonic]
    return next(iter(alone or pitched), None)


def harmony(sounding: Cells, onset: Cells, spec: RollSpec) -> dict[str, Values]:
    """The measures over all pitched tracks; both arrays are `(n, track, step, pitch)`.

    `melody_in_chord` is left out of a spec with one pitched track; everything is left out
    of one without any.
    """
    melody = melody_track(spec)
    if melody is None:
        return {}
    pitched = [index for index, track in enumerate(spec.tracks) if not track.is_drum]
    others = [index for index in pitched if index != melody]
    heard = any_of(sounding[:, pitched], 1)
    below = any_of(sounding[:, others], 1) if others else heard
    found = {
        **_scale(sounding[:, pitched], onset[:, pitched], spec),
        "semitone_clashes": _clashes(heard),
        "bass_motion": _bass_motion(below[:, :: spec.steps_per_beat]),
        "stepwise_melody": _stepwise(onset[:, melody]),
    }
    if others:
        found["melody_in_chord"] = _in_chord(sounding[:, melody], below, spec)
    return found


def _scale(sounding: Cells, onset: Cells, spec: RollSpec) -> dict[str, Values]:
    begun = _by_pitch_class(onset, spec)
    notes = begun.sum(axis=1)
    share = begun / np.maximum(notes, 1)[:, None]
    logs = np.log2(share, out=np.zeros_like(share), where=share > 0)
    time = _by_pitch_class(sounding, spec)
    time -= time.mean(axis=1, keepdims=True)
    size = np.linalg.norm(time, axis=1)
    # A sum, not a matrix product, whose last digit depends on how many phrases there are.
    lean = (time * (key_profile(Key(9, minor=True)) - key_profile(Key(0)))).sum(axis=1)
    white = begun[:, [0, 2, 4, 5, 7, 9, 11]].sum(axis=1)
    return {
        "in_scale": ratio(white, notes),
        "pitch_class_entropy": np.where(notes > 0, 0.0 - (share * logs).sum(axis=1), np.nan),
        "minorness": ratio(lean, np.where(size > 1e-9, size, 0.0)),
    }


def _by_pitch_class(cells: Cells, spec: RollSpec) -> Values:
    """How many cells of `(n, track, step, pitch)` are of each pitch class: `(n, 12)`."""
    per_pitch = cells.sum(axis=(1, 2))
    counts = np.zeros((len(cells), 12))
    for pitch_class in range(12):
        first = (pitch_class - spec.pitch_min) % 12
        counts[:, pitch_class] = per_pitch[:, first::12].sum(axis=1)
    return counts


def _clashes(heard: Cells) -> Values:
    clash = (heard[..., 1:] & heard[..., :-1]).any(axis=2)
    if heard.shape[2] > 13:
        clash |= (heard[..., 13:] & heard[..., :-13]).any(axis=2)
    return ratio(clash.sum(axis=1), heard.any(axis=2).sum(axis=1))


def _in_chord(melody: Cells, below: Cells, spec: RollSpec) -> Values:
    sings, chord = pitch_classes(melody, spec), pitch_classes(below, spec)
    both = sings.any(axis=2) & chord.any(axis=2)
    inside = (sings & chord).any(axis=2)
    return ratio(inside.sum(axis=1), both.sum(axis=1))


def _bass_motion(beats: Cells) -> Values:
    return _mean_move(beats.argmax(axis=2), any_of(beats, 2))[0]


def _stepwise(onset: Cells) -> Values:
    highest = onset.shape[2] - 1 - onset[..., ::-1].argmax(axis=2)
    return _mean_move(highest, any_of(onset, 2))[1]


def _mean_move(pitch: npt.NDArray[np.int64], present: Cells) -> tuple[Values, Values]:
    """From each present pitch to the next: mean distance, and share of steps among moves.

    `pitch` and `present` are `(n, time)`. A step is one or two semitones, a move any but 0.
    """
    count = len(pitch)
    last = np.full(count, -1)
    distance, pairs, moves, steps = (np.zeros(count) for _ in range(4))
    for time in range(pitch.shape[1]):
        now = present[:, time]
        pair = now & (last >= 0)
        gap = np.where(pair, np.abs(pitch[:, time] - last), 0)
        distance += gap
        pairs += pair
        moves += gap > 0
        steps += (gap == 1) | (gap == 2)
        last = np.where(now, pitch[:, time], last)
    return ratio(distance, pairs), ratio(steps, moves)
