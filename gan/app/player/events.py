"""What the player reports to a page: commits of values, mixes, actions.

They come from a browser, so nothing in them is believed: unknown names are dropped, numbers
that are not finite are dropped, the others are clipped to their range. Reading never raises.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, cast

from gan.app.lenient import read_leniently
from gan.audio.mix import Mix, TrackMix
from gan.music.performance import TEMPO_MAX, TEMPO_MIN, TRANSPOSE_MAX


def finite(value: Any) -> float | None:
    """The value as a float if it is a finite number (a bool is none), else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # An integer of a thousand digits is valid JSON.
        return None
    return number if math.isfinite(number) else None


def clip_values(values: Any, limits: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """Those values that have a limit and are finite, clipped to it."""
    if not isinstance(values, Mapping):
        return {}
    clipped: dict[str, float] = {}
    for name, (low, high) in limits.items():
        number = finite(values.get(name))
        if number is not None:
            clipped[name] = min(max(number, low), high)
    return clipped


def _whole(value: Any) -> int | None:
    number = finite(value)
    return None if number is None else int(number)


@dataclass(frozen=True)
class Commit:
    """Slider values by id. `final` is False while the user still drags (plain path only)."""

    number: int
    values: dict[str, float]
    final: bool = True

    @staticmethod
    def from_json(event: Mapping[str, Any], *, limits: Mapping[str, tuple[float, float]]) -> Commit:
        return Commit(
            number=_whole(event.get("number")) or 0,
            values=clip_values(event.get("values"), limits),
            final=event.get("final") is not False,
        )


def read_mix(event: Mapping[str, Any], tracks: Sequence[str]) -> Mix:
    """A mix of the named tracks; what is missing or invalid takes its default.

    A browser tells all tracks; those that are as at first are left out.
    """
    mix, _ = read_leniently(event, Mix)
    known = mix or Mix()
    levels = {
        name: level
        for name, level in known.tracks.items()
        if name in tracks and level != TrackMix()
    }
    return replace(known, tracks=levels)


ActionKind = Literal["lock", "unlock", "reroll", "none"]


@dataclass(frozen=True)
class Action:
    """A button of a track, or of a bar: then `track` is empty. `number` tells presses apart."""

    kind: ActionKind
    track: str
    number: int = 0
    bar: int | None = None

    @property
    def part(self) -> str:
        """The name of the track or bar among a latent's parts."""
        return f"track:{self.track}" if self.bar is None else f"bar:{self.bar}"

    @staticmethod
    def from_json(event: Mapping[str, Any], *, tracks: Sequence[str], bars: int = 0) -> Action:
        """The action, or kind "none" where the kind, the track or the bar is unknown."""
        kind, track, bar = event.get("kind"), event.get("track"), _whole(event.get("bar"))
        number = _whole(event.get("number")) or 0
        if kind not in ("lock", "unlock", "reroll"):
            return Action("none", "", number)
        if track in tracks:
            return Action(cast("ActionKind", kind), str(track), number)
        if bar is not None and 0 <= bar < bars:
            return Action(cast("ActionKind", kind), "", number, bar)
        return Action("none", "", number)


@dataclass(frozen=True)
class Stroke:
    """A note drawn (`on`) or erased by hand: index of the track, MIDI pitch, steps.

    `number` grows from stroke to stroke; one that has not been acknowledged is told again.
    """

    number: int
    track: int
    pitch: int
    start: int
    end: int
    on: bool


@dataclass(frozen=True)
class Play:
    """Tempo (quarter notes a minute) and transposition (semitones), as in a `Performance`."""

    tempo: float
    transpose: int

    @staticmethod
    def from_json(event: Mapping[str, Any]) -> Play | None:
        """What was chosen, within the limits; None where either is missing or invalid."""
        tempo, transpose = finite(event.get("tempo")), _whole(event.get("transpose"))
        if tempo is None or transpose is None:
            return None
        return Play(
            tempo=min(max(tempo, TEMPO_MIN), TEMPO_MAX),
            transpose=min(max(transpose, -TRANSPOSE_MAX), TRANSPOSE_MAX),
        )


class Extent(Protocol):
    """What `read_strokes` needs to know of a grid."""

    @property
    def steps(self) -> int: ...
    @property
    def pitch_min(self) -> int: ...
    @property
    def pitches(self) -> int: ...


def read_strokes(event: Mapping[str, Any], grid: Extent, tracks: int) -> tuple[Stroke, ...]:
    """The strokes of an event that lie within the grid, in their order; at most 64."""
    given = event.get("strokes")
    found = []
    for values in given[:64] if isinstance(given, list) else []:
        if not isinstance(values, Mapping):
            continue
        names = ("number", "track", "pitch", "start", "end")
        numbers = [_whole(values.get(name)) for name in names]
        if any(number is None for number in numbers):
            continue
        number, track, pitch, start, end = cast("list[int]", numbers)
        inside = 0 <= track < tracks and 0 <= start < end <= grid.steps
        if inside and 0 <= pitch - grid.pitch_min < grid.pitches:
            found.append(Stroke(number, track, pitch, start, end, values.get("on") is not False))
    return tuple(sorted(found, key=lambda stroke: stroke.number))


def event_number(event: Mapping[str, Any] | None) -> int:
    """The number of an event, 0 without one. The numbers of a kind of event grow."""
    return 0 if event is None else _whole(event.get("number")) or 0


def read_event(state: Any, name: str, *, session: str | None = None) -> Mapping[str, Any] | None:
    """The named entry of a component's state where it is a mapping, else None.

    A browser whose server was restarted sends the events of the session before again; they
    have been answered, and would undo what came after them. With `session`, only the events
    of that session count.
    """
    if not isinstance(state, Mapping):
        return None
    event = state.get(name)
    if not isinstance(event, Mapping):
        return None
    return event if session is None or event.get("session") == session else None
