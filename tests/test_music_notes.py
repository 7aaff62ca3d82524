"""Notes on the step grid."""

from __future__ import annotations

import numpy as np

from gan.music.notes import (
    as_notes,
    fold_pitches,
    monophonic,
    no_notes,
    transpose,
    windows,
    without_overlaps,
)


def test_notes_are_sorted_and_last_at_least_a_step() -> None:
    notes = as_notes([(4, 4, 60), (0, 2, 64), (0, 3, 60)])
    assert notes.tolist() == [[0, 3, 60], [0, 2, 64], [4, 5, 60]]
    assert notes.dtype == np.int32
    assert as_notes([]).shape == (0, 3)


def test_monophonic_cuts_at_the_next_onset_and_keeps_the_highest() -> None:
    notes = as_notes([(0, 8, 60), (2, 10, 55), (2, 3, 67), (12, 14, 60)])
    assert monophonic(notes).tolist() == [[0, 2, 60], [2, 3, 67], [12, 14, 60]]
    assert len(monophonic(no_notes())) == 0


def test_notes_of_one_pitch_do_not_overlap() -> None:
    notes = as_notes([(0, 8, 60), (0, 4, 60), (3, 6, 60), (3, 9, 64)])
    assert without_overlaps(notes).tolist() == [[0, 3, 60], [3, 6, 60], [3, 9, 64]]
    assert len(without_overlaps(no_notes())) == 0


def test_pitches_fold_by_octaves() -> None:
    pitches = np.array([23, 24, 95, 96, 0, 127], dtype=np.int32)
    folded = fold_pitches(pitches, pitch_min=24, pitches=72)
    assert folded.tolist() == [35, 24, 95, 84, 24, 91]
    assert ((pitches - folded) % 12 == 0).all()


def test_windows_leave_out_what_began_before_and_cut_what_goes_on() -> None:
    notes = as_notes([(0, 6, 60), (5, 40, 62), (30, 32, 64)])
    groups, cut = windows(notes, np.array([0, 4, 16]), length=16)
    assert groups.tolist() == [0, 0, 1, 2]
    assert cut.tolist() == [[0, 6, 60], [5, 16, 62], [1, 16, 62], [14, 16, 64]]


def test_windows_of_nothing() -> None:
    groups, cut = windows(no_notes(), np.array([0, 16]), length=16)
    assert groups.shape == (0,)
    assert cut.shape == (0, 3)


def test_transpose_leaves_its_argument() -> None:
    notes = as_notes([(0, 1, 60)])
    assert transpose(notes, -3).tolist() == [[0, 1, 57]]
    assert notes[0, 2] == 60


def test_notes_before_the_first_step_keep_their_lane() -> None:
    notes = as_notes([(-6, -4, 61), (-6, 90, 60), (95, 99, 60), (97, 99, 61)])
    assert without_overlaps(notes).tolist() == notes.tolist()
    assert monophonic(notes).tolist() == [[-6, -4, 61], [95, 97, 60], [97, 99, 61]]
