"""Keys: names, an estimate from the notes, and the way to C major or A minor.

A key is found bar by bar: which of the twelve pitch classes sound in a bar is compared with how
often each one does in music of that key (D. Temperley, "Music and Probability", 2007, ch. 6,
profiles from the Kostka-Payne corpus), a change of key has a price, and the last bass note
speaks for the key that it is the tonic of. `key_profile` is another measure of a key, by
Krumhansl and Kessler (C. Krumhansl, "Cognitive Foundations of Musical Pitch", 1990, ch. 4):
how well each pitch class fits it to a listener's ear. It takes the dominant for the tonic too
often to find keys with (benchmarks/keys.py measures both).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from gan.errors import MidiError
from gan.music.notes import NoteArray, no_notes

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_PATTERN = re.compile(r"^\s*([A-Ga-g])([#b♯♭]*)\s*[: ]?\s*(maj|major|min|minor|m)?\s*$")

# Krumhansl and Kessler: ratings of how well a pitch class fits C major and C minor.
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)

# Temperley: in what share of segments a pitch class sounds, in C major and in C minor.
_HEARD_IN_MAJOR = (
    0.748,
    0.060,
    0.488,
    0.082,
    0.670,
    0.460,
    0.096,
    0.715,
    0.104,
    0.366,
    0.057,
    0.400,
)
_HEARD_IN_MINOR = (
    0.712,
    0.084,
    0.474,
    0.618,
    0.049,
    0.460,
    0.105,
    0.747,
    0.404,
    0.067,
    0.133,
    0.330,
)

CHANGE = 25.0
"""What a change of key costs, in nats: the songs of POP909 are read alike with 15 to 30."""

_BASS = 4.0
"""Nats that the last bass note gives to the keys that it is the tonic of: it is the tonic of
some five in six pieces."""

_DEPENDENCE = 4.0
"""Bars are not independent: so many together tell as much as one. With 4 the estimate is right
as often as it says, over the chorales of benchmarks/keys.py."""

_LONGEST = 4
"""Bars in which one note is heard at most: a longer one is a key that stuck."""


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


KeyChoice = Key | int | None
"""Whose key counts: None is the music's own (annotated or found), a `Key` is the key of all the
music, a whole number the semitones that all of it is moved by."""


def parse_key_choice(text: str) -> KeyChoice:
    """What a user chose: `auto`, `none` (as written), `+5`, `-3`, or a key such as `Am`."""
    word = text.strip().casefold()
    if word == "auto":
        return None
    if word == "none":
        return 0
    if re.fullmatch(r"[+-]?\d{1,2}", word):
        if abs(int(word)) > 12:
            raise MidiError(f"{text} semitones are more than an octave: choose from -12 to +12.")
        return int(word)
    try:
        return parse_key(text)
    except MidiError:
        raise MidiError(
            f"{text!r} is not a key: give auto, none, semitones such as +5, or a key such as Am."
        ) from None


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
def _shares() -> npt.NDArray[np.float64]:
    """In what share of bars each pitch class sounds in each of `_KEYS`: `(24, 12)`."""
    tables = {False: _HEARD_IN_MAJOR, True: _HEARD_IN_MINOR}
    return np.stack([np.roll(tables[key.minor], key.tonic) for key in _KEYS])


def heard_in_bars(
    tracks: Iterable[NoteArray], bar_starts: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Whether each pitch class sounds in each bar over all tracks: `(bars, 12)`.

    `bar_starts` holds the steps of all bar lines, the last bar's end included.
    """
    heard = np.zeros((max(len(bar_starts) - 1, 0), 12), dtype=bool)
    for notes in tracks:
        first = np.searchsorted(bar_starts, notes[:, 0], side="right") - 1
        last = np.searchsorted(bar_starts, notes[:, 1], side="left") - 1
        for bar in (first + later for later in range(_LONGEST)):
            sounds = (bar >= 0) & (bar <= last) & (bar < len(heard))
            heard[bar[sounds], notes[sounds, 2] % 12] = True
    return heard


def last_bass(tracks: Iterable[NoteArray]) -> int | None:
    """The pitch class of the lowest note that sounds at the last onset; None without notes."""
    notes = np.concatenate([no_notes(), *tracks])
    if len(notes) == 0:
        return None
    last = notes[:, 0].max()
    return int(notes[notes[:, 1] > last, 2].min()) % 12


def estimate_key(heard: npt.ArrayLike, bass: int | None = None) -> Key:
    """The one key of a piece, from `heard` `(bars, 12)` or `(12,)` and its last bass note.

    What is above 0 in `heard` sounds. C major if nothing or everything does.
    """
    return _KEYS[int(_evidence(heard, bass).sum(axis=0).argmax())]


def keys_of_bars(heard: npt.ArrayLike, bass: int | None = None) -> tuple[list[Key], float]:
    """The key of each bar of a piece, and how sure it is.

    A piece stays in a key unless several bars speak for another. The second value is the
    probability, 0 to 1, that the key of most bars is right or has the right relative (C major
    and A minor are transposed alike).
    """
    evidence = _evidence(heard, bass)
    if len(evidence) == 0:
        return [], 0.0
    path = _likeliest_path(evidence)
    home = int(np.bincount(path, minlength=len(_KEYS)).argmax())
    return [_KEYS[index] for index in path], _probability(home, evidence[path == home])


def _evidence(heard: npt.ArrayLike, bass: int | None) -> npt.NDArray[np.float64]:
    """The log likelihood of each bar in each of `_KEYS`: `(bars, 24)`; 0 of a silent bar."""
    sounds = np.atleast_2d(np.asarray(heard)) > 0
    share = _shares()
    found = np.where(sounds[:, None], np.log(share), np.log1p(-share)).sum(axis=2)
    told = sounds.any(axis=1) & ~sounds.all(axis=1)
    found[~told] = 0.0
    if bass is not None and len(found):
        found[-1, [bass % 12, bass % 12 + 12]] += _BASS
    return np.asarray(found)


def _likeliest_path(evidence: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """The index of each bar's key, by the Viterbi algorithm: `(bars,)`."""
    count, keys = evidence.shape
    came_from = np.zeros((count, keys), dtype=np.int64)
    best = evidence[0].copy()
    for bar in range(1, count):
        leader = int(best.argmax())
        stays = best >= best[leader] - CHANGE
        came_from[bar] = np.where(stays, np.arange(keys), leader)
        best = np.maximum(best, best[leader] - CHANGE) + evidence[bar]
    path = np.zeros(count, dtype=np.int64)
    path[-1] = best.argmax()
    for bar in range(count - 1, 0, -1):
        path[bar - 1] = came_from[bar, path[bar]]
    return path


def _probability(home: int, evidence: npt.NDArray[np.float64]) -> float:
    """That the piece is in a key with the shift of key number `home`."""
    total = evidence.sum(axis=0) / _DEPENDENCE
    weight = np.exp(total - total.max())
    alike = [shift_to_c(key) == shift_to_c(_KEYS[home]) for key in _KEYS]
    return float(weight[alike].sum() / weight.sum())
