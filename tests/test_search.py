"""Moves that do one thing, on a generator whose effects can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gan.sliders import search
from gan.sliders.probes import Probes, mean_change
from gan.sliders.search import (
    best_moves,
    calibrated,
    improved,
    score,
    side_effects,
    tilt_moves,
)

# What four numbers do to three measures: each moves more than one.
EFFECTS = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.4], [0.0, 0.3, 1.0], [0.9, 0.05, 0.05]])


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
        return w @ EFFECTS


def test_effects_and_ranks_of_a_linear_generator() -> None:
    probes = Linear()
    effects, consistency = probes.effects(np.eye(4))
    assert effects == pytest.approx(EFFECTS, abs=1e-5)
    assert consistency == pytest.approx(np.sign(EFFECTS), abs=1e-4)
    assert probes.ranks(np.eye(4)[:2], [0, 1]) == pytest.approx([1, 1])
    assert mean_change(np.array([[1.0, np.nan], [3.0, np.nan]])).tolist() == [2, 0]


def test_effects_that_cancel_out_are_not_consistent() -> None:
    class Torn(Linear):
        def measured(self, w: np.ndarray) -> np.ndarray:
            found = w @ EFFECTS
            found[::2, 1] *= -1
            return found

    effects, consistency = Torn().effects(np.eye(4)[:1])
    assert effects[0] == pytest.approx([1, 0, 0], abs=1e-5)
    assert consistency[0] == pytest.approx([1, 0, 0], abs=1e-5)


def test_tilts_are_moves_as_long_as_it_takes_to_be_heard() -> None:
    moves = tilt_moves(Linear())
    assert (moves[:, :2] == 0).all()
    # What they move most, they move by half a deviation.
    assert moves[:, 2:] == pytest.approx(np.diag([0.5, 0.5 / 0.9]))


def test_the_best_candidate_is_the_one_with_least_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "GOOD", -np.inf)  # singles only
    found = best_moves(Linear(), -0.5 * np.eye(4), [0, 2])
    # One deviation of its own measure, whichever way and however long the candidate was.
    assert found[0] == pytest.approx([0, 0, 0, 1 / 0.9], abs=0.1)
    assert found[1] == pytest.approx([0, 0, 1, 0], abs=0.1)


def test_a_mixture_keeps_side_effects_within_tolerance() -> None:
    mix = improved(EFFECTS, np.zeros(4), np.zeros(3), 1)
    moved = mix @ EFFECTS
    assert moved[1] == pytest.approx(1, abs=0.05)
    assert np.abs(moved[[0, 2]]).max() < search.TOLERANCE + 0.05


def test_a_mixture_is_taken_where_no_candidate_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def ranks(_self: Probes, moves: np.ndarray, own: list[int]) -> np.ndarray:
        asked.append(list(own))
        return np.full(len(moves), 0.99)

    monkeypatch.setattr(Probes, "ranks", ranks)
    found = best_moves(Linear(), np.eye(4), [0, 1])
    assert asked == [[0, 1], [1]]  # "a" has a candidate that does nothing else
    assert found[0] == pytest.approx([0, 0, 0, 1 / 0.9], abs=0.1)
    moved = found[1] @ EFFECTS
    assert moved[1] == pytest.approx(1, abs=0.1) and np.abs(moved[[0, 2]]).max() < 0.25
    # One that is hardly better is luck.
    monkeypatch.setattr(search, "LUCK", 1000.0)
    assert np.count_nonzero(best_moves(Linear(), np.eye(4), [1])) == 1


def test_moves_are_calibrated_where_effects_grow_faster_than_they() -> None:
    class Steep(Linear):
        def measured(self, w: np.ndarray) -> np.ndarray:
            moved = w - self.w[np.arange(len(w)) % len(self.w)]
            return np.sign(moved @ EFFECTS) * np.abs(moved @ EFFECTS) ** 2.5

    steep = Steep()
    moves, effects = calibrated(steep, 3.0 * np.eye(4)[:3], [0, 1, 2])
    assert np.diag(effects) == pytest.approx([1] * 3, abs=0.1)
    assert steep.effects(moves)[0] == pytest.approx(effects)
    assert side_effects(effects, [0, 1, 2])[1] == pytest.approx(np.abs(effects[1, [0, 2]]).max())


def test_a_faithful_slider_scores_higher_than_a_clean_one() -> None:
    ranks, beside = np.array([0.93, 0.6, 0.93]), np.array([0.8, 0.2, 0.2])
    assert np.argsort(score(ranks, beside)).tolist() == [1, 0, 2]
