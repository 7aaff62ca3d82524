"""The map of a generator as a page shows it, and where the user's own phrases lie on it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs

import streamlit as st

from gan.app import library, link
from gan.app.library import LibraryError
from gan.app.map.component import Mark
from gan.app.map.pack import publish_space
from gan.app.scope import scope_of
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
    space: Space, info: CheckpointInfo, engine: Engine | None, present: Rolls | None
) -> tuple[Mark, ...]:
    """The user's favourites, once the generator has loaded, and the present phrase."""
    marks: list[Mark] = []
    if engine is not None:
        names, rolls = _favourites(info, engine)
        if rolls:
            places = space.place(rolls)
            marks += [
                Mark(float(x), float(y), name) for name, (x, y) in zip(names, places, strict=True)
            ]
    if present is not None:
        x, y = space.place([present])[0]
        marks.append(Mark(float(x), float(y), "This phrase", "present"))
    return tuple(marks)


def _favourites(info: CheckpointInfo, engine: Engine) -> tuple[list[str], list[Rolls]]:
    """Names and phrases of the favourites of these weights, the newest ones."""
    try:
        kept = [each for each in library.favourites() if each.generator == info.name][:MARKED]
    except LibraryError:
        return [], []
    scope = scope_of(info)
    states = [
        link.from_query(parse_qs(each.address), scope, weights=info.digest, stored=library.stored)[
            0
        ].phrase
        for each in kept
    ]
    return [each.name for each in kept], engine.render_all(states)
