"""Compose: the phrase of the Explore page goes on, bar by bar."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from gan.app.player.component import player
from gan.app.session import choose_checkpoint, desk_of, loaded, wait_for
from gan.app.widgets import panels
from gan.app.widgets.performance import performance_controls
from gan.engine import SEED_MAX
from gan.models.ability import Ability

BARS_MAX = 32

info = choose_checkpoint()
engine = loaded(info)
desk = desk_of(info, engine)
spec = info.spec
state = st.session_state
wanted = state.setdefault("compose", {"bars": 8, "seed": 0})


def dice() -> None:
    wanted["seed"] = secrets.randbelow(1_000_000)


st.caption(
    "The phrase of the Explore page, and what comes after it. The generator hears the last two "
    "bars and writes the next two, again and again, with the phrase's latent in mind."
)
if engine is None:
    wait_for(info)
    st.stop()
if Ability.CONTINUES not in engine.can:
    st.info(
        f"{info.name} draws its four bars at once and cannot go on from them. Choose a "
        "transformer as the generator to compose longer pieces."
    )
    st.stop()

row = st.columns([2, 2, 1], vertical_alignment="bottom")
wanted["bars"] = row[0].slider("Bars to write", 2, BARS_MAX, wanted["bars"], 2, key="compose:bars")
wanted["seed"] = int(
    row[1].number_input(
        "Seed", 0, SEED_MAX, wanted["seed"], key=f"compose:seed:{wanted['seed']}",
        help="The same seed, the same continuation.",
    )
)  # fmt: skip
row[2].button("Another", icon=":material/casino:", on_click=dice, width="stretch")
with st.container(border=True):
    performance_controls(spec, desk, key="compose")


def composed() -> Any:
    """The phrase and its continuation; kept, so that a rerun for sound writes nothing."""
    key = (info.digest, desk.point, wanted["bars"], wanted["seed"])
    known = state.get("compose:piece")
    if known is not None and known[0] == key:
        return known[1]
    assert engine is not None
    bar = st.progress(0.0, "Writing ...")
    roll = engine.roll(desk.point)

    def watch(done: int, steps: int) -> None:
        bars = done // spec.steps_per_bar
        bar.progress(min(done / steps, 1.0), f"Writing: {bars} of {wanted['bars']} bars")

    more = engine.continue_(
        roll, wanted["bars"], seed=wanted["seed"], sampling=desk.point.sampling, watch=watch
    )
    bar.empty()
    piece = np.concatenate([roll, more], axis=1)
    state["compose:piece"] = (key, piece)
    return piece


piece = composed()
long_spec = replace(spec, bars=spec.bars + wanted["bars"])
data = panels.player_data(
    piece,
    long_spec,
    how=desk.how,
    soundfont=desk.soundfont,
    tracks=panels.track_panel(spec, desk.how, point=None),
)
player(replace(data, mix=desk.mix), key="compose:player")
name = f"{info.name}-seed-{desk.point.seed}-and-{wanted['bars']}-bars"
with st.container(horizontal=True):
    panels.downloads(
        piece, long_spec, desk=desk, stem=name, recipe=f"{info.name} {info.digest} {name}"
    )
