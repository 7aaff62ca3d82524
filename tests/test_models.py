"""The structured latent keeps its promises; hard rolls are what the decision rule says."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tiny
from keras import ops

from gan.errors import LatentError, SpecError
from gan.models.binary import at_thresholds, binary_rolls, carry, probabilities, soft_rolls
from gan.models.compiled import compiled_gradient
from gan.models.config import ModelConfig, config_from_dict, latent_parts
from gan.models.discriminator import chroma, minibatch_deviation
from gan.models.likelihood import misses, mono_classes, reconstruction
from gan.models.registry import build
from gan.music.rolls import binarise, is_valid
from gan.spec import SOUNDING


@pytest.fixture(scope="module")
def generator():
    return build("gan", tiny.SPEC, tiny.MODEL)


def changed(z: np.ndarray, part: slice) -> np.ndarray:
    other = z.copy()
    other[:, part] += 1.0
    return other


@pytest.mark.parametrize("index", range(3))
def test_a_tracks_part_reaches_no_other_track(generator, index: int) -> None:
    z = generator.sample_latent(3, seed=1)
    part = generator.latent_parts()[f"track:{tiny.SPEC.track_names[index]}"]
    before, after = generator.decode(z), generator.decode(changed(z, part))
    others = [k for k in range(3) if k != index]
    assert np.array_equal(before[:, others], after[:, others])
    assert not np.array_equal(before[:, index], after[:, index])


def test_a_bars_part_reaches_no_other_bar(generator) -> None:
    z = generator.sample_latent(3, seed=1)
    after = generator.decode(changed(z, generator.latent_parts()["bar:1"]))
    before = generator.decode(z)
    assert np.array_equal(before[:, :, :16], after[:, :, :16])
    assert not np.array_equal(before[:, :, 16:], after[:, :, 16:])


def test_parts_cover_the_latent_once() -> None:
    parts = latent_parts(tiny.SPEC, tiny.MODEL)
    names = ["shared", "track:LEAD", "track:CHORDS", "track:KIT", "bar:0", "bar:1"]
    assert list(parts) == names
    covered = np.concatenate([np.arange(28)[part] for part in parts.values()])
    assert np.array_equal(covered, np.arange(28))


def random_logits(seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    widths = [tiny.SPEC.pitches + 2, 2 * tiny.SPEC.pitches, 2 * tiny.SPEC.pitches]
    return [rng.normal(0, 2, (4, 32, width)).astype(np.float32) for width in widths]


def test_hard_rolls_equal_the_rule_applied_to_probabilities() -> None:
    logits = random_logits(0)
    # Holds must be likely, or hold and rest never compete.
    logits[0][..., -2:] += 5.0
    hard = np.asarray(binary_rolls(logits, tiny.SPEC))
    soft = np.asarray(probabilities(logits, tiny.SPEC))
    assert set(np.unique(hard)) <= {0.0, 1.0}
    assert np.array_equal(hard.astype(np.uint8), binarise(soft, tiny.SPEC))
    assert all(is_valid(roll, tiny.SPEC) for roll in hard.astype(np.uint8))
    assert hard[:, 0, :, :, SOUNDING].sum() > hard[:, 0, :, :, 1].sum()


def test_logits_at_thresholds_decide_as_the_rule_does() -> None:
    logits = random_logits(2)
    logits[0][..., -2:] += 4.0
    onset = np.array([0.7, 0.3, 0.6], np.float32)
    hold = np.array([0.4, 0.2, 0.5], np.float32)
    expected = binarise(
        np.asarray(probabilities(logits, tiny.SPEC)),
        tiny.SPEC,
        onset_threshold=onset[None],
        hold_threshold=hold[None],
    )
    moved = at_thresholds(logits, tiny.SPEC, onset, hold)
    assert np.array_equal(np.asarray(binary_rolls(moved, tiny.SPEC)), expected)
    assert not np.array_equal(np.asarray(binary_rolls(logits, tiny.SPEC)), expected)


def test_soft_rolls_are_hard_ones_where_logits_are_sure() -> None:
    logits = random_logits(3)
    soft = np.asarray(soft_rolls(logits, tiny.SPEC))
    assert soft.min() >= 0.0
    assert soft.max() <= 1.0
    sure = [1e8 * part for part in logits]
    hard = np.asarray(binary_rolls(logits, tiny.SPEC))
    assert np.allclose(np.asarray(soft_rolls(sure, tiny.SPEC)), hard, atol=1e-4)


def test_probabilities_carry_the_three_way_choice() -> None:
    logits = random_logits(1)
    soft = np.asarray(probabilities(logits, tiny.SPEC))[:, 0]
    choice = np.asarray(ops.softmax(logits[0]))
    hold = (soft[..., 0] - soft[..., 1]).sum(-1)
    assert np.allclose(hold[:, 1:], choice[:, 1:, -2], atol=1e-5)
    assert np.allclose(1 - soft[:, 1:, :, 0].sum(-1), choice[:, 1:, -1], atol=1e-5)
    assert np.allclose(hold[:, 0], 0.0)


def test_carry_holds_until_something_ends_it() -> None:
    onset = np.array([0, 1, 0, 0, 0, 1], np.float32).reshape(1, 6, 1)
    keep = np.array([1, 0, 1, 0, 1, 0], np.float32).reshape(1, 6, 1)
    assert np.asarray(carry(onset, keep)).ravel().tolist() == [0, 1, 1, 0, 0, 1]


def test_a_batch_decodes_as_its_rows_do(generator) -> None:
    z = generator.sample_latent(70, seed=3)
    assert np.allclose(generator.decode(z)[69], generator.decode(z[69:])[0], atol=1e-5)
    assert generator.decode(z[:0]).shape == (0, *tiny.SPEC.shape)


def test_sampling_is_by_seed_and_scaled_by_truncation(generator) -> None:
    first = generator.sample_latent(2, seed=5)
    assert np.array_equal(first[:1], generator.sample_latent(1, seed=5))
    assert np.allclose(generator.sample_latent(2, seed=5, truncation=0.5), first / 2)


@pytest.mark.parametrize("bad", [np.zeros(3), np.full(28, np.nan)])
def test_a_wrong_latent_is_refused(generator, bad: np.ndarray) -> None:
    with pytest.raises(LatentError):
        generator.decode(bad)


def test_unknown_settings_and_families_are_named() -> None:
    with pytest.raises(SpecError, match="depth"):
        config_from_dict({"depth": 3})
    with pytest.raises(SpecError, match="'diffusion'"):
        build("diffusion", tiny.SPEC, tiny.MODEL)
    with pytest.raises(SpecError, match="heads"):
        ModelConfig(width=10, heads=4)


def test_chroma_folds_octaves_not_neighbours() -> None:
    rolls = np.zeros((1, *tiny.SPEC.shape), np.float32)
    rolls[0, 1, 0, [0, 12], SOUNDING] = 1  # an octave: one class, twice
    rolls[0, 1, 1, [0, 1, 2, 3], SOUNDING] = 1  # four neighbours: four classes
    classes = np.asarray(chroma(rolls, tiny.SPEC))[0, 1]
    assert classes[0].tolist() == [2] + [0] * 11
    assert classes[1].tolist() == [1, 1, 1, 1] + [0] * 8


def test_minibatch_deviation_is_zero_for_equal_rows() -> None:
    same = np.ones((8, 3), np.float32)
    varied = np.arange(24, dtype=np.float32).reshape(8, 3)
    assert np.asarray(minibatch_deviation(same, 4))[:, -1] == pytest.approx(1e-4)
    assert (np.asarray(minibatch_deviation(varied, 4))[:, -1] > 1).all()


def test_a_compiled_gradient_is_by_the_first_argument() -> None:
    slope = compiled_gradient(lambda a, b: ops.sum(ops.square(a) * b))
    a, b = np.float32([[1, 2], [3, 4]]), np.float32([[5, 6], [7, 8]])
    assert slope(a, b).tolist() == (2 * a * b).tolist()
    assert slope(a[:1], b[:1]).tolist() == (2 * a * b)[:1].tolist()


def test_encoding_improves_on_the_encoders_guess() -> None:
    keras.utils.set_random_seed(2)  # how far a random encoder guesses wrong is chance
    generator = build("vae", tiny.SPEC, tiny.MODEL)
    weights = generator.weights()
    decoder = {name: values for name, values in weights.items() if name.startswith("decoder")}
    generator.set_weights(weights | tiny.lively(decoder, np.random.default_rng(0)))
    z = generator.sample_latent(3, seed=2)
    rolls = generator.rolls_of_w(generator.to_w(z))
    guess, found = generator.first_guess(rolls), generator.encode(rolls)

    def wrong(z: np.ndarray) -> int:
        return int((generator.rolls_of_w(generator.to_w(z)) != rolls).sum())

    assert wrong(found) < 0.7 * wrong(guess)
    assert generator.encode(rolls[:0]).shape == (0, generator.latent_dim)


def test_misses_by_hand() -> None:
    ours = np.zeros((2, *tiny.SPEC.shape), np.float32)
    theirs = ours.copy()
    theirs[0, 1, :4, 5, SOUNDING] = 1
    theirs[0, 1, 0, 5, 1] = 1
    ours[0, 1, :2, 5, SOUNDING] = 1  # half of the note, and where it begins
    ours[0, 1, 0, 5, 1] = 1
    found = np.asarray(misses(ours, theirs))
    # Of sounding cells (2 * 2 + 1) / (2 + 4 + 1) is right, of onsets all.
    assert found[0] == pytest.approx(1 - 5 / 7)
    assert found[1] == 0.0


def test_mono_classes_and_reconstruction_by_hand() -> None:
    rolls = np.zeros((1, *tiny.SPEC.shape), np.float32)
    rolls[0, 0, 0:2, 5, SOUNDING] = 1
    rolls[0, 0, 0, 5, 1] = 1
    classes = np.asarray(mono_classes(rolls[:, 0]))[0]
    assert classes[:3].tolist() == [5, 24, 25]
    logits = [np.zeros((1, 32, 26)), np.zeros((1, 32, 48)), np.zeros((1, 32, 48))]
    logits = [part.astype(np.float32) for part in logits]
    expected = 32 * np.log(26) + 2 * 32 * 48 * np.log(2)
    loss = np.asarray(reconstruction(logits, rolls, tiny.SPEC))
    assert loss[0] == pytest.approx(expected, rel=1e-5)
