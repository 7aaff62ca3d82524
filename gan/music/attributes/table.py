"""The table of attributes, and what a measure such as `PIANO.register` is called."""

from __future__ import annotations

from gan.errors import SpecError
from gan.music.attributes.attribute import OfPhrase, OfTrack
from gan.music.attributes.harmony import HARMONY
from gan.music.attributes.pitch import PITCH
from gan.music.attributes.rhythm import RHYTHM
from gan.music.attributes.voices import VOICES
from gan.spec import RollSpec

ATTRIBUTES: dict[str, OfTrack | OfPhrase] = {
    row.id: row for row in (*RHYTHM, *PITCH, *HARMONY, *VOICES)
}
"""Every attribute by its id. Read it when it is needed: a test may add a row."""


def measure_names(spec: RollSpec) -> list[str]:
    """The measures of a spec: `TRACK.id` of what is measured of a track, else `id`."""
    rows = ATTRIBUTES.values()
    return [
        *(
            f"{track.name}.{row.id}"
            for track in spec.tracks
            for row in rows
            if isinstance(row, OfTrack) and row.applies(track, spec)
        ),
        *(row.id for row in rows if isinstance(row, OfPhrase) and row.applies(spec)),
    ]


def attribute_of(name: str) -> tuple[OfTrack | OfPhrase, str | None]:
    """The attribute that a measure is of, and its track: `PIANO.register`, `minorness`.

    Raises `SpecError` where there is none of that name.
    """
    track, _, kind = name.rpartition(".")
    row = ATTRIBUTES.get(kind)
    if row is None or (row.scope == "track") != bool(track):
        raise SpecError(f"There is no attribute {name!r}.")
    return row, track or None


def definition_of(name: str) -> str:
    """How a measure is taken, in one sentence with its source; "" where the table has none."""
    row = ATTRIBUTES.get(name.rpartition(".")[2])
    if row is None:
        return ""
    return f"{row.definition} {row.source[:1].upper()}{row.source[1:]}".strip()


def short_names() -> dict[str, str]:
    """Attributes by the short names that they have in papers: EB, UPC and QN of MuseGAN."""
    return {row.short: row.id for row in ATTRIBUTES.values() if row.short}


def label_of(name: str, *, between: str = ": ") -> str:
    """A measure's name for people: "Piano: height", "Minor".

    One that the table does not know, of an older card perhaps, keeps its words.
    """
    track, _, kind = name.rpartition(".")
    row = ATTRIBUTES.get(kind)
    label = row.label if row else kind.replace("_", " ")
    return f"{track.capitalize()}{between}{label}" if track else label[:1].upper() + label[1:]


def change_of(name: str, amount: float, *, between: str = " ") -> str:
    """In words what it means that a measure rises, or falls: "piano higher", "more minor"."""
    track, _, kind = name.rpartition(".")
    row, plain = ATTRIBUTES.get(kind), kind.replace("_", " ")
    more, less = (row.more, row.less) if row else (f"more {plain}", f"less {plain}")
    words = more if amount > 0 else less
    return f"{track.lower()}{between}{words}" if track else words
