"""What each network is asked to minimise in one step, in keras.ops only.

The step modules of a backend (`steps_tensorflow`) turn these into updates.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from gan.models import likelihood
from gan.models.autoencoder import Autoencoder
from gan.models.binary import binary_rolls
from gan.models.layers import Tensor
from gan.models.networks import Encoded
from gan.models.transformer import Transformer
from gan.spec import RollSpec
from gan.training import losses
from gan.training.config import TrainConfig


def draw_posterior(
    generator: Encoded, rolls: Tensor, noise: Tensor, free_nats: float
) -> tuple[Tensor, Tensor]:
    """A draw of each roll's latent u, `(batch, latent_dim)`, and the KL from the flow prior."""
    mean, log_variance = generator.encoder(rolls)
    u = mean + ops.exp(0.5 * log_variance) * noise
    parts = generator.plan_parts().values()
    divergence = losses.kl_divergence(
        generator.prior.energy(u),
        [log_variance[:, part] for part in parts],
        [noise[:, part] for part in parts],
    )
    return u, losses.with_free_nats(divergence, free_nats)


def vae_objective(
    generator: Autoencoder, rolls: Tensor, *, noise: Tensor, kl_weight: Tensor, free_nats: float
) -> tuple[Tensor, dict[str, Tensor]]:
    """Negative evidence lower bound with a weighted KL (beta-VAE, Higgins et al. 2017).

    The prior is the flow, learnt along: it goes to where the encoder puts music, and the
    encoder is held to what the flow's structure allows.
    """
    u, divergence = draw_posterior(generator, rolls, noise, free_nats)
    reconstruction = ops.mean(
        likelihood.reconstruction(generator.decoder(u), rolls, generator.spec)
    )
    loss = reconstruction + kl_weight * divergence
    return loss, {"reconstruction": reconstruction, "kl": divergence}


def transformer_objective(
    generator: Transformer,
    rolls: Tensor,
    events: list[Tensor],
    *,
    noise: Tensor,
    prior: Tensor,
    dropped: Tensor,
    kl_weight: Tensor,
    free_nats: float,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Negative evidence lower bound of the notes, an autoregressive decoder given the latent.

    Such a decoder can do without its latent and soon does; `free_nats` a part pay for its
    use (Kingma et al. 2016). `events` are step, track, pitch and duration, int32. `dropped`
    (batch, track + bar) tells which parts of the plan are drawn from `prior` instead, which is
    standard normal (batch, plan_dim).
    """
    u, divergence = draw_posterior(generator, rolls, noise, free_nats)
    logits = generator.decoder(with_dropped(generator, u, prior, dropped), events, training=True)
    surprise = losses.event_surprise(logits, events, generator.spec)
    reconstruction = ops.mean(ops.sum(surprise, axis=-1))
    loss = reconstruction + kl_weight * divergence
    return loss, {"reconstruction": reconstruction, "kl": divergence}


def with_dropped(generator: Encoded, u: Tensor, prior: Tensor, dropped: Tensor) -> Tensor:
    """Latents u with some tracks' and bars' parts drawn anew by the prior, given the shared part.

    In draws of the prior parts do not quite go together; so the decoder meets such plans in
    training, and learns to write music all the same.
    """
    shared, *others = generator.plan_parts().values()
    known, _ = generator.prior.to_normal(u)
    mixed = ops.concatenate([known[:, shared], prior[:, shared.stop :]], axis=-1)
    drawn = ops.stop_gradient(generator.prior.to_latent(mixed))
    parts = [
        ops.where(dropped[:, k, None] > 0, drawn[:, part], u[:, part])
        for k, part in enumerate(others)
    ]
    return ops.concatenate([u[:, shared], *parts], axis=-1)


def shown(rolls: Tensor, keep: Tensor, turn: Tensor) -> Tensor:
    """What the discriminator sees: rotated by whole bars, with some tracks dropped.

    The same augmentation on both sides keeps the discriminator from learning songs by
    heart (Karras et al. 2020, "Training GANs with limited data").
    """
    turned = ops.roll(rolls, turn, axis=2)
    return turned * keep[:, :, None, None, None]


def fakes(
    generator: Autoencoder, rolls: Tensor, noise: dict[str, Tensor], config: TrainConfig
) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Reconstructions, then prior samples, and the generator's anchor.

    After "Autoencoding beyond pixels" (Larsen et al. 2016). Samples come through the flow,
    which is so trained adversarially as well; `fit` keeps it near the encoder's latents.
    Returns hard rolls `(batch, ...)`, the anchor loss, and metrics.
    """
    count = config.reconstructions
    spec = generator.spec
    target = rolls[:count]
    u, divergence = draw_posterior(generator, target, noise["posterior"][:count], config.free_nats)
    sampled = generator.prior.to_latent(noise["prior"][count:])
    logits = generator.decoder(ops.concatenate([u, sampled], axis=0))
    ours = [part[:count] for part in logits]
    reconstruction = ops.mean(likelihood.reconstruction(ours, target, spec))
    energy = ops.sum(generator.prior.energy(ops.stop_gradient(u)), axis=-1)
    fit = ops.mean(energy) / generator.plan_dim
    anchor = config.anchor * (reconstruction + config.kl * divergence) + config.fit * fit
    metrics = {"reconstruction": reconstruction, "kl": divergence, "fit": fit}
    return binary_rolls(logits, spec), anchor, metrics


def generator_objective(
    scores: Tensor,
    fake: Tensor,
    *,
    anchor: Tensor,
    profile: Any,
    config: TrainConfig,
    spec: RollSpec,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Adversarial loss, anchor and profile loss; the last on prior samples only."""
    adversarial = losses.generator_loss(scores)
    profile_term = losses.profile_loss(fake[config.reconstructions :], profile, spec)
    loss = adversarial + anchor + config.profile * profile_term
    return loss, {"g_loss": adversarial, "profile": profile_term}
