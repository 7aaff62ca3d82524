"""The flow is invertible, keeps the parts apart, and learns where latents lie."""

from __future__ import annotations

import keras
import numpy as np
import tiny
from keras import ops

from gan.models.flow import Prior
from gan.training.steps_tensorflow import prior_step


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
    import tensorflow as tf

    prior = bent()
    u = tf.constant(np.random.default_rng(2).standard_normal((1, 28)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(u)
        z, log_determinant = prior.to_normal(u)
    jacobian = tape.jacobian(z, u)[0, :, 0].numpy()
    assert np.allclose(np.linalg.slogdet(jacobian)[1], log_determinant[0], atol=1e-3)


def test_it_learns_a_shifted_and_scaled_cloud() -> None:
    prior = Prior(tiny.SPEC, tiny.MODEL)
    prior(ops.zeros((1, 28)))
    step = prior_step(prior, keras.optimizers.Adam(5e-3))
    rng = np.random.default_rng(3)
    for _ in range(150):
        cloud = 2.0 + 0.5 * rng.standard_normal((128, 28))
        step(cloud.astype(np.float32))
    z = rng.standard_normal((2000, 28)).astype(np.float32)
    drawn = np.asarray(prior.to_latent(z))
    assert abs(drawn.mean() - 2.0) < 0.1
    assert abs(drawn.std(axis=0).mean() - 0.5) < 0.1
