"""The other ways in: a recording, from a file or the microphone, and playing oneself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass

import streamlit as st

from gan.app.escape import escape_markdown
from gan.app.history import Session
from gan.app.widgets.recording import record_panel
from gan.app.widgets.yours_shelf import bring, shelf, take_away
from gan.app.work import Progress, Work
from gan.errors import AudioError
from gan.listen.heard import (
    TEMPO_MAX,
    TEMPO_MIN,
    Heard,
    Voices,
    corrected,
    heard_as_midi,
    transcribe,
)
from gan.listen.reading import read_audio
from gan.music.take import Take, take_to_midi
from gan.spec import RollSpec

MEGABYTES = 64
KINDS = ["wav", "flac", "ogg", "mp3", "m4a", "aac", "aiff", "webm"]
_VOICES: dict[Voices, str] = {"auto": "as heard", "one": "one at a time", "many": "several at once"}
_MIC, _FILE, _KEY = "yours:mic", "yours:recording", "yours:listening"

# One at a time: each takes all cores.
_worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="listen")


@dataclass
class Listening:
    """A recording that is being listened to; `piece` is its name on the shelf once it is there."""

    name: str
    digest: str
    work: Work[Heard]
    piece: str = ""
    given: tuple[float | None, int] = (None, 0)


def listen(data: bytes, name: str, voices: Voices) -> Listening:
    """Begin to listen; the future raises `AudioError` for what cannot be used."""

    def hear(progress: Progress) -> Heard:
        samples, rate = read_audio(data)
        return transcribe(samples, rate, voices=voices, progress=progress)

    return Listening(name, _digest(data, voices), Work(_worker, hear))


def _digest(data: bytes, voices: Voices) -> str:
    return f"{hashlib.sha256(data).hexdigest()[:16]} {voices}"


def recordings() -> None:
    """A place to drop a recording, a microphone, and what was heard, which may be corrected."""
    left, right = st.columns(2, vertical_alignment="bottom")
    file = left.file_uploader(
        "A recording", type=KINDS, key=_FILE, max_upload_size=MEGABYTES,
        help="Ten minutes at most. Singing becomes a melody, chords an accompaniment.",
    )  # fmt: skip
    spoken = right.audio_input("Sing, hum, whistle or play", key=_MIC)
    voices: Voices = st.segmented_control(
        "Notes sound", list(_VOICES), key="yours:voices", default="auto", required=True,
        format_func=_VOICES.__getitem__,
    )  # fmt: skip
    given = file or spoken
    known: Listening | None = st.session_state.get(_KEY)
    if given is None:
        if known is not None:
            _drop(known)
            del st.session_state[_KEY]
        return
    data = given.getvalue()
    if known is None or known.digest != _digest(data, voices):
        if known is not None:
            _drop(known)
        known = st.session_state[_KEY] = listen(data, given.name or "recording", voices)
    if known.work.future.done():
        _show(known)
    else:
        _wait(known)


def _drop(listening: Listening) -> None:
    listening.work.stop.set()
    take_away(listening.piece)


@st.fragment(run_every=0.3)
def _wait(listening: Listening) -> None:
    work = listening.work
    if work.future.done():
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(work.share, "Listening ...")
        st.button("Stop", key="yours:stop", on_click=work.stop.set, icon=":material/stop:")


def _show(listening: Listening) -> None:
    try:
        heard = listening.work.future.result()
    except AudioError as error:
        st.error(escape_markdown(str(error)))
        return
    except CancelledError:
        st.info("Stopped. Choose the recording again to listen to it.")
        return
    kind = "one voice" if heard.one_voice else "several voices"
    st.caption(
        f"{len(heard.notes)} notes of {kind} in {heard.seconds:.1f} seconds, at about "
        f"{heard.tempo:.0f} beats a minute."
    )
    left, right = st.columns(2)
    tempo = left.number_input(
        "Tempo", TEMPO_MIN, TEMPO_MAX, None, 1.0, key=f"yours:tempo:{listening.digest}",
        placeholder=f"{heard.tempo:.1f}, as heard",
        help="Half or twice as fast as you played? Say what is right.",
    )  # fmt: skip
    shift = right.number_input(
        "Bars begin later by beats", 0, 3, 0, key=f"yours:shift:{listening.digest}"
    )
    asked = (tempo, int(shift))
    if not listening.piece or asked != listening.given:
        take_away(listening.piece)
        stem = listening.name.rsplit(".", 1)[0]
        midi = heard_as_midi(corrected(heard, tempo=tempo, shift=int(shift)))
        listening.piece, listening.given = (bring(midi, f"{stem}.mid") or [""])[0], asked


def playing(session: Session, spec: RollSpec) -> Callable[[], None]:
    """The way in by a keyboard: what is played becomes a piece of its own."""

    def take(played: Take) -> None:
        midi = take_to_midi(played, spec.tracks, beats_per_bar=spec.beats_per_bar)
        number = 1 + sum(name.startswith("Played ") for name in shelf().pieces)
        bring(midi, f"Played {number}.mid")

    def show() -> None:
        record_panel(session, spec, on_take=take, key="yours:recorder", use="Take it in")

    return show
