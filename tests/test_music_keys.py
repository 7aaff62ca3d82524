"""Keys: names, estimate, and the way to C."""

from __future__ import annotations

import numpy as np
import pytest

from gan.errors import MidiError
from gan.music.keys import (
    Key,
    estimate_key,
    heard_in_bars,
    key_profile,
    keys_of_bars,
    last_bass,
    parse_key,
    parse_key_choice,
    shift_to_c,
)
from gan.music.notes import as_notes, no_notes


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Gb:maj", Key(6)),
        ("F#:min", Key(6, minor=True)),
        ("C", Key(0)),
        ("Am", Key(9, minor=True)),
        ("Cb major", Key(11)),
        ("B♯ minor", Key(0, minor=True)),
    ],
)
def test_names(name: str, key: Key) -> None:
    assert parse_key(name) == key


@pytest.mark.parametrize("name", ["", "H:maj", "C:dorian", "N", "Gbmajor7"])
def test_what_is_not_a_key_is_refused(name: str) -> None:
    with pytest.raises(MidiError, match="not the name of a key"):
        parse_key(name)


def test_a_key_prints_as_it_is_parsed() -> None:
    for tonic in range(12):
        for minor in (False, True):
            assert parse_key(str(Key(tonic, minor))) == Key(tonic, minor)


def test_the_shift_leads_to_c_or_a_and_is_the_shorter_way() -> None:
    for tonic in range(12):
        for minor, home in ((False, 0), (True, 9)):
            shift = shift_to_c(Key(tonic, minor))
            assert (tonic + shift) % 12 == home
            assert -6 <= shift <= 5
    assert shift_to_c(parse_key("Gb:maj")) == -6
    assert shift_to_c(parse_key("G:maj")) == 5
    assert shift_to_c(parse_key("E:min")) == 5


def test_a_scale_with_its_tonic_triad_held_is_in_its_key() -> None:
    scale = np.array([3, 0, 1, 0, 2, 1, 0, 2.5, 0, 1, 0, 1])
    for tonic in range(12):
        assert estimate_key(np.roll(scale, tonic)) == Key(tonic)
    minor = np.array([3, 0, 1, 2, 0, 1, 0, 2.5, 1, 0, 1, 0.2])
    for tonic in range(12):
        assert estimate_key(np.roll(minor, tonic)) == Key(tonic, minor=True)


def test_nothing_heard_is_c_major() -> None:
    assert estimate_key(heard_in_bars([no_notes()], np.array([0, 16]))) == Key(0)
    assert estimate_key(np.ones(12)) == Key(0)
    assert keys_of_bars(np.zeros((2, 12))) == ([Key(0), Key(0)], pytest.approx(1 / 12))
    assert keys_of_bars(np.zeros((0, 12))) == ([], 0.0)


def test_what_sounds_in_a_bar_adds_up_over_octaves_and_tracks() -> None:
    first = as_notes([(0, 4, 60), (0, 2, 72), (15, 17, 62)])
    second = as_notes([(16, 32, 61), (-3, 2, 64), (40, 44, 65)])
    heard = heard_in_bars([first, second], np.array([0, 16, 32]))
    assert [np.flatnonzero(bar).tolist() for bar in heard] == [[0, 2, 4], [1, 2]]


def test_a_stuck_note_is_heard_in_four_bars_only() -> None:
    heard = heard_in_bars([as_notes([(20, 4000, 61)])], np.arange(0, 160, 16))
    assert heard[:, 1].tolist() == [False, *[True] * 4, *[False] * 4]


def test_the_last_bass_note_is_the_lowest_at_the_last_onset() -> None:
    held = as_notes([(0, 64, 43), (60, 64, 48)])
    assert last_bass([held, as_notes([(60, 64, 76)])]) == 7
    assert last_bass([as_notes([(0, 8, 40)]), as_notes([(8, 9, 62)])]) == 2
    assert last_bass([no_notes()]) is None


def test_a_tune_that_dwells_on_its_fifth_is_not_in_the_key_of_its_fifth() -> None:
    """F natural and no F sharp, from C to C, more G than C: Krumhansl's profile says G."""
    line = [0, 7, 4, 2, 11, 9, 5, 7, 7, 7, 4, 2, 11, 9, 7, 7, 7, 4, 2, 11, 9, 7, 7, 7, 4, 2, 11, 0]
    notes = as_notes([(4 * at, 4 * at + 4, 60 + step) for at, step in enumerate(line)])
    keys, sure = keys_of_bars(heard_in_bars([notes], np.arange(0, 128, 16)), last_bass([notes]))
    assert set(keys) == {Key(0)}
    assert 0.5 < sure < 1


def test_a_song_that_moves_up_changes_its_key_and_a_passing_chord_does_not() -> None:
    scale = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1])
    song = np.stack([*[scale] * 8, *[np.roll(scale, 1)] * 8])
    keys, sure = keys_of_bars(song)
    assert [shift_to_c(key) for key in keys] == [0] * 8 + [-1] * 8
    assert sure > 0.9
    passing = np.stack([*[scale] * 4, np.roll(scale, 2), *[scale] * 4])
    assert {shift_to_c(key) for key in keys_of_bars(passing)[0]} == {0}


def test_one_bar_is_less_sure_than_many() -> None:
    triad = np.array([1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0])
    one, many = (keys_of_bars(np.stack([triad] * bars))[1] for bars in (1, 20))
    assert one < 0.6 < 0.9 < many


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("auto", None),
        ("none", 0),
        ("+5", 5),
        ("-3", -3),
        ("7", 7),
        ("Am", Key(9, minor=True)),
        ("Gb", Key(6)),
    ],
)
def test_the_choice_of_a_key(text: str, choice: object) -> None:
    assert parse_key_choice(text) == choice


@pytest.mark.parametrize("text", ["", "H", "+13", "99", "C major or so"])
def test_what_is_no_choice_of_a_key_is_refused(text: str) -> None:
    with pytest.raises(MidiError, match=r"give auto, none|choose from -12"):
        parse_key_choice(text)


def test_profiles_have_mean_0_and_length_1_and_their_tonic_on_top() -> None:
    for key in (Key(0), Key(9, minor=True)):
        profile = key_profile(key)
        assert profile.sum() == pytest.approx(0)
        assert np.linalg.norm(profile) == pytest.approx(1)
        assert profile.argmax() == key.tonic
