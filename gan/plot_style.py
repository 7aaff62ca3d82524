"""What all figures share: colours, ink for light and dark pages, one layout.

Backgrounds are clear, so that a figure takes the colour of the page it stands on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

# Of middle lightness, for light and dark pages; the first ones differ in lightness and in the
# blue-yellow direction, so that they stay apart for colour-blind eyes (after Okabe and Ito).
TRACK_COLOURS = (
    "#3d8bd4", "#e0782f", "#2fa37c", "#c765a6", "#b8941f", "#7f77d6", "#d05a5a", "#5a9bb0",
)  # fmt: skip

_FONT = "Source Sans, Source Sans Pro, -apple-system, Segoe UI, sans-serif"


@dataclass(frozen=True)
class Ink:
    """Colours that are not a track's. `page` is what the figure is expected to stand on."""

    page: str
    text: str
    bar: str
    beat: str
    octave: str
    shade: str


_LIGHT = Ink("#fbfaf8", "#3c4048", "#b9b3aa", "#e6e1da", "#d6d0c7", "rgba(60, 50, 40, 0.045)")
_DARK = Ink("#14161a", "#b9bcc3", "#565c68", "#262a31", "#363b45", "rgba(255, 255, 255, 0.035)")


def ink(dark: bool) -> Ink:
    return _DARK if dark else _LIGHT


def track_colour(index: int) -> str:
    """The colour of track `index`; after the last one they begin again."""
    return TRACK_COLOURS[index % len(TRACK_COLOURS)]


def blend(colour: str, page: str | None, weight: float) -> str:
    """`colour` with this weight over `page`, or as a see-through colour over none."""
    red, green, blue = _parts(colour)
    if page is None:
        return f"rgba({red}, {green}, {blue}, {weight})"
    mixed = (
        round(weight * over + (1 - weight) * under)
        for over, under in zip((red, green, blue), _parts(page), strict=True)
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)


def style(figure: go.Figure, *, dark: bool, height: int, title: str | None) -> None:
    """The layout that all figures share."""
    own, other = ink(dark), ink(not dark)
    figure.update_layout(
        template="none", height=height, uirevision="keep",
        paper_bgcolor="rgba(0, 0, 0, 0)", plot_bgcolor="rgba(0, 0, 0, 0)",
        font={"family": _FONT, "size": 13, "color": own.text},
        title={"text": title, "x": 0, "xanchor": "left", "font": {"size": 16}} if title else None,
        margin={"l": 38, "r": 8, "t": 64 if title else 34, "b": 34},
        legend={
            "orientation": "h", "x": 1, "xanchor": "right", "y": 1.0, "yanchor": "bottom",
            "itemclick": False, "itemdoubleclick": False, "bgcolor": "rgba(0, 0, 0, 0)",
        },
        hoverlabel={"bgcolor": other.page, "bordercolor": own.bar, "font": {"color": other.text}},
        modebar={"bgcolor": "rgba(0, 0, 0, 0)", "color": own.bar, "activecolor": own.text},
    )  # fmt: skip


def rectangle(x0: float, x1: float, y0: float, y1: float, *, fill: str) -> dict[str, Any]:
    """A shape under the traces, without an outline."""
    return {
        "type": "rect", "x0": x0, "x1": x1, "y0": y0, "y1": y1,
        "fillcolor": fill, "line": {"width": 0}, "layer": "below",
    }  # fmt: skip


def line(
    x: tuple[float, float], y: tuple[float, float], *, colour: str, width: float
) -> dict[str, Any]:
    """A straight line under the traces."""
    return {
        "type": "line", "x0": x[0], "x1": x[1], "y0": y[0], "y1": y[1],
        "line": {"color": colour, "width": width}, "layer": "below",
    }  # fmt: skip


def _parts(colour: str) -> tuple[int, ...]:
    """Red, green and blue of "#rrggbb", 0 to 255."""
    return tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5))
