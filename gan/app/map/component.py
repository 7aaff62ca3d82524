"""The map in the browser: points that are seen and heard under the pointer.

    space_map(MapData(...), key="map", on_pick=..., on_path=...)

The phrases themselves come over HTTP, once (`gan.app.map.pack`); what changes with each run of
the page is small. The front end is in `assets/map`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from gan.app.player.component import session_name
from gan.app.player.events import finite, read_event
from gan.app.player.routes import asset_root
from gan.music.attributes import definition_of, label_of
from gan.music.performance import Performance
from gan.phrase import SEED_MAX
from gan.plots import TRACK_COLOURS
from gan.space.space import Space

NAME = "gan.map"
POINTS_MAX = 500  # of a line that is drawn

# Streamlit sends inline JavaScript again with every update, so only this line is inline.
STUB = """
export default async function (component) {
  const url = new URL(component.data.assets + "map.js", window.location.origin);
  const module = await import(url.href);
  return module.mount(component);
}
"""

Line = NDArray[np.float64]


@dataclass(frozen=True)
class Mark:
    """A phrase of the user on the map: where it lies, from -1 to 1, and its name."""

    x: float
    y: float
    label: str
    kind: Literal["present", "favourite"] = "favourite"


@dataclass(frozen=True)
class MapData:
    """What the map shows.

    url       where the space's bytes are, of `publish_space`.
    names     what its families are called.
    shown     seeds that are pointed out: neighbours, rare phrases.
    path      seeds that are joined by a line, in their order.
    """

    space: Space
    url: str
    names: tuple[str, ...]
    performance: Performance
    marks: tuple[Mark, ...] = ()
    shown: tuple[int, ...] = ()
    path: tuple[int, ...] = ()


@lru_cache(maxsize=1)
def _renderer() -> Any:
    # Registered at first use: a registration at import would not reach the runtime.
    return st.components.v2.component(NAME, js=STUB, isolate_styles=False)


def payload(data: MapData, *, session: str) -> dict[str, Any]:
    """The data as JSON values."""
    space, spec = data.space, data.space.spec
    colours = [TRACK_COLOURS[k % len(TRACK_COLOURS)] for k in range(256)]
    scale = space.scale
    return {
        "assets": asset_root("map"),
        "session": session,
        "url": data.url,
        "tracks": [
            {"name": track.name, "colour": colours[k], "is_drum": track.is_drum}
            for k, track in enumerate(spec.tracks)
        ],
        "steps": spec.steps,
        "steps_per_bar": spec.steps_per_bar,
        "step_seconds": 60.0 / data.performance.tempo / spec.steps_per_beat,
        "pitch_min": spec.pitch_min,
        "pitches": spec.pitches,
        "transpose": data.performance.transpose,
        "measures": [
            {
                "label": label_of(name),
                "help": definition_of(name),
                "low": float(low),
                "high": float(high),
            }
            for name, low, high in zip(scale.names, scale.low, scale.high, strict=True)
        ],
        "families": [{"name": name, "colour": colours[k]} for k, name in enumerate(data.names)],
        "marks": [vars(mark) for mark in data.marks],
        "shown": list(data.shown),
        "path": list(data.path),
    }


def read_seed(event: Mapping[str, Any] | None) -> int | None:
    """The seed of an event; None where it has none."""
    number = finite(event.get("seed")) if event else None
    return int(number) if number is not None and 0 <= number <= SEED_MAX else None


def read_line(event: Mapping[str, Any] | None) -> Line | None:
    """The line of an event, float64 `(n, 2)` from -1 to 1; None where it is none."""
    given = event.get("points") if event else None
    if not isinstance(given, list) or not 2 <= len(given) <= POINTS_MAX:
        return None
    rows = [
        [finite(value) for value in point] if isinstance(point, list) else [] for point in given
    ]
    if any(len(row) != 2 or None in row for row in rows):
        return None
    return np.clip(np.array(rows, np.float64), -1.0, 1.0)


def space_map(
    data: MapData,
    *,
    key: str,
    on_pick: Callable[[int], None],
    on_path: Callable[[Line], None],
) -> None:
    """Show the map. `on_pick` is told the seed that was chosen, `on_path` the line drawn."""

    def told(name: str) -> Mapping[str, Any] | None:
        return read_event(st.session_state.get(key), name, session=session_name())

    def picked() -> None:
        seed = read_seed(told("pick"))
        if seed is not None and data.space.index_of(seed) is not None:
            on_pick(seed)

    def drawn() -> None:
        line = read_line(told("path"))
        if line is not None:
            on_path(line)

    _renderer()(
        key=key,
        data=payload(data, session=session_name()),
        on_pick_change=picked,
        on_path_change=drawn,
    )
