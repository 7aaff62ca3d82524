"""Explore: sliders named after what they do, and the phrase that follows them."""

from __future__ import annotations

import secrets
from dataclasses import replace

import streamlit as st

from gan.app.escape import escape_markdown
from gan.app.live.backend import moved
from gan.app.player.component import Action, Commit, Mix, Stroke, player
from gan.app.session import live_session, open_page, preview_of, wait_for, write_address
from gan.app.widgets.accompany import accompany_panel
from gan.app.widgets.exports import all_exports, quick_exports
from gan.app.widgets.favourites import favourites
from gan.app.widgets.hint import first_visit_hint
from gan.app.widgets.history import history_buttons, history_strip
from gan.app.widgets.onward import onward_panel
from gan.app.widgets.performance import performance_controls
from gan.app.widgets.piece import Piece, player_data, take_play, waiting_data
from gan.app.widgets.recording import record_panel
from gan.app.widgets.session_panel import session_panel
from gan.app.widgets.sliders import pad_axes, sliders_of
from gan.app.widgets.vary import vary_panel
from gan.errors import GanError
from gan.models.ability import Ability
from gan.music.edits import Edit
from gan.music.take import Take, take_to_edits
from gan.phrase import EDITS_MAX, SEED_MAX, PhraseState, lock, unlock

top = st.container()
bar = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
with top:
    page = open_page(bar)
    first_visit_hint()
session, info, engine, spec = page.session, page.info, page.engine, page.spec


def take_commit(commit: Commit) -> None:
    state = moved(session.document.phrase, commit.values, spec)
    session.phrase(state, gesture="sliders", holding=not commit.final)


def take_mix(mix: Mix) -> None:
    session.change(mix=mix, gesture="mix")


def take_action(action: Action) -> None:
    state, part = session.document.phrase, action.part
    if action.kind == "lock":
        session.phrase(lock(state, part, spec))
    elif action.kind == "unlock":
        session.phrase(unlock(state, part, spec))
    elif action.kind == "reroll":
        session.phrase(replace(state, takes={**state.takes, part: new_seed()}))


def take_edit(strokes: tuple[Stroke, ...]) -> None:
    for stroke in strokes:
        edit = Edit(
            stroke.track, stroke.pitch - spec.pitch_min, stroke.start, stroke.end, stroke.on
        )
        state = session.document.phrase
        session.phrase(replace(state, edits=(*state.edits, edit)[-EDITS_MAX:]))


def take_on_top(take: Take) -> None:
    """What was played, as strokes on the phrase."""
    state = session.document.phrase
    strokes = take_to_edits(take, spec, transpose=session.document.performance.transpose)
    edits = (*state.edits, *strokes)
    session.phrase(replace(state, edits=edits[-EDITS_MAX:]))
    if len(edits) > EDITS_MAX:
        gone = len(edits) - EDITS_MAX
        session.notices = (f"A phrase holds {EDITS_MAX} strokes: the first {gone} are gone.",)


def new_seed() -> int:
    return secrets.randbelow(1_000_000)


def go_to_seed(seed: int) -> None:
    # A new seed keeps the sliders and locks, which are about how it should sound.
    session.phrase(replace(session.document.phrase, seed=seed, takes={}, z=None, edits=()))


def clear_edits() -> None:
    session.phrase(replace(session.document.phrase, edits=()))


def read_back() -> None:
    """The phrase as it is, strokes and locks included, becomes a new place in the latent space.

    Strokes that the generator cannot say stay on top.
    """
    assert engine is not None
    before = session.document.phrase
    fresh = engine.encode(engine.render(before), seed=before.seed)
    fresh = replace(fresh, sampling=before.sampling)
    session.phrase(engine.with_strokes(fresh, before.edits))


with bar:
    # A widget that is written from outside must be told its value before it is made.
    st.session_state["seed"] = session.document.phrase.seed
    st.number_input(
        "Seed",
        0,
        SEED_MAX,
        key="seed",
        on_change=lambda: go_to_seed(int(st.session_state["seed"])),
        help="The same seed, the same phrase.",
        width=140,
    )
    st.button(
        "New phrase",
        icon=":material/casino:",
        on_click=lambda: go_to_seed(new_seed()),
        type="primary",
        help="Another seed. Sliders stay, and so does what is locked.",
    )
    history_buttons(session)

# Of its own, so that the player keeps its place, and its phrase, when it goes.
waiting = st.container()
main = st.container()
with bar:
    performance_controls(session, spec, key="explore")

if engine is not None and st.session_state.pop("explore:read back", False):
    with main, st.spinner("The generator takes in what you drew ..."):
        read_back()

state = session.document.phrase
if engine is None:
    roll = preview_of(session.document, info)
    with waiting:
        wait_for(info)
else:
    try:
        roll = engine.render(state)
    except GanError as error:
        st.error(f"{escape_markdown(str(error))} Back to the plain phrase of this seed.")
        session.phrase(PhraseState(seed=state.seed))
        state = session.document.phrase
        roll = engine.render(state)

if roll is not None:
    document = session.document
    piece = Piece(roll, spec, f"{info.name}-seed-{state.seed}")
    data = player_data(piece, document.performance, document.mix, state=state if engine else None)
    data = replace(data, preview=engine is None)
    if engine is not None:
        live, backend = live_session(engine)
        data = replace(
            data,
            sliders=sliders_of(engine, state),
            live=live,
            base=backend.show(state, document.performance),
            pad=pad_axes(engine),
            bars=tuple(f"bar:{index}" in state.locks for index in range(spec.bars)),
            editable=True,
        )
    with main:
        player(
            data,
            # One key for all generators: Streamlit keeps the callbacks of a key that is gone,
            # and with them the engine of their run.
            key="explore:player",
            on_commit=take_commit,
            on_mix=take_mix,
            on_action=take_action,
            on_edit=take_edit,
            on_play=lambda chosen: take_play(session, chosen),
        )
        if engine is not None and state.edits:
            with st.container(horizontal=True, vertical_alignment="center"):
                count = len(state.edits)
                st.caption(f"{count} {'note' if count == 1 else 'notes'} drawn or erased by hand.")
                st.button("Undo all drawing", on_click=clear_edits)
                can_read = Ability.READS_PHRASES in engine.can
                if st.button(
                    "Start from here",
                    disabled=not can_read,
                    help="The generator takes the phrase in, so that sliders move what you drew "
                    "too. It may come back a little different; what it cannot write stays on top."
                    if can_read
                    else f"{escape_markdown(info.title)} cannot read a phrase back.",
                ):
                    st.session_state["explore:read back"] = True
                    st.rerun()
    if engine is not None:
        with bar:
            quick_exports(piece, document)
        panels = {
            "Play": lambda: record_panel(
                session,
                spec,
                on_take=take_on_top,
                roll=roll,
                key="explore:recorder",
                use="Put it on top",
            ),
            "Vary": lambda: vary_panel(engine, session),
            "Accompany": lambda: accompany_panel(engine, session),
            "Onward": lambda: onward_panel(engine, session),
            "History": lambda: history_strip(engine, session),
            "Favourites": lambda: favourites(engine, session),
            "Take away": lambda: all_exports(piece, document),
            "Session": lambda: session_panel(session),
        }
        chosen = st.segmented_control(
            "More", list(panels), key="explore:panel", label_visibility="collapsed",
            width="stretch",
        )  # fmt: skip
        if chosen:
            with st.container(border=True):
                panels[chosen]()
else:
    with main:
        player(waiting_data(spec, session.document), key=f"player:{info.name}:{info.digest}")

write_address(session)
