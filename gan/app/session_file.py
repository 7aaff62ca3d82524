"""A session as a JSON file: the document, where one has been, A and B, the favourites.

Read strictly: what is wrong is told, and then nothing has changed. Files of the first version,
whose entries are links, are read too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from gan.app import library, link
from gan.app.document import Document, DocumentError, sparse, strictly
from gan.app.history import HISTORY_MAX, Session
from gan.app.scope import Scope, fitted
from gan.audio.mix import Mix

BYTES_MAX = 4_000_000
FORMAT = 2

NO_SESSION = "The file is no session: choose one that was saved here."


def session_bytes(session: Session) -> bytes:
    """The session as JSON."""
    generator = session.document.generator
    values = {
        "format": FORMAT,
        "document": sparse(session.document),
        "past": [sparse(each) for each in session.past],
        "future": [sparse(each) for each in session.future],
        "a": sparse(session.a) if session.a else None,
        "b": sparse(session.b) if session.b else None,
        "favourites": [
            {"name": each.name, "checkpoint": each.generator, "saved": each.saved,
             "query": parse_qs(each.address), "kind": each.kind}
            for each in library.favourites()
            if each.generator == generator
        ],
    }  # fmt: skip
    return json.dumps(values, indent=1).encode()


def open_session(data: bytes, session: Session, scopes: Mapping[str, tuple[Scope, str]]) -> None:
    """Take over a session file; raises `DocumentError`, and then nothing has changed.

    `scopes` says of each generator what its documents may refer to, and the digest of its
    weights.
    """
    values = _read(data)
    reader = _first_version if values["format"] == 1 else _second_version
    fresh = reader(values, scopes)
    given = values.get("favourites")
    for entry in reversed(given if isinstance(given, list) else []):  # the newest comes first
        row = library.favourite_row(entry)
        if row is not None:
            own = entry.get("kind") == library.OWN
            library.keep(*row, kind=library.OWN if own else "")
    session.past, session.future = fresh.past[-HISTORY_MAX:], fresh.future[:HISTORY_MAX]
    session.document, session.a, session.b = fresh.document, fresh.a, fresh.b
    session.notices = fresh.notices


def _read(data: bytes) -> dict[str, Any]:
    if len(data) > BYTES_MAX:
        raise DocumentError("The file is too large to be a session.")
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DocumentError(NO_SESSION) from error
    if not isinstance(values, dict) or not isinstance(values.get("format"), int):
        raise DocumentError(NO_SESSION)
    if values["format"] > FORMAT:
        raise DocumentError("The session was saved by a newer version of this program: use that.")
    return values


def _second_version(values: dict[str, Any], scopes: Mapping[str, tuple[Scope, str]]) -> Session:
    def one(each: Any) -> Document:
        document = strictly(each, Document, "The session")
        scope, weights = _scope(document.generator, scopes)
        document, ignored = fitted(document, scope)
        if ignored:
            raise DocumentError(
                f"The session does not fit the generator {document.generator}, which has no "
                f"{', '.join(ignored)}."
            )
        return replace(document, weights=weights)

    def several(name: str) -> list[Document]:
        entries = values.get(name, [])
        if not isinstance(entries, list):
            raise DocumentError(NO_SESSION)
        return [one(each) for each in entries[-HISTORY_MAX:]]

    a, b = (one(values[name]) if values.get(name) else None for name in ("a", "b"))
    fresh = Session(one(values.get("document")), several("past"), several("future"), a, b)
    if values["document"].get("weights") != fresh.document.weights:
        fresh.notices = ("This session was saved with other weights of the generator.",)
    return fresh


def _first_version(values: dict[str, Any], scopes: Mapping[str, tuple[Scope, str]]) -> Session:
    generator = str(values.get("checkpoint"))
    scope, weights = _scope(generator, scopes)

    def opened(query: Any) -> tuple[Document, tuple[str, ...]]:
        if not isinstance(query, Mapping):
            raise DocumentError(NO_SESSION)
        lists = {str(key): _texts(value) for key, value in query.items()}
        return link.from_query(lists, scope, weights=weights, stored=library.stored)

    def several(name: str) -> list[Document]:
        entries = values.get(name, [])
        if not isinstance(entries, list):
            raise DocumentError(NO_SESSION)
        return [_named(opened(each)[0], generator) for each in entries[-HISTORY_MAX:]]

    document, notices = opened(values.get("now"))
    document = _named(document, generator)
    if isinstance(values.get("mix"), Mapping):
        document = replace(document, mix=strictly(values["mix"], Mix, "The session's mix"))
    kept = _named(opened(values["kept"])[0], generator) if values.get("kept") else None
    # What was kept is A, unless A is what was heard when the file was saved.
    a, b = (document, kept) if kept and values.get("side") == "A" else (kept, None)
    return Session(document, several("past"), several("future"), a, b, notices)


def _texts(value: Any) -> Sequence[str]:
    entries = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) for each in entries):
        raise DocumentError(NO_SESSION)
    return entries


def _named(document: Document, generator: str) -> Document:
    return replace(document, generator=generator)


def _scope(generator: str, scopes: Mapping[str, tuple[Scope, str]]) -> tuple[Scope, str]:
    if generator not in scopes:
        raise DocumentError(
            f"The session is of the generator {generator[:60]!r}, which is not here: copy its "
            "folder into checkpoints first."
        )
    return scopes[generator]
