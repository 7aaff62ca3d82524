"""The address of a page: written from the document, followed when the user goes elsewhere.

Streamlit tells a script which address the browser had when the run was asked for. So an address
that was ours until a moment ago is no wish to go back: the run may have been asked for before the
browser knew of the new one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlencode

import streamlit as st

from gan.app import library, link
from gan.app.document import Document
from gan.app.history import Session
from gan.app.legacy import Given
from gan.app.scope import scope_of
from gan.models.checkpoint import CheckpointInfo

STALE_SECONDS = 2.0


def document_at(address: str, info: CheckpointInfo) -> Document:
    """The document of a link's query as text, such as a favourite's, for a generator."""
    query, stored = parse_qs(address), library.stored
    return link.from_query(query, scope_of(info), weights=info.digest, stored=stored)[0]


def keep(document: Document, name: str, *, kind: str = "") -> str:
    """Keep a document as a favourite; the name that it got. `LibraryError` where that fails."""
    return library.keep(name, document.generator, urlencode(link.to_query(document)), kind=kind)


def read_address() -> Given:
    """The parameters of the page's address."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


@dataclass
class Address:
    """The address that a browser session has, and those that it had."""

    query: link.Query = field(default_factory=dict)
    left: dict[str, float] = field(default_factory=dict)  # others, and until when

    def is_ours(self, query: Given) -> bool:
        """Whether an address is the one we wrote, or was until a moment ago."""
        flat = _flat(query)
        left = self.left.get(_key(flat), float("-inf"))
        return flat == self.query or time.monotonic() - left < STALE_SECONDS

    def arrive(self, query: Given) -> None:
        """Take an address that the user has gone to for ours."""
        self.query = _flat(query)

    def write(self, document: Document) -> None:
        """Put a document into the address, and remember it for after a restart."""
        query, current = link.to_query(document, store=_store), _flat(read_address())
        if query == current == self.query:
            return
        now = time.monotonic()
        self.left = {key: at for key, at in self.left.items() if now - at < STALE_SECONDS}
        self.left |= {_key(self.query): now, _key(current): now}
        self.query = query
        if query != current:
            st.query_params.from_dict(query)
        try:
            library.remember(urlencode(query))
        except library.LibraryError:
            return  # nothing is lost but the offer to come back


def _flat(query: Given) -> link.Query:
    return {name: values[-1] for name, values in query.items()}


def _key(query: link.Query) -> str:
    return urlencode(sorted(query.items()))


def _store(text: str) -> str | None:
    """Keep a long document on this machine; None where that fails."""
    try:
        return library.store(text)
    except library.LibraryError:
        return None


def open_query(session: Session, query: Given, info: CheckpointInfo) -> None:
    """Go where a link of this generator says; the listener's volume and pad stay."""
    document, notices = link.from_query(
        query, scope_of(info), weights=info.digest, stored=library.stored
    )
    mix = replace(document.mix, volume=session.document.mix.volume, pad=session.document.mix.pad)
    session.go(replace(document, generator=info.name, mix=mix))
    session.notices = notices
