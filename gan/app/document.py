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
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from gan.app.lenient import read_leniently
from gan.audio.mix import Mix, Step
from gan.errors import GanError
from gan.music.edits import fits
from gan.music.parts import lockable_parts
from gan.music.performance import Performance
from gan.phrase import PhraseState, Seed
from gan.spec import RollSpec

TEXT_MAX = 1_000_000  # bytes of a document as JSON
NAME_MAX = 100

T = TypeVar("T")
Name = Annotated[str, Meta(max_length=NAME_MAX)]
Loop = tuple[Step, Step | None]


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


@dataclass(frozen=True)
class Scope:
    """What a document may refer to in a generator."""

    spec: RollSpec
    sliders: Sequence[str]
    latent_dim: int

    @property
    def parts(self) -> list[str]:
        """Parts of the latent of which there are other takes: tracks and bars."""
        tracks = [f"track:{name}" for name in self.spec.track_names]
        return tracks + [f"bar:{bar}" for bar in range(self.spec.bars)]


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


# --- What a generator has ---------------------------------------------------------------------


def fitted(document: Document, scope: Scope) -> tuple[Document, list[str]]:
    """The document without what the generator does not have, and names of that."""
    ignored: list[str] = []

    def phrase(state: PhraseState) -> PhraseState:
        locks = {name: replace(at, locks={}) for name, at in state.locks.items()}
        known = _known(locks, lockable_parts(scope.spec), "the lock of", ignored)
        bare = _fitted_phrase(replace(state, locks={}), scope, ignored)
        return replace(
            bare, locks={name: _fitted_phrase(at, scope, ignored) for name, at in known.items()}
        )

    walk = document.walk
    fresh = replace(
        document,
        phrase=phrase(document.phrase),
        performance=_fitted_performance(document.performance, scope.spec, ignored),
        mix=_fitted_mix(document.mix, scope.spec),
        walk=replace(
            walk,
            start=None if walk.start is None else phrase(walk.start),
            end=phrase(walk.end),
        ),
    )
    return fresh, list(dict.fromkeys(ignored))


def _known(
    values: Mapping[str, T], names: Sequence[str] | Mapping[str, Any], what: str, ignored: list[str]
) -> dict[str, T]:
    ignored += [f"{what} {name[:40]}" for name in values if name not in names]
    return {name: value for name, value in values.items() if name in names}


def _fitted_phrase(state: PhraseState, scope: Scope, ignored: list[str]) -> PhraseState:
    spec = scope.spec
    z, sampling = state.z, state.sampling
    if z is not None and len(z) != scope.latent_dim:
        ignored.append("a latent of another generator")
        z = None
    if sampling.density and len(sampling.density) != len(spec.tracks):
        ignored.append("densities of other tracks")
        sampling = replace(sampling, density=())
    edits = tuple(edit for edit in state.edits if fits(edit, spec))
    if len(edits) < len(state.edits):
        ignored.append("notes outside of the roll")
    return replace(
        state,
        sliders=_known(state.sliders, scope.sliders, "the slider", ignored),
        takes=_known(state.takes, scope.parts, "another take of", ignored),
        z=z,
        sampling=sampling,
        edits=edits,
    )


def _fitted_performance(how: Performance, spec: RollSpec, ignored: list[str]) -> Performance:
    if how.programs is not None and len(how.programs) != len(spec.tracks):
        ignored.append("instruments of other tracks")
        return replace(how, programs=None)
    return how


def _fitted_mix(mix: Mix, spec: RollSpec) -> Mix:
    """Tracks that are there, and a region that lies in the phrase."""
    tracks = {name: level for name, level in mix.tracks.items() if name in spec.track_names}
    end = mix.loop_end
    if mix.loop_start >= spec.steps or (end is not None and not mix.loop_start < end <= spec.steps):
        return replace(mix, tracks=tracks, loop_start=0, loop_end=None)
    return replace(mix, tracks=tracks)
