"""Attributes of part-writing, of tracks that are voices from the highest to the lowest."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from gan.music.attributes.attribute import OfPhrase, chorale
from gan.music.attributes.phrases import SILENT, Phrases
from gan.music.cells import Values, ratio


def _crossing(phrases: Phrases) -> Values:
    upper, lower = phrases.lines[:, :-1], phrases.lines[:, 1:]
    both = (upper != SILENT) & (lower != SILENT)
    return ratio((both & (lower > upper)).sum(axis=(1, 2)), both.sum(axis=(1, 2)))


def _spacing(phrases: Phrases) -> Values:
    voices = phrases.lines[:, :-1] if phrases.lines.shape[1] > 2 else phrases.lines
    upper, lower = voices[:, :-1], voices[:, 1:]
    both = (upper != SILENT) & (lower != SILENT)
    return ratio(np.where(both, upper - lower, 0).sum(axis=(1, 2)), both.sum(axis=(1, 2)))


def _parallels(phrases: Phrases) -> Values:
    lines = phrases.lines
    total = np.zeros(len(lines))
    for first, second in combinations(range(lines.shape[1]), 2):
        a, b = lines[:, first], lines[:, second]
        sounds = (a != SILENT) & (b != SILENT)
        move_a, move_b = np.diff(a, axis=1), np.diff(b, axis=1)
        together = sounds[:, 1:] & sounds[:, :-1] & (move_a * move_b > 0)
        interval = np.abs(a - b) % 12
        for perfect in (0, 7):
            kept = (interval[:, 1:] == perfect) & (interval[:, :-1] == perfect)
            total += (together & kept).sum(axis=1)
    return total


VOICES = (
    OfPhrase(
        id="voice_crossing",
        label="crossing of voices",
        more="voices cross more",
        less="voices cross less",
        unit="share of steps",
        definition="Steps on which the lower of two neighbouring voices is above the upper one / "
        "steps on which both sound.",
        applies=chorale,
        measure=_crossing,
    ),
    OfPhrase(
        id="parallels",
        label="parallel fifths and octaves",
        more="more parallel fifths",
        less="fewer parallel fifths",
        unit="parallels",
        definition="Pairs of voices a perfect fifth, octave or unison apart on one step and again "
        "on the next, both having moved to another pitch in the same direction.",
        applies=chorale,
        measure=_parallels,
    ),
    OfPhrase(
        id="spacing",
        label="spacing of voices",
        more="voices further apart",
        less="voices closer together",
        unit="semitones",
        definition="Mean distance between neighbouring upper voices (all but the bass).",
        applies=chorale,
        measure=_spacing,
    ),
)
