"""The recorder: a keyboard in the browser that is heard at once and records what is played.

    recorder(RecorderData(tracks=(RecorderTrack("MELODY", "#3d8bd4"),)), key="play", on_use=use)

The browser makes the sound itself; nothing that is played passes through the server. What it
recorded comes as a `Take` when recording ends and whenever the take changes (`on_take`), and when
the user presses the button for it (`on_use`). Both callbacks run before the script, as those of
Streamlit's widgets do. A take that does not fit the data is refused quietly.

The last take is kept for as long as the session, so that the recorder has it again where it is
shown again. The front end is in `assets/recorder`; `gan.app.player.routes` serves it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
import streamlit as st

from gan.app.player.component import session_name
from gan.app.player.events import read_event
from gan.app.player.routes import asset_root
from gan.errors import SpecError
from gan.music.take import Take, TakeNote

NAME = "gan.recorder"

# Streamlit sends inline JavaScript again with every update, so only this line is inline.
STUB = """
export default async function (component) {
  const url = new URL(component.data.assets + "recorder.js", window.location.origin);
  const module = await import(url.href);
  return module.mount(component);
}
"""


@dataclass(frozen=True)
class RecorderTrack:
    """A track to play: its CSS hex colour, and the lowest and highest pitch that it can have."""

    name: str
    colour: str
    is_drum: bool = False
    low: int = 24
    high: int = 95


@dataclass(frozen=True)
class RecorderData:
    """Everything the component shows.

    tempo     quarter notes a minute.
    armed     index of the track that is played at first.
    backing   notes that are already there, in beats; they can be heard while one plays.
    use       the words on the button that hands the take on.
    """

    tracks: tuple[RecorderTrack, ...]
    bars: int = 4
    beats_per_bar: int = 4
    steps_per_beat: int = 4
    tempo: float = 120.0
    armed: int = 0
    backing: tuple[TakeNote, ...] = ()
    use: str = "Use it"

    def __post_init__(self) -> None:
        if not 0 <= self.armed < len(self.tracks):
            raise SpecError("The recorder needs a track to play.")

    @property
    def beats(self) -> int:
        return self.bars * self.beats_per_bar


@lru_cache(maxsize=1)
def _renderer() -> Any:
    # Registered at first use: a registration at import would not reach the runtime.
    return st.components.v2.component(NAME, js=STUB, isolate_styles=False)


def read_take(event: Mapping[str, Any] | None, data: RecorderData) -> Take | None:
    """The take of an event; None where it is none, or has other tracks or another length."""
    try:
        take = msgspec.convert(event, Take)
    except (msgspec.ValidationError, RecursionError):
        return None
    tracks = {take.armed, *(note.track for note in take.notes)}
    return take if take.beats == data.beats and max(tracks) < len(data.tracks) else None


def payload(data: RecorderData, take: Take | None, *, session: str) -> dict[str, Any]:
    """The data as JSON values, with the take that is there already."""
    fits = take is not None and read_take(msgspec.to_builtins(take), data) is not None
    return {
        "assets": asset_root("recorder"),
        "session": session,
        "tracks": [vars(track) for track in data.tracks],
        "bars": data.bars,
        "beats_per_bar": data.beats_per_bar,
        "steps_per_beat": data.steps_per_beat,
        "tempo": data.tempo,
        "armed": data.armed,
        "backing": msgspec.to_builtins(data.backing),
        "take": msgspec.to_builtins(take.notes) if take is not None and fits else [],
        "use": data.use,
    }


def recorder(
    data: RecorderData,
    *,
    key: str,
    on_take: Callable[[Take], None] | None = None,
    on_use: Callable[[Take], None] | None = None,
) -> Take | None:
    """Show the recorder and return the take that it holds, None without one."""
    kept = f"{NAME}.take:{key}"

    def told(name: str) -> Take | None:
        event = read_event(st.session_state.get(key), name, session=session_name())
        return read_take(event, data)

    def taken() -> None:
        take = told("take")
        if take is not None:
            st.session_state[kept] = take if take.notes else None
            if on_take is not None:
                on_take(take)

    def used() -> None:
        take = told("use")
        if take is not None:
            st.session_state[kept] = None
            if on_use is not None:
                on_use(take)

    _renderer()(
        key=key,
        data=payload(data, st.session_state.get(kept), session=session_name()),
        on_take_change=taken,
        on_use_change=used,
    )
    held = st.session_state.get(kept)
    return held if isinstance(held, Take) else None
