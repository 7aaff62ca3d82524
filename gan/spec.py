"""What a roll holds: its tracks, bars, steps and pitches.

A `RollSpec` is data. It is saved with every dataset and checkpoint, so that other
meters, lengths, pitch ranges and tracks are other specs rather than other code.

Conventions used throughout the package:

* A roll is `uint8` 0/1 of shape `(track, step, pitch, channel)`; a batch has a leading
  axis. Channel `SOUNDING` is 1 on every step on which a note sounds (its first one
  included), channel `ONSET` on the first only.
* A step is one sixteenth note with the default spec. Pitch index 0 is MIDI `pitch_min`.
* Rolls are key-normalised: transposed to C major or A minor.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import msgspec

from gan.errors import SpecError

SOUNDING = 0
ONSET = 1
CHANNELS = 2
TRACKS_MAX = 64
BARS_MAX = 4096  # of a piece
BEATS_MAX, STEPS_MAX = 32, 96  # of a bar, of a beat
NAME_MAX = 100  # characters

ROOT = Path(__file__).resolve().parent.parent
CHECKPOINTS = Path(os.environ.get("GAN_CHECKPOINTS", ROOT / "checkpoints"))
ASSETS = ROOT / "assets"


@dataclass(frozen=True)
class Track:
    """One instrument of a roll.

    `program` is the General MIDI program (0 to 127). A monophonic track is one choice
    a step (a new note, hold, rest). A drum track has onsets only.
    """

    name: str
    program: int = 0
    is_drum: bool = False
    monophonic: bool = False

    def __post_init__(self) -> None:
        if not 0 < len(self.name) <= NAME_MAX:
            raise SpecError(f"A track needs a name of 1 to {NAME_MAX} characters.")
        if not 0 <= self.program <= 127:
            raise SpecError(f"Track {self.name}: program {self.program} is not in 0 to 127.")


@dataclass(frozen=True)
class RollSpec:
    """Tracks and grid of a roll. `scheme` names the rule that assigned the tracks."""

    tracks: tuple[Track, ...]
    scheme: str = "named"
    bars: int = 4
    beats_per_bar: int = 4
    steps_per_beat: int = 4
    pitch_min: int = 24
    pitches: int = 72

    def __post_init__(self) -> None:
        if not self.tracks:
            raise SpecError("A roll needs at least one track.")
        names = [track.name for track in self.tracks]
        if len(set(names)) != len(names):
            raise SpecError(f"Track names must differ: {', '.join(names)}.")
        if min(self.bars, self.beats_per_bar, self.steps_per_beat, self.pitches) < 1:
            raise SpecError("Bars, beats, steps and pitches must be at least 1.")
        most = (TRACKS_MAX, BARS_MAX, BEATS_MAX, STEPS_MAX)
        has = (len(self.tracks), self.bars, self.beats_per_bar, self.steps_per_beat)
        if any(count > limit for count, limit in zip(has, most, strict=True)):
            raise SpecError(
                f"A roll has at most {TRACKS_MAX} tracks and {BARS_MAX} bars, of at most "
                f"{BEATS_MAX} beats of {STEPS_MAX} steps."
            )
        if self.pitch_min < 0 or self.pitch_min + self.pitches > 128:
            raise SpecError("The pitch range must lie within MIDI 0 to 127.")

    @property
    def steps_per_bar(self) -> int:
        return self.beats_per_bar * self.steps_per_beat

    @property
    def steps(self) -> int:
        return self.bars * self.steps_per_bar

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape of one roll: `(track, step, pitch, channel)`."""
        return (len(self.tracks), self.steps, self.pitches, CHANNELS)

    @property
    def track_names(self) -> tuple[str, ...]:
        return tuple(track.name for track in self.tracks)


def spec_to_dict(spec: RollSpec) -> dict[str, Any]:
    """The spec as plain JSON values."""
    values = asdict(spec)
    values["tracks"] = [asdict(track) for track in spec.tracks]
    return values


def spec_from_dict(values: Mapping[str, Any]) -> RollSpec:
    """Rebuild a spec from `spec_to_dict`; unknown or missing keys are refused by name."""
    known = {field.name for field in fields(RollSpec)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise SpecError(f"Unknown keys in the roll specification: {', '.join(unknown)}.")
    if not isinstance(values.get("tracks"), list):
        raise SpecError("The roll specification has no list of tracks.")
    try:
        return msgspec.convert(dict(values), RollSpec)
    except msgspec.ValidationError as error:
        raise SpecError(f"The roll specification is not valid: {error}.") from error
