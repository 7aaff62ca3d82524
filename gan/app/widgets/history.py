"""Undo, A/B and the strip of earlier and later phrases."""

from __future__ import annotations

import numpy as np
import streamlit as st

from gan.app.document import Document
from gan.app.escape import escape_markdown
from gan.app.history import Session
from gan.app.widgets.performance import key_name
from gan.engine import Engine
from gan.plots import strip_figure

SHOWN = 8  # phrases of the strip


def history_buttons(session: Session) -> None:
    """Undo, redo, keep as A, hear the other one."""
    st.button(
        "Undo",
        icon=":material/undo:",
        on_click=session.undo,
        disabled=not session.past,
        shortcut="Ctrl+Z",
        help="Ctrl+Z" if session.past else "Nothing has changed yet.",
    )
    st.button(
        "Redo",
        icon=":material/redo:",
        on_click=session.redo,
        disabled=not session.future,
        shortcut="Ctrl+Shift+Z",
        help="Ctrl+Shift+Z" if session.future else "Nothing has been undone.",
    )
    st.button(
        "Keep as A",
        icon=":material/bookmark:",
        on_click=session.keep_a,
        help="Remembers this music as A. What you do next is B, and you can switch between them.",
    )
    if session.a is not None:
        other = "A" if session.side == "B" else "B"
        st.button(
            f"Hear {other}",
            icon=":material/compare:",
            on_click=session.compare,
            disabled=session.side == "A" and session.b is None,
            help=f"This is {session.side}."
            if session.side == "B" or session.b is not None
            else "This is A; change something, and that is B.",
        )


def history_strip(engine: Engine, session: Session) -> None:
    """The history as small rolls; those of other generators are left blank."""
    documents = [*session.past, session.document, *session.future]
    here = len(session.past)
    first = max(0, min(here - SHOWN // 2, len(documents) - SHOWN))
    shown = documents[first : first + SHOWN]
    ours = [_of(engine, document) for document in shown]
    states = [document.phrase for document, mine in zip(shown, ours, strict=True) if mine]
    rolls = iter(engine.render_all(states))
    blank = np.zeros(engine.spec.shape, np.uint8)
    pictures = np.stack([next(rolls) if mine else blank for mine in ours])
    figure = strip_figure(
        pictures,
        engine.spec,
        labels=[""] * len(shown),
        selected=here - first,
        dark=st.context.theme.type == "dark",
        height=92,
    )
    st.plotly_chart(
        figure.update_layout(margin={"l": 0, "r": 0, "t": 2, "b": 2}),
        theme=None,
        key="history:strip",
        config={"displayModeBar": False},
    )
    labels = [str(first + k + 1) for k in range(len(shown))]
    words = {label: _words(documents, first + k) for k, label in enumerate(labels)}

    def go() -> None:
        picked = st.session_state["history:pick"]
        if picked is not None:
            session.travel(int(picked) - 1)

    st.session_state["history:pick"] = str(here + 1)
    # As wide as the strip, so that each number stands under its roll.
    st.segmented_control(
        "Go back to",
        labels,
        key="history:pick",
        format_func=lambda label: f"{label}  {words[label]}".strip(),
        on_change=go,
        label_visibility="collapsed",
        width="stretch",
    )


def _of(engine: Engine, document: Document) -> bool:
    info = engine.info
    return (document.generator, document.weights) == (info.name, info.digest)


def _words(documents: list[Document], index: int) -> str:
    """What has changed from the document before, where the picture does not show it."""
    if index == 0:
        return ""
    before, now = documents[index - 1], documents[index]
    if before.generator != now.generator:
        return escape_markdown(now.generator)
    if before.phrase != now.phrase:
        return ""
    if before.performance != now.performance:
        if before.performance.tempo != now.performance.tempo:
            return f"{now.performance.tempo:g} bpm"
        if before.performance.transpose != now.performance.transpose:
            return key_name(now.performance.transpose).split(" (")[0]
        return "sound"
    return "mix" if before.mix != now.mix else ""
