"""The map of a generator as a page shows it, and where the user's own phrases lie on it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from gan.app import library
from gan.app.address import document_at
from gan.app.library import Favourite, LibraryError
from gan.app.map.component import Mark
from gan.app.map.pack import publish_space
from gan.engine import Engine, Rolls
from gan.errors import CheckpointError
from gan.models.checkpoint import CheckpointInfo
from gan.space.space import Space
from gan.space.store import load_space, map_name
from gan.space.words import family_names

MARKED = 24  # favourites, the newest


@dataclass(frozen=True)
class OpenMap:
    """A map, where a browser gets it, and what its families are called."""

    space: Space
    url: str
    names: tuple[str, ...]


def opened(info: CheckpointInfo) -> tuple[OpenMap | None, str]:
    """The map of a generator, None where it has none; and what is wrong with it, if anything."""
    try:
        name = map_name(info)
        return (None, "") if name is None else (_opened(info.digest, name, info), "")
    except CheckpointError as error:
        return None, str(error)


@st.cache_resource(max_entries=4, show_spinner=False)
def _opened(digest: str, name: str, _info: CheckpointInfo) -> OpenMap | None:
    """Read once for each map; a map of other weights is none."""
    del digest, name
    space = load_space(_info)
    if space is None:
        return None
    return OpenMap(space, publish_space(space), tuple(family_names(space)))


def marks_of(
    map_: OpenMap, info: CheckpointInfo, engine: Engine | None, present: Rolls | None
) -> tuple[Mark, ...]:
    """The user's favourites, once the generator has loaded, and the present phrase."""
    marks: list[Mark] = []
    if engine is not None:
        kept = _favourites(info)
        addresses = tuple(each.address for each in kept)
        places = _places(info.digest, map_.url, addresses, map_.space, engine)
        marks += [Mark(x, y, each.name) for each, (x, y) in zip(kept, places, strict=True)]
    if present is not None:
        x, y = map_.space.place([present])[0].tolist()
        marks.append(Mark(x, y, "This phrase", "present"))
    return tuple(marks)


def _favourites(info: CheckpointInfo) -> list[Favourite]:
    """The newest favourites of a generator; none where they cannot be read."""
    try:
        return [each for each in library.favourites() if each.generator == info.name][:MARKED]
    except LibraryError:
        return []


@st.cache_data(max_entries=16, show_spinner=False)
def _places(
    digest: str, url: str, addresses: tuple[str, ...], _space: Space, _engine: Engine
) -> list[tuple[float, float]]:
    """Where the phrases of addresses lie on a map."""
    del digest, url
    if not addresses:
        return []
    rolls = _engine.render_all([document_at(each, _engine.info).phrase for each in addresses])
    return [(float(x), float(y)) for x, y in _space.place(rolls)]
