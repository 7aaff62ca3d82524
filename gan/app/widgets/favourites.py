"""Named phrases that outlive the server: keep, go to, take a track from, forget."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import parse_qs

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gan.app import library
from gan.app.address import document_at, keep, open_query
from gan.app.escape import escape_markdown
from gan.app.history import Session
from gan.app.library import Favourite, LibraryError
from gan.app.loading import available
from gan.engine import Engine
from gan.models.checkpoint import CheckpointInfo
from gan.phrase import copy_track
from gan.pictures import thumbnail_png

SHOWN = 12  # at first, the newest

T = TypeVar("T")


def favourites(engine: Engine, session: Session) -> None:
    """All favourites; those of this generator first, with small pictures."""
    document = session.document
    with st.form("favourites:keep", clear_on_submit=True, border=False):
        row = st.columns([4, 1], vertical_alignment="bottom")
        name = row[0].text_input("Keep this phrase as", max_chars=library.NAME_MAX)
        if row[1].form_submit_button("Keep", icon=":material/star:", width="stretch"):
            _try(lambda: keep(document, name))
    _offer_back()
    groups: dict[str, list[Favourite]] = defaultdict(list)
    for each in _try(library.favourites) or []:
        groups[each.generator].append(each)
    if not groups:
        st.caption("Phrases that you keep stay here, also after a restart.")
    usable, _ = available()
    mine = groups.pop(document.generator, [])
    if len(mine) > SHOWN and not st.toggle(f"Show all {len(mine)}", key="favourites:all"):
        mine = mine[:SHOWN]
    for each in mine:
        _row(engine, session, each, engine.info)
    for generator, kept in sorted(groups.items()):
        with st.expander(f"{escape_markdown(generator)} ({len(kept)})"):
            if generator not in usable:
                st.caption("This generator is not available now; its phrases are kept.")
            for each in kept:
                _row(engine, session, each, usable.get(generator))


def own_phrases(engine: Engine, session: Session) -> None:
    """The phrases that the user brought, of all generators; the newest first."""
    usable, _ = available()
    kept = [each for each in _try(library.favourites) or [] if each.kind == library.OWN]
    if not kept:
        st.caption("Phrases of yours that you keep stay here, also after a restart.")
    for each in kept:
        _row(engine, session, each, usable.get(each.generator))
    _offer_back()


def _row(engine: Engine, session: Session, each: Favourite, info: CheckpointInfo | None) -> None:
    key = f"favourites:{each.id}"
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    own = info is not None and info.digest == engine.info.digest and info.name == engine.info.name
    if own:
        row.image(_picture(engine.info.digest, each.address, engine), width=96)
    mark = ":material/library_music: " if each.kind == library.OWN else ""
    row.markdown(f"{mark}**{escape_markdown(each.name)}**", width="stretch")
    if info is not None:
        row.button(
            "Go", key=f"{key}:go", icon=":material/arrow_forward:",
            on_click=lambda: open_query(session, parse_qs(each.address), info),
            help="This phrase, and how it was played.",
        )  # fmt: skip
    if own:
        _take_a_track(row, engine.info, session, each, key)
    row.button(
        "Forget", key=f"{key}:forget", on_click=_forget, args=(each,), type="tertiary",
        help=f"Takes {escape_markdown(each.name)} off the list; you can undo that.",
    )  # fmt: skip


def _take_a_track(
    row: DeltaGenerator,
    info: CheckpointInfo,
    session: Session,
    each: Favourite,
    key: str,
) -> None:
    def take() -> None:
        track = st.session_state[f"{key}:track"]
        if track is not None:
            theirs = document_at(each.address, info).phrase
            session.phrase(copy_track(session.document.phrase, theirs, track, info.spec))

    st.session_state[f"{key}:track"] = None
    row.segmented_control(
        "Take a track",
        info.spec.track_names,
        format_func=lambda name: f"+ {escape_markdown(name.capitalize())}",
        key=f"{key}:track",
        on_change=take,
        label_visibility="collapsed",
        help="Plays this track of the favourite in place of your own, and locks it.",
        width="content",
    )


@st.cache_data(max_entries=512, show_spinner=False)
def _picture(digest: str, address: str, _engine: Engine) -> bytes:
    del digest
    roll = _engine.render(document_at(address, _engine.info).phrase)
    return thumbnail_png(roll, _engine.spec)


def _forget(each: Favourite) -> None:
    def forget() -> None:
        library.forget(each)
        st.session_state["favourites:forgotten"] = each

    _try(forget)


def _offer_back() -> None:
    """A way back for the one that was forgotten last."""
    gone = st.session_state.get("favourites:forgotten")
    if not isinstance(gone, Favourite):
        return

    def bring_back() -> None:
        del st.session_state["favourites:forgotten"]
        _try(lambda: library.bring_back(gone))

    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{escape_markdown(gone.name)} is forgotten.")
        st.button("Bring it back", on_click=bring_back, type="tertiary", icon=":material/undo:")


def _try(action: Callable[[], T]) -> T | None:
    """What an action gives; None, and a warning on the page, where the library fails."""
    try:
        return action()
    except LibraryError as error:
        st.warning(escape_markdown(str(error)))
        return None
