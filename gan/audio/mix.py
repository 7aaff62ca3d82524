"""What of a phrase is heard: volume, mute and solo of each track, and the loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated

from msgspec import Meta

Volume = Annotated[float, Meta(ge=0.0, le=1.0)]
Step = Annotated[int, Meta(ge=0, le=100_000)]
Loop = tuple[Step, Step | None]
"""A region that is played again and again, in steps; one that ends at None ends with the music."""


@dataclass(frozen=True)
class TrackMix:
    """How one track is heard; `volume` is the position of a fader, 0 to 1."""

    mute: bool = False
    solo: bool = False
    volume: Volume = 1.0


@dataclass(frozen=True)
class Mix:
    """Levels by track name, the loop with its region in steps, and the axes of the XY pad.

    A region that ends at None ends with the phrase. `volume` is the listener's own.
    """

    tracks: Annotated[Mapping[str, TrackMix], Meta(max_length=64)] = field(default_factory=dict)
    volume: Volume = 0.8
    loop: bool = True
    loop_start: Step = 0
    loop_end: Step | None = None
    pad: tuple[str, str] | None = None


def with_loop(mix: Mix, loop: Loop, steps: int) -> Mix:
    """The mix with a region of music of so many steps: all of it where the region lies outside."""
    start, end = loop
    inside = start < steps and (end is None or start < end <= steps)
    start, end = loop if inside else (0, None)
    return replace(mix, loop_start=start, loop_end=end)


def heard(mix: Mix, tracks: Sequence[str]) -> tuple[bool, ...]:
    """Whether each track is heard: those with solo if any has it, less the muted."""
    levels = [mix.tracks.get(name, TrackMix()) for name in tracks]
    solo = any(level.solo for level in levels)
    return tuple(not level.mute and (level.solo or not solo) for level in levels)


def gains(mix: Mix, tracks: Sequence[str]) -> tuple[float, ...]:
    """The factor of each track, 0 where it is not heard."""
    # Loudness is felt about as the square of the position of a fader.
    audible = heard(mix, tracks)
    return tuple(
        mix.tracks.get(name, TrackMix()).volume ** 2 if on else 0.0
        for name, on in zip(tracks, audible, strict=True)
    )
