"""Accompany: a part of the phrase is kept exactly, and the rest is written to it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from gan.accompany import Answer, accompany, recast
from gan.app.escape import escape_markdown
from gan.app.history import Session
from gan.app.widgets.choices import SHOWN, choose_from, source_of
from gan.engine import Engine
from gan.errors import GanError
from gan.music.attributes.phrases import melody_index
from gan.phrase import PhraseState, phrase_key

KEY = "accompany"
Write = Callable[[PhraseState, int], list[Answer]]


def accompany_panel(engine: Engine, session: Session) -> None:
    """What is kept, a button that writes, and the answers, the best first."""
    state = st.session_state
    source = source_of(engine, session, KEY)
    ways = _ways(engine)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    if state.get(f"{KEY}:what") not in ways:
        state[f"{KEY}:what"] = next(iter(ways))
    row.segmented_control(
        "Keep", list(ways), key=f"{KEY}:what", required=True,
        help="What you keep stays exactly as it is, also when you move sliders afterwards.",
    )  # fmt: skip
    what = state[f"{KEY}:what"]
    wanted = (engine.info.digest, phrase_key(source), what)
    known, answers, turn = state.get(f"{KEY}:answers", (None, [], 0))

    again = known == wanted
    if row.button(
        "Write others" if again else "Write the rest",
        key=f"{KEY}:write", icon=":material/edit_note:", type="primary",
    ):  # fmt: skip
        turn = turn + 1 if again else 0
        try:
            with st.spinner("The rest is written to what you keep ..."):
                answers = ways[what](source, turn)
        except GanError as error:
            st.error(escape_markdown(str(error)))
            return
        again = True
        state[f"{KEY}:answers"] = (wanted, answers, turn)
    if not again:
        st.caption("Eight answers come, the one that fits best first.")
        return
    choose_from(engine, session, source, [each.state for each in answers], key=KEY)


def _ways(engine: Engine) -> dict[str, Write]:
    """What can be kept, by its name, and how the rest is written."""
    spec = engine.spec

    def tracks(keep: list[str]) -> Write:
        return lambda state, turn: accompany(engine, state, keep, SHOWN, seed=turn)

    def all_but(keep: str) -> Write:
        return lambda state, turn: recast(engine, state, keep, SHOWN, seed=turn)

    ways = {"The rhythm": all_but("rhythm"), "The pitches": all_but("pitches")}
    names = list(spec.track_names)
    if len(names) < 2:
        return ways
    melody = names[melody_index(spec)]
    title = escape_markdown(melody.capitalize())
    others = [name for name in names if name != melody]
    return {title: tracks([melody]), f"All but {title}": tracks(others), **ways}
