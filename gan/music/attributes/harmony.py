"""Attributes of all pitched tracks together: scale, chords, melody and bass."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan.music.attributes.attribute import (
    OfPhrase,
    Tilt,
    accompanied,
    harmonised,
    monophonic,
    pitched,
)
from gan.music.attributes.phrases import Phrases
from gan.music.cells import Cells, Values, any_of, pitch_classes, ratio
from gan.music.keys import Key, key_profile
from gan.spec import RollSpec, Track

WHITE_KEYS = (0, 2, 4, 5, 7, 9, 11)


def _minorness(phrases: Phrases) -> Values:
    time = phrases.time_by_class
    time = time - time.mean(axis=1, keepdims=True)
    size = np.linalg.norm(time, axis=1)
    # A sum, not a matrix product, whose last digit depends on how many phrases there are.
    difference = (time * _minor_profile()).sum(axis=1)
    return ratio(difference, np.where(size > 1e-9, size, 0.0))


def _minor_profile() -> Values:
    """By pitch class, how much more of it there is in A minor than in C major: `(12,)`."""
    return key_profile(Key(9, minor=True)) - key_profile(Key(0))


def _minor_pitches(spec: RollSpec) -> Values:
    profile = _minor_profile()
    return np.asarray((profile / np.abs(profile).max())[_classes(spec)])


def _white_pitches(spec: RollSpec) -> Values:
    return np.asarray(-1.0 * ~np.isin(_classes(spec), WHITE_KEYS))


def _classes(spec: RollSpec) -> npt.NDArray[np.int64]:
    return (np.arange(spec.pitches) + spec.pitch_min) % 12


def _in_scale(phrases: Phrases) -> Values:
    begun = phrases.begun_by_class
    return ratio(begun[:, WHITE_KEYS].sum(axis=1), begun.sum(axis=1))


def _entropy(phrases: Phrases) -> Values:
    begun = phrases.begun_by_class
    notes = begun.sum(axis=1)
    share = begun / np.maximum(notes, 1)[:, None]
    logs = np.log2(share, out=np.zeros_like(share), where=share > 0)
    return np.where(notes > 0, 0.0 - (share * logs).sum(axis=1), np.nan)


def _clashes(phrases: Phrases) -> Values:
    heard = phrases.heard
    clash = (heard[..., 1:] & heard[..., :-1]).any(axis=2)
    if heard.shape[2] > 13:
        clash |= (heard[..., 13:] & heard[..., :-13]).any(axis=2)
    return ratio(clash.sum(axis=1), heard.any(axis=2).sum(axis=1))


def _in_chord(phrases: Phrases) -> Values:
    sings = pitch_classes(phrases.sounding[:, phrases.melody], phrases.spec)
    chord = pitch_classes(phrases.below, phrases.spec)
    both = sings.any(axis=2) & chord.any(axis=2)
    inside = (sings & chord).any(axis=2)
    return ratio(inside.sum(axis=1), both.sum(axis=1))


def _bass_motion(phrases: Phrases) -> Values:
    beats = phrases.below[:, :: phrases.spec.steps_per_beat]
    return _mean_move(beats.argmax(axis=2), any_of(beats, 2))[0]


def _stepwise(phrases: Phrases) -> Values:
    onset = phrases.onset[:, phrases.melody]
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


def _accompanied_melody(track: Track, spec: RollSpec) -> bool:
    return track.monophonic and accompanied(track, spec)


HARMONY = (
    OfPhrase(
        id="minorness",
        label="minor",
        more="more minor",
        less="more major",
        unit="correlation",
        definition="Correlation of the time that each pitch class sounds with the key profile of "
        "A minor - that with C major's.",
        source="Krumhansl 1990, ch. 4",
        slider=True,
        tilt=Tilt(drawn=pitched, written=pitched, value=_minor_pitches),
        measure=_minorness,
    ),
    OfPhrase(
        id="in_scale",
        label="in the scale",
        more="more in the scale",
        less="less in the scale",
        unit="share of notes",
        definition="Notes on the white keys, the scale that phrases are transposed to / notes.",
        tilt=Tilt(drawn=pitched, written=pitched, value=_white_pitches),
        measure=_in_scale,
    ),
    OfPhrase(
        id="pitch_class_entropy",
        label="colour",
        more="more colourful",
        less="less colourful",
        unit="bits",
        definition="- sum of p log2 p over the shares p of pitch classes among the notes, 0 to "
        "log2 12 = 3.58.",
        source="Wu and Yang 2020",
        slider=True,
        measure=_entropy,
    ),
    OfPhrase(
        id="semitone_clashes",
        label="friction",
        more="more friction",
        less="less friction",
        unit="share of steps",
        definition="Steps with two notes a minor second or minor ninth apart / steps on which "
        "anything sounds.",
        measure=_clashes,
    ),
    OfPhrase(
        id="bass_motion",
        label="motion of the bass",
        more="the bass moves more",
        less="the bass moves less",
        unit="semitones",
        definition="Mean distance from a beat's lowest sounding note to that of the next beat "
        "that has one, the melody left aside where there are other tracks.",
        measure=_bass_motion,
    ),
    OfPhrase(
        id="stepwise_melody",
        label="smooth melody",
        more="the melody more in steps",
        less="the melody more in leaps",
        unit="share of moves",
        definition="Moves of the melody by one or two semitones / its moves to another pitch.",
        slider=True,
        tilt=Tilt(drawn=monophonic, written=monophonic),
        measure=_stepwise,
    ),
    OfPhrase(
        id="melody_in_chord",
        label="consonance",
        more="the melody nearer to the chords",
        less="the melody further from the chords",
        unit="share of steps",
        definition="Steps on which the melody's pitch class sounds in another track too / steps "
        "on which both the melody and another track sound.",
        slider=True,
        # What accompanies can be tilted towards the melody as well, where notes are written.
        tilt=Tilt(drawn=_accompanied_melody, written=accompanied),
        applies=harmonised,
        measure=_in_chord,
    ),
)
