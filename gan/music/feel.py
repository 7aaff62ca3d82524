"""How notes are played: how hard each is struck, swing, and a human hand.

All are functions of where a note stands in the music and of a seed: nothing is drawn anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from gan.errors import SpecError
from gan.music.notes import NoteArray
from gan.spec import RollSpec

TRIPLET = 2 / 3  # where the second eighth of a beat falls at full swing
TIMING = 0.012  # seconds, standard deviation at full humanising
VELOCITY = 9.0  # of MIDI's 127, the same

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
# Velocities, of MIDI's 127.
PLAIN = 80.0
METRE = (13.0, 8.0, 5.0, -3.0, -9.0)  # downbeat, half bar, beat, half beat, between
ARC, ARC_BARS = 9.0, 4  # a phrase swells towards its middle
CONTOUR, CONTOUR_MAX = 5.0, 8.0  # an octave above or below the track's mean pitch
MELODY = 8.0  # over the accompaniment
CHORD, TOP = 3.0, 4.0  # softer for each doubling of a chord's notes; its highest note


@dataclass(frozen=True)
class Feel:
    """`swing` 0 (straight) to 1 (triplets) and `humanise` 0 to 1, of a `seed`."""

    swing: Share = 0.0
    humanise: Share = 0.0
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0

    def __post_init__(self) -> None:
        if not (0.0 <= self.swing <= 1.0 and 0.0 <= self.humanise <= 1.0):
            raise SpecError("Swing and humanising lie between 0 and 1.")


def swung(step: float, spec: RollSpec, feel: Feel) -> float:
    """Where a step is played, in steps: eighths of a beat shared out unequally."""
    if not feel.swing or spec.steps_per_beat % 2:
        return step
    beat, within = divmod(step, spec.steps_per_beat)
    half = 0.5 + feel.swing * (TRIPLET - 0.5)
    x = within / spec.steps_per_beat
    moved = 2 * x * half if x < 0.5 else half + (2 * x - 1) * (1 - half)
    return (beat + moved) * spec.steps_per_beat


def touch(track: int, onset: int, pitch: int, feel: Feel) -> tuple[float, float]:
    """Seconds by which a note is late (or early), and what is added to its velocity."""
    if not feel.humanise:
        return 0.0, 0.0
    rng = np.random.default_rng([feel.seed, track, onset, pitch])
    late, louder = np.clip(rng.standard_normal(2), -2.5, 2.5)
    return float(late * TIMING * feel.humanise), float(louder * VELOCITY * feel.humanise)


def velocities(notes: NoteArray, spec: RollSpec, *, track: int) -> NDArray[np.float64]:
    """How hard each note of a track is struck, float `(n,)` about 50 to 110.

    The metre accents, a phrase of four bars swells and falls, a line grows as it rises, the
    melody (the first monophonic track) stands out, and the notes of a chord are softer than
    one alone, its highest excepted. `notes` are all of the track, as a note's place among
    them counts.
    """
    if not len(notes):
        return np.zeros(0)
    onset, pitch = notes[:, 0], notes[:, 2].astype(np.float64)
    level = PLAIN + _metre(onset, spec) + _arc(onset, spec)
    if spec.tracks[track].is_drum:
        return level
    melodies = [k for k, each in enumerate(spec.tracks) if each.monophonic and not each.is_drum]
    if melodies[:1] == [track]:
        level += MELODY
    level += np.clip((pitch - pitch.mean()) / 12 * CONTOUR, -CONTOUR_MAX, CONTOUR_MAX)
    _, chord, size = np.unique(onset, return_inverse=True, return_counts=True)
    top = np.zeros(len(size))
    np.maximum.at(top, chord, pitch)
    louder = np.where((pitch == top[chord]) & (size[chord] > 1), TOP, 0.0)
    return np.asarray(level - CHORD * np.log2(size[chord]) + louder)


def _metre(onset: NDArray[np.int32], spec: RollSpec) -> NDArray[np.float64]:
    """The accent of a place in the bar."""
    beat, bar = spec.steps_per_beat, spec.steps_per_bar
    places = [onset % bar == 0, onset % beat == 0, 2 * onset % beat == 0]
    downbeat, half_bar, on_beat, half_beat, between = METRE
    accents = np.select(places, [downbeat, on_beat, half_beat], between)
    middle = (2 * onset % bar == 0) & places[1] & ~places[0]
    return np.where(middle, half_bar, accents)


def _arc(onset: NDArray[np.int32], spec: RollSpec) -> NDArray[np.float64]:
    """From softer at the ends of a phrase to louder in its middle."""
    length = ARC_BARS * spec.steps_per_bar
    return np.asarray(ARC * (np.sin(np.pi * (onset % length) / length) - 0.5))
