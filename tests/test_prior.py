"""The flow is invertible, keeps the parts apart, and learns where latents lie."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
import tiny
from keras import ops

from gan.models.flow import Prior
from gan.models.registry import build
from gan.training.objectives import with_dropped


def bent() -> Prior:
    """A flow with weights that do something."""
    prior = Prior(tiny.SPEC, tiny.MODEL)
    prior(ops.zeros((1, 28)))
    rng = np.random.default_rng(0)
    for variable in prior.weights:
        variable.assign(rng.normal(0, 0.1, variable.shape))
    return prior


def test_there_and_back_is_the_identity() -> None:
    prior = bent()
    z = np.random.default_rng(1).standard_normal((5, 28)).astype(np.float32)
    u = prior.to_latent(z)
    assert np.abs(np.asarray(u) - z).max() > 0.1
    back, _ = prior.to_normal(u)
    assert np.allclose(back, z, atol=1e-4)


def test_the_log_determinant_is_that_of_the_jacobian() -> None:
    prior = bent()
    u = tf.constant(np.random.default_rng(2).standard_normal((1, 28)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(u)
        z, determinants = prior.to_normal(u)
    jacobian = tape.jacobian(z, u)[0, :, 0].numpy()
    assert np.allclose(np.linalg.slogdet(jacobian)[1], np.sum(determinants), atol=1e-3)


def test_the_energy_is_that_of_the_density_by_parts() -> None:
    prior = bent()
    u = np.random.default_rng(4).standard_normal((3, 28)).astype(np.float32)
    z, determinants = prior.to_normal(u)
    energy = np.asarray(prior.energy(u))
    assert energy.shape == (3, len(prior.parts))
    expected = 0.5 * np.square(z).sum(axis=1) - np.asarray(determinants).sum(axis=1)
    assert np.allclose(energy.sum(axis=1), expected, rtol=1e-5)


def test_changing_one_part_moves_that_part_alone() -> None:
    prior = bent()
    z = np.random.default_rng(5).standard_normal((1, 28)).astype(np.float32)
    before = np.asarray(prior.to_latent(z))
    for name, part in prior.parts.items():
        if name == "shared":
            continue
        moved = z.copy()
        moved[:, part] += 1.0
        after = np.asarray(prior.to_latent(moved))
        changed = np.flatnonzero((before != after)[0])
        assert part.start <= changed.min() and changed.max() < part.stop, name


def test_it_learns_a_shifted_and_scaled_cloud() -> None:
    prior = Prior(tiny.SPEC, tiny.MODEL)
    prior(ops.zeros((1, 28)))
    optimizer = keras.optimizers.Adam(5e-3)
    optimizer.build(prior.trainable_variables)

    @tf.function(autograph=False)
    def step(cloud: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.reduce_sum(prior.energy(cloud), axis=-1))
        values = [variable.value for variable in prior.trainable_variables]
        optimizer.apply(tape.gradient(loss, values), prior.trainable_variables)

    rng = np.random.default_rng(3)
    for _ in range(150):
        step(tf.constant(2.0 + 0.5 * rng.standard_normal((128, 28)), tf.float32))
    z = rng.standard_normal((2000, 28)).astype(np.float32)
    drawn = np.asarray(prior.to_latent(z))
    assert abs(drawn.mean() - 2.0) < 0.1
    assert abs(drawn.std(axis=0).mean() - 0.5) < 0.1


def test_parts_that_are_dropped_come_from_the_prior_given_the_shared_part() -> None:
    generator = build("transformer", tiny.SPEC, tiny.MODEL)
    generator.prior = bent()
    rng = np.random.default_rng(4)
    z, fresh = rng.standard_normal((2, 3, 28)).astype(np.float32)
    u = np.asarray(generator.prior.to_latent(z))
    dropped = np.zeros((3, 5), np.float32)  # three tracks, two bars
    assert np.array_equal(with_dropped(generator, u, fresh, dropped), u)
    dropped[1, 3] = 1.0
    mixed = z[1:2].copy()
    mixed[:, 20:24] = fresh[1, 20:24]
    found = np.asarray(with_dropped(generator, u, fresh, dropped))
    assert np.array_equal(found[[0, 2]], u[[0, 2]])
    assert np.allclose(found[1], np.asarray(generator.prior.to_latent(mixed))[0], atol=1e-4)
    assert np.abs(found[1, 20:24] - u[1, 20:24]).max() > 0.1
