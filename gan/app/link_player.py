"""The player's settings in a link: how a phrase is played, and what of it is heard.

bpm   tempo                 tr    transposition in semitones
prog  programs, dotted      sw    swing
hu    humanising            sf    name of the soundfont
off   muted tracks          solo  soloed tracks, both repeated
vol   percent a track, dotted
loop  steps FROM-TO of the loop region, or `no`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gan.app.link_text import LenientReader, Query, number, whole, within
from gan.app.player.events import Mix, TrackMix
from gan.music.feel import Feel
from gan.music.performance import TEMPO_MAX, TEMPO_MIN, TRANSPOSE_MAX, Performance
from gan.spec import RollSpec

LISTS = ("off", "solo")  # parameters that may be there more than once
NAME_LENGTH = 80


@dataclass(frozen=True)
class Playing:
    """How a phrase is played; `soundfont` is a name, empty for the first that is found."""

    how: Performance = field(default_factory=Performance)
    mix: Mix = field(default_factory=Mix)
    soundfont: str = ""


def playing_to_query(playing: Playing) -> Query:
    """Query parameters; what has its default is left out."""
    how, mix = playing.how, playing.mix
    query: Query = {}
    if how.tempo != Performance().tempo:
        query["bpm"] = number(how.tempo)
    if how.transpose:
        query["tr"] = str(how.transpose)
    if how.feel.swing:
        query["sw"] = number(how.feel.swing)
    if how.feel.humanise:
        query["hu"] = number(how.feel.humanise)
    if how.programs is not None:
        query["prog"] = ".".join(str(program) for program in how.programs)
    if playing.soundfont:
        query["sf"] = playing.soundfont
    return query | _mix_to_query(mix)


def _mix_to_query(mix: Mix) -> Query:
    query: Query = {}
    if muted := [name for name, track in mix.tracks.items() if track.mute]:
        query["off"] = muted
    if solo := [name for name, track in mix.tracks.items() if track.solo]:
        query["solo"] = solo
    percents = [round(100 * track.volume) for track in mix.tracks.values()]
    if any(percent != 100 for percent in percents):
        query["vol"] = ".".join(str(percent) for percent in percents)
    if not mix.loop:
        query["loop"] = "no"
    elif mix.loop_start or mix.loop_end is not None:
        query["loop"] = f"{mix.loop_start}-{'' if mix.loop_end is None else mix.loop_end}"
    return query


def playing_from_query(
    query: Mapping[str, Sequence[str]], spec: RollSpec, reader: LenientReader
) -> Playing:
    """Read settings for tracks of this spec; nonsense becomes a notice of `reader`."""
    first = {name: values[0] for name, values in query.items() if values}
    attempt = reader.attempt
    how = Performance(
        tempo=attempt(lambda: within(first.get("bpm", "120"), TEMPO_MIN, TEMPO_MAX), 120.0,
                      "tempo"),
        transpose=attempt(lambda: whole(first.get("tr", "0"), -TRANSPOSE_MAX, TRANSPOSE_MAX), 0,
                          "transposition"),
        programs=attempt(lambda: _programs(first.get("prog"), spec), None, "instruments"),
        feel=attempt(
            lambda: Feel(within(first.get("sw", "0"), 0, 1), within(first.get("hu", "0"), 0, 1)),
            Feel(), "feel",
        ),
    )  # fmt: skip
    return Playing(how, _mix(query, first, spec, reader), first.get("sf", "")[:NAME_LENGTH])


def _mix(
    query: Mapping[str, Sequence[str]],
    first: Mapping[str, str],
    spec: RollSpec,
    reader: LenientReader,
) -> Mix:
    muted, solo = (set(query.get(name, ())) for name in LISTS)
    plain = (1.0,) * len(spec.tracks)
    volumes = reader.attempt(lambda: _volumes(first.get("vol"), spec), plain, "volumes")
    given = {
        name: TrackMix(name in muted, name in solo, volume)
        for name, volume in zip(spec.track_names, volumes, strict=True)
    }
    tracks = given if any(track != TrackMix() for track in given.values()) else {}
    if first.get("loop") == "no":
        return Mix(tracks=tracks, loop=False)
    whole_phrase: tuple[int, int | None] = (0, None)
    start, end = reader.attempt(lambda: _region(first.get("loop"), spec), whole_phrase, "loop")
    return Mix(tracks=tracks, loop_start=start, loop_end=end)


def _region(text: str | None, spec: RollSpec) -> tuple[int, int | None]:
    if text is None:
        return 0, None
    start, _, end = text.partition("-")
    first = whole(start, 0, spec.steps - 1)
    return first, whole(end, first + 1, spec.steps) if end else None


def _volumes(text: str | None, spec: RollSpec) -> tuple[float, ...]:
    if text is None:
        return (1.0,) * len(spec.tracks)
    return tuple(percent / 100 for percent in _row(text, 100, spec))


def _programs(text: str | None, spec: RollSpec) -> tuple[int, ...] | None:
    return None if text is None else _row(text, 127, spec)


def _row(text: str, most: int, spec: RollSpec) -> tuple[int, ...]:
    """A whole number a track, dotted."""
    values = tuple(whole(value, 0, most) for value in text.split("."))
    if len(values) != len(spec.tracks):
        raise ValueError(text[:40])
    return values
