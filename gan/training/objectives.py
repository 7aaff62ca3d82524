"""What each network is asked to minimise in one step, in keras.ops only.

The step modules of a backend (`steps_tensorflow`) turn these into updates.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from gan.models.autoencoder import Autoencoder
from gan.models.binary import binary_rolls
from gan.models.layers import Tensor
from gan.spec import RollSpec
from gan.training import losses
from gan.training.config import TrainConfig


def vae_objective(
    generator: Autoencoder, rolls: Tensor, *, noise: Tensor, kl_weight: Tensor, free_nats: float
) -> tuple[Tensor, dict[str, Tensor]]:
    """Negative evidence lower bound with a weighted KL (beta-VAE, Higgins et al. 2017)."""
    mean, log_variance = generator.encoder(rolls)
    z = mean + ops.exp(0.5 * log_variance) * noise
    reconstruction = losses.reconstruction(generator.decoder(z), rolls, generator.spec)
    divergence = losses.kl_divergence(mean, log_variance, free_nats)
    loss = ops.mean(reconstruction + kl_weight * divergence)
    return loss, {"reconstruction": ops.mean(reconstruction), "kl": ops.mean(divergence)}


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

    After "Autoencoding beyond pixels" (Larsen et al. 2016). Returns hard rolls
    `(batch, ...)`, the anchor loss, and metrics.
    """
    count = config.reconstructions
    spec = generator.spec
    target = rolls[:count]
    mean, log_variance = generator.encoder(target)
    z = mean + ops.exp(0.5 * log_variance) * noise["posterior"][:count]
    logits = generator.decoder(ops.concatenate([z, noise["prior"][count:]], axis=0))
    reconstruction = ops.mean(
        losses.reconstruction([part[:count] for part in logits], target, spec)
    )
    divergence = ops.mean(losses.kl_divergence(mean, log_variance, config.free_nats))
    anchor = config.anchor * (reconstruction + config.kl * divergence)
    metrics = {"reconstruction": reconstruction, "kl": divergence}
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
