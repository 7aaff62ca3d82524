"""What a row of the table of attributes says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from gan.music.attributes.phrases import Part, Phrases
from gan.music.cells import Values
from gan.spec import RollSpec, Track

Tracks = Callable[[Track, RollSpec], bool]
"""Which tracks of a spec."""


@dataclass(frozen=True, kw_only=True)
class Tilt:
    """Which tracks' decisions can be tilted towards an attribute; see `gan.models.statistics`.

    `drawn` are those of decoders that draw all cells at once, `written` those of decoders that
    write note by note, where `decides` is the decision about a note that is taken again. `value`
    gives what each step `(step,)` or each pitch `(pitch,)`, as `decides` says, adds to the
    attribute by its place alone; without it the statistic is one that both tilts know by its id.
    """

    drawn: Tracks | None = None
    written: Tracks | None = None
    decides: Literal["step", "pitch", "duration"] = "pitch"
    value: Callable[[RollSpec], Values] | None = None


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """A musical attribute of a phrase: one number, NaN where there is nothing to measure.

    `label` names it; `more` and `less` say in words what a higher and a lower value mean.
    `definition` is its formula, `source` where that is from, `short` its name there. `slider`
    says whether it may become a slider, `tilt` how decoders are tilted towards it.
    """

    id: str
    label: str
    more: str
    less: str
    unit: str
    definition: str
    source: str = ""
    short: str = ""
    slider: bool = False
    tilt: Tilt | None = None


def every(_track: Track, _spec: RollSpec) -> bool:
    return True


def drums(track: Track, _spec: RollSpec) -> bool:
    return track.is_drum


def pitched(track: Track, _spec: RollSpec) -> bool:
    return not track.is_drum


def monophonic(track: Track, _spec: RollSpec) -> bool:
    return track.monophonic and not track.is_drum


def polyphonic(track: Track, _spec: RollSpec) -> bool:
    return not (track.monophonic or track.is_drum)


def accompanied(track: Track, spec: RollSpec) -> bool:
    """Whether the track and another one have pitches."""
    return not track.is_drum and harmonised(spec)


def tonal(spec: RollSpec) -> bool:
    """Whether any track has pitches."""
    return any(not track.is_drum for track in spec.tracks)


def harmonised(spec: RollSpec) -> bool:
    """Whether two tracks or more have pitches."""
    return sum(not track.is_drum for track in spec.tracks) > 1


def chorale(spec: RollSpec) -> bool:
    """Whether the tracks are voices from the highest to the lowest."""
    return spec.scheme == "bach" and len(spec.tracks) > 1


@dataclass(frozen=True, kw_only=True)
class OfTrack(Attribute):
    """An attribute of each track that `applies`, measured as `TRACK.id`.

    What a track's kind fixes is left out, since it would score full marks for nothing: a
    monophonic track's polyphony and chords, a drum track's pitches and lengths.
    """

    measure: Callable[[Part], Values]
    applies: Tracks = every
    scope: Literal["track"] = "track"


@dataclass(frozen=True, kw_only=True)
class OfPhrase(Attribute):
    """An attribute of all tracks together, measured as `id`."""

    measure: Callable[[Phrases], Values]
    applies: Callable[[RollSpec], bool] = tonal
    scope: Literal["all"] = "all"
