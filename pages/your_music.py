"""Your music: a piece of the user's, what was understood of it, and four bars of it to explore."""

from __future__ import annotations

import streamlit as st

from gan.app.escape import escape_markdown
from gan.app.library import LibraryError
from gan.app.loading import ready_to_read
from gan.app.session import open_page, wait_for, write_address
from gan.app.widgets.accompany import accompany_panel
from gan.app.widgets.exports import quick_exports
from gan.app.widgets.favourites import own_phrases
from gan.app.widgets.history import history_buttons
from gan.app.widgets.onward import onward_panel
from gan.app.widgets.piece import Piece, show_piece
from gan.app.widgets.vary import vary_panel
from gan.app.widgets.yours_choices import choices_panel
from gan.app.widgets.yours_files import midi_files
from gan.app.widgets.yours_phrase import (
    is_applied,
    is_encoded,
    keep_phrase,
    likeness,
    take_performance,
    take_phrase,
)
from gan.app.widgets.yours_shelf import arranged_for, chosen_bar, shelf
from gan.app.widgets.yours_sound import playing, recordings
from gan.app.widgets.yours_view import comparison, heading, outside, overview, understood_panel
from gan.data.own import Arranged, Excerpt, excerpt
from gan.errors import MidiError
from gan.models.ability import ABILITIES, Ability
from gan.spec import ROOT

MINE, THEIRS = "Yours", "The generator's"
EXPLORE = ROOT / "pages" / "explore.py"

top = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
page = open_page(top)
session, info, engine, spec = page.session, page.info, page.engine, page.spec
own, state = shelf(), st.session_state
if engine is not None:
    ready_to_read(engine)  # in the background, while a file is being chosen
able = Ability.READS_PHRASES in ABILITIES[info.family]
with top:
    history_buttons(session)

# Another way in is another entry: a function that shows its controls and calls `bring`.
ways_in = {"MIDI file": midi_files, "Recording": recordings, "Play": playing(session, spec)}
# What can be done with the document's phrase: functions of the engine and the session.
panels = {
    "Vary": vary_panel,
    "Accompany": accompany_panel,
    "Onward": onward_panel,
    "My phrases": own_phrases,
}


def switch() -> None:
    state["yours:side"] = THEIRS if state.get("yours:side", MINE) == MINE else MINE


def take_keep() -> None:
    own.keep = bool(state["yours:keep"])


def back_to_mine() -> None:
    own.applied.pop(info.digest, None)


def keep() -> None:
    try:
        name = keep_phrase(session, own.current.rsplit(".", 1)[0])
    except LibraryError as error:
        st.warning(escape_markdown(str(error)))
    else:
        st.toast(f"Kept as {escape_markdown(name)}.", icon=":material/library_music:")


def actions(*, ready: bool) -> None:
    """What to do with the phrase; the first button is what the page is for."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.button(
            "Explore from here", type="primary", icon=":material/tune:", disabled=not ready,
            help="Opens this phrase in Explore, with all sliders and locks.",
        ):  # fmt: skip
            st.switch_page(EXPLORE)
        st.button(
            "Keep in My phrases", icon=":material/library_music:", on_click=keep,
            disabled=not ready, help="On this machine only; every page can pick from them.",
        )  # fmt: skip
        state.setdefault("yours:side", MINE)
        st.segmented_control(
            "Hear", [MINE, THEIRS], key="yours:side", required=True, disabled=not ready,
            label_visibility="collapsed",
        )  # fmt: skip
        st.button(
            "Switch", icon=":material/compare:", on_click=switch, disabled=not ready, shortcut="X",
            help="Hear the other one (X).",
        )  # fmt: skip
        state["yours:keep"] = own.keep
        st.toggle(
            "Keep my notes on top", key="yours:keep", on_change=take_keep,
            help="What the generator does not say by itself is written over it, so that the music "
            "is yours note for note until you change it. Sliders move what is under it.",
        )  # fmt: skip


def show_phrase(arranged: Arranged, part: Excerpt) -> None:
    """The chosen bars: heard, and compared with what the generator makes of them."""
    ready = engine is not None and is_applied(own, info.digest, part)
    now = engine.render(session.document.phrase) if engine is not None and ready else None
    theirs = now is not None and state.get("yours:side") == THEIRS
    roll = now if now is not None and theirs else part.roll
    name = f"{arranged.song.name.rsplit('.', 1)[0]}-bar-{part.bar + 1}"
    piece = Piece(roll, spec, name)
    actions(ready=now is not None)
    show_piece(session, piece, key="yours:player")
    if now is None:
        return
    if session.document.phrase != own.applied[info.digest][1]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("The generator's phrase has moved on since it was yours.")
            st.button("Back to my bars", on_click=back_to_mine, icon=":material/undo:")
    outside(part, arranged)
    transpose = session.document.performance.transpose
    comparison(part.roll, now, spec, like=likeness(part.roll, now), transpose=transpose)
    with st.container(horizontal=True):
        quick_exports(piece, session.document)


def show_piece_of_mine() -> None:
    """What was understood, the whole piece, and the bars that are chosen of it."""
    try:
        arranged = arranged_for(own, spec)
    except MidiError as error:
        st.error(escape_markdown(str(error)))
        choices_panel(own, spec)
        return
    part = excerpt(arranged, chosen_bar(own, arranged))
    heading(own, arranged)
    overview(own, arranged, part.bar)
    looking = st.container()
    missing = not is_applied(own, info.digest, part)
    if missing:
        take_performance(session, arranged, part)
    if missing and engine is not None and is_encoded(own, info.digest, part):
        take_phrase(own, session, part, engine)
        missing = False
    show_phrase(arranged, part)
    with st.expander("How it was read, and how it should be", icon=":material/rule:"):
        understood_panel(arranged)
        choices_panel(own, spec)
    if missing and engine is not None and able:
        # The music is there to be heard while the generator looks for it.
        with looking, st.spinner("The generator gets ready to read ..."):
            ready_to_read(engine).result()
        with looking:
            take_phrase(own, session, part, engine)
        write_address(session)
        st.rerun()


st.caption(
    "Bring something of your own: drop a MIDI file or a recording, sing or play, choose four bars "
    "of it, and go on from there with every slider."
)
for tab, way in zip(st.tabs(list(ways_in)), ways_in.values(), strict=True):
    with tab:
        way()
for sentence in own.refused:
    st.warning(escape_markdown(sentence))
if engine is None:
    wait_for(info)
elif not able:
    st.info(f"{escape_markdown(info.title)} cannot read a phrase: choose another generator.")
if own.piece is not None:
    show_piece_of_mine()
elif engine is not None and session.document.phrase.z is not None:
    roll = engine.render(session.document.phrase)
    show_piece(session, Piece(roll, spec, f"{info.name}-phrase"), key="yours:player")
    if st.button("Explore from here", type="primary", icon=":material/tune:"):
        st.switch_page(EXPLORE)
if engine is not None:
    chosen = st.segmented_control(
        "More", list(panels), key="yours:panel", label_visibility="collapsed", width="stretch"
    )
    if chosen:
        with st.container(border=True):
            panels[chosen](engine, session)
write_address(session)
