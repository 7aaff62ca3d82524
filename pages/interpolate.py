"""Interpolate: a walk between two seeds, as a strip of rolls and as one piece."""

from __future__ import annotations

import secrets
from dataclasses import replace

import streamlit as st

from gan.app.player.component import player
from gan.app.session import choose_checkpoint, desk_of, loaded, wait_for
from gan.app.widgets import panels
from gan.app.widgets.performance import performance_controls
from gan.engine import SEED_MAX, PhraseState, concatenated
from gan.plots import strip_figure

info = choose_checkpoint()
engine = loaded(info)
desk = desk_of(info, engine)
spec = info.spec
state = st.session_state
ends = state.setdefault("interpolate", {"a": desk.point.seed, "b": 1, "steps": 8, "bold": 1.0})


def dice(end: str) -> None:
    ends[end] = secrets.randbelow(1_000_000)


st.caption(
    "Two phrases and the way between them: each step is a phrase of its own, "
    "on the great circle from one latent to the other."
)
row = st.columns([2, 1, 2, 1, 2, 2], vertical_alignment="bottom")
for index, (end, label) in enumerate((("a", "From seed"), ("b", "To seed"))):
    # Our own values survive a change of page; the widgets only show and change them.
    ends[end] = int(
        row[2 * index].number_input(label, 0, SEED_MAX, ends[end], key=f"between:{end}:{ends[end]}")
    )
    row[2 * index + 1].button(
        "",
        icon=":material/casino:",
        key=f"between:dice:{end}",
        help="Another seed",
        on_click=dice,
        args=(end,),
    )
ends["steps"] = row[4].slider("Phrases", 2, 16, ends["steps"], key="between:steps")
ends["bold"] = row[5].slider("Truncation", 0.0, 1.5, ends["bold"], 0.05, key="between:bold")

with st.container(border=True):
    performance_controls(spec, desk, key="interpolate")

if engine is None:
    wait_for(info)
else:
    first, last = (PhraseState(ends[end], ends["bold"]) for end in ("a", "b"))
    _, rolls = engine.between(first, last, ends["steps"])
    st.plotly_chart(
        strip_figure(rolls, spec), key="between:strip", theme=None, config={"displayModeBar": False}
    )
    joined, long_spec = concatenated(rolls, spec)
    data = panels.player_data(
        joined,
        long_spec,
        how=desk.how,
        soundfont=desk.soundfont,
        tracks=panels.track_panel(spec, desk.how, point=None),
    )
    player(replace(data, mix=desk.mix), key="between:player")
    name = f"{info.name}-seed-{ends['a']}-to-{ends['b']}"
    with st.container(horizontal=True):
        panels.downloads(
            joined, long_spec, desk=desk, stem=name, recipe=f"{info.name} {info.digest} {name}"
        )
