"""What a browser session holds, under keys of our own so that changing pages keeps it.

Streamlit drops the state of widgets that are not on the page; these values are not
widgets'. A link fills them on the first run, and they fill the link from then on.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gan.app import link
from gan.app.desk import Desk, Place
from gan.app.escape import plain
from gan.app.link_text import Query
from gan.app.live.backend import ExploreBackend, controls
from gan.app.live.protocol import LiveSession
from gan.app.loading import available, loading
from gan.engine import Engine, PhraseState, Rolls, first_point, read_preview
from gan.errors import CheckpointError
from gan.models.checkpoint import CheckpointInfo
from gan.models.config import latent_dim
from gan.models.noise_layout import full_latent_dim
from gan.models.statistics import tilt_names
from gan.sliders.store import load_directions


def choose_checkpoint(where: DeltaGenerator | None = None) -> CheckpointInfo:
    """The checkpoint of the session, with a picker where there are several, in `where`.

    Damaged folders are named with their reason; with none that works the page ends here.
    """
    usable, refused = available()
    for name, reason in refused.items():
        st.warning(f"The checkpoint {name} cannot be used. {reason}")
    if not usable:
        st.error(
            "There is no checkpoint to explore yet. Train one with "
            "`python train.py --data_dir FOLDER_OF_MIDI` and reload this page."
        )
        st.stop()
    names = list(usable)
    first = "pop-gan" if "pop-gan" in usable else names[0]
    wanted = st.session_state.get("checkpoint") or st.query_params.get("c")
    if wanted not in usable:
        if wanted:
            missing = plain(repr(str(wanted)[:60]))
            st.warning(f"There is no usable checkpoint {missing} here; showing {first}.")
        wanted = first
    st.session_state["checkpoint"] = wanted
    if len(names) > 1:
        picked = (where or st.container()).selectbox(
            "Generator",
            names,
            index=names.index(wanted),
            width=200,
            help="Which network writes. Each has its own phrases, sliders and history here.",
        )
        if picked != wanted:
            st.session_state["checkpoint"] = picked
            st.rerun()
    return usable[wanted]


def known_of(info: CheckpointInfo, engine: Engine | None) -> link.Known:
    """What a link may name; read from the folder while the generator still loads."""
    size = latent_dim(info.spec, info.model)
    tilts = tilt_names(info.spec, info.family)
    found = engine.directions if engine else load_directions(info, size, tilts)
    full = full_latent_dim(info.family, info.spec, info.model)
    return link.Known(info.spec, [direction.id for direction in found], full)


def desk_of(info: CheckpointInfo, engine: Engine | None) -> Desk:
    """The session's desk for this checkpoint; the first one is set by the link."""
    key = f"desk:{info.path}:{info.digest}"
    if key not in st.session_state:
        desk = Desk(Place(first_point(info)))
        if st.query_params.get("c") == info.name and "p" in st.query_params:
            query = {name: st.query_params.get_all(name) for name in st.query_params}
            desk.open(link.from_query(query, info.digest, known_of(info, engine)))
            desk.past = []
        st.session_state[key] = desk
    desk = st.session_state[key]
    assert isinstance(desk, Desk)
    return desk


def query_of(info: CheckpointInfo, desk: Desk) -> Query:
    """The desk as a link holds it."""
    return link.to_query(info.name, info.digest, point=desk.point, playing=desk.playing)


def write_link(info: CheckpointInfo, desk: Desk) -> None:
    """Put the desk into the address, so that it can be shared or reloaded."""
    query = query_of(info, desk)
    if query != _current_query():
        st.query_params.from_dict(query)


def _current_query() -> Query:
    current: Query = {}
    for name in st.query_params:
        values = st.query_params.get_all(name)
        current[name] = list(values) if name in link.REPEATED else values[-1]
    return current


def loaded(info: CheckpointInfo) -> Engine | None:
    """The engine, None while it still loads; ends the page where it cannot be loaded."""
    future = loading(str(info.path), info.digest)
    if not future.done():
        return None
    try:
        return future.result()
    except CheckpointError as error:
        loading.clear(str(info.path), info.digest)
        st.error(f"The checkpoint {info.name} cannot be loaded. {error}")
        st.stop()


@st.fragment(run_every=0.4)
def wait_for(info: CheckpointInfo) -> None:
    """One line while a generator loads; the page comes to life when it is there."""
    if loading(str(info.path), info.digest).done():
        st.rerun()
    st.caption(
        f":material/hourglass_top: Loading the generator {info.name}; "
        "meanwhile this is a phrase that it wrote before."
    )


def live_session(engine: Engine) -> tuple[LiveSession, ExploreBackend]:
    """The session's live connection; made anew for another generator."""
    key = f"live:{engine.info.path}:{engine.info.digest}"
    if key not in st.session_state:
        backend = ExploreBackend(engine)
        st.session_state[key] = (
            LiveSession(backend, controls=controls(engine), steps=engine.spec.steps),
            backend,
        )
    session, backend = st.session_state[key]
    return session, backend


def base_name(point: PhraseState) -> str:
    """A short name of everything in a point but what the player's sliders move."""
    still = replace(point, sliders={}, truncation=1.0)
    text = "|".join(
        [link.point_to_text(still)]
        + [f"{name}*{link.point_to_text(at)}" for name, at in sorted(point.locks.items())]
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def preview_of(info: CheckpointInfo) -> Rolls | None:
    """The stored phrase of a checkpoint."""
    try:
        return read_preview(info)
    except CheckpointError:
        return None
