"""A reranker that knows songs from samples, and draws that heed it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tiny

from gan.data.dataset import rolls, split_by_song
from gan.errors import CheckpointError
from gan.models.registry import build
from gan.models.reranker import Budget, Reranker, features, resample, stored_reranker
from gan.music.attributes import ATTRIBUTES, measure, measure_names
from gan.training import reranking, tuning
from gan.training.reranking import NETWORKS, add_reranker, balance, fit_reranker, straight

NAMES = sorted(measure_names(tiny.SPEC))


def reranker_of(name: str, slope: float) -> Reranker:
    """A reranker whose log odds are `slope` times one measure; the undefined counts as 0."""
    weight = np.zeros((1, 2 * len(NAMES), 1), np.float32)
    weight[0, NAMES.index(name)] = slope
    return Reranker(
        tuple(NAMES),
        {
            # About where the lively generator has it.
            "middle": np.full(len(NAMES), 349.0 if name == "CHORDS.notes" else 10.0, np.float32),
            "scale": np.full(len(NAMES), 5.0, np.float32),
            "weight:0": weight,
            "bias:0": np.zeros((1, 1), np.float32),
        },
    )


@pytest.fixture(scope="module")
def generator():
    made = build("vae", tiny.SPEC, tiny.MODEL)
    made.set_weights(tiny.lively(made.weights(), np.random.default_rng(1)))
    return made


@pytest.fixture(autouse=True)
def without_reranker(generator):
    yield
    generator.reranker = None


def heard(generator, z: np.ndarray) -> dict[str, np.ndarray]:
    return measure(generator.rolls_of_w(generator.to_w(z)), tiny.SPEC)


def test_features_are_standard_clipped_and_say_what_is_undefined() -> None:
    table = {"b": np.array([3.0, np.nan, 900.0]), "a": np.array([0.0, 2.0, np.nan])}
    found = features(table, ("a", "b"), np.array([1.0, 1.0]), np.array([1.0, 2.0]))
    # As named: a before b, then the flags in the same order.
    assert found.tolist() == [[-1, 1, 0, 0], [1, 0, 0, 1], [0, 5, 1, 0]]


def test_log_odds_by_hand() -> None:
    arrays = {
        "middle": np.zeros(1, np.float32),
        "scale": np.ones(1, np.float32),
        "weight:0": np.array([[[1.0, -1.0], [0.0, 0.0]], [[2.0, 0.0], [0.0, 7.0]]], np.float32),
        "bias:0": np.array([[0.0, 0.5], [1.0, 0.0]], np.float32),
        "weight:1": np.array([[[1.0], [10.0]], [[1.0], [1.0]]], np.float32),
        "bias:1": np.array([[0.0], [-1.0]], np.float32),
    }
    # At 2: first network max(2, 0) + 10 max(-1.5, 0) = 2, second 5 + 0 - 1 = 4; mean 3.
    # At -2: 0 + 25 = 25 and 0 + 0 - 1 = -1; mean 12. Undefined: 0 + 5 and 1 + 7 - 1; mean 6.
    odds = Reranker(("one",), arrays).log_odds({"one": np.array([2.0, -2.0, np.nan])})
    assert odds.tolist() == [3.0, 12.0, 6.0]


def test_without_a_reranker_draws_are_plain(generator) -> None:
    z = generator.sample_latent(3, seed=5)
    assert np.array_equal(z, generator.draw_latent(3, 5))
    assert np.array_equal(generator.latents_of_seeds([7, 5])[1], z[0])
    assert generator.latents_of_seeds([]).shape == (0, generator.latent_dim)


def test_what_the_reranker_prefers_is_drawn_more_often(generator) -> None:
    plain = heard(generator, generator.draw_latent(60, 0))["CHORDS.notes"].mean()
    found = {}
    for slope in (-3.0, 3.0):
        generator.reranker = reranker_of("CHORDS.notes", slope)
        found[slope] = heard(generator, generator.sample_latent(60, 0))["CHORDS.notes"].mean()
    assert found[-3.0] < plain < found[3.0]


def test_an_indifferent_reranker_changes_no_distribution(generator) -> None:
    generator.reranker = reranker_of("CHORDS.notes", 0.0)
    z = generator.sample_latent(200, 0)
    assert abs(z.mean()) < 0.05
    assert z.std() == pytest.approx(1.0, abs=0.05)


def test_a_seeds_latent_is_its_own(generator) -> None:
    generator.reranker = reranker_of("LEAD.notes", 1.0)
    many = generator.sample_latent(40, seed=3)  # more than a block
    assert np.array_equal(many[:2], generator.sample_latent(2, seed=3))
    assert np.array_equal(generator.latents_of_seeds([9, 3])[1], many[0])
    assert np.array_equal(generator.sample_latent(1, 3, truncation=0.5), many[:1] / 2)
    assert len(np.unique(many, axis=0)) == 40


def test_parts_are_chosen_in_turn(generator) -> None:
    reranker = reranker_of("CHORDS.notes", 50.0)
    randoms = [np.random.default_rng(k) for k in range(20)]
    whole = resample(generator, reranker, Budget(whole=4), randoms)
    randoms = [np.random.default_rng(k) for k in range(20)]
    parts = resample(generator, reranker, Budget(whole=4, part=3), randoms)
    shared = generator.latent_parts()["shared"]
    assert np.array_equal(whole[:, shared], parts[:, shared])
    before, after = (heard(generator, z)["CHORDS.notes"] for z in (whole, parts))
    # The current part is among the candidates, so so stern a reranker never does worse.
    assert (after >= before).all()
    assert after.mean() > before.mean()


def test_another_take_of_a_part_is_chosen_and_leaves_the_rest(generator) -> None:
    z = generator.draw_latent(1, 2)[0]
    part = generator.latent_parts()["track:CHORDS"]
    rest = np.delete(np.arange(len(z)), np.arange(len(z))[part])
    plain = generator.another_take(z, "track:CHORDS", seed=6)
    assert np.array_equal(plain[part], generator.draw_latent(1, 6)[0][part])
    generator.reranker = reranker_of("CHORDS.notes", 3.0)
    takes = np.stack([generator.another_take(z, "track:CHORDS", seed) for seed in range(12)])
    assert all(np.array_equal(each[rest], z[rest]) for each in takes)
    assert len(np.unique(takes, axis=0)) == 12
    assert np.array_equal(takes[6], generator.another_take(z, "track:CHORDS", 6))
    others = np.repeat(z[None], 12, axis=0)
    others[:, part] = generator.draw_latent(12, 0)[:, part]
    assert heard(generator, takes)["CHORDS.notes"].mean() > (
        heard(generator, others)["CHORDS.notes"].mean()
    )


@pytest.mark.parametrize("family", ["gan", "vae", "transformer"])
def test_every_part_of_every_family_has_another_take_with_a_reranker(family: str) -> None:
    made = build(family, tiny.SPEC, tiny.MODEL)
    made.set_weights(tiny.lively(made.weights(), np.random.default_rng(1)))
    made.reranker = reranker_of("CHORDS.notes", 3.0)
    z = made.draw_latent(1, 2)[0]
    for name, part in made.latent_parts().items():
        rest = np.delete(np.arange(len(z)), np.arange(len(z))[part])
        take = made.another_take(z, name, seed=6)
        assert np.array_equal(take[rest], z[rest]), name
        assert (take[part] != z[part]).any(), name


def test_odds_of_two_rerankers_multiply() -> None:
    rng = np.random.default_rng(4)
    table = {name: rng.normal(10.0, 5.0, 50) for name in NAMES}
    one, two = (reranker_of("LEAD.notes", slope) for slope in (1.0, -3.0))
    pair = one.with_another(one)
    assert pair.log_odds(table) == pytest.approx(2 * one.log_odds(table))
    expected = pair.log_odds(table) + two.log_odds(table)
    assert pair.with_another(two).log_odds(table) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("layers", [1, 3])
def test_straight_odds_are_linear(layers: int) -> None:
    rng = np.random.default_rng(6)
    shapes = [4, 1] if layers == 1 else [4, 8, 5, 1]
    arrays = {"middle": np.zeros(2, np.float32), "scale": np.full(2, 2.0, np.float32)}
    for index in range(layers):
        shape = (3, *shapes[index : index + 2])
        arrays[f"weight:{index}"] = rng.normal(size=shape).astype(np.float32)
        arrays[f"bias:{index}"] = rng.normal(size=(3, shape[2])).astype(np.float32)
    reranker = Reranker(("a", "b"), arrays)
    table = {"a": np.array([2.0, -4.0, np.nan]), "b": np.array([0.0, 2.0, 2.0])}
    line = straight(np.array([0.5, -3.0]), reranker)
    assert line.log_odds(table) == pytest.approx([0.5, -1.0 - 3.0, -3.0])
    both = reranker.with_another(line).log_odds(table)
    assert both == pytest.approx(reranker.log_odds(table) + line.log_odds(table), abs=0.02)


def test_balancing_brings_means_to_those_of_songs(generator, monkeypatch) -> None:
    monkeypatch.setattr(reranking, "BALANCED", 60)
    with pytest.raises(ValueError, match="no reranker"):
        balance(generator, {})
    # One deviation above what the indifferent reranker lets through.
    generator.reranker = indifferent = reranker_of("CHORDS.notes", 0.0)
    songs = heard(generator, generator.sample_latent(200, 0))
    songs["CHORDS.notes"] = songs["CHORDS.notes"] + 5.0
    before = heard(generator, generator.sample_latent(200, 1))["CHORDS.notes"].mean()
    balance(generator, songs)
    assert np.array_equal(generator.reranker.arrays["weight:0"][:1], indifferent.arrays["weight:0"])
    after = heard(generator, generator.sample_latent(200, 1))["CHORDS.notes"].mean()
    wanted = songs["CHORDS.notes"].mean()
    assert abs(after - wanted) < 0.5 * abs(before - wanted)


def test_a_fitted_reranker_knows_songs_by_what_sets_them_apart() -> None:
    rng = np.random.default_rng(0)
    songs = {"x": rng.normal(1.0, 1.0, 4000), "y": rng.normal(0.0, 1.0, 4000)}
    samples = {"x": rng.normal(-1.0, 1.0, 3000), "y": rng.normal(0.0, 1.0, 3000)}
    reranker = fit_reranker(samples, songs, ("x", "y"))
    x = np.array([-1.0, 0.0, 1.0])
    odds = reranker.log_odds({"x": x, "y": np.zeros(3)})
    # Two normals a deviation to each side: log odds are 2x, the sides' sizes aside.
    assert odds[0] < odds[1] < odds[2]
    assert odds == pytest.approx(2 * x, abs=0.8)


def test_a_reranker_is_stored_with_the_weights(generator) -> None:
    dataset = tiny.dataset()
    theirs = measure(rolls(dataset, np.arange(len(dataset))), tiny.SPEC)
    add_reranker(generator, theirs, pool=100)
    again = build("vae", tiny.SPEC, tiny.MODEL)
    stored = {key: values.astype(np.float16) for key, values in generator.reranker.stored().items()}
    again.set_weights(generator.weights() | stored)
    assert np.array_equal(again.sample_latent(3, 1), generator.sample_latent(3, 1))
    # Weights without a reranker take it away again.
    plain = {k: v for k, v in generator.weights().items() if not k.startswith("judge/")}
    again.set_weights(plain)
    assert again.reranker is None
    wrong = {"judge/middle": np.zeros(3), "judge/scale": np.ones(3)}
    with pytest.raises(CheckpointError, match="reranker of other measures"):
        stored_reranker(wrong, tiny.SPEC)
    with pytest.raises(CheckpointError, match="reranker of other measures"):
        again.set_weights(plain | stored | {"judge/bias:0": np.full((4, 128), np.nan)})


def test_an_attribute_that_is_added_later_is_none_of_a_stored_reranker(
    generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    reranker = reranker_of("CHORDS.notes", 1.0)
    before = reranker.log_odds(heard(generator, generator.draw_latent(40, 0)))
    named = {name: values.astype(np.float16) for name, values in reranker.stored().items()}
    first = {name: values for name, values in named.items() if name != "judge/measures"}
    row = dataclasses.replace(ATTRIBUTES["notes"], id="added")
    monkeypatch.setitem(ATTRIBUTES, "added", row)
    assert "CHORDS.added" in measure_names(tiny.SPEC)
    after = heard(generator, generator.draw_latent(40, 0))
    for stored in (named, first):  # with the names of its measures, and as it was before these
        again = stored_reranker(stored, tiny.SPEC)
        assert again is not None and again.names == tuple(NAMES)
        assert np.array_equal(again.log_odds(after), before)
    # One that is fitted now is of the new one as well, unless it goes with one of before.
    add_reranker(generator, after, pool=40)
    assert "CHORDS.added" in generator.reranker.names
    generator.reranker = Reranker(tuple(NAMES), fit_reranker(after, after, tuple(NAMES)).arrays)
    add_reranker(generator, after, pool=40)
    assert generator.reranker.names == tuple(NAMES)
    # An attribute that is gone cannot be measured.
    monkeypatch.delitem(ATTRIBUTES, "added")
    monkeypatch.delitem(ATTRIBUTES, "register")
    for stored in (named, first):
        with pytest.raises(CheckpointError, match="reranker of other measures"):
            stored_reranker(stored, tiny.SPEC)


def test_a_reranker_stays_only_where_it_helps(generator, monkeypatch) -> None:
    dataset = tiny.dataset(songs=30, phrases=8)
    train, _ = split_by_song(dataset)
    tuning.tune(generator, dataset, train[:50], samples=16)
    assert generator.reranker is None  # too few phrases
    tuning.tune(generator, dataset, train, samples=16, reranker=False)
    assert generator.reranker is None  # not asked for
    monkeypatch.setattr(tuning, "POOL", 200)
    monkeypatch.setattr(tuning, "CHOSEN_POOL", 40)
    monkeypatch.setattr(reranking, "BALANCED", 16)
    # Before, with one reranker, with two and so on, then balanced; and how many networks stay.
    for nearness, networks, marked in (
        ((0.5, 0.4), 0, 0.5),
        ((0.5, 0.6, 0.58, 0.58), NETWORKS, 0.6),
        ((0.5, 0.6, 0.58, 0.595), NETWORKS + 1, 0.595),
        ((0.5, 0.6, 0.595, 0.58, 0.61), 2 * NETWORKS + 1, 0.61),
        ((0.5, 0.6, 0.595, 0.61, 0.59, 0.5), 3 * NETWORKS, 0.61),
        ((0.5, 0.6, 0.595, 0.61, 0.605, 0.605), 4 * NETWORKS + 1, 0.605),
    ):
        found = iter(nearness)

        def near(reranked, *_, found=found) -> float:
            reranked.hold_thresholds[1] = value = next(found)  # a mark of this round
            return value

        monkeypatch.setattr(tuning, "_nearness", near)
        tuning.tune(generator, dataset, train, samples=16)
        assert next(found, None) is None
        stays = 0 if generator.reranker is None else len(generator.reranker.arrays["bias:0"])
        assert stays == networks
        assert generator.hold_thresholds[1] == pytest.approx(marked)
