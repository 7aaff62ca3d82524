"""Keys: names, an estimate from the notes, and the way to C major or A minor.

The estimate correlates how long each pitch class sounds with the key profiles of Krumhansl
and Kessler (C. Krumhansl, "Cognitive Foundations of Musical Pitch", 1990, ch. 4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from gan.errors import MidiError
from gan.music.notes import NoteArray

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_PATTERN = re.compile(r"^\s*([A-Ga-g])([#b♯♭]*)\s*[: ]?\s*(maj|major|min|minor|m)?\s*$")

_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


@dataclass(frozen=True)
class Key:
    """A tonic's pitch class (0 is C) and whether the key is minor."""

    tonic: int
    minor: bool = False

    def __str__(self) -> str:
        return f"{_NAMES[self.tonic % 12]}:{'min' if self.minor else 'maj'}"


def parse_key(name: str) -> Key:
    """A key from a name such as `Gb:maj`, `F# minor`, `Am` or `C`; else `MidiError`."""
    match = _PATTERN.match(name)
    if match is None:
        raise MidiError(f"{name!r} is not the name of a key, such as Gb:maj or A minor.")
    letter, accidentals, mode = match.groups()
    tonic = _LETTERS[letter.upper()]
    tonic += accidentals.count("#") + accidentals.count("♯")
    tonic -= accidentals.count("b") + accidentals.count("♭")
    return Key(tonic % 12, minor=mode in ("min", "minor", "m"))


def shift_to_c(key: Key) -> int:
    """Semitones, -6 to +5, that take the key to C major or A minor."""
    home = 9 if key.minor else 0
    return (home - key.tonic + 6) % 12 - 6


def key_profile(key: Key) -> npt.NDArray[np.float64]:
    """The key's profile by pitch class, mean 0 and length 1: `(12,)`."""
    profile = np.roll(np.asarray(_MINOR if key.minor else _MAJOR), key.tonic)
    centred = profile - profile.mean()
    return np.asarray(centred / np.linalg.norm(centred))


_KEYS = tuple(Key(tonic, minor) for minor in (False, True) for tonic in range(12))


@cache
def _profiles() -> npt.NDArray[np.float64]:
    """The profiles of `_KEYS`: `(24, 12)`."""
    return np.stack([key_profile(key) for key in _KEYS])


def pitch_class_durations(tracks: Iterable[NoteArray]) -> npt.NDArray[np.float64]:
    """How many steps each of the twelve pitch classes sounds over all tracks: `(12,)`."""
    total = np.zeros(12)
    for notes in tracks:
        length = notes[:, 1] - notes[:, 0]
        total += np.bincount(notes[:, 2] % 12, weights=length, minlength=12)
    return total


def estimate_key(durations: npt.ArrayLike) -> Key:
    """The key whose profile correlates best with `durations` `(12,)`; C major if all equal."""
    heard = np.asarray(durations, dtype=np.float64)
    heard = heard - heard.mean()
    scores = _profiles() @ heard
    # Keys that differ by rounding only count as equal; the first of them is taken.
    best = float(scores.max())
    return _KEYS[int(np.argmax(scores >= best - 1e-12))] if best > 1e-12 else Key(0)
