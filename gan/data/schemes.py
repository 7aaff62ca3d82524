"""Which tracks a MIDI file's instruments become.

* `named`: by track name. The names that most files of the folder share become the tracks.
* `band`: drums, piano, guitar, bass and strings by General MIDI program. As in MuseGAN
  (Dong et al., AAAI 2018), what belongs to none of the five counts as strings; percussive
  and sound effects (programs 112 to 127) are left out.
* `piano`: all pitched notes merged in one track.
* `auto`: the first of `named` (where files share two names or more), `band` and `piano` that
  keeps nearly as many files as the one that keeps most.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from gan.errors import DataError, MidiError
from gan.music.smf import Instrument, read_smf
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

_KEEPS = 2 / 3
"""`auto` prefers a scheme that tells more tracks apart if it keeps so many of the files that the
scheme which keeps most does."""

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


_One = TypeVar("_One", Part, Instrument)


def scan(path: Path) -> list[Part]:
    """The instruments of one file; none if it cannot be read."""
    try:
        return [_part(one) for one in read_smf(path).instruments]
    except MidiError:
        return []


def _part(one: Instrument) -> Part:
    _, count = np.unique(one.notes[:, 0], return_counts=True)
    return Part(
        name=_tidy(one.name),
        program=one.program,
        is_drum=one.is_drum,
        alone=float((count == 1).mean()),
    )


def _tidy(name: str) -> str:
    """A track's name as it is compared and shown: without stray blanks and zero bytes."""
    return " ".join(name.replace("\0", " ").split())


def choose(scheme: str, scans: Sequence[Sequence[Part]]) -> tuple[RollSpec, str]:
    """The spec for a folder of which `scans` are samples, and in a sentence why."""
    with_notes = [parts for parts in scans if parts]
    named = _named_spec(with_notes)
    if scheme == "named" and named is None:
        raise DataError("The files share no track names: use the scheme band or piano.")
    specs = {"named": named, "band": BAND, "piano": PIANO}
    possible = {name: spec for name, spec in specs.items() if spec is not None}
    kept = {
        name: sum(_keeps(spec, parts) for parts in with_notes) for name, spec in possible.items()
    }
    chosen = scheme if scheme != "auto" else _first_that_keeps(kept, named)
    spec = possible[chosen]
    asked = scheme != "auto"
    why = _reason(spec, asked=asked)
    if not asked and chosen == "piano" and named is not None and len(named.tracks) > 1:
        why = (
            f"All pitched notes in one track, which keeps {kept[chosen]} of {len(with_notes)} files"
            f" looked at: {kept['named']} have the tracks {', '.join(named.track_names)}."
        )
    return spec, why + _loss(chosen, kept, len(with_notes))


def _first_that_keeps(kept: dict[str, int], named: RollSpec | None) -> str:
    """The scheme that tells most tracks apart among those that keep nearly the most files."""
    enough = _KEEPS * max(kept.values())
    useful = {name: count for name, count in kept.items() if count >= enough and count}
    if named is not None and len(named.tracks) < 2:
        useful.pop("named", None)
    return next(iter(useful), "piano")


def _keeps(spec: RollSpec, parts: Sequence[Part]) -> bool:
    """Whether the file has notes in half of the tracks, without which no phrase is taken."""
    return 2 * sum(bool(track) for track in assign(parts, spec)) >= len(spec.tracks)


def _reason(spec: RollSpec, *, asked: bool) -> str:
    names = ", ".join(spec.track_names)
    if spec.scheme == "named":
        return (
            f"Tracks by name, {'as asked' if asked else 'because most files share these'}: {names}."
        )
    if spec.scheme == "band":
        why = (
            "as asked"
            if asked
            else ("because the files share no names and most have several kinds of instrument")
        )
        return f"Tracks by General MIDI program, {why}."
    if asked:
        return "All pitched notes merged in one track, as asked."
    return "All pitched notes in one track, because most files have one instrument."


def _loss(chosen: str, kept: dict[str, int], files: int) -> str:
    """What the scheme loses, where another one keeps more."""
    best = max(kept, key=lambda name: kept[name])
    if not files or kept[best] == kept[chosen]:
        return ""
    return (
        f" {files - kept[chosen]} of {files} files looked at have too few of these tracks:"
        f" --scheme {best} keeps {kept[best]}."
    )


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


def assign(instruments: Sequence[_One], spec: RollSpec) -> list[list[_One]]:
    """The instruments of each track of the spec, by the spec's scheme."""
    if spec.scheme == "piano":
        return [[one for one in instruments if not one.is_drum]]
    if spec.scheme == "band":
        keys = [family(one.program, one.is_drum) for one in instruments]
        wanted = list(spec.track_names)
    else:
        keys = [_tidy(one.name).casefold() for one in instruments]
        wanted = [name.casefold() for name in spec.track_names]
    return [
        [one for one, key in zip(instruments, keys, strict=True) if key == name] for name in wanted
    ]
