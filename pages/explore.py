"""Explore: sliders named after what they do, and the phrase that follows them."""

from __future__ import annotations

import secrets
from dataclasses import replace

import streamlit as st

from gan.errors import GanError
from gan.explorer import SEED_MAX, Point
from gan.ui import panels
from gan.ui.backend import moved
from gan.ui.link import point_to_text
from gan.ui.player import Action, Commit, Mix, player
from gan.ui.session import (
    base_name,
    choose_checkpoint,
    desk_of,
    live_session,
    loaded,
    preview_of,
    wait_for,
    write_link,
)

info = choose_checkpoint()
explorer = loaded(info)
desk = desk_of(info, explorer)
spec = info.spec


def take_commit(change: Commit) -> None:
    desk.go(moved(desk.point, change.values))


def take_mix(mix: Mix) -> None:
    desk.mix = mix


def take_action(action: Action) -> None:
    part = f"track:{action.track}"
    point = desk.point
    if action.kind == "lock":
        plain = replace(point, locks={})
        desk.go(replace(point, locks={**point.locks, part: plain}))
    elif action.kind == "unlock":
        desk.go(replace(point, locks={k: v for k, v in point.locks.items() if k != part}))
    elif action.kind == "reroll":
        desk.go(replace(point, part_seeds={**point.part_seeds, part: new_seed()}))


def new_seed() -> int:
    return secrets.randbelow(1_000_000)


def roll_dice() -> None:
    # A new seed keeps the sliders and locks, which are about how it should sound.
    desk.go(replace(desk.point, seed=new_seed(), part_seeds={}, z=None))


def take_seed() -> None:
    desk.go(replace(desk.point, seed=int(st.session_state["seed"]), part_seeds={}, z=None))


for notice in desk.notices:
    st.warning(notice)

bar = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
with bar:
    # A widget that is written from outside must be told its value before it is made.
    st.session_state["seed"] = desk.point.seed
    st.number_input(
        "Seed",
        0,
        SEED_MAX,
        key="seed",
        on_change=take_seed,
        help="The same seed, the same phrase.",
        width=200,
    )
    st.button("New phrase", icon=":material/casino:", on_click=roll_dice, type="primary")
    st.button("Undo", icon=":material/undo:", on_click=desk.undo, disabled=not desk.past)
    st.button("Redo", icon=":material/redo:", on_click=desk.redo, disabled=not desk.future)

main = st.container()
with st.container(border=True):
    panels.performance_controls(spec, desk, key="explore")

if explorer is None:
    roll = preview_of(info)
    with main:
        wait_for(info)
else:
    try:
        roll = explorer.roll(desk.point)
    except GanError as error:
        st.error(f"{error} Back to the plain phrase of this seed.")
        desk.point = Point(seed=desk.point.seed)
        roll = explorer.roll(desk.point)

if roll is not None:
    point = desk.point if explorer else None
    data = panels.player_data(
        roll,
        spec,
        how=desk.how,
        soundfont=desk.soundfont,
        tracks=panels.track_panel(spec, desk.how, point=point),
    )
    if explorer is not None:
        live, backend = live_session(explorer)
        base = base_name(desk.point)
        backend.show(base, desk.point, how=desk.how, soundfont=desk.soundfont)
        data = replace(
            data,
            sliders=panels.sliders_of(explorer, desk.point),
            live=live,
            base=base,
            pad=panels.pad_axes(explorer),
        )
    with main:
        player(
            replace(data, mix=desk.mix),
            key=f"player:{info.name}:{info.digest}",
            on_commit=take_commit,
            on_mix=take_mix,
            on_action=take_action,
        )
    if explorer is not None:
        with bar:
            panels.downloads(
                roll,
                spec,
                desk=desk,
                stem=f"{info.name}-seed-{desk.point.seed}",
                recipe=f"{info.name} {info.digest} {point_to_text(desk.point)}",
            )
        write_link(info, desk)
