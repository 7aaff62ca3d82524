"""Attributes of when a track plays."""

from __future__ import annotations

import numpy as np

from gan.music.attributes.attribute import OfTrack, Tilt, drums, every, pitched
from gan.music.attributes.phrases import Part
from gan.music.cells import Cells, Values, ratio
from gan.spec import RollSpec

MUSEGAN = "MuseGAN (Dong et al. 2018)"
DICE = "2 |A and B| / (|A| + |B|) (Dice 1945), mean over pairs of bars that are not both empty"


def _empty_bars(part: Part) -> Values:
    return np.asarray(1.0 - part.in_bars(part.sounding).any(axis=2).mean(axis=1))


def _bar_likeness(bars: Cells) -> Values:
    """Mean likeness of the pairs of bars that are not both empty; `bars` is `(n, bar, cell)`."""
    cells = bars.astype(np.float32)
    shared = cells @ cells.transpose(0, 2, 1)
    size = cells.sum(axis=2)
    first, second = np.triu_indices(bars.shape[1], k=1)
    both = (size[:, first] + size[:, second]).astype(np.float64)
    likeness = np.nan_to_num(ratio(2 * shared[:, first, second], both))
    return ratio(likeness.sum(axis=1), (both > 0).sum(axis=1))


def _steps_off_eighths(spec: RollSpec) -> Values:
    return np.asarray(np.arange(spec.steps) % max(1, spec.steps_per_beat // 2) != 0, np.float64)


def _steps_on_beats(spec: RollSpec) -> Values:
    return np.asarray(np.arange(spec.steps) % spec.steps_per_beat == 0, np.float64)


RHYTHM = (
    OfTrack(
        id="notes",
        label="density",
        more="more notes",
        less="fewer notes",
        unit="notes",
        definition="Notes that begin in the phrase.",
        slider=True,
        tilt=Tilt(drawn=every),  # written notes can be made other ones, not more
        measure=lambda part: part.notes.astype(np.float64),
    ),
    OfTrack(
        id="empty_bars",
        label="empty bars",
        more="more empty bars",
        less="fewer empty bars",
        unit="share of bars",
        definition="Bars in which nothing sounds / bars.",
        source=MUSEGAN,
        short="EB",
        measure=_empty_bars,
    ),
    OfTrack(
        id="off_sixteenth",
        label="syncopation",
        more="more syncopated",
        less="less syncopated",
        unit="share of notes",
        definition="Notes that begin off the eighths, on neither a beat nor its half / notes.",
        slider=True,
        tilt=Tilt(drawn=every, written=every, decides="step", value=_steps_off_eighths),
        applies=pitched,
        measure=lambda part: 1.0 - part.on_eighths,
    ),
    OfTrack(
        id="on_beat",
        label="on the beat",
        more="more on the beat",
        less="less on the beat",
        unit="share of notes",
        definition="Notes that begin on a beat / notes.",
        slider=True,
        tilt=Tilt(drawn=every, written=every, decides="step", value=_steps_on_beats),
        measure=lambda part: part.begun_every(part.spec.steps_per_beat),
    ),
    OfTrack(
        id="drum_grid",
        label="on the eighths",
        more="more on the eighths",
        less="less on the eighths",
        unit="share of notes",
        definition="Notes that begin on a beat or its half / notes.",
        source=f"after DP of {MUSEGAN}",
        applies=drums,
        measure=lambda part: part.on_eighths,
    ),
    OfTrack(
        id="rhythm_repetition",
        label="steadiness",
        more="steadier in rhythm",
        less="less steady in rhythm",
        unit="likeness, 0 to 1",
        definition=f"Likeness of two bars' steps on which notes begin: {DICE}.",
        slider=True,
        tilt=Tilt(drawn=every, written=every, decides="step"),
        measure=lambda part: _bar_likeness(part.in_bars(part.begun > 0)),
    ),
    OfTrack(
        id="repetition",
        label="repetition",
        more="repeats more",
        less="repeats less",
        unit="likeness, 0 to 1",
        definition=f"Likeness of two bars' notes (step and pitch): {DICE}.",
        slider=True,
        tilt=Tilt(drawn=every, written=every, decides="pitch"),
        measure=lambda part: _bar_likeness(part.in_bars(part.onset)),
    ),
)
