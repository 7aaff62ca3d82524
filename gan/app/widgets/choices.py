"""Phrases to choose from, as small rolls in a strip: hear one, keep it, go on from it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from gan.app.address import keep
from gan.app.history import Session
from gan.app.library import LibraryError
from gan.engine import Engine
from gan.phrase import PhraseState
from gan.plots import strip_figure

SHOWN = 8  # phrases of a strip, beside the one that they come from


def source_of(engine: Engine, session: Session, key: str) -> PhraseState:
    """The phrase that a panel's choices come from.

    It is the document's phrase, and stays the same while one of the choices is heard.
    """
    state, here = session.document.phrase, engine.info.digest
    source: PhraseState
    digest, source, choices = st.session_state.get(f"{key}:source", ("", state, []))
    if digest != here or (state != source and state not in choices):
        source = state
        st.session_state[f"{key}:source"] = (here, source, [])
    return source


def choose_from(
    engine: Engine,
    session: Session,
    source: PhraseState,
    choices: Sequence[PhraseState],
    *,
    key: str,
    words: Sequence[str] | None = None,
) -> None:
    """The strip of a phrase and of what was made of it; the one that is picked is heard.

    `words` name the choices. The player of the page, and everything else that works on the
    document's phrase, follows the choice; Undo goes back.
    """
    st.session_state[f"{key}:source"] = (engine.info.digest, source, list(choices))
    states = [source, *choices]
    names = ["Mine", *(words or [str(k + 1) for k in range(len(choices))])]
    now = session.document.phrase
    here = states.index(now) if now in states else 0
    figure = strip_figure(
        engine.render_all(states),
        engine.spec,
        labels=[""] * len(states),
        selected=here,
        dark=st.context.theme.type == "dark",
        height=92,
    )
    st.plotly_chart(
        figure.update_layout(margin={"l": 0, "r": 0, "t": 2, "b": 2}),
        theme=None,
        key=f"{key}:strip",
        config={"displayModeBar": False},
    )

    def go() -> None:
        picked = st.session_state[f"{key}:pick"]
        if picked is not None:
            session.phrase(states[picked])

    st.session_state[f"{key}:pick"] = here
    st.segmented_control(
        "Hear",
        range(len(states)),
        key=f"{key}:pick",
        format_func=lambda index: names[index],
        on_change=go,
        label_visibility="collapsed",
        width="stretch",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Keep as a favourite",
            key=f"{key}:keep",
            icon=":material/star:",
            on_click=_keep,
            args=(session,),
            disabled=here == 0,
            help="Choose one of the phrases first." if here == 0 else "Keeps the one you hear.",
        )
        st.button(
            "Go on from this one",
            key=f"{key}:take",
            icon=":material/arrow_forward:",
            on_click=lambda: st.session_state.pop(f"{key}:source", None),
            disabled=here == 0,
            help="The one you hear takes the place of yours, and others come from it.",
        )


def _keep(session: Session) -> None:
    try:
        name = keep(session.document, "")
    except LibraryError as error:
        session.notices = (str(error),)
        return
    st.toast(f"Kept as {name}.", icon=":material/star:")
