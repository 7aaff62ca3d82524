"""Onward: take the phrase to the pages that walk to another one, or go on from it."""

from __future__ import annotations

import secrets
from dataclasses import replace

import streamlit as st

from gan.app import library
from gan.app.address import document_at
from gan.app.escape import escape_markdown
from gan.app.history import Session
from gan.engine import Engine
from gan.phrase import SEED_MAX, PhraseState
from gan.spec import ROOT

KEY = "onward"
SEED = "A seed"


def onward_panel(engine: Engine, session: Session) -> None:
    """Morph into a favourite or a generated phrase; go on from this one."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    ends = _favourites(engine)
    chosen = row.selectbox(
        "Morph into", [SEED, *ends], key=f"{KEY}:end",
        format_func=lambda name: name if name == SEED else escape_markdown(name),
    )  # fmt: skip
    if chosen in ends:
        end = ends[chosen]
    else:
        st.session_state.setdefault(f"{KEY}:seed", secrets.randbelow(1_000_000))
        end = PhraseState(int(row.number_input("Seed", 0, SEED_MAX, key=f"{KEY}:seed")))
    if row.button("Morph", key=f"{KEY}:morph", icon=":material/multiple_stop:"):
        walk = replace(session.document.walk, start=session.document.phrase, end=end)
        session.change(walk=walk)
        st.switch_page(ROOT / "pages" / "interpolate.py")
    if row.button(
        "Go on from it", key=f"{KEY}:go", icon=":material/music_note_add:",
        help="A transformer writes the bars that follow.",
    ):  # fmt: skip
        st.switch_page(ROOT / "pages" / "compose.py")


def _favourites(engine: Engine) -> dict[str, PhraseState]:
    """The favourites of this generator, by name; none where they cannot be read."""
    info = engine.info
    try:
        kept = [each for each in library.favourites() if each.generator == info.name]
    except library.LibraryError:
        return {}
    return {each.name: document_at(each.address, info).phrase for each in kept}
