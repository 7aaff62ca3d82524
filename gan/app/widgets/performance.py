"""Tempo, key, instruments, soundfont and feel: widgets that show the desk and change it.

Each is told its value before it is made, because undo, a favourite or a session file may have
changed it; what the user does reaches the desk in a callback.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pretty_midi
import streamlit as st

from gan.app.desk import Desk
from gan.audio.render import find_soundfonts, fluidsynth_status
from gan.music.performance import TEMPO_MAX, TEMPO_MIN, TRANSPOSE_MAX, Performance
from gan.spec import RollSpec

KEYS = ("C", "D♭", "D", "E♭", "E", "F", "G♭", "G", "A♭", "A", "B♭", "B")


def key_name(transpose: int) -> str:
    """The keys that C major and A minor become."""
    return f"{KEYS[transpose % 12]} / {KEYS[(transpose + 9) % 12].lower()} ({transpose:+d})"


def programs_of(spec: RollSpec, how: Performance) -> tuple[int, ...]:
    """The General MIDI program of each track."""
    return how.programs or tuple(track.program for track in spec.tracks)


def instrument_name(program: int) -> str:
    return str(pretty_midi.program_to_instrument_name(program))


def performance_controls(spec: RollSpec, desk: Desk, *, key: str) -> None:
    """Tempo, key, instruments, soundfont and feel; they change the desk."""
    state = st.session_state
    tempo, transpose, instruments = st.columns(3, vertical_alignment="bottom")
    state[f"{key}:bpm"] = round(desk.how.tempo)
    state[f"{key}:key"] = desk.how.transpose

    def play(**changes: Any) -> None:
        desk.play(replace(desk.how, **changes))

    tempo.slider(
        "Tempo",
        int(TEMPO_MIN),
        int(TEMPO_MAX),
        key=f"{key}:bpm",
        on_change=lambda: play(tempo=float(state[f"{key}:bpm"])),
        help="Quarter notes a minute. The notes stay the same.",
    )
    transpose.select_slider(
        "Key",
        range(-TRANSPOSE_MAX, TRANSPOSE_MAX + 1),
        format_func=key_name,
        key=f"{key}:key",
        on_change=lambda: play(transpose=int(state[f"{key}:key"])),
        help="Phrases are written in C major or A minor; this transposes all tracks but drums.",
    )
    with instruments, st.popover("Instruments and feel", icon=":material/piano:", width="stretch"):
        _programs(spec, desk, key=key)
        _soundfont(desk, key=key)
        _feel(desk, key=key)


def _programs(spec: RollSpec, desk: Desk, *, key: str) -> None:
    state = st.session_state
    pitched = [track for track in spec.tracks if not track.is_drum]

    def take() -> None:
        chosen = tuple(
            track.program if track.is_drum else int(state[f"{key}:program:{track.name}"])
            for track in spec.tracks
        )
        usual = tuple(track.program for track in spec.tracks)
        desk.play(replace(desk.how, programs=None if chosen == usual else chosen))

    now = dict(zip(spec.track_names, programs_of(spec, desk.how), strict=True))
    for track in pitched:
        state[f"{key}:program:{track.name}"] = now[track.name]
        st.selectbox(
            track.name.capitalize(),
            range(128),
            format_func=instrument_name,
            key=f"{key}:program:{track.name}",
            on_change=take,
        )


def _soundfont(desk: Desk, *, key: str) -> None:
    state = st.session_state
    status = fluidsynth_status()
    if not status.available:
        st.caption(status.message)
        return
    names = {str(font.path): font.name for font in find_soundfonts()}
    if not names:
        return
    first = next(iter(names))
    name = f"{key}:soundfont"

    def take() -> None:
        desk.soundfont = None if state[name] == first else str(state[name])

    state[name] = desk.soundfont if desk.soundfont in names else first
    st.selectbox(
        "Soundfont",
        list(names),
        format_func=lambda path: names[path],
        key=name,
        on_change=take,
        help="The recorded instruments that play. Those found on this machine; a General MIDI "
        ".sf2 file in ~/.fluidsynth joins them.",
    )


def _feel(desk: Desk, *, key: str) -> None:
    state = st.session_state
    sliders = {
        "swing": "0 is straight, 1 plays the second eighth of a beat as the last of a triplet.",
        "humanise": "Small differences in time and strength, the same each time.",
    }

    def take(name: str) -> None:
        changed: dict[str, Any] = {name: float(state[f"{key}:{name}"])}
        desk.play(replace(desk.how, feel=replace(desk.how.feel, **changed)))

    for name, words in sliders.items():
        state[f"{key}:{name}"] = float(getattr(desk.how.feel, name))
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
