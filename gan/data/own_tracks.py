"""Which instrument of a user's file becomes which track of a generator, and why.

Where the generator's own rule (`gan.data.schemes.assign`) finds its tracks, it decides, as in
training. Names that are not the generator's are placed by what is played: drums, the leading
line, a second line, the rest. The user may say otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pretty_midi

from gan.data.schemes import assign
from gan.music.notes import NoteArray
from gan.music.smf import Instrument
from gan.spec import RollSpec, Track

LEFT_OUT = ""
LINE_FROM = 0.8
"""Share of onsets at which an instrument begins one note only, from which it plays a line."""
_LEADS = ("melod", "vocal", "voice", "vox", "lead", "sing", "solo", "tune", "theme", "gesang",
          "chant", "canto", "soprano", "旋律", "歌", "メロ", "ボーカル")  # fmt: skip
_FEW = 0.1  # of the notes of the busiest instrument: too few to be the leading line


@dataclass(frozen=True)
class Split:
    """Notes from the MIDI pitch `at` up go to the track `high`, those below to `low`."""

    at: int
    high: str
    low: str


@dataclass(frozen=True)
class Voices:
    """Of notes that begin together the highest goes to the first track, and so on down."""

    tracks: tuple[str, ...]


Place = str | Split | Voices
"""Where an instrument goes: a track by its name, several, or `LEFT_OUT`."""


@dataclass(frozen=True)
class Placed:
    """A place that was found for an instrument, and in a sentence why."""

    place: Place
    why: str


def labels(instruments: Sequence[Instrument]) -> list[str]:
    """What the instruments are called, no two alike: their names, or what they play."""
    found: list[str] = []
    for one in instruments:
        plays = "Drums" if one.is_drum else str(pretty_midi.program_to_instrument_name(one.program))
        stem = " ".join(one.name.replace("\0", " ").split())[:40] or plays
        same = sum(other.name == one.name for other in instruments) > 1
        label = f"{stem}, {plays}" if same and stem != plays else stem
        number, unique = 1, label
        while unique in found:
            number += 1
            unique = f"{label} {number}"
        found.append(unique)
    return found


def place_all(instruments: Sequence[Instrument], spec: RollSpec) -> list[Placed]:
    """A place for each instrument, and why."""
    chosen = assign(instruments, spec)
    known: dict[int, Placed] = {}
    why = {
        "piano": "All pitched notes go into one track.",
        "band": "Its instrument is of this kind.",
    }.get(spec.scheme, "It has this track's name.")
    for track, sources in zip(spec.tracks, chosen, strict=True):
        for index, one in enumerate(instruments):
            if any(one is source for source in sources):
                known[index] = Placed(track.name, why)
    rest = [index for index in range(len(instruments)) if index not in known]
    if spec.scheme in why or all(chosen):
        known |= {index: _without_track(instruments[index], spec) for index in rest}
    else:
        free = [t for t, sources in zip(spec.tracks, chosen, strict=True) if not sources]
        known |= _by_role(instruments, rest, free=free, spec=spec)
    return [known[index] for index in range(len(instruments))]


def _without_track(one: Instrument, spec: RollSpec) -> Placed:
    if one.is_drum and not any(track.is_drum for track in spec.tracks):
        return Placed(LEFT_OUT, "The generator has no drums.")
    return Placed(LEFT_OUT, "The generator has no track for it.")


def _by_role(
    instruments: Sequence[Instrument], rest: Sequence[int], *, free: list[Track], spec: RollSpec
) -> dict[int, Placed]:
    """Places of the instruments `rest`; tracks that are `free` come first."""
    found: dict[int, Placed] = {}
    drums = [track for track in spec.tracks if track.is_drum]
    for index in rest:
        if instruments[index].is_drum:
            found[index] = (
                Placed(drums[0].name, "Drums.")
                if drums
                else _without_track(instruments[index], spec)
            )
    pitched = [index for index in rest if index not in found]
    free = [track for track in free if not track.is_drum]
    all_poly = [track for track in spec.tracks if not (track.is_drum or track.monophonic)]
    lines = [track for track in free if track.monophonic]
    if not pitched:
        return found
    if not all_poly:
        return found | _voices(instruments, pitched, lines)
    if len(pitched) == 1 and len(free) > 1 and lines:
        return found | {pitched[0]: _alone(instruments[pitched[0]], lines[0], all_poly[-1])}
    return found | _layers(instruments, pitched, lines=lines, free=free, last=all_poly[-1])


def _voices(
    instruments: Sequence[Instrument], pitched: list[int], lines: list[Track]
) -> dict[int, Placed]:
    """Places among tracks of one voice each."""
    if not lines:
        return {index: Placed(LEFT_OUT, "All tracks are taken.") for index in pitched}
    names = tuple(track.name for track in lines)
    if len(pitched) == 1 and _alone_share(instruments[pitched[0]]) < LINE_FROM:
        return {pitched[0]: Placed(Voices(names), "Its voices, from the highest down.")}
    most = sorted(pitched, key=lambda index: -len(instruments[index].notes))[: len(lines)]
    high_first = sorted(most, key=lambda index: -_height(instruments[index]))
    found = {index: Placed(LEFT_OUT, "There are fewer tracks than voices.") for index in pitched}
    for index, name in zip(high_first, names, strict=False):
        found[index] = Placed(name, "Voices are ordered from the highest down.")
    return found


def _alone(one: Instrument, line: Track, chords: Track) -> Placed:
    """A place for the only instrument."""
    if _alone_share(one) >= LINE_FROM:
        return Placed(line.name, "One note at a time: a melody.")
    split = Split(between_hands(one.notes[:, 2]), line.name, chords.name)
    return Placed(split, "The only instrument: its higher notes lead, the lower ones accompany.")


def _layers(
    instruments: Sequence[Instrument],
    pitched: list[int],
    *,
    lines: list[Track],
    free: list[Track],
    last: Track,
) -> dict[int, Placed]:
    """The leading line, a second line, and the rest together in the track `last`."""
    found: dict[int, Placed] = {}
    busiest = max(len(instruments[index].notes) for index in pitched)
    order = sorted(pitched, key=lambda index: -_leading(instruments[index], busiest))
    leads = [(track, "The leading line: single notes, high, or named so.") for track in lines]
    others = [track for track in free if not track.monophonic and track is not last]
    seconds = [(track, "A second line.") for track in others]
    for track, why in [*leads, *seconds]:
        named = bool(leads) and track is leads[0][0]
        if order and (named or _alone_share(instruments[order[0]]) >= LINE_FROM):
            found[order.pop(0)] = Placed(track.name, why)
    for index in order:
        found[index] = Placed(last.name, "It accompanies.")
    return found


def _leading(one: Instrument, busiest: int) -> float:
    """How much an instrument is like a leading line; a rule of thumb."""
    named = any(word in one.name.casefold() for word in _LEADS)
    few = len(one.notes) < _FEW * busiest
    return 3.0 * named + 2.0 * _alone_share(one) + _height(one) / 24 - 2.0 * few


def _alone_share(one: Instrument) -> float:
    """Share of onsets at which one note only begins."""
    _, count = np.unique(one.notes[:, 0], return_counts=True)
    return float((count == 1).mean())


def _height(one: Instrument) -> float:
    return float(one.notes[:, 2].mean())


def between_hands(pitches: np.ndarray) -> int:
    """The pitch that parts two hands: notes from it up are nearer to the higher one's mean.

    Two means in one dimension (Lloyd's algorithm), from the lowest and highest note.
    """
    low, high = float(pitches.min()), float(pitches.max())
    for _ in range(20):
        upper = pitches >= (low + high) / 2
        if upper.all() or not upper.any():
            break
        low, high = float(pitches[~upper].mean()), float(pitches[upper].mean())
    return int(np.ceil((low + high) / 2))


def parts_of(place: Place, rows: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """The track and the indices of `rows` `(n, 3)` (onset, end, pitch) that go there."""
    if isinstance(place, Split):
        upper = rows[:, 2] >= place.at
        return [(place.high, np.flatnonzero(upper)), (place.low, np.flatnonzero(~upper))]
    if isinstance(place, Voices):
        rank = _rank(rows)
        inside = [(name, np.flatnonzero(rank == k)) for k, name in enumerate(place.tracks)]
        return [*inside, (LEFT_OUT, np.flatnonzero(rank >= len(place.tracks)))]
    return [(place, np.arange(len(rows)))]


def _rank(rows: NoteArray | np.ndarray) -> np.ndarray:
    """Of the notes that begin together 0 for the highest, 1 for the next one, ..."""
    order = np.lexsort((-rows[:, 2], rows[:, 0]))
    onset = rows[order, 0]
    first = np.searchsorted(onset, onset)
    rank = np.zeros(len(rows), dtype=np.int64)
    rank[order] = np.arange(len(rows)) - first
    return rank
