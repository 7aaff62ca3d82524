"""Instruments, soundfont and feel: widgets that show the document and change it.

Each is told its value before it is made, because undo, a favourite or a session file may have
changed it; what the user does reaches the document in a callback.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pretty_midi
import streamlit as st

from gan.app.escape import escape_markdown
from gan.app.history import Session
from gan.audio.fluid import fluidsynth_status
from gan.audio.soundfonts import find_soundfonts
from gan.music.performance import Performance
from gan.spec import RollSpec

KEYS = ("C", "D♭", "D", "E♭", "E", "F", "G♭", "G", "A♭", "A", "B♭", "B")


def key_name(transpose: int) -> str:
    """The keys that C major and A minor become."""
    return f"{KEYS[transpose % 12]} / {KEYS[(transpose + 9) % 12].lower()} ({transpose:+d})"


def programs_of(spec: RollSpec, performance: Performance) -> tuple[int, ...]:
    """The General MIDI program of each track."""
    return performance.programs or tuple(track.program for track in spec.tracks)


def instrument_name(program: int) -> str:
    return str(pretty_midi.program_to_instrument_name(program))


def performance_controls(session: Session, spec: RollSpec, *, key: str) -> None:
    """Instruments, soundfont and feel of the session's document; the player has tempo and key."""
    with st.popover("Instruments and feel", icon=":material/piano:"):
        _programs(session, spec, key=key)
        _soundfont(session, key=key)
        _feel(session, key=key)


def _play(session: Session, gesture: str, **fields: Any) -> None:
    performance = replace(session.document.performance, **fields)
    session.change(performance=performance, gesture=gesture)


def _programs(session: Session, spec: RollSpec, *, key: str) -> None:
    state = st.session_state
    pitched = [track for track in spec.tracks if not track.is_drum]

    def take() -> None:
        chosen = tuple(
            track.program if track.is_drum else int(state[f"{key}:program:{track.name}"])
            for track in spec.tracks
        )
        usual = tuple(track.program for track in spec.tracks)
        _play(session, "programs", programs=None if chosen == usual else chosen)

    programs = programs_of(spec, session.document.performance)
    now = dict(zip(spec.track_names, programs, strict=True))
    for track in pitched:
        state[f"{key}:program:{track.name}"] = now[track.name]
        st.selectbox(
            escape_markdown(track.name.capitalize()),
            range(128),
            format_func=instrument_name,
            key=f"{key}:program:{track.name}",
            on_change=take,
        )


def _soundfont(session: Session, *, key: str) -> None:
    state = st.session_state
    status = fluidsynth_status()
    if not status.available:
        st.caption(escape_markdown(status.message))
        return
    names = [font.name for font in find_soundfonts()]
    if not names:
        return
    wanted, name = session.document.performance.soundfont, f"{key}:soundfont"

    def take() -> None:
        _play(session, "soundfont", soundfont="" if state[name] == names[0] else state[name])

    state[name] = wanted if wanted in names else names[0]
    st.selectbox(
        "Soundfont",
        names,
        key=name,
        on_change=take,
        help="The recorded instruments that play. To add a set, put its General MIDI .sf2 file "
        "into ~/.fluidsynth.",
    )
    if wanted and wanted not in names:
        st.caption(
            f"The soundfont {escape_markdown(wanted)} is not on this machine; another plays."
        )


def _feel(session: Session, *, key: str) -> None:
    state = st.session_state
    sliders = {
        "swing": "0 is straight, 1 plays the second eighth of a beat as the last of a triplet.",
        "humanise": "Small differences in time and strength, the same each time.",
    }

    def take(name: str) -> None:
        changed: dict[str, Any] = {name: float(state[f"{key}:{name}"])}
        _play(session, name, feel=replace(session.document.performance.feel, **changed))

    for name, words in sliders.items():
        state[f"{key}:{name}"] = float(getattr(session.document.performance.feel, name))
        st.slider(
            name.capitalize(),
            0.0,
            1.0,
            step=0.05,
            key=f"{key}:{name}",
            on_change=take,
            args=(name,),
            help=words,
        )
