"""Map: many phrases of a generator in one plane, where neighbours sound alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from gan.app.escape import escape_markdown
from gan.app.map.building import PHRASES, build, building, forget
from gan.app.map.component import Line, MapData, space_map
from gan.app.map.places import marks_of, opened
from gan.app.session import open_page, wait_for, write_address
from gan.app.widgets.exports import quick_exports
from gan.app.widgets.performance import performance_controls
from gan.app.widgets.piece import Piece, show_piece
from gan.engine import Rolls
from gan.errors import GanError
from gan.music.parts import concatenated
from gan.phrase import PhraseState
from gan.space.nearby import alike, rarest
from gan.space.paths import along

SHOWN = 8  # phrases that are like one, or like none
LENGTHS = (2, 16)  # phrases of a path
PHRASE, PATH = "This phrase", "The path"

top = st.container()
bar = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
with top:
    page = open_page(bar)
session, info, engine, spec = page.session, page.info, page.engine, page.spec
state = st.session_state
map_, trouble = opened(info)


def go_to(seed: int) -> None:
    session.phrase(PhraseState(seed=seed))
    state["map:hear"] = PHRASE


def take_line(line: Line) -> None:
    state["map:line"] = (info.digest, line)
    take_path()


def take_path() -> None:
    """The phrases along the last line, as many as the slider says."""
    digest, line = state.get("map:line", ("", None))
    if map_ is not None and line is not None and digest == info.digest:
        found = along(map_.space, np.asarray(line), int(state.get("map:length", SHOWN)))
        seeds = tuple(int(map_.space.seeds[index]) for index in found)
        journey = replace(session.document.journey, seeds=seeds, loop=(0, None))
        session.change(journey=journey, gesture="path")
        state["map:hear"] = PATH


def rolls_of(seeds: tuple[int, ...]) -> list[Rolls] | None:
    """Phrases of seeds: those of the map at once, others once the generator has loaded."""
    indices = [map_.space.index_of(seed) if map_ else None for seed in seeds]
    if map_ is not None and None not in indices:
        return [map_.space.roll_of(index) for index in indices if index is not None]
    return engine.render_all([PhraseState(seed=seed) for seed in seeds]) if engine else None


def present() -> Rolls | None:
    """The phrase as it is, with its sliders and edits; None while it cannot be made yet."""
    phrase = session.document.phrase
    if phrase == PhraseState(seed=phrase.seed):
        found = rolls_of((phrase.seed,))
        return found[0] if found else None
    return engine.render(phrase) if engine else None


@st.fragment(run_every=1.0)
def show_build() -> None:
    """How far the making of the map is; the page shows it when it is there."""
    making = building(engine) if engine else None
    if making is None:
        return
    if making.future.done():
        forget(engine)
        error = making.future.exception()
        if isinstance(error, GanError | OSError):
            state["map:failed"] = str(error)
        elif error is not None:
            raise error
        st.rerun()
    st.progress(making.share, f"{making.done:,} of {PHRASES:,} phrases drawn")


def offer_build() -> None:
    if trouble:
        st.warning(escape_markdown(trouble))
    if failed := state.pop("map:failed", ""):
        st.error(escape_markdown(f"The map could not be made. {failed}"))
    if engine is None:
        wait_for(info)
    elif building(engine) is None:
        st.info(
            f"{escape_markdown(info.title)} has no map yet. It takes some minutes to draw "
            f"{PHRASES:,} phrases; you can go on meanwhile."
        )
        st.button("Make the map", type="primary", icon=":material/map:",
                  on_click=build, args=(engine,))  # fmt: skip
    else:
        show_build()


def pointed_out(roll: Rolls | None) -> tuple[int, ...]:
    """Seeds that the user asked for: phrases like the present one, or like no other."""
    assert map_ is not None
    wanted = st.segmented_control(
        "Point out", ["More like this", "Far from everything"], key="map:wanted",
        label_visibility="collapsed", width="content",
    )  # fmt: skip
    space, found = map_.space, None
    if wanted == "Far from everything":
        found = rarest(space.features, SHOWN)
    elif wanted and roll is not None:
        found = alike(space.features_of([roll])[0], space.features, SHOWN)
    return () if found is None else tuple(int(space.seeds[k]) for k in found)


with bar:
    performance_controls(session, spec, key="map")
roll = present()
if map_ is None:
    offer_build()
else:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        shown = pointed_out(roll)
        for seed in shown:
            st.button(str(seed), key=f"map:shown:{seed}", on_click=go_to, args=(seed,),
                      type="tertiary", help="Hear this phrase.")  # fmt: skip
    seeds = session.document.journey.seeds
    space_map(
        MapData(
            space=map_.space, url=map_.url, names=map_.names,
            performance=session.document.performance,
            marks=marks_of(map_, info, engine, roll), shown=shown, path=seeds,
        ),
        key="map:map",
        on_pick=go_to,
        on_path=take_line,
    )  # fmt: skip

journey = session.document.journey
if journey.seeds:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        state.setdefault("map:hear", PHRASE)
        heard = st.segmented_control("Hear", [PHRASE, PATH], key="map:hear", width="content")
        if map_ is not None and state.get("map:line", ("",))[0] == info.digest:
            state["map:length"] = min(max(len(journey.seeds), LENGTHS[0]), LENGTHS[1])
            st.slider(
                "Phrases of the path", *LENGTHS, key="map:length", on_change=take_path, width=260,
                help="They are chosen so that about as many notes change at each step.",
            )  # fmt: skip
else:
    heard = PHRASE


def show_phrase(roll: Rolls) -> None:
    piece = Piece(roll, spec, f"{info.name}-seed-{session.document.phrase.seed}")
    show_piece(session, piece, key="map:player")
    with st.container(horizontal=True):
        if st.button("Explore from here", icon=":material/tune:", type="primary"):
            st.switch_page("pages/explore.py")
        quick_exports(piece, session.document)


def show_path(rolls: list[Rolls]) -> None:
    joined, long_spec = concatenated(rolls, spec)
    markers = tuple((k * spec.bars, f"Seed {seed}") for k, seed in enumerate(journey.seeds))
    ends = f"{journey.seeds[0]}-to-{journey.seeds[-1]}"
    piece = Piece(joined, long_spec, f"{info.name}-path-{ends}", markers)
    show_piece(
        session, piece, key="map:player", loop=journey.loop,
        on_loop=lambda loop: session.change(journey=replace(journey, loop=loop)),
    )  # fmt: skip
    with st.container(horizontal=True):
        quick_exports(piece, session.document)


rolls = rolls_of(journey.seeds) if heard == PATH else None
if heard == PATH and rolls is not None:
    show_path(rolls)
elif heard != PATH and roll is not None:
    show_phrase(roll)
elif map_ is not None:  # without a map one waits above
    wait_for(info)

write_address(session)
