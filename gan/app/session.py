"""The document of a browser session: where it comes from, and its address.

It is kept in the session state under a key of our own, so that changing pages keeps it:
Streamlit drops the state of widgets that are not on the page. Each page opens it at its top and
writes it into the address at its end, so that reload, bookmarks and the Back button work
everywhere.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gan.app import library, link
from gan.app.document import Document, Scope, fitted
from gan.app.escape import escape_markdown
from gan.app.history import Session
from gan.app.live.backend import ExploreBackend, controls
from gan.app.live.protocol import LiveSession
from gan.app.loading import available, forget, loading
from gan.engine import Engine, Rolls
from gan.errors import CheckpointError
from gan.models.checkpoint import CheckpointInfo
from gan.models.config import latent_dim
from gan.models.noise_layout import full_latent_dim
from gan.models.statistics import tilt_names
from gan.phrase import PhraseState
from gan.preview import first_phrase, read_preview
from gan.sliders.directions import Direction
from gan.sliders.store import usable_directions
from gan.spec import RollSpec

FIRST = "pop-gan"  # the generator that a newcomer meets, where it is there
STALE_SECONDS = 2.0

Given = Mapping[str, list[str]]


@dataclass
class Browser:
    """What a browser session holds beside its document."""

    session: Session
    address: link.Query = field(default_factory=dict)  # the one written last
    left: dict[str, float] = field(default_factory=dict)  # others that were, and until when
    phrases: dict[str, PhraseState] = field(default_factory=dict)  # the last of each generator
    offered: str | None = None  # the address of the session before a restart


@dataclass(frozen=True)
class Open:
    """What a page works on: the session, its generator, and the engine once it has loaded."""

    session: Session
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
    _choose_generator(browser, usable, where or st.container())
    session = browser.session
    info = usable[session.document.generator]
    engine = loaded(info)
    if session.document.weights != info.digest:  # trained again meanwhile
        session.document = _fitted(replace(session.document, weights=info.digest), info)
    _offer_last(browser, usable)
    for notice in session.notices:
        st.warning(escape_markdown(notice))
    return Open(session, info, engine)


def _browser(usable: Mapping[str, CheckpointInfo]) -> Browser:
    """This browser session, at the document that its address says."""
    query = {name: st.query_params.get_all(name) for name in st.query_params}
    browser = st.session_state.get("browser")
    if not isinstance(browser, Browser):
        browser = Browser(Session(_new_document(usable[_first(usable)])))
        st.session_state["browser"] = browser
        if "c" in query:
            _open_address(browser, query, usable)
            browser.session.past = []
        else:
            browser.offered = library_remembered()
    elif "c" in query and not _is_ours(browser, query):
        _open_address(browser, query, usable)  # the Back button, or another link
    if browser.session.document.generator not in usable:
        _switch(browser, usable[_first(usable)])
    return browser


def _is_ours(browser: Browser, query: Given) -> bool:
    """Whether an address is the one we wrote, or was until a moment ago.

    A run of the script may have been asked for before the browser knew of a new address.
    """
    if _flat(query) == browser.address:
        return True
    return time.monotonic() - browser.left.get(_key(_flat(query)), -1e9) < STALE_SECONDS


def _flat(query: Given) -> link.Query:
    return {name: values[-1] for name, values in query.items()}


def _key(query: link.Query) -> str:
    return urlencode(sorted(query.items()))


def _first(usable: Mapping[str, CheckpointInfo]) -> str:
    return FIRST if FIRST in usable else next(iter(usable))


def _new_document(info: CheckpointInfo) -> Document:
    return Document(generator=info.name, weights=info.digest, phrase=first_phrase(info))


def _open_address(browser: Browser, query: Given, usable: Mapping[str, CheckpointInfo]) -> None:
    """Go where an address says; what cannot be followed is told in a notice."""
    session, wanted = browser.session, query["c"][-1]
    info = usable.get(wanted)
    if info is None:
        first = _first(usable)
        session.notices = (f"There is no usable generator {wanted[:60]!r} here; this is {first}.",)
    elif link.holds_document(query):
        open_query(session, query, info)
    else:
        _switch(browser, info)
    browser.address = _flat(query)


def open_query(session: Session, query: Given, info: CheckpointInfo) -> None:
    """Go where a link of this generator says; the listener's volume and pad stay."""
    document, notices = link.from_query(
        query, scope_of(info), weights=info.digest, stored=library.stored
    )
    mix = replace(document.mix, volume=session.document.mix.volume, pad=session.document.mix.pad)
    session.go(replace(document, generator=info.name, mix=mix))
    session.notices = notices


def open_address(session: Session, address: str, info: CheckpointInfo) -> None:
    """`open_query` for the text of an address."""
    open_query(session, parse_qs(address), info)


def scope_of(info: CheckpointInfo) -> Scope:
    """What a document of this generator may refer to; read from its folder, without Keras."""
    full = full_latent_dim(info.family, info.spec, info.model)
    return Scope(info.spec, [direction.id for direction in stored_directions(info)], full)


def stored_directions(info: CheckpointInfo) -> list[Direction]:
    """The sliders' directions in a generator's folder; none where they are damaged."""
    size = latent_dim(info.spec, info.model)
    return usable_directions(info, size, tilt_names(info.spec, info.family))


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
    return "\n".join(["Which network writes. Tempo, key and feel stay as they are.", "", *lines])


def choose(info: CheckpointInfo) -> None:
    """Work with another generator from now on."""
    _switch(st.session_state["browser"], info)


def _switch(browser: Browser, info: CheckpointInfo) -> None:
    """To another generator: its own last phrase, played as the present one."""
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
    )
    session.go(_fitted(fresh, info))


def _leave_generator() -> None:
    """Let go of what a tab holds of the generator before, so that it need not stay loaded."""
    known = st.session_state.pop("live", None)
    if known is not None:
        known[0].close()
    for name in ("compose:written", "compose:stopped"):
        st.session_state.pop(name, None)


# --- The address ------------------------------------------------------------------------------


def write_address(session: Session) -> None:
    """Put the document into the address, and remember it for after a restart."""
    browser: Browser = st.session_state["browser"]
    query = link.to_query(session.document, store=_stored_name)
    current = {name: st.query_params.get_all(name) for name in st.query_params}
    if query == _flat(current) and query == browser.address:
        return
    now = time.monotonic()
    browser.left = {key: at for key, at in browser.left.items() if now - at < STALE_SECONDS}
    browser.left[_key(browser.address)] = now
    browser.left[_key(_flat(current))] = now
    browser.address = query
    if query != _flat(current):
        st.query_params.from_dict(query)
    try:
        library.remember(urlencode(query))
    except library.LibraryError:
        return  # nothing is lost but the offer to come back


def _stored_name(text: str) -> str | None:
    """Where a long document is stored; None where it cannot be."""
    try:
        return library.store(text)
    except library.LibraryError:
        return None


def library_remembered() -> str | None:
    """The address of the session before, None without one."""
    return library.remembered()


def _offer_last(browser: Browser, usable: Mapping[str, CheckpointInfo]) -> None:
    """A way back to the session before a restart, until something else is done."""
    query = parse_qs(browser.offered or "")
    name = query.get("c", [""])[-1]
    if name not in usable or browser.session.past or not link.holds_document(query):
        return

    def come_back() -> None:
        browser.offered = None
        open_query(browser.session, query, usable[name])

    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Your last session is still there.")
        st.button("Go on with it", on_click=come_back, icon=":material/history:", type="tertiary")


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
