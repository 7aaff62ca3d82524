"""Files to take away: MIDI, sound, score, picture; each is made when it is asked for.

Files hold what is heard: muted tracks stay out, and volumes count.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import streamlit as st

from gan.app import link
from gan.app.document import Document
from gan.app.escape import escape_markdown
from gan.app.widgets.piece import Piece
from gan.audio.mix import gains, heard
from gan.audio.play import mixdown, separate
from gan.audio.render import Sound, encode_flac, encode_wav
from gan.files import file_names
from gan.music.performance import midi_file
from gan.pictures import roll_png


def quick_exports(piece: Piece, document: Document) -> None:
    """The two most common files."""
    _download("MIDI", lambda: midi_of(piece, document), f"{piece.name}.mid", "audio/midi")
    _download("WAV", lambda: encode_wav(_sound(piece, document)), f"{piece.name}.wav", "audio/wav")


def all_exports(piece: Piece, document: Document) -> None:
    """Files of all kinds, and the engraved score."""
    spec, name = piece.spec, piece.name
    if not any(heard(document.mix, spec.track_names)):
        st.warning("All tracks are muted, so files would be silent: unmute at least one.")
        return
    st.caption(
        "Files hold what is heard: muted tracks stay out, volumes count. MIDI carries the link of "
        "this music as text."
    )
    with st.container(horizontal=True):
        files = file_names(spec.track_names)
        for index, (track, file) in enumerate(zip(spec.track_names, files, strict=True)):
            _download(
                f"MIDI: {escape_markdown(track.capitalize())}",
                lambda index=index: midi_of(piece, document, only=index),  # type: ignore[misc]
                f"{name}-{file}.mid",
                "audio/midi",
            )
    with st.container(horizontal=True):
        flac = f"{name}.flac"
        _download("FLAC", lambda: encode_flac(_sound(piece, document)), flac, "audio/flac")
        stems = f"{name}-stems.zip"
        _download("Stems (WAV)", lambda: stems_zip(piece, document), stems, "application/zip")
        _download(
            "MusicXML",
            lambda: _musicxml(piece, document),
            f"{name}.musicxml",
            "application/vnd.recordare.musicxml+xml",
        )
        transpose = document.performance.transpose
        picture = f"{name}.png"
        _download(
            "Picture (PNG)",
            lambda: roll_png(piece.roll, spec, transpose=transpose),
            picture,
            "image/png",
        )
    if st.toggle("Show the score", key="exports:score"):
        _score(piece, document)


def _download(label: str, make: Callable[[], bytes], name: str, mime: str) -> None:
    st.download_button(
        label, make, file_name=name, mime=mime, on_click="ignore", icon=":material/download:"
    )


def midi_of(piece: Piece, document: Document, *, only: int | None = None) -> bytes:
    """The piece as it is heard, or one track of it by its index, with the recipe as text."""
    tracks = piece.spec.track_names
    include: tuple[bool, ...] = heard(document.mix, tracks)
    volumes: tuple[float, ...] | None = gains(document.mix, tracks)
    if only is not None:  # asked for by name, whatever is muted
        include, volumes = tuple(index == only for index in range(len(tracks))), None
    return midi_file(
        piece.roll,
        piece.spec,
        document.performance,
        link.recipe(document),
        include=include,
        gains=volumes,
        markers=piece.markers,
    )


def _sound(piece: Piece, document: Document) -> Sound:
    levels = gains(document.mix, piece.spec.track_names)
    return mixdown(piece.roll, piece.spec, document.performance, levels)


def stems_zip(piece: Piece, document: Document) -> bytes:
    """One WAV a track that is heard, at the level that they have in the mix."""
    tracks = piece.spec.track_names
    levels = gains(document.mix, tracks)
    sounds = separate(piece.roll, piece.spec, document.performance, levels)
    target = io.BytesIO()
    files = dict(zip(tracks, file_names(tracks), strict=True))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for track, sound in sounds.items():
            archive.writestr(f"{files[track]}.wav", encode_wav(sound))
    return target.getvalue()


def _musicxml(piece: Piece, document: Document) -> bytes:
    from gan.music.score import musicxml

    how = document.performance
    return musicxml(
        piece.roll,
        piece.spec,
        tempo=how.tempo,
        transpose=how.transpose,
        title=piece.name.replace("-", " "),
        include=heard(document.mix, piece.spec.track_names),
        programs=how.programs,
        markers=piece.markers,
    )


def _score(piece: Piece, document: Document) -> None:
    for number, page in enumerate(_pages(_musicxml(piece, document)), 1):
        # An image, because markup in an SVG that stands in the page could do more.
        with st.container(key=f"score-page-{number}"):
            st.image(page, width="stretch")
        name = f"{piece.name}-score-{number}.svg"
        _download(f"Score, page {number} (SVG)", page.encode, name, "image/svg+xml")


@st.cache_data(max_entries=16, show_spinner="Engraving ...")
def _pages(xml: bytes) -> list[str]:
    from gan.music.score import engraved

    return engraved(xml)
