"""Which tracks a MIDI file's instruments become.

* `named`: by track name. The names that most files of the folder share become the tracks.
* `band`: drums, piano, guitar, bass and strings by General MIDI program. As in MuseGAN
  (Dong et al., AAAI 2018), what belongs to none of the five counts as strings; percussive
  and sound effects (programs 112 to 127) are left out.
* `piano`: all pitched notes merged in one track.
* `auto`: `named` if the files agree on two names or more, else `band` if at least half of
  them have two of the five families, else `piano`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import symusic

from gan.errors import DataError, MidiError
from gan.spec import RollSpec, Track

SCHEMES = ("auto", "named", "band", "piano")

BAND = RollSpec(
    scheme="band",
    tracks=(
        Track("Drums", is_drum=True),
        Track("Piano", program=0),
        Track("Guitar", program=25),
        Track("Bass", program=33),
        Track("Strings", program=48),
    ),
)
PIANO = RollSpec(scheme="piano", tracks=(Track("Piano", program=0),))

MOST_NAMED = 8
"""Tracks at most under `named`: each is a head of its own in a model."""

_SHARED_BY = 0.5
_MONOPHONIC_FROM = 0.98
_GENERIC = re.compile(
    r"(track|channel|midi|instrument|untitled|unnamed|staff|voice|new|default|conductor)?"
    r"[\s#_:.-]*(out|in|track)?[\s#_:.-]*\d*"
)


@dataclass(frozen=True)
class Part:
    """What `scan` sees of one instrument that has notes.

    `alone` is the share of its onsets at which it begins one note only.
    """

    name: str
    program: int
    is_drum: bool
    alone: float


def read_score(path: Path) -> Any:
    """The file as a symusic score in ticks; `MidiError` with the reason if it is unreadable."""
    try:
        return symusic.Score(str(path))
    except (RuntimeError, ValueError, OSError) as error:
        detail = str(error).removeprefix("MiniMidi: ").splitlines()[0][:100]
        raise MidiError(f"unreadable: {detail}") from error


def scan(path: Path) -> list[Part]:
    """The instruments of one file; none if it cannot be read."""
    try:
        tracks = read_score(path).tracks
    except MidiError:
        return []
    return [_part(track) for track in tracks if len(track.notes)]


def _part(track: Any) -> Part:
    _, count = np.unique(track.notes.numpy()["time"], return_counts=True)
    return Part(
        name=_tidy(track.name),
        program=int(track.program),
        is_drum=bool(track.is_drum),
        alone=float((count == 1).mean()),
    )


def _tidy(name: str) -> str:
    """A track's name as it is compared and shown: without stray blanks and zero bytes."""
    return " ".join(name.replace("\0", " ").split())


def choose(scheme: str, scans: Sequence[Sequence[Part]]) -> tuple[RollSpec, str]:
    """The spec for a folder of which `scans` are samples, and in a sentence why."""
    if scheme == "band":
        return BAND, "Tracks by General MIDI program, as asked."
    if scheme == "piano":
        return PIANO, "All pitched notes merged in one track, as asked."
    with_notes = [parts for parts in scans if parts]
    named = _named_spec(with_notes)
    if scheme == "named":
        if named is None:
            raise DataError("The files share no track names: use the scheme band or piano.")
        return named, f"Tracks by name, as asked: {', '.join(named.track_names)}."
    if named is not None and len(named.tracks) > 1:
        names = ", ".join(named.track_names)
        return named, f"Tracks by name, because most files share these: {names}."
    banded = sum(
        len({family(one.program, one.is_drum) for one in parts} - {None}) > 1
        for parts in with_notes
    )
    if with_notes and banded * 2 >= len(with_notes):
        return BAND, (
            "Tracks by General MIDI program, because the files share no names and"
            f" {banded} of {len(with_notes)} looked at have several kinds of instrument."
        )
    return PIANO, "All pitched notes in one track, because most files have one instrument."


def _named_spec(scans: Sequence[Sequence[Part]]) -> RollSpec | None:
    """The tracks whose names most files share, in their usual order; None if there are none."""
    found: dict[str, list[Part]] = {}
    places: dict[str, list[int]] = {}
    for parts in scans:
        names = [one.name.casefold() for one in parts]
        for place, (name, one) in enumerate(zip(names, parts, strict=True)):
            if names.index(name) == place and not _GENERIC.fullmatch(name):
                found.setdefault(name, []).append(one)
                places.setdefault(name, []).append(place)
    shared = [name for name, parts in found.items() if len(parts) > _SHARED_BY * len(scans)]
    shared = sorted(shared, key=lambda name: (-len(found[name]), name))[:MOST_NAMED]
    shared.sort(key=lambda name: (float(np.mean(places[name])), name))
    if not shared:
        return None
    return RollSpec(scheme="named", tracks=tuple(_named_track(found[name]) for name in shared))


def _named_track(parts: Sequence[Part]) -> Track:
    def most(values: list[Any]) -> Any:
        return Counter(values).most_common(1)[0][0]

    is_drum = most([one.is_drum for one in parts])
    return Track(
        name=most([one.name for one in parts]),
        program=most([one.program for one in parts]),
        is_drum=is_drum,
        monophonic=not is_drum and float(np.mean([one.alone for one in parts])) >= _MONOPHONIC_FROM,
    )


def family(program: int, is_drum: bool) -> str | None:
    """The track of `BAND` that an instrument belongs to; None for effects."""
    if is_drum:
        return "Drums"
    if program >= 112:
        return None
    # Organs and mallets are played as a piano is: as keyboards.
    borders = ((24, "Piano"), (32, "Guitar"), (40, "Bass"), (112, "Strings"))
    return next(name for border, name in borders if program < border)


def assign(tracks: Sequence[Any], spec: RollSpec) -> list[list[Any]]:
    """The symusic tracks of each track of the spec, by the spec's scheme."""
    with_notes = [track for track in tracks if len(track.notes)]
    if spec.scheme == "piano":
        return [[track for track in with_notes if not track.is_drum]]
    if spec.scheme == "band":
        keys = [family(track.program, track.is_drum) for track in with_notes]
        wanted = list(spec.track_names)
    else:
        keys = [_tidy(track.name).casefold() for track in with_notes]
        wanted = [name.casefold() for name in spec.track_names]
    return [
        [track for track, key in zip(with_notes, keys, strict=True) if key == name]
        for name in wanted
    ]
