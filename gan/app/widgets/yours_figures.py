"""Pictures of a user's own music: the whole piece, and it beside what the generator makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from gan.plot_style import blend, ink, line, rectangle, style, track_colour
from gan.plots import colour_scale, note_name, roll_codes
from gan.spec import ONSET, SOUNDING, RollSpec

COLUMNS_MAX = 1600  # of the picture of a whole piece
YOURS, THEIRS = "#c23b3b", "#b8941f"
"""Notes that only the user has, and those that only the generator has; no track's colour."""


@dataclass(frozen=True, eq=False)
class Overview:
    """A whole piece: `roll` from its first bar line on, and those lines in its steps.

    `starts` are the bars at which a phrase of `bars` bars can begin, `inside` tells which bars
    can be part of one.
    """

    roll: NDArray[np.uint8]
    spec: RollSpec
    lines: NDArray[np.int64]
    starts: Sequence[int]
    inside: NDArray[np.bool_]
    bars: int


def overview_figure(
    piece: Overview, chosen: int, *, dark: bool = False, height: int = 190
) -> go.Figure:
    """The whole piece with its bars, of which those of one phrase are framed.

    A bar of the figure lies over each bar at which a phrase can begin, unseen: it is what is
    clicked or drawn over, and its custom data is the bar's number from 0.
    """
    inks = ink(dark)
    low, high = _heights(piece.roll)
    codes = _squeezed(roll_codes(piece.roll))
    width = piece.roll.shape[1] / codes.shape[1]
    figure = go.Figure(
        go.Heatmap(
            z=codes[low:high], x0=width / 2, dx=width, y0=low, dy=1, zmin=-0.5,
            zmax=2 * len(piece.roll) + 0.5, colorscale=colour_scale(len(piece.roll), dark=dark),
            showscale=False, hoverinfo="skip",
        )
    )  # fmt: skip
    starts = np.asarray(piece.starts, np.int64)
    lengths = np.diff(piece.lines)
    figure.add_bar(
        x=piece.lines[starts] + lengths[starts] / 2, y=np.full(len(starts), high - low),
        base=low - 0.5, width=lengths[starts], customdata=starts,
        marker={"color": "rgba(127, 127, 127, 0.001)", "line": {"width": 0}},
        selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 1}},
        hovertemplate="from bar %{text}<extra></extra>", text=[str(k + 1) for k in starts],
        textposition="none",
    )  # fmt: skip
    style(figure, dark=dark, height=height, title=None)
    first, last = piece.lines[chosen], piece.lines[chosen + piece.bars]
    frame = rectangle(first, last, low - 0.5, high - 0.5, fill=blend("#178f8b", None, 0.22))
    shapes = [frame | {"line": {"color": "#178f8b", "width": 2}}]
    shapes += [
        rectangle(piece.lines[k], piece.lines[k + 1], low - 0.5, high - 0.5, fill=inks.octave)
        for k in np.flatnonzero(~piece.inside)
    ]
    every = _every(len(lengths))
    shapes += [
        line((at, at), (low - 0.5, high - 0.5), colour=inks.beat, width=1)
        for at in piece.lines[::every]
    ]
    figure.update_layout(
        shapes=shapes, margin={"l": 4, "r": 4, "t": 4, "b": 24}, dragmode="select", bargap=0,
        clickmode="event+select", selectdirection="h", showlegend=False,
        newselection={"line": {"color": "#178f8b"}},
    )  # fmt: skip
    figure.update_xaxes(
        range=[piece.lines[0], piece.lines[-1]], fixedrange=True, showgrid=False, zeroline=False,
        ticks="", tickvals=piece.lines[:-1:every],
        ticktext=[str(k + 1) for k in range(0, len(lengths), every)],
        ticklabelposition="outside right", tickangle=0,
    )  # fmt: skip
    figure.update_yaxes(visible=False, fixedrange=True, range=[low - 0.5, high - 0.5])
    return figure


def comparison_figure(
    mine: NDArray[np.uint8],
    theirs: NDArray[np.uint8],
    spec: RollSpec,
    *,
    transpose: int = 0,
    dark: bool = False,
    height: int = 430,
) -> go.Figure:
    """The user's phrase above what comes back of it, both `(track, step, pitch, 2)`.

    Cells that are the same have their track's colour, paler; others stand out, in a colour for
    each side. `transpose` takes pitches to what is heard.
    """
    inks = ink(dark)
    low, high = _heights(np.maximum(mine, theirs))
    tracks = len(spec.tracks)
    scale = _scale(tracks, dark=dark)
    figure = go.Figure()
    bottom = spec.pitch_min + transpose
    sides = ((mine, theirs, 2 * tracks + 1, "y"), (theirs, mine, 2 * tracks + 3, "y2"))
    for here, there, code, axis in sides:
        figure.add_heatmap(
            z=_codes(here, there, code)[low:high], x0=0.5, dx=1, y0=bottom + low, dy=1,
            zmin=-0.5, zmax=2 * tracks + 4.5, colorscale=scale, showscale=False, ygap=1,
            hoverinfo="skip", yaxis=axis,
        )  # fmt: skip
    names = [(track.name, track_colour(k)) for k, track in enumerate(spec.tracks)]
    for name, colour in [*names, ("only yours", YOURS), ("only the generator's", THEIRS)]:
        figure.add_scatter(
            x=[None], y=[None], mode="markers", name=name,
            marker={"symbol": "square", "size": 11, "color": colour},
        )  # fmt: skip
    style(figure, dark=dark, height=height, title=None)
    shapes = []
    for beat in range(spec.bars * spec.beats_per_bar + 1):
        x, strong = beat * spec.steps_per_beat, beat % spec.beats_per_bar == 0
        stroke = line((x, x), (0, 1), colour=inks.bar if strong else inks.beat, width=1)
        shapes += [stroke | {"yref": f"{name} domain"} for name in ("y", "y2")]
    figure.update_layout(shapes=shapes, margin={"l": 38, "r": 8, "t": 34, "b": 24})
    figure.update_xaxes(
        range=[0, spec.steps], fixedrange=True, showgrid=False, zeroline=False, ticks="",
        tickvals=[k * spec.steps_per_bar for k in range(spec.bars)],
        ticktext=[f"bar {k + 1}" for k in range(spec.bars)], ticklabelposition="outside right",
        anchor="y2",
    )  # fmt: skip
    octaves = [pitch for pitch in range(bottom + low, bottom + high) if pitch % 12 == 0]
    heights = {
        "range": [bottom + low - 0.5, bottom + high - 0.5], "fixedrange": True,
        "showgrid": False, "zeroline": False, "ticks": "", "tickvals": octaves,
        "ticktext": [note_name(pitch) for pitch in octaves],
    }  # fmt: skip
    return figure.update_layout(
        yaxis=heights | {"domain": [0.52, 1.0]}, yaxis2=heights | {"domain": [0.0, 0.48]}
    )


def _codes(here: NDArray[np.uint8], there: NDArray[np.uint8], other: int) -> NDArray[np.uint8]:
    """`roll_codes` of `here`, with `other` (a note held) and `other + 1` where it differs."""
    codes = roll_codes(here)
    differs = (here != there).any(axis=3)
    for track in range(len(here)):
        sounding = here[track, :, :, SOUNDING].T > 0
        apart = differs[track].T & sounding
        codes[apart] = other
        codes[apart & (here[track, :, :, ONSET].T > 0)] = other + 1
    return codes


def _scale(tracks: int, *, dark: bool) -> list[list[object]]:
    """A colour scale for `_codes`, with `zmin=-0.5`, `zmax=2 * tracks + 4.5`."""
    page = ink(dark).page
    colours = ["rgba(0, 0, 0, 0)"]
    for track in range(tracks):
        colours += [blend(track_colour(track), page, 0.3), blend(track_colour(track), page, 0.55)]
    for colour in (YOURS, THEIRS):
        colours += [blend(colour, page, 0.7), colour]
    edges = np.linspace(0, 1, len(colours) + 1)
    return [
        [float(edge), colour]
        for i, colour in enumerate(colours)
        for edge in (edges[i], edges[i + 1])
    ]


def _heights(roll: NDArray[np.uint8]) -> tuple[int, int]:
    """First and last row (exclusive) that have notes, with two to spare, an octave at least."""
    used = np.flatnonzero(roll[..., SOUNDING].any(axis=(0, 1)))
    if not used.size:
        return 0, roll.shape[2]
    low, high = max(0, int(used[0]) - 2), min(roll.shape[2], int(used[-1]) + 3)
    return low, max(high, min(low + 12, roll.shape[2]))


def _squeezed(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Columns `(pitch, step)` taken together until there are `COLUMNS_MAX` at most."""
    together = -(-codes.shape[1] // COLUMNS_MAX)
    missing = -codes.shape[1] % together
    padded = np.pad(codes, ((0, 0), (0, missing)))
    return np.asarray(padded.reshape(len(codes), -1, together).max(axis=2))


def _every(bars: int) -> int:
    """Of how many bars one is numbered."""
    return next(every for every in (1, 2, 4, 8, 16, 32, 64, 128, 256) if bars <= 24 * every)
