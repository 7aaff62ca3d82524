"""The player: one piano roll, its sound and its latent controls in one component.

    result = player(PlayerData(notes=..., tracks=..., grid=...), key="explore")

The component takes plain data and gives plain values back. While the user drags a slider
it talks to the `LiveSession` of the data (see `gan.app.live.server`) and shows and plays what comes
back; when the user lets go, the new values are *committed* to Streamlit: `on_commit` is
called before the script runs again, so a page stores the values there and builds the next
`PlayerData` from them.

    def commit(change: Commit) -> None:
        st.session_state["values"] = change.values

    player(data, key="explore", on_commit=commit)

Values that Python sends are authoritative: undo, reset and a new seed are other
`PlayerData`. Data that was built before the user's latest commit is recognised and not
allowed to move the sliders back under the finger.

Without a live session, or where its socket cannot connect, the component commits while
dragging (one commit at a time) and says so in one line. Sound then comes over HTTP from
`PlayerData.sound`.

The front end is in `assets/player`; `gan.app.player.routes` serves it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt
import streamlit as st

from gan.app.player.events import (
    Action,
    Commit,
    Play,
    Stroke,
    event_number,
    read_event,
    read_mix,
    read_strokes,
)
from gan.app.player.routes import asset_root, publish_sound
from gan.app.player.wire import notes_to_json
from gan.audio.mix import Mix, TrackMix
from gan.audio.stems import Stems
from gan.errors import SpecError
from gan.music.performance import TEMPO_MAX, TEMPO_MIN, TRANSPOSE_MAX

if TYPE_CHECKING:
    from gan.app.live.server import LiveSession

__all__ = [
    "Action",
    "Commit",
    "Grid",
    "Mix",
    "Play",
    "PlayerData",
    "PlayerResult",
    "PlayerTrack",
    "Slider",
    "Stroke",
    "TrackMix",
    "player",
]

NAME = "gan.player"

# Streamlit sends inline JavaScript again with every update, so only this line is inline.
STUB = """
export default async function (component) {
  const url = new URL(component.data.assets + "player.js", window.location.origin);
  // The largest file by far; on its way while the player's own modules load.
  const plotly = { rel: "preload", as: "script", href: new URL("plotly.min.js", url).href };
  if (!document.head.querySelector("link[href$='plotly.min.js']")) {
    document.head.append(Object.assign(document.createElement("link"), plotly));
  }
  const module = await import(url.href);
  return module.mount(component);
}
"""


@dataclass(frozen=True)
class PlayerTrack:
    """One track as it is shown. `colour` is a CSS hex colour, `instrument` a name to show.

    `locked` is True or False where the page can lock a track, None where it cannot (then
    there is no button); `reroll` adds a button that asks for another take of the track.
    Both buttons arrive as an `Action`.
    """

    name: str
    colour: str
    instrument: str = ""
    program: int = 0
    is_drum: bool = False
    locked: bool | None = None
    reroll: bool = False


@dataclass(frozen=True)
class Slider:
    """A latent control. `help` says what it does, `also` what else it moves, in sentences.

    `value` lies in `minimum` to `maximum`; a double click returns to `default`. A slider
    with the name of a `track` stands under that track, where `short` is label enough; the
    others of one `group` stand under one heading.
    """

    id: str
    label: str
    value: float = 0.0
    help: str = ""
    also: str = ""
    minimum: float = -3.0
    maximum: float = 3.0
    default: float = 0.0
    step: float = 0.05
    group: str = ""
    track: str = ""
    short: str = ""


@dataclass(frozen=True)
class Grid:
    """Bars, beats and steps, and the pitch range shown: MIDI `pitch_min` and up."""

    bars: int = 4
    beats_per_bar: int = 4
    steps_per_beat: int = 4
    pitch_min: int = 24
    pitches: int = 72

    @property
    def steps(self) -> int:
        return self.bars * self.beats_per_bar * self.steps_per_beat


@dataclass(frozen=True)
class PlayerData:
    """Everything the component shows.

    notes       one `(n, 3)` integer array a track: onset step, end step (exclusive), MIDI
                pitch.
    tempo       quarter notes a minute.
    transpose   semitones between the notes and what is heard; only note names use it.
    sliders     the latent controls; none hides the panel.
    pad         ids of the two sliders on the axes of the XY pad at first.
    mix         mute, solo, volume and loop as the page stored them.
    live        the session's live connection; None goes without.
    sound       the stems of exactly these notes, or a function that renders them, called
                only if the browser asks (over HTTP, in a worker thread).
    sound_key   names everything but the notes that changes the sound: tempo, programs,
                transposition, soundfont. The same notes under the same key are not
                fetched again.
    base        opaque name of the state on which the sliders act (seed, locks, edits);
                live requests carry it and answers for another base are dropped.
    swap_steps  while the user drags, new sound comes in at the next multiple of so many
                steps (4 is a beat); `release_steps` holds for everything else, so that
                what was let go is heard at once and still in time.
    bars        for each bar whether it is locked; None where bars cannot be. Their buttons
                arrive as an `Action`.
    editable    whether notes can be drawn and erased; strokes go to `on_edit`.
    transport   whether tempo and key can be changed in the transport; `on_play` gets them.
    preview     the notes stand in for a phrase that cannot be made yet, because the generator
                is still loading: a player that shows the phrase already keeps it.
    """

    notes: tuple[npt.NDArray[np.integer[Any]], ...]
    tracks: tuple[PlayerTrack, ...]
    grid: Grid = field(default_factory=Grid)
    tempo: float = 120.0
    transpose: int = 0
    sliders: tuple[Slider, ...] = ()
    pad: tuple[str, str] | None = None
    mix: Mix = field(default_factory=Mix)
    live: LiveSession | None = None
    sound: Stems | Callable[[], Stems] | None = None
    sound_key: str = ""
    base: str = ""
    swap_steps: int = 4
    release_steps: int = 1
    bars: tuple[bool, ...] | None = None
    editable: bool = False
    transport: bool = False
    preview: bool = False


@dataclass(frozen=True)
class PlayerResult:
    """What the user last did.

    `values` are the sliders on show: those of the data, or, where no `on_commit` took them
    in, those of the last commit.
    """

    values: dict[str, float]
    mix: Mix
    commit: Commit | None


@lru_cache(maxsize=1)
def _renderer() -> Any:
    # Registered at first use: a registration at import would not reach the runtime.
    return st.components.v2.component(NAME, js=STUB, isolate_styles=False)


def session_name() -> str:
    """Tells the browser one Streamlit session from the next, after a restart say."""
    return str(st.session_state.setdefault(f"{NAME}.session", secrets.token_hex(8)))


def _payload(data: PlayerData, *, seen: Mapping[str, int]) -> dict[str, Any]:
    """The data as JSON values; `seen` has the number of the last event of each kind."""
    if len(data.notes) != len(data.tracks):
        raise SpecError(f"{len(data.notes)} note lists for {len(data.tracks)} tracks.")
    notes = notes_to_json(data.notes)
    return {
        "assets": asset_root(),
        "seen": dict(seen),
        "session": session_name(),
        "notes": notes,
        "tracks": [vars(track) for track in data.tracks],
        "grid": vars(data.grid),
        "tempo": data.tempo,
        "transpose": data.transpose,
        "sliders": [vars(slider) for slider in data.sliders],
        "pad": list(data.pad) if data.pad else None,
        "mix": msgspec.to_builtins(data.mix),
        "token": data.live.token if data.live else None,
        "sound": publish_sound(data.sound, notes=notes, sound_key=data.sound_key),
        "sound_key": data.sound_key or f"{data.tempo:g}",
        "base": data.base,
        "swap_steps": data.swap_steps,
        "release_steps": data.release_steps,
        "bars": None if data.bars is None else list(data.bars),
        "editable": data.editable,
        "transport": data.transport,
        "tempo_range": [TEMPO_MIN, TEMPO_MAX],
        "transpose_max": TRANSPOSE_MAX,
        "preview": data.preview,
    }


def _event(state: Any, name: str) -> Mapping[str, Any] | None:
    return read_event(state, name, session=session_name())


def _commit_of(key: str, data: PlayerData) -> Commit | None:
    event = _event(st.session_state.get(key), "commit")
    return None if event is None else Commit.from_json(event, limits=_limits(data))


def _seen(key: str) -> dict[str, int]:
    """The number of the last event of each kind that the browser waits to see answered."""
    state = st.session_state.get(key)
    return {name: event_number(_event(state, name)) for name in ("commit", "edit", "play")}


def _new_strokes(key: str, data: PlayerData) -> tuple[Stroke, ...]:
    """Strokes that were not there the last time: the browser tells all that it sees unanswered."""
    event = _event(st.session_state.get(key), "edit")
    if event is None:
        return ()
    name = f"{NAME}.strokes:{key}"
    known = int(st.session_state.get(name, 0))
    strokes = read_strokes(event, data.grid, len(data.tracks))
    st.session_state[name] = max(known, event_number(event))
    return tuple(stroke for stroke in strokes if stroke.number > known)


def _limits(data: PlayerData) -> dict[str, tuple[float, float]]:
    return {slider.id: (slider.minimum, slider.maximum) for slider in data.sliders}


def player(
    data: PlayerData,
    *,
    key: str,
    height: int = 420,
    on_commit: Callable[[Commit], None] | None = None,
    on_mix: Callable[[Mix], None] | None = None,
    on_action: Callable[[Action], None] | None = None,
    on_edit: Callable[[tuple[Stroke, ...]], None] | None = None,
    on_play: Callable[[Play], None] | None = None,
) -> PlayerResult:
    """Show the player and return what the user last did.

    `height` is that of the piano roll in pixels; the rest of the component takes what it
    needs. The callbacks run before the script, as those of Streamlit's widgets do, and get
    validated values: sliders that exist, within their range.
    """

    def committed() -> None:
        change = _commit_of(key, data)
        if change is not None and on_commit is not None:
            on_commit(change)

    def mixed() -> None:
        event = _event(st.session_state.get(key), "mix")
        if event is not None and on_mix is not None:
            on_mix(read_mix(event, [track.name for track in data.tracks]))

    def acted() -> None:
        event = _event(st.session_state.get(key), "action")
        if event is not None and on_action is not None:
            names = [track.name for track in data.tracks]
            on_action(Action.from_json(event, tracks=names, bars=data.grid.bars))

    def edited() -> None:
        strokes = _new_strokes(key, data)
        if strokes and on_edit is not None and data.editable:
            on_edit(strokes)

    def played() -> None:
        event = _event(st.session_state.get(key), "play")
        chosen = None if event is None else Play.from_json(event)
        if chosen is not None and on_play is not None and data.transport:
            on_play(chosen)

    last = _commit_of(key, data)
    payload = _payload(data, seen=_seen(key))
    result = _renderer()(
        key=key,
        data={**payload, "height": height},
        on_commit_change=committed,
        on_mix_change=mixed,
        on_action_change=acted,
        on_edit_change=edited,
        on_play_change=played,
        on_resume_change=lambda: None,  # The run of the script is all that it is for.
    )
    shown = {slider.id: slider.value for slider in data.sliders}
    if last is not None and on_commit is None:
        shown |= last.values
    mix = _event(result, "mix")
    names = [track.name for track in data.tracks]
    return PlayerResult(
        values=shown,
        mix=read_mix(mix, names) if mix else data.mix,
        commit=last,
    )
