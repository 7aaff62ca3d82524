"""What a user says of a piece, and what was understood of it: plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from gan.data.own_tracks import Place
from gan.music.keys import Key, KeyChoice

OFF = 0.25
"""Steps off the grid from which an onset counts as moved: a triplet eighth is a third off."""


@dataclass(frozen=True)
class Choices:
    """What the user says of a piece; the defaults are what was found.

    places   instruments by their number, each with where it goes.
    key      as `gan.music.keys.KeyChoice`.
    shift    steps by which bar lines are later than the file has them; negative is earlier.
    tempo    quarters a minute; where beats are estimated, near which to look.
    listen   whether beats are estimated from the notes; None is where they are off the file's.
    regular  whether all bars are the generator's, whatever the file says; None is where no
             phrase would fit otherwise.
    """

    places: tuple[tuple[int, Place], ...] = ()
    key: KeyChoice = None
    shift: int = 0
    tempo: float | None = None
    listen: bool | None = None
    regular: bool | None = None


@dataclass(frozen=True)
class Found:
    """An instrument of the file, and the place it got."""

    label: str
    program: int
    is_drum: bool
    notes: int
    place: Place
    why: str


@dataclass(frozen=True)
class Rounding:
    """How far onsets were from the grid, in steps and in milliseconds.

    `off` counts those that were `OFF` steps or more away, of `onsets`; `triplets` says that
    most of them are thirds of a beat.
    """

    onsets: int = 0
    mean_steps: float = 0.0
    max_steps: float = 0.0
    mean_ms: float = 0.0
    max_ms: float = 0.0
    off: int = 0
    triplets: bool = False


@dataclass(frozen=True)
class Understood:
    """What was understood of a piece. `read` is the sum of `taken` and all that was `dropped`.

    `tempos` holds (bar, quarters a minute) where the tempo changes by a twentieth or more;
    `meters` those of the file; `sure` is the probability, 0 to 1, that the key is right or its
    relative; `keys` counts keys. `fitting` of the `bars` can be part of a phrase. `listened`
    says that beats were estimated, `regular` that the file's bar lines were not used, `timed`
    that it has none. `moved` notes were put into the range by octaves, `shortened` ones end
    earlier, `unreleased` ones have no note-off of their own.
    """

    name: str
    tempo: float
    tempos: tuple[tuple[int, float], ...]
    meters: tuple[str, ...]
    instruments: tuple[Found, ...]
    rounding: Rounding
    bars: int
    fitting: int
    read: int
    taken: int
    dropped: dict[str, int] = field(default_factory=dict)
    key: Key | None = None
    sure: float = 0.0
    keys: int = 0
    moved: int = 0
    shortened: int = 0
    unreleased: int = 0
    listened: bool = False
    regular: bool = False
    timed: bool = False
