"""Attributes of what a track plays: pitches, and how long they are held."""

from __future__ import annotations

import numpy as np

from gan.music.attributes.attribute import OfTrack, Tilt, pitched, polyphonic
from gan.music.attributes.phrases import Part
from gan.music.attributes.rhythm import MUSEGAN
from gan.music.cells import Values, any_of, pitch_classes, ratio
from gan.spec import RollSpec


def _register(part: Part) -> Values:
    pitches = part.spec.pitches
    return ratio(part.per_pitch @ np.arange(pitches), part.notes) + part.spec.pitch_min


def _octaves(spec: RollSpec) -> Values:
    return np.asarray((np.arange(spec.pitches) - spec.pitches / 2) / 12)


def _range(part: Part) -> Values:
    used = part.per_pitch > 0
    highest = part.spec.pitches - 1 - used[:, ::-1].argmax(axis=1)
    return np.where(part.notes > 0, highest - used.argmax(axis=1), np.nan)


def _qualified(part: Part) -> Values:
    held = part.onset[:, :-1] & part.sounding[:, 1:] & ~part.onset[:, 1:]
    return ratio(held.sum(axis=(1, 2)), part.notes)


def _pitch_classes(part: Part) -> Values:
    spec = part.spec
    shape = (len(part.sounding), spec.bars, spec.steps_per_bar, spec.pitches)
    heard = any_of(part.sounding.reshape(shape), 2)
    used = pitch_classes(heard, spec).sum(axis=2)
    return ratio(used.sum(axis=1), (used > 0).sum(axis=1))


def _chords(part: Part) -> Values:
    return ratio((part.begun >= 3).sum(axis=1), (part.begun > 0).sum(axis=1))


PITCH = (
    OfTrack(
        id="register",
        label="height",
        more="higher",
        less="lower",
        unit="MIDI pitch",
        definition="Mean pitch of the notes.",
        slider=True,
        tilt=Tilt(drawn=pitched, written=pitched, value=_octaves),
        applies=pitched,
        measure=_register,
    ),
    OfTrack(
        id="note_length",
        label="sustain",
        more="longer notes",
        less="shorter notes",
        unit="steps",
        definition="Mean length of the notes: cells that sound / notes.",
        slider=True,
        tilt=Tilt(drawn=pitched, written=pitched, decides="duration"),
        applies=pitched,
        measure=lambda part: ratio(part.length, part.notes),
    ),
    OfTrack(
        id="pitch_classes",
        label="pitch classes a bar",
        more="more different notes",
        less="fewer different notes",
        unit="pitch classes",
        definition="Pitch classes that sound in a bar, mean over the bars that are not empty.",
        source=MUSEGAN,
        short="UPC",
        tilt=Tilt(drawn=pitched, written=pitched),
        applies=pitched,
        measure=_pitch_classes,
    ),
    OfTrack(
        id="qualified",
        label="notes of an eighth or longer",
        more="fewer very short notes",
        less="more very short notes",
        unit="share of notes",
        # MuseGAN's bar is three of 96 steps a bar, half a sixteenth, which every note would pass.
        definition="Notes of two steps (an eighth) or longer / notes.",
        source=f"after {MUSEGAN}",
        short="QN",
        applies=pitched,
        measure=_qualified,
    ),
    OfTrack(
        id="polyphony",
        label="thickness",
        more="more notes at once",
        less="fewer notes at once",
        unit="notes at once",
        definition="Mean number of notes that sound, over the steps on which the track sounds.",
        source="MusPy (Dong et al. 2020)",
        slider=True,
        applies=polyphonic,
        measure=lambda part: ratio(part.length, part.sounding.any(axis=2).sum(axis=1)),
    ),
    OfTrack(
        id="range",
        label="range",
        more="a wider range",
        less="a narrower range",
        unit="semitones",
        definition="Highest pitch - lowest pitch.",
        source="Yang and Lerch 2020",
        tilt=Tilt(written=pitched),
        applies=pitched,
        measure=_range,
    ),
    OfTrack(
        id="chords",
        label="chords",
        more="more chords",
        less="fewer chords",
        unit="share of steps",
        definition="Steps on which three notes or more begin / steps on which any begins.",
        tilt=Tilt(drawn=polyphonic),
        applies=polyphonic,
        measure=_chords,
    ),
)
