"""What lies under the player on the Explore page: history, favourites, files, the session."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import streamlit as st

from gan.app import library, link
from gan.app.desk import Desk
from gan.app.escape import plain
from gan.app.locks import lend
from gan.app.session import known_of, query_of
from gan.app.session_file import open_session, session_bytes
from gan.app.widgets.panels import download, gains, heard, mixed
from gan.audio.render import encode_flac, encode_wav, levelling_gain, mix, render_stems
from gan.engine import Engine, PhraseState, Rolls
from gan.errors import GanError
from gan.music.midi import midi_bytes
from gan.music.performance import Performance, perform
from gan.pictures import roll_png
from gan.plots import strip_figure

SHOWN = 8  # phrases of the history
FAVOURITES = 12  # shown at first, the newest
NAMES = ("History", "Favourites", "Take away", "Session")


def drawers(engine: Engine, desk: Desk, roll: Rolls, *, stem: str, recipe: str) -> None:
    """The drawer that the user has open; only that one costs time."""
    contents: dict[str, Callable[[], None]] = {
        "History": lambda: history(engine, desk),
        "Favourites": lambda: favourites(engine, desk),
        "Take away": lambda: take_away(engine, desk, roll, stem=stem, recipe=recipe),
        "Session": lambda: session(engine, desk),
    }
    chosen = st.segmented_control(
        "More", NAMES, key="explore:drawer", label_visibility="collapsed", width="stretch"
    )
    if chosen:
        with st.container(border=True):
            contents[chosen]()


def history(engine: Engine, desk: Desk) -> None:
    """Where the user has been, as small rolls."""
    places = [place.point for place in (*desk.past, desk.place, *desk.future)]
    here = len(desk.past)
    first = max(0, min(here - SHOWN // 2, len(places) - SHOWN))
    shown = places[first : first + SHOWN]
    rolls = np.stack([_remembered(engine, point) for point in shown])
    labels = [str(first + k + 1) for k in range(len(shown))]
    figure = strip_figure(
        rolls,
        engine.spec,
        labels=[""] * len(shown),
        selected=here - first,
        dark=st.context.theme.type == "dark",
        height=92,
    )
    st.plotly_chart(
        figure.update_layout(margin={"l": 0, "r": 0, "t": 2, "b": 2}),
        theme=None,
        key="explore:history",
        config={"displayModeBar": False},
    )

    def go() -> None:
        picked = st.session_state["explore:history:pick"]
        if picked is not None:
            desk.travel(int(picked) - 1)

    st.session_state["explore:history:pick"] = str(here + 1)
    # As wide as the strip, so that each number stands under its roll.
    st.segmented_control(
        "Go back to",
        labels,
        key="explore:history:pick",
        on_change=go,
        label_visibility="collapsed",
        width="stretch",
    )


@st.cache_data(max_entries=256, show_spinner=False)
def _roll_of(digest: str, name: str, _explorer: Engine, _point: PhraseState) -> Rolls:
    del digest, name
    return _explorer.roll(_point)


def _remembered(engine: Engine, point: PhraseState) -> Rolls:
    """The phrase at a point; decoded once."""
    name = "|".join(
        [link.point_to_text(point)]
        + [f"{part}*{link.point_to_text(at)}" for part, at in sorted(point.locks.items())]
    )
    return _roll_of(engine.info.digest, name, engine, point)


def favourites(engine: Engine, desk: Desk) -> None:
    """Named phrases: keep, go to, take a track from, forget."""
    info = engine.info
    with st.form("explore:keep", clear_on_submit=True, border=False):
        row = st.columns([4, 1], vertical_alignment="bottom")
        name = row[0].text_input("Keep this phrase as", max_chars=library.NAME_LENGTH)
        if row[1].form_submit_button("Keep", icon=":material/star:", width="stretch"):
            _try(lambda: library.add(name, info.name, query_of(info, desk)))
    kept = [each for each in library.read() if each.checkpoint == info.name]
    if not kept:
        st.caption("Phrases that you keep stay here, also after a restart.")
    if len(kept) > FAVOURITES and not st.toggle(f"Show all {len(kept)}", key="explore:all"):
        kept = kept[:FAVOURITES]
    for each in kept:
        _favourite(engine, desk, each)


def _favourite(engine: Engine, desk: Desk, each: library.Favourite) -> None:
    key = f"explore:favourite:{each.name}"

    def shared() -> link.Shared:
        return link.from_query(each.query, engine.info.digest, known_of(engine.info, engine))

    def go() -> None:
        desk.open(shared())

    def take() -> None:
        track = st.session_state[f"{key}:track"]
        if track is not None:
            desk.go(lend(desk.point, shared().point, track, engine.spec))

    def forget() -> None:
        _try(lambda: library.remove(each.name, each.checkpoint))

    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    row.markdown(f"**{plain(each.name)}**", width="stretch")
    row.button("Go", key=f"{key}:go", on_click=go, icon=":material/arrow_forward:",
               help="This phrase, and how it was played.")  # fmt: skip
    st.session_state[f"{key}:track"] = None
    row.segmented_control(
        "Take a track",
        engine.spec.track_names,
        format_func=lambda name: f"+ {name.capitalize()}",
        key=f"{key}:track",
        on_change=take,
        label_visibility="collapsed",
        help="Plays this track of the favourite in place of your own, and locks it.",
        width="content",
    )
    row.button(
        "Forget", key=f"{key}:forget", on_click=forget, type="tertiary",
        help=f"Takes {plain(each.name)} off the shelf.",
    )  # fmt: skip


def _try(action: Callable[[], None]) -> None:
    try:
        action()
    except GanError as error:
        st.warning(plain(str(error)))


def take_away(engine: Engine, desk: Desk, roll: Rolls, *, stem: str, recipe: str) -> None:
    """Files of all kinds; each is made when it is asked for."""
    spec, how = engine.spec, heard(desk, engine.spec)
    title = stem.replace("-", " ")
    st.caption(
        "Files hold what is heard: muted tracks stay out, volumes count. MIDI carries the link of "
        "this phrase as text."
    )
    with st.container(horizontal=True):
        for index, name in enumerate(spec.track_names):
            alone = replace(how, include=tuple(k == index for k in range(len(spec.tracks))))
            download(
                f"MIDI: {name.capitalize()}",
                _midi(roll, engine, alone, recipe),
                name=f"{stem}-{name.lower()}.mid",
                mime="audio/midi",
            )
    with st.container(horizontal=True):
        download(
            "FLAC",
            lambda: encode_flac(mixed(perform(roll, spec, how), desk, spec, how)),
            name=f"{stem}.flac",
            mime="audio/flac",
        )
        download(
            "Stems (WAV)",
            lambda: stems_zip(roll, engine, desk),
            name=f"{stem}-stems.zip",
            mime="application/zip",
        )
        download(
            "MusicXML",
            lambda: _xml(roll, engine, how, title),
            name=f"{stem}.musicxml",
            mime="application/vnd.recordare.musicxml+xml",
        )
        download(
            "Picture (PNG)",
            lambda: roll_png(roll, spec, transpose=how.transpose),
            name=f"{stem}.png",
            mime="image/png",
        )
    if st.toggle("Show the score", key="explore:score"):
        for number, page in enumerate(_pages(_xml(roll, engine, how, title)), 1):
            # An image, because markup in an SVG that stands in the page could do more.
            st.image(page, width="stretch")
            name = f"{stem}-score-{number}.svg"
            download(f"Score, page {number} (SVG)", page.encode, name=name, mime="image/svg+xml")


def _midi(roll: Rolls, engine: Engine, how: Performance, recipe: str) -> Callable[[], bytes]:
    return lambda: midi_bytes(perform(roll, engine.spec, how, recipe))


def _xml(roll: Rolls, engine: Engine, how: Performance, title: str) -> bytes:
    from gan.music.score import musicxml

    return musicxml(roll, engine.spec, tempo=how.tempo, transpose=how.transpose, title=title)


@st.cache_data(max_entries=16, show_spinner="Engraving ...")
def _pages(xml: bytes) -> list[str]:
    from gan.music.score import engraved

    return engraved(xml)


def stems_zip(roll: Rolls, engine: Engine, desk: Desk) -> bytes:
    """One WAV a track that is heard, at the level that they have in the mix."""
    how = heard(desk, engine.spec)
    midi = perform(roll, engine.spec, how)
    stems = render_stems(midi, soundfont=desk.soundfont)
    level = levelling_gain(stems)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        parts = zip(midi.instruments, stems, gains(desk, engine.spec, how), strict=True)
        for instrument, stem, gain in parts:
            name = f"{instrument.name.lower()}.wav"
            archive.writestr(name, encode_wav(mix(stem[None], [gain], level=level)))
    return target.getvalue()


def session(engine: Engine, desk: Desk) -> None:
    """Everything that was done here, as a file, and back."""
    st.caption(
        "A session file holds this phrase, its history, A and B, the mix and your favourites as "
        "JSON."
    )
    left, right = st.columns(2)
    with left:
        download(
            "Save the session",
            lambda: session_bytes(engine, desk),
            name=f"{engine.info.name}-session.json",
            mime="application/json",
        )
    with right:
        given = st.file_uploader(
            "Open a session", type="json", key="explore:session", max_upload_size=1
        )
        if given is not None and st.session_state.get("explore:session:read") != given.file_id:
            st.session_state["explore:session:read"] = given.file_id
            try:
                open_session(given.getvalue(), engine, desk)
            except GanError as error:
                st.error(plain(str(error)))
            else:
                st.rerun()
