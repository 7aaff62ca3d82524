"""Explore: sliders named after what they do, and the phrase that follows them."""

from __future__ import annotations

import secrets
from dataclasses import replace

import numpy as np
import streamlit as st

from gan.app.escape import plain
from gan.app.link import recipe
from gan.app.live.backend import moved
from gan.app.locks import lock, unlock
from gan.app.player.component import Action, Commit, Mix, Stroke, player
from gan.app.session import (
    base_name,
    choose_checkpoint,
    desk_of,
    live_session,
    loaded,
    preview_of,
    query_of,
    wait_for,
    write_link,
)
from gan.app.widgets import panels
from gan.app.widgets.exports import drawers
from gan.app.widgets.hint import first_visit_hint
from gan.app.widgets.performance import performance_controls
from gan.engine import SEED_MAX, PhraseState
from gan.errors import GanError
from gan.models.ability import Ability
from gan.music.edits import EDITS_MAX, Edit

top = st.container()
bar = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
info = choose_checkpoint(bar)
engine = loaded(info)
desk = desk_of(info, engine)
spec = info.spec


def take_commit(change: Commit) -> None:
    point = moved(desk.point, change.values)
    if change.final:
        desk.go(point)
    else:
        desk.drag(point)


def take_mix(mix: Mix) -> None:
    desk.mix = mix


def take_action(action: Action) -> None:
    point, part = desk.point, action.part
    if action.kind == "lock":
        desk.go(lock(point, part, spec))
    elif action.kind == "unlock":
        desk.go(unlock(point, part, spec))
    elif action.kind == "reroll":
        desk.go(replace(point, part_seeds={**point.part_seeds, part: new_seed()}))


def take_edit(strokes: tuple[Stroke, ...]) -> None:
    fresh = [stroke for stroke in strokes if stroke.number > desk.last_stroke]
    for stroke in fresh:
        desk.last_stroke = stroke.number
        edit = Edit(
            stroke.track, stroke.pitch - spec.pitch_min, stroke.start, stroke.end, stroke.on
        )
        desk.go(replace(desk.point, edits=(*desk.point.edits, edit)[-EDITS_MAX:]))


def new_seed() -> int:
    return secrets.randbelow(1_000_000)


def roll_dice() -> None:
    # A new seed keeps the sliders and locks, which are about how it should sound.
    desk.go(replace(desk.point, seed=new_seed(), part_seeds={}, z=None, edits=()))


def take_seed() -> None:
    seed = int(st.session_state["seed"])
    desk.go(replace(desk.point, seed=seed, part_seeds={}, z=None, edits=()))


def clear_edits() -> None:
    desk.go(replace(desk.point, edits=()))


def start_from_edits() -> None:
    """The phrase as it is, strokes and locks included, becomes the latent's new place."""
    assert engine is not None
    z = engine.encode(engine.roll(desk.point)[None])[0]
    fresh = PhraseState(
        seed=desk.point.seed,
        z=tuple(float(value) for value in np.asarray(z, np.float32)),
        sampling=desk.point.sampling,
    )
    desk.go(fresh)


with top:
    if desk.notices:
        st.warning("  \n".join(plain(notice) for notice in desk.notices))
    first_visit_hint()

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
        width=140,
    )
    st.button(
        "New phrase",
        icon=":material/casino:",
        on_click=roll_dice,
        type="primary",
        help="Another seed. Sliders stay, and so does what is locked.",
    )
    st.button(
        "Undo",
        icon=":material/undo:",
        on_click=desk.undo,
        disabled=not desk.past,
        shortcut="Ctrl+Z",
        help="Ctrl+Z" if desk.past else "Nothing has changed yet.",
    )
    st.button(
        "Redo",
        icon=":material/redo:",
        on_click=desk.redo,
        disabled=not desk.future,
        shortcut="Ctrl+Shift+Z",
        help="Ctrl+Shift+Z" if desk.future else "Nothing has been undone.",
    )
    st.button(
        "Keep as A",
        icon=":material/bookmark:",
        on_click=desk.keep,
        help="Remembers this phrase as A; what you do then is B, and you can go back and forth.",
    )
    if desk.kept is not None:
        st.button(
            f"Hear {'A' if desk.side == 'B' else 'B'}",
            icon=":material/compare:",
            on_click=desk.compare,
            help=f"This is {desk.side}.",
        )

main = st.container()
with st.container(border=True):
    performance_controls(spec, desk, key="explore")

if engine is None:
    roll = preview_of(info)
    with main:
        wait_for(info)
else:
    try:
        roll = engine.roll(desk.point)
    except GanError as error:
        st.error(f"{error} Back to the plain phrase of this seed.")
        desk.go(PhraseState(seed=desk.point.seed))
        roll = engine.roll(desk.point)

if roll is not None:
    point = desk.point if engine else None
    data = panels.player_data(
        roll,
        spec,
        how=desk.how,
        soundfont=desk.soundfont,
        tracks=panels.track_panel(spec, desk.how, point=point),
    )
    if engine is not None:
        live, backend = live_session(engine)
        base = base_name(desk.point)
        backend.show(base, desk.point, how=desk.how, soundfont=desk.soundfont)
        data = replace(
            data,
            sliders=panels.sliders_of(engine, desk.point),
            live=live,
            base=base,
            pad=panels.pad_axes(engine),
            bars=tuple(f"bar:{index}" in desk.point.locks for index in range(spec.bars)),
            editable=True,
        )
    with main:
        player(
            replace(data, mix=desk.mix),
            key=f"player:{info.name}:{info.digest}",
            on_commit=take_commit,
            on_mix=take_mix,
            on_action=take_action,
            on_edit=take_edit,
        )
        if engine is not None and desk.point.edits:
            with st.container(horizontal=True, vertical_alignment="center"):
                count = len(desk.point.edits)
                st.caption(f"{count} {'note' if count == 1 else 'notes'} drawn or erased by hand.")
                st.button("Undo all drawing", on_click=clear_edits)
                st.button(
                    "Start from here",
                    on_click=start_from_edits,
                    disabled=Ability.READS_PHRASES not in engine.can,
                    help="The generator takes the phrase in, so that sliders move what you drew "
                    "too. It may come back a little different."
                    if Ability.READS_PHRASES in engine.can
                    else f"{info.name} cannot read a phrase back.",
                )
    if engine is not None:
        stem = f"{info.name}-seed-{desk.point.seed}"
        text = recipe(query_of(info, desk))
        with bar:
            panels.downloads(roll, spec, desk=desk, stem=stem, recipe=text)
        drawers(engine, desk, roll, stem=stem, recipe=text)
        write_link(info, desk)
