"""The document of a browser session: where it comes from, and its address.

It is kept in the session state under a key of our own, so that changing pages keeps it:
Streamlit drops the state of widgets that are not on the page. Each page opens it at its top and
writes it into the address at its end, so that reload, bookmarks and the Back button work
everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gan.app import library, link
from gan.app.address import Address, open_query, read_address
from gan.app.document import Document
from gan.app.escape import escape_markdown
from gan.app.history import Session
from gan.app.legacy import Given
from gan.app.live.backend import ExploreBackend, controls
from gan.app.live.protocol import LiveSession
from gan.app.loading import available, first_of, forget, loading
from gan.app.scope import fitted, scope_of
from gan.engine import Engine, Rolls
from gan.errors import CheckpointError
from gan.models.checkpoint import CheckpointInfo
from gan.phrase import PhraseState
from gan.preview import first_phrase, read_preview
from gan.spec import RollSpec


@dataclass
class Browser:
    """What a browser session holds beside its document."""

    session: Session
    address: Address = field(default_factory=Address)
    phrases: dict[str, PhraseState] = field(default_factory=dict)  # the last of each generator
    offered: str | None = None  # the address of the session before a restart


@dataclass(frozen=True)
class Open:
    """What a page works on: the session, its generator, and the engine once it has loaded.

    `usable` are all generators, by name.
    """

    session: Session
    usable: Mapping[str, CheckpointInfo]
    info: CheckpointInfo
    engine: Engine | None

    @property
    def spec(self) -> RollSpec:
        return self.info.spec

    @property
    def document(self) -> Document:
        return self.session.document


def open_page(where: DeltaGenerator | None = None) -> Open:
    """The session, opened from the address where that is new, with a picker of generators.

    Damaged folders are named with their reason; with none that works the page ends here.
    """
    usable, refused = available()
    for name, reason in refused.items():
        text = escape_markdown(f"The generator {name} cannot be used. {reason}")
        st.warning(text)
    if not usable:
        st.error(
            "There is no generator to explore yet. Train one with "
            "`python train.py --data_dir FOLDER_OF_MIDI` and reload this page."
        )
        st.stop()
    browser = _browser(usable)
    where = where or st.container()
    _choose_generator(browser, usable, where)
    session = browser.session
    info = usable[session.document.generator]
    engine = loaded(info)
    if session.document.weights != info.digest:  # trained again meanwhile
        session.document = _fitted(replace(session.document, weights=info.digest), info)
    _offer_last(browser, usable, where)
    for notice in session.notices:
        st.warning(escape_markdown(notice))
    return Open(session, usable, info, engine)


def _browser(usable: Mapping[str, CheckpointInfo]) -> Browser:
    """This browser session, at the document that its address says."""
    query = read_address()
    browser = st.session_state.get("browser")
    if not isinstance(browser, Browser):
        browser = Browser(Session(_new_document(usable[first_of(usable)])))
        st.session_state["browser"] = browser
        if "c" in query:
            _go_to(browser, query, usable)
            browser.session.past = []
        else:
            browser.offered = library.remembered()
    elif "c" in query and not browser.address.is_ours(query):
        _go_to(browser, query, usable)  # the Back button, or another link
    if browser.session.document.generator not in usable:
        _switch(browser, usable[first_of(usable)])
    return browser


def _new_document(info: CheckpointInfo) -> Document:
    return Document(generator=info.name, weights=info.digest, phrase=first_phrase(info))


def _go_to(browser: Browser, query: Given, usable: Mapping[str, CheckpointInfo]) -> None:
    """Go where an address says; what cannot be followed is told in a notice."""
    session, wanted = browser.session, query["c"][-1]
    info = usable.get(wanted)
    if info is None:
        first = first_of(usable)
        session.notices = (f"There is no usable generator {wanted[:60]!r} here; this is {first}.",)
    elif link.holds_document(query):
        open_query(session, query, info)
    else:
        _switch(browser, info)
    browser.address.arrive(query)


def _fitted(document: Document, info: CheckpointInfo) -> Document:
    return fitted(document, scope_of(info))[0]


def _choose_generator(
    browser: Browser, usable: Mapping[str, CheckpointInfo], where: DeltaGenerator
) -> None:
    names = list(usable)
    if len(names) < 2:
        return

    def take() -> None:
        _switch(browser, usable[st.session_state["generator"]])

    st.session_state["generator"] = browser.session.document.generator
    where.selectbox(
        "Generator",
        names,
        key="generator",
        format_func=lambda name: usable[name].title,
        on_change=take,
        width=250,
        help=_generators_in_words(usable),
    )


def _generators_in_words(usable: Mapping[str, CheckpointInfo]) -> str:
    """A line for each generator that says what it is good at."""
    lines = [
        f"* **{escape_markdown(info.title)}**: {escape_markdown(info.about.summary)}"
        for info in usable.values()
        if info.about.summary
    ]
    return "\n".join(["Which generator writes. Tempo, key and feel stay as they are.", "", *lines])


def choose(info: CheckpointInfo) -> None:
    """Work with another generator from now on."""
    _switch(st.session_state["browser"], info)


def _switch(browser: Browser, info: CheckpointInfo) -> None:
    """Change to another generator: its own last phrase, played as the present one."""
    session = browser.session
    _leave_generator()
    before = session.document
    browser.phrases[f"{before.generator} {before.weights}"] = before.phrase
    phrase = browser.phrases.get(f"{info.name} {info.digest}", first_phrase(info))
    fresh = replace(
        before,
        generator=info.name,
        weights=info.digest,
        phrase=phrase,
        walk=Document().walk,
        continuation=Document().continuation,
        journey=Document().journey,
    )
    session.go(_fitted(fresh, info))


def _leave_generator() -> None:
    """Let go of what a tab holds of the generator before, so that it need not stay loaded."""
    known = st.session_state.pop("live", None)
    if known is not None:
        known[0].close()
    for name in ("compose:written", "compose:stopped"):
        st.session_state.pop(name, None)


def write_address(session: Session) -> None:
    """Put the document into the address, and remember it for after a restart."""
    st.session_state["browser"].address.write(session.document)


def _offer_last(
    browser: Browser, usable: Mapping[str, CheckpointInfo], where: DeltaGenerator
) -> None:
    """A way back to the session before a restart, until something else is done."""
    query = parse_qs(browser.offered or "")
    name = query.get("c", [""])[-1]
    if name not in usable or browser.session.past or not link.holds_document(query):
        return

    def come_back() -> None:
        browser.offered = None
        open_query(browser.session, query, usable[name])

    where.button(
        "Last session",
        on_click=come_back,
        icon=":material/history:",
        help="Go on where you were the last time.",
    )


# --- The generator ----------------------------------------------------------------------------


def loaded(info: CheckpointInfo) -> Engine | None:
    """The engine, None while it still loads; ends the page where it cannot be loaded."""
    future = loading(info)
    if not future.done():
        return None
    try:
        return future.result()
    except CheckpointError as error:
        forget(info)
        st.error(escape_markdown(f"The generator {info.name} cannot be loaded. {error}"))
        st.stop()


@st.fragment(run_every=1.0)
def wait_for(info: CheckpointInfo) -> None:
    """One line while a generator loads; the page comes to life when it is there."""
    if loading(info).done():
        st.rerun()
    st.caption(
        f":material/hourglass_top: Loading {escape_markdown(info.title)}; the sliders follow."
    )


def live_session(engine: Engine) -> tuple[LiveSession, ExploreBackend]:
    """The browser session's live connection; made anew for another generator."""
    known = st.session_state.get("live")
    if known is None or known[1].engine is not engine:
        if known is not None:
            known[0].close()
        backend = ExploreBackend(engine)
        live = LiveSession(backend, controls=controls(engine), steps=engine.spec.steps)
        known = st.session_state["live"] = (live, backend)
    return known[0], known[1]


def preview_of(document: Document, info: CheckpointInfo) -> Rolls | None:
    """The stored phrase of a generator where it is the document's, None otherwise."""
    if document.phrase != first_phrase(info):
        return None
    try:
        return read_preview(info)
    except CheckpointError:
        return None
