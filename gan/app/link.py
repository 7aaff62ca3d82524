"""A document as the address of a page, and back.

    c   the generator's name
    v   the digest of its weights
    d   the rest of the document (`gan.app.document.to_text`)
    s   instead of d, where that would be too long for an address: the name under which this
        machine has stored it (`gan.app.library`)

Links of earlier versions are read by `gan.app.legacy`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode

from gan.app import legacy
from gan.app.document import Document, from_text, to_text
from gan.app.legacy import Given
from gan.app.scope import Scope, fitted

ADDRESS_MAX = 4000  # characters; some programs cut what is longer

Query = dict[str, str]


def to_query(document: Document, store: Callable[[str], str | None] | None = None) -> Query:
    """The parameters of a document's address.

    `store` keeps a text that is too long for an address, and gives the name under which it
    does, None where it cannot; without it, addresses are as long as they must be.
    """
    text = to_text(replace(document, generator="", weights=""))
    query = {"c": document.generator, "v": document.weights}
    if store is not None and len(text) > ADDRESS_MAX and (name := store(text)):
        return query | {"s": name}
    return query | {"d": text}


def holds_document(query: Given) -> bool:
    """Whether an address says more than the name of a generator."""
    return any(name in query for name in ("d", "s", "p"))


def from_query(
    query: Given, scope: Scope, *, weights: str, stored: Callable[[str], str | None]
) -> tuple[Document, tuple[str, ...]]:
    """The document of an address for a generator with these weights, and notices for the user.

    `stored` gives the text that is kept under a name, None where there is none. Never raises.
    """
    first = {name: values[0] for name, values in query.items() if values}
    notices: list[str] = []
    if "s" in first and "d" not in first:
        text = stored(first["s"])
        if text is None:
            notices.append(
                "This address names a phrase that was stored on another machine: ask for its "
                "session file and open that."
            )
        document, ignored = from_text(text) if text else (Document(), [])
    elif "d" in first:
        document, ignored = from_text(first["d"])
    else:
        document, ignored = legacy.from_query(query, scope.spec.track_names, scope.sliders)
    document, missing = fitted(document, scope)
    if ignored + missing:
        names = ", ".join(dict.fromkeys(ignored + missing))
        notices.append(f"Part of this link could not be used: {names}.")
    if first.get("v", weights) != weights:
        notices.append(
            "This link was made with other weights of the generator: the phrase will not be the "
            "same."
        )
    return replace(document, generator=first.get("c", ""), weights=weights), tuple(notices)


def recipe(document: Document) -> str:
    """One line that says what a file was made from, for people and for the address bar."""
    name, weights = document.generator, document.weights
    address = urlencode(to_query(document))
    return f"generator {name} {weights}, seed {document.phrase.seed}: ?{address}"
