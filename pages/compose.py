"""Compose: the phrase of the Explore page goes on, two bars at a time."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from gan.app.escape import escape_markdown
from gan.app.loading import available
from gan.app.session import choose, open_page, wait_for, write_address
from gan.app.widgets.exports import quick_exports
from gan.app.widgets.performance import performance_controls
from gan.app.widgets.piece import Piece, show_piece
from gan.models.ability import ABILITIES, Ability
from gan.phrase import SEED_MAX, phrase_key

BARS_MAX = 64

page = open_page()
session, info, engine, spec = page.session, page.info, page.engine, page.spec
state = st.session_state


def take(gesture: str = "", **fields: Any) -> None:
    continuation = replace(session.document.continuation, **fields)
    session.change(continuation=continuation, gesture=gesture)


st.caption(
    "The phrase of the Explore page, and what comes after it. The generator hears the last two "
    "bars and writes the next two, again and again, with the phrase's character in mind."
)
if Ability.CONTINUES not in ABILITIES[info.family]:
    able = [each for each in available()[0].values() if Ability.CONTINUES in ABILITIES[each.family]]
    st.info(
        f"{escape_markdown(info.title)} draws its four bars at once and cannot go on from them."
        + ("" if able else " A transformer can: train one with `--family transformer`.")
    )
    for other in able:
        st.button(
            f"Compose with {escape_markdown(other.title)}",
            key=f"compose:with:{other.name}",
            on_click=choose,
            args=(other,),
            help="Tempo, key and feel stay as they are; the phrase is one of that generator.",
        )
    write_address(session)
    st.stop()
if engine is None:
    wait_for(info)
    st.stop()

row = st.columns([2, 2, 1], vertical_alignment="bottom")
state["compose:bars"] = session.document.continuation.bars
row[0].slider(
    "Bars to write", 1, BARS_MAX, key="compose:bars",
    on_change=lambda: take("bars", bars=int(state["compose:bars"])),
)  # fmt: skip
state["compose:seed"] = session.document.continuation.seed
row[1].number_input(
    "Seed", 0, SEED_MAX, key="compose:seed", help="The same seed, the same continuation.",
    on_change=lambda: take(seed=int(state["compose:seed"])),
)  # fmt: skip
row[2].button(
    "Another", icon=":material/casino:", width="stretch",
    on_click=lambda: take(seed=secrets.randbelow(1_000_000)),
)  # fmt: skip
performance_controls(session, spec, key="compose")

document = session.document
wanted = document.continuation
key = (info.digest, phrase_key(document.phrase), wanted.seed)
written = state.get("compose:written")
if written is None or written["key"] != key:
    pieces = engine.continuation(document.phrase, seed=wanted.seed)
    written = {"key": key, "rolls": [engine.render(document.phrase)], "pieces": pieces}
    state["compose:written"] = written
    state["compose:stopped"] = False

# What is written so far is there to see and hear while the rest is being written.
long_spec = replace(spec, bars=spec.bars + wanted.bars)
music = np.concatenate(written["rolls"], axis=1)[:, : long_spec.steps]
missing = long_spec.steps - music.shape[1]
name = f"{info.name}-seed-{document.phrase.seed}-and-{wanted.bars}-bars"
whole = np.pad(music, ((0, 0), (0, missing), (0, 0), (0, 0)))
if missing and state["compose:stopped"]:
    whole, long_spec = music, replace(spec, bars=music.shape[1] // spec.steps_per_bar)
markers = ((0, "Phrase"), (spec.bars, "Continuation"))
piece = Piece(whole, long_spec, name, markers)
show_piece(
    session, piece, key="compose:player", loop=wanted.loop,
    on_loop=lambda loop: take("loop", loop=loop),
)  # fmt: skip
with st.container(horizontal=True, vertical_alignment="center"):
    quick_exports(piece, session.document)
write_address(session)

if missing:
    done = music.shape[1] // spec.steps_per_bar - spec.bars
    text = f"{done} of {wanted.bars} bars are written."
    with st.container(horizontal=True, vertical_alignment="center"):
        if state["compose:stopped"]:
            st.caption(text)
            if st.button("Write on", icon=":material/play_arrow:"):
                state["compose:stopped"] = False
                st.rerun()
        else:
            st.progress(done / wanted.bars, text)
            if st.button("Stop", icon=":material/stop:"):
                state["compose:stopped"] = True
                st.rerun()
            written["rolls"].append(next(written["pieces"]))
            st.rerun()
