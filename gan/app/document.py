"""Everything that a person can change, as one frozen tree of plain values.

A `Document` is what a link, a favourite, a session file and the recipe in a MIDI file hold, and
what history, A/B and undo are lists of. Adding a field here adds it to all of them. Values are
written sparsely: what has its default is left out.

A link is read leniently: what cannot be used is left at its default and named. A file is read
strictly: `DocumentError` says what is wrong.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from gan.app.lenient import read_leniently
from gan.audio.mix import Loop, Mix
from gan.errors import GanError
from gan.music.performance import Performance
from gan.phrase import PhraseState, Seed

TEXT_MAX = 1_000_000  # bytes of a document as JSON
NAME_MAX = 100

T = TypeVar("T")
Name = Annotated[str, Meta(max_length=NAME_MAX)]


class DocumentError(GanError):
    """A file that holds no document."""


@dataclass(frozen=True)
class Walk:
    """A way from one phrase to another in `steps` phrases, ends included.

    `start` is the document's own phrase where it is None. `loop` is the region that is played
    again and again, in steps of the whole piece.
    """

    start: PhraseState | None = None
    end: PhraseState = field(default_factory=lambda: PhraseState(seed=1))
    steps: Annotated[int, Meta(ge=2, le=256)] = 8
    loop: Loop = (0, None)


@dataclass(frozen=True)
class Continuation:
    """The bars that follow the document's phrase; the same `seed`, the same bars."""

    bars: Annotated[int, Meta(ge=1, le=64)] = 8
    seed: Seed = 0
    loop: Loop = (0, None)


@dataclass(frozen=True)
class Journey:
    """Phrases by their seeds that are played as one piece, such as those along a line on a map."""

    seeds: Annotated[tuple[Seed, ...], Meta(max_length=64)] = ()
    loop: Loop = (0, None)


@dataclass(frozen=True)
class Document:
    """A phrase of a generator, how it is played and heard, and where it goes from there.

    `weights` is the digest of the generator's weights that the phrase was made with.
    """

    generator: Name = ""
    weights: Name = ""
    phrase: PhraseState = field(default_factory=PhraseState)
    performance: Performance = field(default_factory=Performance)
    mix: Mix = field(default_factory=Mix)
    walk: Walk = field(default_factory=Walk)
    continuation: Continuation = field(default_factory=Continuation)
    journey: Journey = field(default_factory=Journey)


# --- Writing ----------------------------------------------------------------------------------


def sparse(value: Any) -> Any:
    """Plain values without those that have their defaults."""
    if is_dataclass(value) and not isinstance(value, type):
        found = {}
        for each in fields(value):
            now = getattr(value, each.name)
            factory = each.default_factory
            usual = each.default if factory is MISSING else factory()
            if now != usual:
                found[each.name] = sparse(now)
        return found
    if isinstance(value, Mapping):
        return {key: sparse(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [sparse(each) for each in value]
    return value


def to_text(document: Document) -> str:
    """The document as short text of letters, digits, - and _: base64 of deflated JSON."""
    data = msgspec.json.encode(sparse(document), order="deterministic")
    return base64.urlsafe_b64encode(zlib.compress(data, 9)).decode().rstrip("=")


# --- Reading ----------------------------------------------------------------------------------


def from_text(text: str) -> tuple[Document, list[str]]:
    """What `to_text` wrote, leniently, and names of what could not be used."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        reader = zlib.decompressobj()
        plain = reader.decompress(data, TEXT_MAX)
        if reader.unconsumed_tail or not reader.eof:
            raise ValueError("longer than any document")
        values = json.loads(plain)
    except (ValueError, zlib.error, binascii.Error, RecursionError):
        return Document(), ["all of it"]
    return from_values(values)


def from_values(values: Any) -> tuple[Document, list[str]]:
    """A document from plain values, leniently, and names of what could not be used."""
    document, ignored = read_leniently(values, Document)
    return (Document(), ["all of it"]) if document is None else (document, ignored)


def strictly(values: Any, kind: type[T], what: str) -> T:
    """Plain values as a `kind`; `DocumentError` names what is wrong in `what`."""
    try:
        return msgspec.convert(values, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise DocumentError(f"{what} cannot be used: {error}.") from error
