"""Figures, checked through the values that the browser draws."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gan.plots import (
    TRACK_COLOURS,
    colour_scale,
    note_name,
    roll_codes,
    roll_figure,
    strip_figure,
    track_colour,
)
from gan.spec import ONSET, SOUNDING, RollSpec, Track

SPEC = RollSpec((Track("LEAD", monophonic=True), Track("KEYS")), bars=2)


def roll_of(*notes: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """A roll from `(track, onset step, end step, MIDI pitch)`."""
    roll = np.zeros(SPEC.shape, np.uint8)
    for track, start, end, pitch in notes:
        roll[track, start:end, pitch - SPEC.pitch_min, SOUNDING] = 1
        roll[track, start, pitch - SPEC.pitch_min, ONSET] = 1
    return roll


def test_codes_tell_tracks_onsets_and_repeated_notes() -> None:
    # LEAD: E4 twice, two steps each; KEYS: E4 held under it from step 1 to 6.
    roll = roll_of((0, 0, 2, 64), (0, 2, 4, 64), (1, 1, 6, 64))
    row = roll_codes(roll)[64 - SPEC.pitch_min]
    assert row[:7].tolist() == [2, 1, 2, 1, 3, 3, 0]
    assert roll_codes(roll, include=[False, True])[40, :7].tolist() == [0, 4, 3, 3, 3, 3, 0]
    assert roll_codes(roll).dtype == np.uint8
    assert roll_codes(roll).shape == (SPEC.pitches, SPEC.steps)


def test_each_code_has_a_colour_of_its_own() -> None:
    scale = colour_scale(2)
    bands = [scale[i][1] for i in range(0, len(scale), 2)]
    assert bands[0] == "rgba(0, 0, 0, 0)"
    assert bands[2] == TRACK_COLOURS[0] and bands[4] == TRACK_COLOURS[1]
    assert len(set(bands)) == 5
    edges = [edge for edge, _ in scale]
    assert edges == sorted(edges) and edges[0] == 0 and edges[-1] == 1
    # Code c lies in the middle of band c for the range that the figures use.
    for code in range(5):
        place = (code + 0.5) / 5
        assert scale[2 * code][0] < place < scale[2 * code + 1][0]


def test_colours_begin_again_after_the_last() -> None:
    assert len(set(TRACK_COLOURS)) == len(TRACK_COLOURS) >= 5
    assert track_colour(len(TRACK_COLOURS) + 1) == TRACK_COLOURS[1]


def test_note_names() -> None:
    assert [note_name(pitch) for pitch in (24, 60, 61, 69, 95)] == ["C1", "C4", "C♯4", "A4", "B6"]


def test_labels_name_note_track_place_and_time() -> None:
    roll = roll_of((0, 24, 26, 64), (1, 25, 26, 64), (1, 3, 4, 67))
    figure = roll_figure(roll, SPEC, tempo=90, transpose=1)
    heatmap = figure.data[0]
    rows = {
        heatmap.y0 + i: row for i, row in enumerate(heatmap.text) if any(label for label in row)
    }
    # Step 24 is the third beat of the second bar; 6 beats at 90 are 4 s.
    assert rows[65][24] == "F4 · LEAD · bar 2 beat 3 · 4 s"
    assert rows[65][25] == "F4 · LEAD + KEYS · bar 2 beat 3.25 · 4.167 s"
    assert rows[68][3] == "A♭4 · KEYS · bar 1 beat 1.75 · 0.5 s"
    assert sum(bool(label) for row in heatmap.text for label in row) == 3


def test_the_view_fits_the_notes_and_hardly_moves() -> None:
    def view(figure: object) -> tuple[float, float]:
        return tuple(figure.layout.yaxis.range)  # type: ignore[attr-defined]

    near = view(roll_figure(roll_of((0, 0, 1, 60), (0, 2, 3, 72)), SPEC))
    same = view(roll_figure(roll_of((0, 0, 1, 61), (0, 2, 3, 71)), SPEC))
    assert near == same
    assert near[0] < 60 - 1 and near[1] > 72 + 1 and near[1] - near[0] >= 24
    everything = view(roll_figure(roll_of((0, 0, 1, 60)), SPEC, full_range=True))
    assert everything == (23.5, 95.5)
    edges = view(roll_figure(roll_of((0, 0, 1, 24), (0, 1, 2, 95)), SPEC))
    assert edges == everything
    up = view(roll_figure(roll_of((0, 0, 1, 60), (0, 2, 3, 72)), SPEC, transpose=3))
    assert up == (near[0] + 3, near[1] + 3)


@pytest.mark.parametrize("dark", [False, True])
def test_an_empty_roll_is_an_empty_picture(dark: bool) -> None:
    figure = roll_figure(np.zeros(SPEC.shape, np.uint8), SPEC, dark=dark, title="Nothing")
    assert not np.asarray(figure.data[0].z).any()
    assert figure.layout.title.text == "Nothing" and figure.layout.uirevision


def test_the_legend_shows_the_tracks_that_are_included() -> None:
    figure = roll_figure(roll_of((0, 0, 1, 60)), SPEC, include=[False, True])
    assert [trace.name for trace in figure.data[1:]] == ["KEYS"]
    assert not np.asarray(figure.data[0].z).any()


def test_bar_lines_are_stronger_than_beat_lines() -> None:
    figure = roll_figure(roll_of((0, 0, 1, 60)), SPEC)
    uprights = {
        s.x0: s.line.width for s in figure.layout.shapes if s.type == "line" and s.x0 == s.x1
    }
    assert sorted(uprights) == list(range(0, SPEC.steps + 1, 4))
    assert uprights[16] > uprights[12]


def test_a_strip_keeps_its_rolls_apart() -> None:
    rolls = np.stack([roll_of((0, i, i + 1, 60 + i)) for i in range(3)])
    figure = strip_figure(rolls, SPEC, labels=["a", "b", "c"], selected=1)
    values = np.asarray(figure.data[0].z)
    width = SPEC.steps + 2
    bottom = figure.data[0].y0
    assert [tuple(place) for place in np.argwhere(values)] == [
        (60 + i - bottom, i * width + i) for i in range(3)
    ]
    assert list(figure.layout.xaxis.ticktext) == ["a", "b", "c"]
    widths = [shape.line.width for shape in figure.layout.shapes]
    assert widths[1] > widths[0] == widths[2]


def test_a_strip_of_nothing() -> None:
    figure = strip_figure(np.zeros((0, *SPEC.shape), np.uint8), SPEC)
    assert not figure.layout.shapes


def test_what_a_slider_is_for_is_the_diagonal_of_the_leakage() -> None:
    from gan.plots import leakage_figure

    # As stored: measures in another order than the sliders, and one that is no slider.
    effects = {
        "PIANO.notes": {"in_scale": 0.1, "PIANO.register": 0.2, "PIANO.notes": 1.0},
        "PIANO.register": {"in_scale": 0.3, "PIANO.register": 0.9, "PIANO.notes": -0.2},
    }
    figure = leakage_figure(effects)
    heat = figure.data[0]
    assert [list(row) for row in heat.z] == [[1.0, 0.2, 0.1], [-0.2, 0.9, 0.3]]
    assert list(figure.layout.xaxis.ticktext) == ["Piano: density", "Piano: height", "In the scale"]
    assert list(figure.layout.yaxis.ticktext) == ["Piano: density", "Piano: height"]
    assert heat.text[1][0] == "Piano: height moves Piano: density by -0.20 σ"
    assert len(leakage_figure({}).data) == 1
