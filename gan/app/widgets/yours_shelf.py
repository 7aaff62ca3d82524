"""The pieces that a user has brought: kept in the browser session, never in a link.

Every way in ends here: a file, a recording or a keyboard gives the bytes of a MIDI file and a
name to `bring`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from gan.data.own import Arranged, arrange, fullest_bar
from gan.data.own_file import Own, is_archive, read_own, unpacked
from gan.data.own_plain import Choices
from gan.errors import MidiError
from gan.phrase import PhraseState
from gan.spec import RollSpec

PIECES_MAX = 200
NOTES_MAX = 1_000_000  # of all pieces; some 25 MB
ENCODED_MAX = 32


@dataclass
class Shelf:
    """What a browser session has of the user's own music.

    `choices` and `bars` are by the piece's name; `encoded` holds states by what they are of;
    `applied` says of each generator, by its weights, what was put into the document last, and as
    which state.
    """

    pieces: dict[str, Own] = field(default_factory=dict)
    current: str = ""
    refused: list[str] = field(default_factory=list)
    choices: dict[str, Choices] = field(default_factory=dict)
    bars: dict[str, int] = field(default_factory=dict)
    keep: bool = False
    encoded: dict[object, PhraseState] = field(default_factory=dict)
    applied: dict[str, tuple[object, PhraseState]] = field(default_factory=dict)
    arranged: tuple[object, Arranged] | None = None

    @property
    def piece(self) -> Own | None:
        return self.pieces.get(self.current)


def shelf() -> Shelf:
    """This browser session's shelf."""
    found = st.session_state.get("yours")
    if not isinstance(found, Shelf):
        found = st.session_state["yours"] = Shelf()
    return found


def bring(data: bytes, name: str) -> list[str]:
    """Read a MIDI file, or the MIDI files of a zip archive; what can be used is on the shelf.

    Returns the names under which it is there; the first is the current piece now. What cannot be
    used is told on the page (`Shelf.refused`).
    """
    own, names = shelf(), []
    try:
        files = unpacked(data, name) if is_archive(data) else iter([(name, data)])
        for file, content in files:
            try:
                names.append(_add(own, read_own(content, file)))
            except MidiError as error:
                own.refused.append(str(error))
    except MidiError as error:
        own.refused.append(str(error))
    if names:
        own.current = names[0]
    return names


def _add(own: Shelf, piece: Own) -> str:
    notes = sum(each.notes for each in own.pieces.values())
    if len(own.pieces) >= PIECES_MAX or notes + piece.notes > NOTES_MAX:
        raise MidiError(f"There is no room for {piece.name}: take other pieces away first.")
    number, name = 1, piece.name
    while name in own.pieces:
        number += 1
        name = f"{piece.name} ({number})"
    own.pieces[name] = piece
    return name


def take_away(name: str) -> None:
    """Forget a piece."""
    own = shelf()
    own.pieces.pop(name, None)
    own.choices.pop(name, None)
    own.bars.pop(name, None)
    if own.current == name:
        own.current = next(iter(own.pieces), "")


def arranged_for(own: Shelf, spec: RollSpec) -> Arranged:
    """The current piece on a generator's grid; `MidiError` where that cannot be."""
    key = (own.current, spec, own.choices.get(own.current))
    if own.arranged is None or own.arranged[0] != key:
        own.arranged = key, arrange(own.pieces[own.current], spec, key[2])
    return own.arranged[1]


def chosen_bar(own: Shelf, arranged: Arranged) -> int:
    """The bar at which the phrase begins: the user's, or the first that is full."""
    bar = own.bars.get(own.current)
    return bar if bar in arranged.bars.starts else fullest_bar(arranged)
