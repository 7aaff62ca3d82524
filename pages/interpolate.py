"""Interpolate: a walk between two phrases, as a strip of rolls and as one piece."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

import streamlit as st

from gan.app.session import open_page, wait_for, write_address
from gan.app.widgets.exports import quick_exports
from gan.app.widgets.performance import performance_controls
from gan.app.widgets.piece import Piece, show_piece
from gan.music.parts import concatenated
from gan.phrase import SEED_MAX, TRUNCATION_MAX, PhraseState
from gan.plots import strip_figure

STEPS_MAX = 16  # phrases that the slider offers

page = open_page()
session, info, engine, spec = page.session, page.info, page.engine, page.spec
state = st.session_state


def take(gesture: str = "", **fields: Any) -> None:
    session.change(walk=replace(session.document.walk, **fields), gesture=gesture)


def ends() -> tuple[PhraseState, PhraseState]:
    document = session.document
    return document.walk.start or document.phrase, document.walk.end


def take_seed(index: int, seed: int) -> None:
    take(**{("start", "end")[index]: replace(ends()[index], seed=seed, z=None, takes={}, edits=())})


def take_wildness(truncation: float) -> None:
    start, end = (replace(each, truncation=truncation) for each in ends())
    take("wildness", start=start, end=end)


st.caption(
    "Two phrases and the way between them: each step is a phrase of its own. It begins with the "
    "phrase of the Explore page, with its sliders and locks, until you choose another."
)
row = st.columns([2, 1, 2, 1, 2, 2], vertical_alignment="bottom")
for index, label in enumerate(("From seed", "To seed")):
    key = f"walk:seed:{index}"
    state[key] = ends()[index].seed
    row[2 * index].number_input(
        label, 0, SEED_MAX, key=key,
        on_change=lambda index=index, key=key: take_seed(index, int(state[key])),
    )  # fmt: skip
    row[2 * index + 1].button(
        "",
        icon=":material/casino:",
        key=f"walk:dice:{index}",
        help="Another seed",
        on_click=lambda index=index: take_seed(index, secrets.randbelow(1_000_000)),
    )
steps = state["walk:steps"] = session.document.walk.steps
row[4].slider(
    # A walk of the command line may be longer than what a drag is good for.
    "Phrases", 2, max(STEPS_MAX, steps), key="walk:steps",
    on_change=lambda: take("steps", steps=int(state["walk:steps"])),
)  # fmt: skip
state["walk:wildness"] = float(ends()[1].truncation)
row[5].slider(
    "Wildness", 0.0, TRUNCATION_MAX, step=0.05, key="walk:wildness",
    help="How far both ends lie from the average phrase.",
    on_change=lambda: take_wildness(float(state["walk:wildness"])),
)  # fmt: skip

performance_controls(session, spec, key="interpolate")

if engine is None:
    wait_for(info)
else:
    first, last = ends()
    rolls = engine.render_all(engine.between(first, last, session.document.walk.steps))
    st.plotly_chart(
        strip_figure(rolls, spec, dark=st.context.theme.type == "dark"),
        key="walk:strip",
        theme=None,
        config={"displayModeBar": False},
    )
    joined, long_spec = concatenated(rolls, spec)
    markers = tuple((k * spec.bars, f"Phrase {k + 1}") for k in range(len(rolls)))
    name = f"{info.name}-seed-{first.seed}-to-{last.seed}"
    piece = Piece(joined, long_spec, name, markers)
    show_piece(
        session, piece, key="walk:player", loop=session.document.walk.loop,
        on_loop=lambda loop: take("loop", loop=loop),
    )  # fmt: skip
    with st.container(horizontal=True):
        quick_exports(piece, session.document)

write_address(session)
