"""Pictures of rolls as Plotly figures. No Streamlit here.

All tracks share one heatmap. Its values are codes: 0 is an empty cell, track k is 2k + 1 where
a note is held and 2k + 2 where it starts, so that repeated notes can be told from long ones.
Where tracks meet in one cell the earlier one is drawn and the label names all of them.
`roll_codes` and `colour_scale` are public for a live view that redraws the same picture in place.

Conventions: rolls are uint8 0/1 `(track, step, pitch, channel)`; the x axis is in steps, cell
i from i to i + 1; the y axis is in MIDI pitches, centred, 60 is C4. Backgrounds are clear, so
that a figure takes the page's; `dark` chooses ink for a dark page. Show them in Streamlit with
`theme=None`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from gan.music.attributes import label_of
from gan.plot_style import TRACK_COLOURS, blend, ink, line, rectangle, style, track_colour
from gan.spec import ONSET, SOUNDING, RollSpec

POINTS = 500  # of a curve; more cannot be seen

__all__ = [
    "TRACK_COLOURS",
    "colour_scale",
    "curves_figure",
    "leakage_figure",
    "note_name",
    "roll_codes",
    "roll_figure",
    "shares_figure",
    "strip_figure",
    "track_colour",
]

_NOTE_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
_BLACK_KEYS = (1, 3, 6, 8, 10)


def note_name(pitch: int) -> str:
    """The name of a MIDI pitch: 60 is C4."""
    return f"{_NOTE_NAMES[pitch % 12]}{pitch // 12 - 1}"


def roll_codes(
    roll: NDArray[np.uint8], *, include: Sequence[bool] | None = None
) -> NDArray[np.uint8]:
    """The heatmap's values: uint8 `(pitch, step)`, 0 to 2 * tracks. See the module's head."""
    codes = np.zeros(roll.shape[2:0:-1], np.uint8)
    for track in reversed(range(len(roll))):
        if include is None or include[track]:
            sounding = roll[track, :, :, SOUNDING].T > 0
            onset = roll[track, :, :, ONSET].T > 0
            codes[sounding] = 2 * track + 1
            codes[onset] = 2 * track + 2
    return codes


def colour_scale(tracks: int, *, dark: bool = False) -> list[list[Any]]:
    """A Plotly colour scale with one flat band a code, for `zmin=-0.5`, `zmax=2*tracks+0.5`."""
    page = ink(dark).page
    colours = ["rgba(0, 0, 0, 0)"]
    for track in range(tracks):
        colours += [blend(track_colour(track), page, 0.55), track_colour(track)]
    edges = np.linspace(0, 1, len(colours) + 1)
    return [
        [float(edge), colour]
        for i, colour in enumerate(colours)
        for edge in (edges[i], edges[i + 1])
    ]


def roll_figure(
    roll: NDArray[np.uint8],
    spec: RollSpec,
    *,
    title: str | None = None,
    include: Sequence[bool] | None = None,
    dark: bool = False,
    transpose: int = 0,
    tempo: float = 120.0,
    full_range: bool = False,
    height: int = 420,
) -> go.Figure:
    """A piano roll with bars, beats, note names and hover labels.

    `include` leaves tracks out; `transpose` in semitones moves the picture to the key that is
    heard; `tempo` in quarter notes a minute is for the labels. The pitch axis fits the notes in
    steps of half an octave, so that it hardly moves between like phrases; `full_range` shows
    every pitch of the spec.
    """
    codes = roll_codes(roll, include=include)
    low, high = _pitch_range(codes, full_range=full_range)
    bottom = spec.pitch_min + transpose
    labels = _hover_labels(roll, spec, include=include, transpose=transpose, tempo=tempo)
    heatmap = go.Heatmap(
        z=codes[low:high], text=labels[low:high], x0=0.5, dx=1, y0=bottom + low, dy=1,
        zmin=-0.5, zmax=2 * len(roll) + 0.5, colorscale=colour_scale(len(roll), dark=dark),
        showscale=False, ygap=1, hoverinfo="text",
    )  # fmt: skip
    figure = go.Figure([heatmap, *_legend(spec, include)])
    style(figure, dark=dark, height=height, title=title)
    _axes(figure, spec, low=bottom + low, high=bottom + high)
    return figure.update_layout(shapes=_lines(spec, bottom + low, bottom + high, dark=dark))


def strip_figure(
    rolls: Sequence[NDArray[np.uint8]] | NDArray[np.uint8],
    spec: RollSpec,
    *,
    labels: Sequence[str] | None = None,
    selected: int | None = None,
    include: Sequence[bool] | None = None,
    dark: bool = False,
    height: int = 150,
) -> go.Figure:
    """Several rolls `(n, track, step, pitch, channel)` in a row, small, on one pitch scale.

    `labels` stand under the rolls (default 1 to n); `selected` frames one of them.
    """
    inks = ink(dark)
    gap = max(2, spec.steps // 16)
    width = spec.steps + gap
    count = len(rolls)
    row = np.zeros((spec.pitches, max(1, count * width - gap)), np.uint8)
    for i, roll in enumerate(rolls):
        row[:, i * width : i * width + spec.steps] = roll_codes(roll, include=include)
    low, high = _pitch_range(row, full_range=False)
    tracks = len(spec.tracks)
    figure = go.Figure(
        go.Heatmap(
            z=row[low:high], x0=0.5, dx=1, y0=spec.pitch_min + low, dy=1, zmin=-0.5,
            zmax=2 * tracks + 0.5, colorscale=colour_scale(tracks, dark=dark), showscale=False,
            hoverinfo="skip",
        )
    )  # fmt: skip
    style(figure, dark=dark, height=height, title=None)
    floor, ceiling = spec.pitch_min + low - 0.5, spec.pitch_min + high - 0.5
    frames = [
        rectangle(i * width, i * width + spec.steps, floor, ceiling, fill=inks.shade)
        | {
            "line": {
                "color": inks.text if i == selected else inks.octave,
                "width": 2 if i == selected else 1,
            }
        }
        for i in range(count)
    ]
    figure.update_layout(shapes=frames)
    figure.update_xaxes(
        tickvals=[i * width + spec.steps / 2 for i in range(count)],
        ticktext=list(labels) if labels is not None else [str(i + 1) for i in range(count)],
        range=[-gap / 2, row.shape[1] + gap / 2], fixedrange=True, showgrid=False,
        zeroline=False, ticks="",
    )  # fmt: skip
    figure.update_yaxes(
        visible=False, fixedrange=True, range=[floor - 0.5, ceiling + 0.5], showgrid=False
    )
    return figure.update_layout(margin={"l": 4, "r": 4, "t": 4, "b": 24})


def shares_figure(
    edges: Sequence[float] | NDArray[Any],
    shares: Mapping[str, Sequence[float] | NDArray[Any]],
    *,
    title: str | None = None,
    unit: str = "",
    dark: bool = False,
    height: int = 240,
) -> go.Figure:
    """Outlines of histograms that are counted already: each bin's share, 0 to 1, by name."""
    figure = go.Figure()
    for index, (name, share) in enumerate(shares.items()):
        figure.add_scatter(
            x=edges, y=np.append(100 * np.asarray(share), 0), name=name, mode="lines",
            fill="tozeroy",
            line={"shape": "hv", "width": 2, "color": track_colour(index)},
            fillcolor=blend(track_colour(index), None, 0.18),
            hovertemplate=f"{name}: %{{y:.1f}} %<extra></extra>",
        )  # fmt: skip
    style(figure, dark=dark, height=height, title=title)
    figure.update_xaxes(title=unit or None, showgrid=False, zeroline=False)
    figure.update_yaxes(
        ticksuffix=" %", gridcolor=ink(dark).beat, zeroline=False, rangemode="tozero"
    )
    return figure.update_layout(hovermode="x unified")


def curves_figure(
    curves: Mapping[str, Sequence[tuple[float, float]]],
    *,
    title: str | None = None,
    shares: bool = False,
    dark: bool = False,
    height: int = 230,
) -> go.Figure:
    """Lines of `(step, value)` by name; with `shares` values are 0 to 1, shown in per cent."""
    figure = go.Figure()
    scale = 100 if shares else 1
    for index, (name, points) in enumerate(curves.items()):
        kept = points[:: max(1, len(points) // POINTS)]
        figure.add_scatter(
            x=[step for step, _ in kept], y=[scale * value for _, value in kept], name=name,
            mode="lines+markers" if len(kept) < 24 else "lines", showlegend=len(curves) > 1,
            line={"width": 2, "color": track_colour(index)},
            hovertemplate=f"{name}: %{{y:.3g}}{' %' if shares else ''}<extra></extra>",
        )  # fmt: skip
    style(figure, dark=dark, height=height, title=title)
    figure.update_xaxes(title="step", showgrid=False, zeroline=False)
    figure.update_yaxes(
        ticksuffix=" %" if shares else "", gridcolor=ink(dark).beat, zeroline=False,
        rangemode="tozero" if shares else "normal",
    )  # fmt: skip
    return figure.update_layout(hovermode="x unified")


def leakage_figure(
    effects: Mapping[str, Mapping[str, float]], *, dark: bool = False, height: int = 520
) -> go.Figure:
    """What each slider (rows) moves (columns) at +1, in the measures' standard deviations.

    Both by measure. Columns begin with the sliders' own in the order of the rows, so that what a
    slider is for is the diagonal.
    """
    names = list(dict.fromkeys([*effects, *(name for row in effects.values() for name in row)]))
    values = [[row.get(name, np.nan) for name in names] for row in effects.values()]
    labels, inks = [label_of(name) for name in names], ink(dark)
    told = [
        [f"{label} moves {labels[k]} by {value:.2f} σ" for k, value in enumerate(row)]
        for label, row in zip(labels, values, strict=False)  # rows are the first of the columns
    ]
    figure = go.Figure(
        go.Heatmap(
            z=values, text=told, zmin=-1, zmax=1,
            colorscale=[[0, "#b2182b"], [0.5, inks.page], [1, "#2166ac"]], xgap=1, ygap=1,
            colorbar={"title": "σ", "thickness": 12},
            hovertemplate="%{text}<extra></extra>",
        )
    )  # fmt: skip
    style(figure, dark=dark, height=height, title=None)
    axis = {"showgrid": False, "ticks": "", "tickfont": {"size": 10}, "automargin": True}
    figure.update_xaxes(tickvals=list(range(len(names))), ticktext=labels, tickangle=-60, **axis)
    rows = len(effects)
    figure.update_yaxes(
        tickvals=list(range(rows)), ticktext=labels[:rows], autorange="reversed", **axis
    )
    return figure.update_layout(margin={"l": 8, "r": 8, "t": 8, "b": 8})


def _pitch_range(codes: NDArray[np.uint8], *, full_range: bool) -> tuple[int, int]:
    """First and last row (exclusive) to show, in steps of six, at least two octaves."""
    pitches = len(codes)
    used = np.flatnonzero(codes.any(axis=1))
    if full_range or pitches <= 24:
        return 0, pitches
    if not used.size:
        middle = pitches // 2
        return max(0, middle - 12), min(pitches, middle + 12)
    low = max(0, (int(used[0]) - 2) // 6 * 6)
    high = min(pitches, -(-(int(used[-1]) + 3) // 6) * 6)
    missing = max(0, 24 - (high - low))
    low = max(0, low - missing // 2)
    return low, min(pitches, max(high, low + 24))


def _hover_labels(
    roll: NDArray[np.uint8],
    spec: RollSpec,
    *,
    include: Sequence[bool] | None,
    transpose: int,
    tempo: float,
) -> list[list[str]]:
    """`(pitch, step)` labels such as "E4 · MELODY · bar 2 beat 3 · 2.5 s"; empty without a note."""
    labels = [[""] * spec.steps for _ in range(spec.pitches)]
    shown = [t for t in range(len(roll)) if include is None or include[t]]
    sounding = roll[shown, :, :, SOUNDING] > 0
    for step, pitch in zip(*np.nonzero(sounding.any(axis=0)), strict=True):
        names = [
            spec.tracks[t].name for t, on in zip(shown, sounding[:, step, pitch], strict=True) if on
        ]
        bar, within = divmod(int(step), spec.steps_per_bar)
        beat = 1 + within / spec.steps_per_beat
        seconds = step / spec.steps_per_beat * 60 / tempo
        labels[pitch][step] = (
            f"{note_name(int(pitch) + spec.pitch_min + transpose)} · {' + '.join(names)} · "
            f"bar {bar + 1} beat {beat:g} · {seconds:.4g} s"
        )
    return labels


def _legend(spec: RollSpec, include: Sequence[bool] | None) -> list[go.Scatter]:
    """Traces without points: a heatmap has no legend of its own."""
    return [
        go.Scatter(
            x=[None], y=[None], mode="markers", name=track.name,
            marker={"symbol": "square", "size": 11, "color": track_colour(index)},
        )
        for index, track in enumerate(spec.tracks)
        if include is None or include[index]
    ]  # fmt: skip


def _axes(figure: go.Figure, spec: RollSpec, *, low: int, high: int) -> None:
    """Bars under the picture, octaves beside it; pitches `low` to `high` (exclusive)."""
    octaves = [pitch for pitch in range(low, high) if pitch % 12 == 0]
    plain = {"tickmode": "array", "ticks": "", "title": None, "showgrid": False, "zeroline": False}
    figure.update_xaxes(
        **plain, range=[0, spec.steps], minallowed=0, maxallowed=spec.steps,
        tickvals=[i * spec.steps_per_bar for i in range(spec.bars)],
        ticktext=[f"bar {i + 1}" for i in range(spec.bars)], ticklabelposition="outside right",
    )  # fmt: skip
    figure.update_yaxes(
        **plain, range=[low - 0.5, high - 0.5], minallowed=low - 0.5, maxallowed=high - 0.5,
        tickvals=octaves, ticktext=[note_name(pitch) for pitch in octaves],
    )  # fmt: skip


def _lines(spec: RollSpec, low: int, high: int, *, dark: bool) -> list[dict[str, Any]]:
    """Shapes under the notes: black-key rows, octave lines, beat lines, strong bar lines."""
    inks = ink(dark)
    shapes = []
    for pitch in range(low, high):
        if pitch % 12 in _BLACK_KEYS:
            shapes.append(rectangle(0, spec.steps, pitch - 0.5, pitch + 0.5, fill=inks.shade))
        elif pitch % 12 == 0 and pitch > low:
            shapes.append(
                line((0, spec.steps), (pitch - 0.5, pitch - 0.5), colour=inks.octave, width=1)
            )
    for beat in range(spec.bars * spec.beats_per_bar + 1):
        x, strong = beat * spec.steps_per_beat, beat % spec.beats_per_bar == 0
        colour, width = (inks.bar, 1.5) if strong else (inks.beat, 1)
        shapes.append(line((x, x), (low - 0.5, high - 0.5), colour=colour, width=width))
    return shapes
