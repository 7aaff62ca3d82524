"""Moves that do one thing, on a generator whose effects can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gan.sliders.steering import (
    Probes,
    Search,
    calibrated,
    mean_change,
    mixed,
    singles,
    sought,
    tilt_pulls,
    worth,
)

# What four numbers do to three measures: each moves more than one.
PULLED = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.4], [0.0, 0.3, 1.0], [0.9, 0.05, 0.05]])


class Linear(Probes):
    """Phrases whose measures are a linear function of w, two of the numbers being tilts."""

    class Generator:
        plan_dim, steered_dim = 2, 4

        def along(self, direction: np.ndarray) -> np.ndarray:
            return direction.astype(np.float32)

    def __init__(self) -> None:
        w = np.random.default_rng(0).standard_normal((40, 4)).astype(np.float32)
        super().__init__(self.Generator(), w, ("a", "b", "c"), np.ones(3))  # type: ignore[arg-type]

    def measured(self, w: np.ndarray) -> np.ndarray:
        return w @ PULLED


def test_effects_and_ranks_of_a_linear_generator() -> None:
    probes = Linear()
    assert probes.effects(np.eye(4)) == pytest.approx(PULLED, abs=1e-5)
    assert probes.ranks(np.eye(4)[:2], [0, 1]) == pytest.approx([1, 1])
    assert mean_change(np.array([[1.0, np.nan], [3.0, np.nan]])).tolist() == [2, 0]


def test_tilts_are_pulls_as_long_as_it_takes_to_be_heard() -> None:
    pulls = tilt_pulls(Linear())
    assert (pulls[:, :2] == 0).all()
    # What they move most, they move by half a deviation.
    assert pulls[:, 2:] == pytest.approx(np.diag([0.5, 0.5 / 0.9]))


def test_a_single_pull_is_the_one_with_least_beside_it() -> None:
    alike = np.ones_like(PULLED)
    mixes = singles(PULLED, alike, [0, 2])
    assert mixes[0].tolist() == pytest.approx([0, 0, 0, 1 / 0.9])
    assert mixes[1].tolist() == [0, 0, 1, 0]
    # What it does to one phrase it is to do to the others, too.
    alike[3, 0] = 0.3
    assert singles(PULLED, alike, [0])[0].tolist() == [1, 0, 0, 0]


def test_effects_that_cancel_out_are_not_alike() -> None:
    class Torn(Linear):
        def measured(self, w: np.ndarray) -> np.ndarray:
            found = w @ PULLED
            found[::2, 1] *= -1
            return found

    effects, alike = Torn().felt(np.eye(4)[:1])
    assert effects[0] == pytest.approx([1, 0, 0], abs=1e-5)
    assert alike[0] == pytest.approx([1, 0, 0], abs=1e-5)


def test_a_mixture_keeps_side_effects_within_tolerance() -> None:
    nothing = np.zeros(4)
    mix = mixed(PULLED, nothing, nothing, np.zeros(3), 1, tolerance=0.1, ridge=0.03)
    moved = mix @ PULLED
    assert moved[1] == pytest.approx(1, abs=0.05)
    assert np.abs(moved[[0, 2]]).max() < 0.15
    # What is let be costs less: a laxer tolerance gives a shorter mixture.
    lax = mixed(PULLED, nothing, nothing, np.zeros(3), 1, tolerance=0.4, ridge=0.03)
    assert np.linalg.norm(lax) < np.linalg.norm(mix)


def test_the_best_move_that_was_met_is_kept() -> None:
    probes = Linear()
    searches = (Search(2, True, 0.1, 0.01), Search(2, False, 0.1, 0.01))
    found = sought(probes, np.eye(4), [0, 1, 2], searches)
    moved = probes.effects(found)
    assert np.diag(moved) == pytest.approx([1, 1, 1], abs=0.05)
    assert np.abs(moved - np.diag(np.diag(moved))).max() < 0.2
    # With the first two pulls only, nothing is made of the others.
    few = sought(probes, np.eye(4), [1], [Search(2, True, 0.4, 0.01, pulls=2)])
    assert (few[:, 2:] == 0).all() and (few[:, :2] != 0).all()


def test_moves_are_calibrated_where_effects_grow_faster_than_they() -> None:
    class Steep(Linear):
        def measured(self, w: np.ndarray) -> np.ndarray:
            moved = w - self.w[np.arange(len(w)) % len(self.w)]
            return np.sign(moved @ PULLED) * np.abs(moved @ PULLED) ** 2.5

    steep = Steep()
    moves, effects = calibrated(steep, 3.0 * np.eye(4)[:3], [0, 1, 2])
    assert np.diag(effects) == pytest.approx([1] * 3, abs=0.1)
    assert steep.effects(moves) == pytest.approx(effects)


def test_what_is_worth_enough_is_not_sought_again(monkeypatch: pytest.MonkeyPatch) -> None:
    probes, sought_for = Linear(), []
    # "b" is not sure of itself yet.

    def ranks(_self: Probes, _moves: np.ndarray, own: list[int]) -> np.ndarray:
        sought_for.append(list(own))
        return np.array([0.5 if index == 1 else 0.95 for index in own])

    monkeypatch.setattr(Probes, "ranks", ranks)
    searches = [Search(1, True, 0.1, 0.01), Search(1, False, 0.1, 0.01, enough=-1.0)]
    sought(probes, np.eye(4), [0, 1, 2], searches)
    assert sought_for == [[0, 1, 2], [0, 1, 2], [1]]
    sought(probes, np.eye(4), [0, 2], searches)
    assert sought_for[3:] == [[0, 2], [0, 2]]


def test_a_faithful_slider_is_worth_more_than_a_clean_one() -> None:
    ranks, beside = np.array([0.93, 0.6, 0.93]), np.array([0.8, 0.2, 0.2])
    assert np.argsort(worth(ranks, beside)).tolist() == [1, 0, 2]
