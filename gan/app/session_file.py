"""A session as a JSON file: the phrase, where one has been, A/B, the mix, the favourites."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gan.app import library, link
from gan.app.desk import HISTORY, Desk, Place
from gan.app.link_player import Playing
from gan.app.link_text import Query
from gan.app.player.events import Mix
from gan.app.session import known_of, query_of
from gan.engine import Engine
from gan.errors import GanError

SESSION_LIMIT = 1_000_000  # bytes
FORMAT = 1

NO_SESSION = "The file is no session: choose one that was saved here."


class SessionFileError(GanError):
    """A file that is no session of this checkpoint."""


def session_bytes(engine: Engine, desk: Desk) -> bytes:
    """The session as JSON."""
    info = engine.info

    def query(place: Place) -> Query:
        playing = Playing(place.how)
        return link.to_query(info.name, info.digest, point=place.point, playing=playing)

    values = {
        "format": FORMAT,
        "checkpoint": info.name,
        "now": query_of(info, desk),
        "mix": desk.mix.to_json(),
        "past": [query(place) for place in desk.past],
        "future": [query(place) for place in desk.future],
        "kept": query(desk.kept) if desk.kept else None,
        "side": desk.side,
        "favourites": [vars(each) for each in library.read() if each.checkpoint == info.name],
    }
    return json.dumps(values, indent=1).encode()


def open_session(data: bytes, engine: Engine, desk: Desk) -> None:
    """Take over a session file; raises `SessionFileError`, and then nothing has changed."""
    values = _read(data)
    if values.get("checkpoint") != engine.info.name:
        raise SessionFileError(
            f"The session is of the generator {str(values.get('checkpoint'))[:60]!r}: "
            "choose that one first."
        )
    now = _shared(values.get("now"), engine)
    past, future = (_places(values.get(name, []), engine) for name in ("past", "future"))
    kept = values.get("kept")
    other = _places([kept], engine)[0] if kept else None
    given = values.get("favourites")
    fresh = [library.as_favourite(each) for each in given] if isinstance(given, list) else []
    library.merge([each for each in fresh if each is not None])
    desk.open(now)
    desk.past, desk.future, desk.kept = past, future, other
    desk.side = "A" if values.get("side") == "A" else "B"
    if isinstance(mix := values.get("mix"), Mapping):
        desk.mix = Mix.from_json(mix, tracks=engine.spec.track_names)


def _read(data: bytes) -> dict[str, Any]:
    if len(data) > SESSION_LIMIT:
        raise SessionFileError("The file is too large to be a session.")
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SessionFileError(NO_SESSION) from error
    if not isinstance(values, dict):
        raise SessionFileError(NO_SESSION)
    return values


def _shared(query: Any, engine: Engine) -> link.Shared:
    checked = library.as_query(query)
    if checked is None:
        raise SessionFileError(NO_SESSION)
    return link.from_query(checked, engine.info.digest, known_of(engine.info, engine))


def _places(queries: Any, engine: Engine) -> list[Place]:
    if not isinstance(queries, list):
        raise SessionFileError(NO_SESSION)
    found = [_shared(query, engine) for query in queries[-HISTORY:]]
    return [Place(each.point, each.playing.how) for each in found]
