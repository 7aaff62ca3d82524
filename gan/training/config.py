"""How a training run goes; saved before its first step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gan.errors import SpecError

SAMPLES_MIN = 8  # phrases of an evaluation; fewer tell nothing


@dataclass(frozen=True)
class TrainConfig:
    """One run. The first `warmup` of it trains as a VAE; a "vae" run does nothing else.

    Weights of the adversarial stage: the adversarial loss counts 1, `anchor` weighs the
    summed reconstruction cross-entropy, `profile` the profile loss, `r1` the gradient
    penalty, taken every `r1_every` steps (lazy regularisation: Karras et al. 2020), `fit` the
    flow's negative log likelihood a dimension of the latents of real phrases.
    `cooldown` is the share of the VAE stage, at its end, over which its learning rate falls in a
    line to zero. `reconstructed` is the share of fakes that are reconstructions; the rest are
    samples of the prior. `kl` weighs the KL term against the summed cross-entropy; it rises over
    `kl_steps`. `plan_dropout` is the chance with which a track's or a bar's part of a transformer's
    plan is replaced by a draw of the prior.
    """

    family: str = "gan"
    steps: int = 8000
    warmup: float = 0.4
    batch_size: int = 64
    seed: int = 0
    learning_rate: float = 1e-3
    cooldown: float = 0.0
    adversarial_rate: float = 3e-4
    discriminator_rate: float = 5e-4
    kl: float = 0.25
    kl_steps: int = 1000
    free_nats: float = 0.0
    plan_dropout: float = 0.0
    anchor: float = 0.002
    fit: float = 1.0
    reconstructed: float = 0.25
    profile: float = 0.5
    r1: float = 0.3
    r1_every: int = 8
    drop_track: float = 0.15
    key_shift: int = 0
    ema: float = 0.999
    evaluate_every: int = 500
    samples: int = 512

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise SpecError("Training needs at least one step.")
        if self.batch_size < 8 or self.batch_size % 8:
            raise SpecError("batch_size must be a multiple of 8.")
        if min(self.evaluate_every, self.kl_steps, self.r1_every) < 1:
            raise SpecError("evaluate_every, kl_steps and r1_every must be at least 1.")
        if self.samples < SAMPLES_MIN:
            raise SpecError(f"An evaluation needs at least {SAMPLES_MIN} samples.")
        if not 0 <= self.key_shift <= 11:
            raise SpecError("key_shift must lie between 0 and 11 semitones.")
        if not 0.0 <= self.warmup <= 1.0:
            raise SpecError("warmup must lie between 0 and 1.")
        if not 0.0 <= self.cooldown <= 1.0:
            raise SpecError("cooldown must lie between 0 and 1.")
        if not 0.0 <= self.plan_dropout < 1.0:
            raise SpecError("plan_dropout must lie between 0 and 1, 1 excluded.")
        if not 0.0 < self.reconstructed < 1.0:
            raise SpecError("reconstructed must lie between 0 and 1, ends excluded.")

    @property
    def reconstructions(self) -> int:
        """Reconstructions in a batch of fakes; at least one, and one sample beside them."""
        return min(max(round(self.reconstructed * self.batch_size), 1), self.batch_size - 1)

    @property
    def warmup_steps(self) -> int:
        """Steps of the VAE stage."""
        return self.steps if self.family != "gan" else int(self.warmup * self.steps)


KINDS = ("none", "mirrored", "multiworker")
"""How a run may be shared: not at all, by the cards of a machine, by several machines."""

RECIPES: Mapping[str, Mapping[str, Any]] = {
    "gan": {},
    "vae": {"learning_rate": 7e-4},
    "transformer": {"kl": 1.0, "kl_steps": 1, "free_nats": 6.0},
}
"""What a family trains with where nothing else is asked for."""

MODELS: Mapping[str, Mapping[str, Any]] = {
    "gan": {},
    "vae": {},
    "transformer": {
        "shared": 32,
        "per_track": 10,
        "per_bar": 10,
        "width": 160,
        "trunk_blocks": 4,
        "step_width": 48,
        "track_width": 64,
        "dropout": 0.1,
    },
}
"""The sizes of each family's networks, as keywords of `ModelConfig`."""


def with_steps(config: TrainConfig, *, phrases: int, epochs: float) -> TrainConfig:
    """The configuration with as many steps as `epochs` passes over `phrases` take."""
    return replace(config, steps=max(1, round(epochs * phrases / config.batch_size)))
