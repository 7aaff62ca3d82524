"""Keys: names, estimate, and the way to C."""

from __future__ import annotations

import numpy as np
import pytest

from gan.errors import MidiError
from gan.music.keys import (
    Key,
    estimate_key,
    key_profile,
    parse_key,
    pitch_class_durations,
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
    assert estimate_key(pitch_class_durations([no_notes()])) == Key(0)
    assert estimate_key(np.ones(12)) == Key(0)


def test_durations_add_up_over_octaves_and_tracks() -> None:
    first = as_notes([(0, 4, 60), (0, 2, 72)])
    second = as_notes([(8, 9, 61)])
    heard = pitch_class_durations([first, second])
    assert heard.tolist() == [6, 1, *[0] * 10]


def test_profiles_have_mean_0_and_length_1_and_their_tonic_on_top() -> None:
    for key in (Key(0), Key(9, minor=True)):
        profile = key_profile(key)
        assert profile.sum() == pytest.approx(0)
        assert np.linalg.norm(profile) == pytest.approx(1)
        assert profile.argmax() == key.tonic
