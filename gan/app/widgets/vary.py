"""Vary: eight phrases that lie around this one, at a distance that one knob says."""

from __future__ import annotations

import streamlit as st

from gan.app.history import Session
from gan.app.widgets.choices import SHOWN, choose_from, source_of
from gan.engine import Engine
from gan.phrase import PhraseState, phrase_key
from gan.vary import variants

KEY = "vary"


def vary_panel(engine: Engine, session: Session) -> None:
    """The knob, the dice, and the variants as small rolls."""
    state = st.session_state
    source = source_of(engine, session, KEY)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    state.setdefault(f"{KEY}:distance", 0.3)
    distance = row.slider(
        "Distance", 0.05, 1.0, step=0.05, key=f"{KEY}:distance", width="stretch",
        help="From nearly the same phrase to one that only hints at it. Locked tracks and bars "
        "stay as they are.",
    )  # fmt: skip
    state.setdefault(f"{KEY}:seed", 0)

    def others() -> None:
        state[f"{KEY}:seed"] += 1

    row.button(
        "Others", key=f"{KEY}:others", icon=":material/casino:", on_click=others,
        help="Eight others at the same distance.",
    )  # fmt: skip
    with st.spinner("The variants are written ..."):
        choices = _variants(engine, source, distance, state[f"{KEY}:seed"])
        choose_from(engine, session, source, choices, key=KEY)


def _variants(engine: Engine, source: PhraseState, distance: float, seed: int) -> list[PhraseState]:
    """The variants; those of the last run are kept, for they are shown in every run."""
    wanted = (engine.info.digest, phrase_key(source), distance, seed)
    known, choices = st.session_state.get(f"{KEY}:choices", (None, []))
    if known != wanted:
        choices = variants(engine, source, distance, SHOWN, seed=seed)
        st.session_state[f"{KEY}:choices"] = (wanted, choices)
    return list(choices)
