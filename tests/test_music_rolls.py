"""Rolls: round trip, decisions from probabilities, packing."""

from __future__ import annotations

import compose
import numpy as np
import pytest
from compose import SPEC

from gan.errors import SpecError
from gan.music.notes import as_notes, no_notes
from gan.music.rolls import (
    binarise,
    is_valid,
    notes_from_roll,
    pack,
    packed_size,
    roll_from_notes,
    transpose_roll,
    unpack,
)
from gan.spec import ONSET, SOUNDING, RollSpec, Track

TINY = RollSpec(
    tracks=(Track("LEAD", monophonic=True), Track("KEYS"), Track("KIT", is_drum=True)),
    bars=1,
    beats_per_bar=1,
    steps_per_beat=6,
    pitch_min=60,
    pitches=3,
)


def empty(spec: RollSpec = SPEC) -> list[np.ndarray]:
    return [no_notes() for _ in spec.tracks]


@pytest.mark.parametrize("seed", range(20))
def test_notes_to_roll_and_back(seed: int) -> None:
    notes = compose.phrase_notes(seed)
    roll = roll_from_notes(notes, SPEC)
    assert is_valid(roll, SPEC)
    again = notes_from_roll(roll, SPEC)
    assert [found.tolist() for found in again] == [given.tolist() for given in notes]


def test_a_note_sounds_to_its_end_and_begins_once() -> None:
    roll = roll_from_notes([no_notes(), as_notes([(3, 6, 60), (6, 7, 60)]), no_notes()], SPEC)
    assert np.flatnonzero(roll[1, :, 36, SOUNDING]).tolist() == [3, 4, 5, 6]
    assert np.flatnonzero(roll[1, :, 36, ONSET]).tolist() == [3, 6]
    assert roll.sum() == 6


def test_repeated_and_held_notes_differ() -> None:
    held = roll_from_notes([as_notes([(0, 4, 60)]), *empty()[1:]], SPEC)
    repeated = roll_from_notes([as_notes([(0, 2, 60), (2, 4, 60)]), *empty()[1:]], SPEC)
    assert np.array_equal(held[..., SOUNDING], repeated[..., SOUNDING])
    assert not np.array_equal(held, repeated)


def test_monophonic_tracks_are_cut_and_polyphonic_ones_not() -> None:
    rows = as_notes([(0, 8, 60), (4, 6, 67), (4, 9, 64)])
    lead, keys, _ = notes_from_roll(roll_from_notes([rows, rows, no_notes()], SPEC), SPEC)
    assert lead.tolist() == [[0, 4, 60], [4, 6, 67]]
    assert keys.tolist() == rows.tolist()


def test_out_of_range_and_out_of_time() -> None:
    rows = as_notes([(-2, 3, 60), (63, 70, 100), (64, 65, 60), (8, 9, 20)])
    roll = roll_from_notes([rows, *empty()[1:]], SPEC)
    assert notes_from_roll(roll, SPEC)[0].tolist() == [[8, 9, 32], [63, 64, 88]]


def test_a_range_below_an_octave_drops_what_does_not_fit() -> None:
    rows = as_notes([(0, 1, 61), (1, 2, 66), (2, 3, 74)])
    roll = roll_from_notes([rows, no_notes(), no_notes()], TINY)
    assert notes_from_roll(roll, TINY)[0].tolist() == [[0, 1, 61], [2, 3, 62]]


def test_drums_have_onsets_only() -> None:
    roll = roll_from_notes([*empty()[:2], as_notes([(0, 9, 36)])], SPEC)
    assert notes_from_roll(roll, SPEC)[2].tolist() == [[0, 1, 36]]


def test_the_number_of_tracks_must_fit() -> None:
    with pytest.raises(SpecError, match="2 tracks"):
        roll_from_notes(empty()[:2], SPEC)


def test_nothing_is_an_empty_roll() -> None:
    roll = roll_from_notes(empty(), SPEC)
    assert roll.shape == SPEC.shape
    assert roll.sum() == 0
    assert is_valid(roll, SPEC)


def probabilities(track: int, *, sounding: list[list[float]], onset: list[list[float]]):
    """Probabilities of `TINY` with one track filled; rows are steps, columns pitches."""
    values = np.zeros((1, *TINY.shape), dtype=np.float32)
    values[0, track, : len(sounding), :, SOUNDING] = sounding
    values[0, track, : len(onset), :, ONSET] = onset
    return values


def test_a_cell_sounds_only_after_its_onset() -> None:
    roll = binarise(
        probabilities(
            1,
            sounding=[[0.9, 0.9, 0], [0.9, 0.9, 0], [0.9, 0.4, 0], [0.9, 0.9, 0.2], [0.4, 0, 0]],
            onset=[[0, 0.6, 0], [0.6, 0, 0], [0, 0, 0], [0, 0, 0.7]],
        ),
        TINY,
    )
    assert is_valid(roll, TINY)
    notes = notes_from_roll(roll[0], TINY)[1].tolist()
    # Pitch 60 waits for its onset at step 1; 61 ends for good at step 2; 62 begins although
    # it is said not to sound.
    assert notes == [[0, 2, 61], [1, 4, 60], [3, 4, 62]]


def test_one_choice_a_step_of_a_monophonic_track() -> None:
    sounding = [
        [0.3, 0.5, 0.1],  # new: 61
        [0.0, 0.8, 0.1],  # hold 0.7
        [0.9, 0.0, 0.0],  # hold 0.55: the held pitch is 61, not 60
        [0.2, 0.1, 0.1],  # rest 0.6
        [0.9, 0.0, 0.0],  # hold 0.9, but nothing sounds: rest
        [0.4, 0.2, 0.2],  # new: 0.4, likelier than hold or rest at 0.2 each
    ]
    onset = [
        [0.3, 0.4, 0.1],
        [0.0, 0.2, 0.0],
        [0.35, 0, 0],
        [0.2, 0, 0],
        [0, 0, 0],
        [0.4, 0.1, 0.1],
    ]
    roll = binarise(probabilities(0, sounding=sounding, onset=onset), TINY)
    assert is_valid(roll, TINY)
    assert notes_from_roll(roll[0], TINY)[0].tolist() == [[0, 3, 61], [5, 6, 60]]


def test_thresholds_are_per_phrase_and_track() -> None:
    one = probabilities(1, sounding=[[0.6, 0, 0]], onset=[[0.6, 0, 0]])
    both = np.concatenate([one, one])
    notes = binarise(both, TINY, onset_threshold=[[0.5, 0.5, 0.5], [0.5, 0.7, 0.5]])
    assert notes[..., ONSET].sum(axis=(1, 2, 3)).tolist() == [1, 0]
    lead = probabilities(0, sounding=[[0.45, 0, 0]], onset=[[0.45, 0, 0]])
    assert binarise(lead, TINY).sum() == 0
    assert binarise(lead, TINY, onset_threshold=0.3).sum() == 2


def test_drums_sound_as_they_begin() -> None:
    roll = binarise(
        probabilities(2, sounding=[[0.9] * 3] * 6, onset=[[0.9, 0, 0], [0, 0.9, 0]]), TINY
    )
    assert notes_from_roll(roll[0], TINY)[2].tolist() == [[0, 1, 60], [1, 2, 61]]


@pytest.mark.parametrize("seed", range(5))
def test_any_probabilities_give_a_valid_roll(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.random((4, *SPEC.shape), dtype=np.float32)
    assert is_valid(binarise(values, SPEC), SPEC)
    drum = RollSpec(tracks=(Track("KICK", is_drum=True, monophonic=True),), bars=1)
    assert is_valid(binarise(random.random((4, *drum.shape)), drum), drum)


@pytest.mark.parametrize("seed", range(3))
def test_a_roll_taken_as_probabilities_is_itself(seed: int) -> None:
    roll = roll_from_notes(compose.phrase_notes(seed), SPEC)[None]
    assert np.array_equal(binarise(roll.astype(np.float32), SPEC), roll)


def test_probabilities_of_another_shape_are_refused() -> None:
    with pytest.raises(SpecError, match="do not fit"):
        binarise(np.zeros((1, *TINY.shape), dtype=np.float32), SPEC)


@pytest.mark.parametrize(
    ("track", "cells"),
    [
        (1, [(0, 0, SOUNDING)]),  # sounds without an onset
        (1, [(0, 0, ONSET)]),  # begins without sounding
        (0, [(0, 0, SOUNDING), (0, 0, ONSET), (0, 1, SOUNDING), (0, 1, ONSET)]),  # two at once
        (2, [(0, 0, SOUNDING), (0, 0, ONSET), (1, 0, SOUNDING)]),  # a held drum
        (1, [(0, 0, SOUNDING), (0, 0, ONSET), (2, 0, SOUNDING)]),  # goes on after a gap
    ],
)
def test_what_is_not_a_roll(track: int, cells: list[tuple[int, int, int]]) -> None:
    roll = np.zeros(TINY.shape, dtype=np.uint8)
    assert is_valid(roll, TINY)
    for cell in cells:
        roll[(track, *cell)] = 1
    assert not is_valid(roll, TINY)
    assert not is_valid(np.zeros(SPEC.shape, dtype=np.uint8), TINY)
    assert not is_valid(np.full(TINY.shape, 2, dtype=np.uint8), TINY)


def test_transposing_moves_pitched_tracks_and_drops_what_leaves() -> None:
    notes = [as_notes([(0, 2, 24), (4, 6, 60)]), no_notes(), as_notes([(0, 1, 36)])]
    roll = roll_from_notes(notes, SPEC)
    moved = notes_from_roll(transpose_roll(roll, -1, spec=SPEC), SPEC)
    assert [track.tolist() for track in moved] == [[[4, 6, 59]], [], [[0, 1, 36]]]
    everything = notes_from_roll(transpose_roll(roll, 3), SPEC)
    assert [track.tolist() for track in everything] == [
        [[0, 2, 27], [4, 6, 63]],
        [],
        [[0, 1, 39]],
    ]
    assert np.array_equal(transpose_roll(roll, 0), roll)
    assert transpose_roll(roll, 200).sum() == 0


@pytest.mark.parametrize("spec", [SPEC, TINY])
def test_packing_is_exact_also_where_bits_are_left_over(spec: RollSpec) -> None:
    random = np.random.default_rng(1)
    rolls = random.integers(0, 2, size=(5, *spec.shape), dtype=np.uint8)
    bits = pack(rolls)
    assert bits.shape == (5, packed_size(spec))
    assert np.array_equal(unpack(bits, spec), rolls)
    assert unpack(pack(rolls[:0]), spec).shape == (0, *spec.shape)


def test_bits_of_another_spec_are_refused() -> None:
    with pytest.raises(SpecError, match="do not fit"):
        unpack(np.zeros((1, 3), dtype=np.uint8), SPEC)
