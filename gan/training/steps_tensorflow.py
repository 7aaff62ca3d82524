"""The training steps on the TensorFlow backend: gradients and updates, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import numpy as np
import tensorflow as tf

from gan.models.autoencoder import Autoencoder
from gan.models.transformer import Transformer
from gan.music.events import events_of_rolls
from gan.spec import ONSET
from gan.training import losses
from gan.training.flat import Flat
from gan.training.objectives import (
    fakes,
    generator_objective,
    shown,
    transformer_objective,
    vae_objective,
)
from gan.training.state import TrainState
from gan.training.workers import Workers

GROUPS = 4  # parts of a transformer's batch, each as long as its own longest phrase

Metrics = dict[str, Any]
Step = Callable[..., Metrics]


def _average(state: TrainState, step: tf.Tensor) -> None:
    """Move the average towards the generator; faster while it is young."""
    age = tf.cast(step, tf.float32)
    decay = tf.minimum(state.config.ema, (1.0 + age) / (10.0 + age))
    mean = state.average_weights
    mean.assign(decay * mean + (1.0 - decay) * state.weights.vector)


def _joined_gradient(tape: tf.GradientTape, loss: tf.Tensor, weights: Flat) -> tf.Tensor:
    values = [variable.value for variable in weights.variables]
    gradients = tape.gradient(loss, values, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return weights.joined([tf.convert_to_tensor(gradient) for gradient in gradients])


def _apply(optimizer: Any, vector: tf.Tensor, weights: Flat) -> None:
    optimizer.apply([vector], [weights.vector])
    weights.spread()


def _set_rate(state: TrainState, index: tf.Tensor) -> None:
    """The learning rate of a step: a short warm-up, then decay with the root of time.

    That needs no planned length; the cooldown at the end of a run does, see the loop.
    """
    age = tf.cast(index, tf.float32)
    rate = tf.minimum((age + 1.0) / 100.0, tf.math.rsqrt(1.0 + age / 2000.0))
    rate *= state.cooled.value
    state.vae_optimizer.learning_rate.assign(state.config.learning_rate * rate)


def _kl_weight(state: TrainState, index: tf.Tensor) -> tf.Tensor:
    """The weight of the KL term at a step; it rises over the first."""
    age = tf.cast(index, tf.float32)
    return state.config.kl * tf.minimum(1.0, (age + 1.0) / state.config.kl_steps)


def _update(state: TrainState, vector: tf.Tensor, index: tf.Tensor) -> None:
    """Apply a gradient of the evidence bound; move the average."""
    _set_rate(state, index)
    _apply(state.vae_optimizer, vector, state.weights)
    _average(state, index)


def vae_step(state: TrainState, workers: Workers) -> Step:
    """One step of the VAE stage; `(rolls, noise, step) -> metrics`."""
    config = state.config

    def gradient(rows: Any, index: tf.Tensor) -> Any:
        rolls, posterior = rows
        with tf.GradientTape() as tape:
            loss, metrics = vae_objective(
                cast(Autoencoder, state.generator),
                tf.cast(rolls, tf.float32),
                noise=posterior,
                kl_weight=_kl_weight(state, index),
                free_nats=config.free_nats,
            )
        return _joined_gradient(tape, loss, state.weights), {"loss": loss, **metrics}

    @tf.function(autograph=False)
    def step(rolls: tf.Tensor, noise: dict[str, tf.Tensor], index: tf.Tensor) -> Metrics:
        vector, metrics = workers.mean(gradient, (rolls, noise["posterior"]), index)
        _update(state, vector, index)
        return cast(Metrics, metrics)

    return cast(Step, step)


def transformer_step(state: TrainState, workers: Workers) -> Step:
    """One step of the transformer; `(rolls, noise, step) -> metrics`."""
    config, spec = state.config, state.spec
    generator = cast(Transformer, state.generator)
    number = tf.TensorSpec((), tf.int32)
    signature = [
        tf.TensorSpec((None, *spec.shape), tf.uint8),
        [tf.TensorSpec((None, None), tf.int32)] * 4,
        tf.TensorSpec((None, generator.plan_dim), tf.float32),
        tf.TensorSpec((None, generator.plan_dim), tf.float32),
        tf.TensorSpec((None, len(spec.tracks) + spec.bars), tf.float32),
        number,
        number,
    ]

    def gradient(rows: Any, index: tf.Tensor) -> Any:
        rolls, events, posterior, prior, dropped = rows
        with tf.GradientTape() as tape:
            loss, metrics = transformer_objective(
                generator,
                tf.cast(rolls, tf.float32),
                events,
                noise=posterior,
                prior=prior,
                dropped=dropped,
                kl_weight=_kl_weight(state, index),
                free_nats=config.free_nats,
            )
        return _joined_gradient(tape, loss, state.weights), {"loss": loss, **metrics}

    # One graph for phrases of any number of notes.
    @tf.function(autograph=False, input_signature=signature)
    def of_group(
        rolls: tf.Tensor,
        events: list[tf.Tensor],
        posterior: tf.Tensor,
        prior: tf.Tensor,
        dropped: tf.Tensor,
        index: tf.Tensor,
        group: tf.Tensor,
    ) -> Any:
        # Dropout, like all randomness, from the seed and the number of the step alone.
        seed = tf.stack([config.seed, index * GROUPS + group])
        generator.decoder.seeds.state.assign(tf.cast(seed, tf.uint32))
        return workers.mean(gradient, (rolls, events, posterior, prior, dropped), index)

    @tf.function(autograph=False)
    def update(vector: tf.Tensor, index: tf.Tensor) -> None:
        _update(state, vector, index)

    def step(rolls: Any, noise: dict[str, Any], index: Any) -> Metrics:
        # Phrases of like length together: padding would take a third of the time.
        rolls = np.asarray(rolls)
        order = np.argsort(rolls[..., ONSET].sum(axis=(1, 2, 3)), kind="stable")
        found = []
        for group, chosen in enumerate(np.split(order, GROUPS)):
            events = events_of_rolls(rolls[chosen], spec)
            arrays = [events.step, events.track, events.pitch, events.duration]
            drawn = [noise[name][chosen] for name in ("posterior", "prior", "dropped")]
            found.append(of_group(rolls[chosen], arrays, *drawn, index, np.int32(group)))
        update(tf.add_n([vector for vector, _ in found]) / GROUPS, index)
        metrics = [each for _, each in found]
        return {name: sum(each[name] for each in metrics) / GROUPS for name in metrics[0]}

    return step


def gan_step(state: TrainState, profile: list[np.ndarray], workers: Workers) -> Step:
    """One step of the adversarial stage, both networks at once; `profile` is the data's."""
    spec = state.spec
    config = replace(state.config, batch_size=workers.share_of(state.config.batch_size))
    generator = cast(Autoencoder, state.generator)
    target = [tf.constant(part, tf.float32) for part in profile]

    def penalty(real: tf.Tensor) -> tf.Tensor:
        """R1: squared gradient of the score at real data (Mescheder et al. 2018)."""
        with tf.GradientTape() as inner:
            inner.watch(real)
            score = tf.reduce_sum(state.discriminator(real))
        gradient = inner.gradient(score, real)
        return tf.reduce_mean(tf.reduce_sum(tf.square(gradient), axis=[1, 2, 3, 4]))

    def penalty_gradient(rows: Any, turn: tf.Tensor) -> Any:
        rolls, keep = rows
        real = shown(rolls, keep, turn)
        with tf.GradientTape() as tape:
            value = penalty(real)
            loss = 0.5 * config.r1 * config.r1_every * value
        return _joined_gradient(tape, loss, state.d_weights), value

    @tf.function(autograph=False)
    def regularise(rolls: tf.Tensor, keep: tf.Tensor, turn: tf.Tensor) -> tf.Tensor:
        vector, value = workers.mean(penalty_gradient, (rolls, keep), turn)
        _apply(state.d_optimizer, vector, state.d_weights)
        return value

    def gradients(rows: Any, turn: tf.Tensor) -> Any:
        rolls, noise = rows
        with tf.GradientTape(persistent=True) as tape:
            fake, anchor, metrics = fakes(generator, rolls, noise, config)
            # One pass of the fakes serves both networks.
            fake_scores = state.discriminator(shown(fake, noise["keep"], turn))
            real_scores = state.discriminator(shown(rolls, noise["keep"], turn))
            d_loss = losses.discriminator_loss(real_scores, fake_scores)
            g_loss, g_metrics = generator_objective(
                fake_scores,
                fake,
                anchor=anchor,
                profile=target,
                config=config,
                spec=spec,
            )
        g_vector = _joined_gradient(tape, g_loss, state.weights)
        d_vector = _joined_gradient(tape, d_loss, state.d_weights)
        del tape
        # How often the discriminator is right: 0.5 is chance, 1 is a lost generator.
        right = 0.5 * (
            tf.reduce_mean(tf.cast(real_scores > 0, tf.float32))
            + tf.reduce_mean(tf.cast(fake_scores < 0, tf.float32))
        )
        return g_vector, d_vector, {"d_loss": d_loss, "d_right": right, **metrics, **g_metrics}

    @tf.function(autograph=False)
    def adversarial(
        rolls: tf.Tensor, noise: dict[str, tf.Tensor], turn: tf.Tensor, index: tf.Tensor
    ) -> Metrics:
        g_vector, d_vector, metrics = workers.mean(gradients, (rolls, noise), turn)
        _apply(state.g_optimizer, g_vector, state.weights)
        _apply(state.d_optimizer, d_vector, state.d_weights)
        _average(state, index)
        return cast(Metrics, metrics)

    def step(rolls: tf.Tensor, noise: dict[str, Any], index: tf.Tensor) -> Metrics:
        rolls = tf.cast(rolls, tf.float32)
        rows = {name: values for name, values in noise.items() if name != "turn"}
        metrics = adversarial(rolls, rows, noise["turn"], index)
        if int(index) % config.r1_every == 0:
            half = state.config.batch_size // 2
            metrics["r1"] = regularise(rolls[:half], noise["keep"][:half], noise["turn"])
        return cast(Metrics, metrics)

    return step
