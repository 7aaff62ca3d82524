"""What the user may say otherwise of a piece: tracks, bar lines, key, tempo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from gan.app.escape import escape_markdown
from gan.app.widgets.yours_shelf import Shelf
from gan.data.beats import FASTEST, SLOWEST
from gan.data.own_plain import Choices
from gan.data.own_report import key_words, pitch_name
from gan.data.own_tracks import LEFT_OUT, Place, Split, Voices, between_hands, labels, place_all
from gan.music.keys import Key
from gan.spec import RollSpec

SHOWN = 16  # instruments of which the tracks can be chosen
_AUTO, _WRITTEN = "as found", "as written, not transposed"
_KEYS = {key_words(key): key for key in (Key(k, m) for m in (False, True) for k in range(12))}


def choices_panel(own: Shelf, spec: RollSpec) -> None:
    """Which instrument goes where, where bars begin, the key and the tempo."""
    _instruments(own, spec)
    st.divider()
    row = st.columns(4, vertical_alignment="bottom")
    chosen = own.choices.get(own.current, Choices())

    def as_found() -> None:
        own.choices.pop(own.current, None)

    def take(**fields: Any) -> None:
        own.choices[own.current] = replace(own.choices.get(own.current, Choices()), **fields)

    _shift(row[0], chosen, spec, take)
    state = st.session_state
    names = [_AUTO, *_KEYS, _WRITTEN]

    def take_key() -> None:
        name = state["yours:key"]
        take(key=None if name == _AUTO else 0 if name == _WRITTEN else _KEYS[name])

    now = chosen.key
    state["yours:key"] = (
        _AUTO if now is None else _WRITTEN if isinstance(now, int) else key_words(now)
    )
    row[1].selectbox(
        "Key", names, key="yours:key", on_change=take_key,
        help="The generator sees the music in C major or A minor.",
    )  # fmt: skip
    state["yours:tempo"] = chosen.tempo
    row[2].number_input(
        "Tempo", SLOWEST, FASTEST, step=1.0, key="yours:tempo", placeholder=_AUTO,
        format="%g",
        on_change=lambda: take(tempo=state["yours:tempo"]),
        help="Quarters a minute. Where beats are estimated, they are looked for near it.",
    )  # fmt: skip
    ways = {"as found": None, "the file's": False, "estimated": True}
    state["yours:beats"] = next(name for name, value in ways.items() if value == chosen.listen)
    row[3].selectbox(
        "Beats", list(ways), key="yours:beats",
        on_change=lambda: take(listen=ways[state["yours:beats"]]),
        help="Played without a click, a file's beats mean nothing: they are estimated then.",
    )  # fmt: skip
    counted = {"as found": None, "the file's": False, f"of {spec.beats_per_bar} beats": True}
    state["yours:regular"] = next(k for k, value in counted.items() if value == chosen.regular)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Bars", list(counted), key="yours:regular", width=220,
            on_change=lambda: take(regular=counted[state["yours:regular"]]),
            help=f"This generator writes bars of {spec.beats_per_bar} quarters.",
        )  # fmt: skip
        st.button(
            "As it was found", icon=":material/restart_alt:", disabled=chosen == Choices(),
            on_click=as_found,
        )  # fmt: skip


def _shift(where: Any, chosen: Choices, spec: RollSpec, take: Any) -> None:
    state = st.session_state
    bar = float(spec.beats_per_bar)
    state["yours:shift"] = chosen.shift / spec.steps_per_beat
    where.number_input(
        "Bar lines later by (beats)", -bar, bar, step=1 / spec.steps_per_beat, format="%g",
        key="yours:shift",
        on_change=lambda: take(shift=round(state["yours:shift"] * spec.steps_per_beat)),
        help="Where a pickup or a late start puts the bar lines in the wrong place.",
    )  # fmt: skip


def _instruments(own: Shelf, spec: RollSpec) -> None:
    piece = own.pieces[own.current]
    instruments = piece.song.instruments
    found = [each.place for each in place_all(instruments, spec)]
    said = dict(own.choices.get(own.current, Choices()).places)
    names = labels(instruments)
    columns = st.columns(2)
    for index, name in enumerate(names[:SHOWN]):
        with columns[index % 2]:
            _instrument(own, spec, index, name, said.get(index, found[index]))
    if len(names) > SHOWN:
        st.caption(f"{len(names) - SHOWN} more instruments stay where they are.")


def _instrument(own: Shelf, spec: RollSpec, index: int, name: str, place: Place) -> None:
    one = own.pieces[own.current].song.instruments[index]
    pitched = [track.name for track in spec.tracks if not track.is_drum]
    places: dict[str, Place] = {track.name.capitalize(): track.name for track in spec.tracks}
    if len(pitched) > 1 and not one.is_drum:
        at = place.at if isinstance(place, Split) else between_hands(one.notes[:, 2])
        high, low = (
            (place.high, place.low) if isinstance(place, Split) else (pitched[0], pitched[-1])
        )
        places[f"Split: {high.capitalize()} above, {low.capitalize()} below"] = Split(at, high, low)
        places["A voice each, from the top"] = (
            place if isinstance(place, Voices) else Voices(tuple(pitched))
        )
    places["Leave out"] = LEFT_OUT
    key = f"yours:place:{index}"
    state = st.session_state

    def take(chosen: Place) -> None:
        before = own.choices.get(own.current, Choices())
        rest = tuple(each for each in before.places if each[0] != index)
        own.choices[own.current] = replace(before, places=(*rest, (index, chosen)))

    state[key] = next(label for label, value in places.items() if value == place)
    st.selectbox(
        f"{escape_markdown(name)} ({len(one.notes):,})", list(places), key=key,
        on_change=lambda: take(places[state[key]]), format_func=escape_markdown,
    )  # fmt: skip
    if isinstance(place, Split):
        state[f"{key}:at"] = place.at
        st.select_slider(
            "Split at", range(24, 100), key=f"{key}:at", format_func=pitch_name,
            on_change=lambda: take(Split(state[f"{key}:at"], place.high, place.low)),
        )  # fmt: skip
