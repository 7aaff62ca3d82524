"""Losses, in keras.ops only. Each returns one number a phrase unless it says otherwise."""

from __future__ import annotations

from keras import ops

from gan.models.layers import Tensor
from gan.spec import ONSET, SOUNDING, RollSpec


def event_surprise(logits: list[Tensor], events: list[Tensor], spec: RollSpec) -> Tensor:
    """Cross-entropy in nats of the notes of each phrase by decision, `(batch, 4)`.

    `logits` as `EventDecoder` gives them; `events` step, track, pitch and duration, int32
    `(batch, length)`. Of the padding at the end only the first advance counts: the decision
    to end.
    """
    step, track, pitch, duration = events
    before = ops.pad(step[:, :-1], ((0, 0), (1, 0)))
    is_note, is_said = step < spec.steps, before < spec.steps
    total = []
    for part, target, counts in zip(
        logits,
        (step - before, track, pitch, duration - 1),
        (is_said, is_note, is_note, is_note),
        strict=True,
    ):
        chosen = ops.one_hot(target, part.shape[-1], dtype=part.dtype)
        said = ops.sum(chosen * ops.log_softmax(part), axis=-1)
        total.append(-ops.sum(ops.where(counts, said, 0.0), axis=-1))
    return ops.stack(total, axis=-1)


def kl_divergence(energy: Tensor, log_variance: list[Tensor], noise: list[Tensor]) -> Tensor:
    """KL of a Gaussian posterior from the prior at one draw, `(batch, part)`.

    `energy` (batch, part) is the prior's at the draw; `log_variance` and `noise`, the
    posterior's and the standard normal that made the draw, are lists of `(batch, size)`, one
    a part. Its mean over draws is the KL divergence; a single draw may be negative.
    """
    entropy = [
        0.5 * ops.sum(ops.square(draw) + spread, axis=-1)
        for draw, spread in zip(noise, log_variance, strict=True)
    ]
    return energy - ops.stack(entropy, axis=-1)


def with_free_nats(divergence: Tensor, free_nats: float) -> Tensor:
    """Sum over parts of the batch's mean divergence, but at least `free_nats` a part; a scalar.

    Free bits (Kingma et al. 2016, appendix C8): below the floor a part goes unpenalised, so
    that none is given up early.
    """
    return ops.sum(ops.maximum(ops.mean(divergence, axis=0), free_nats))


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Non-saturating logistic loss (Goodfellow et al. 2014), a scalar."""
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))


def generator_loss(fake: Tensor) -> Tensor:
    """The generator's side of it, a scalar."""
    return ops.mean(ops.softplus(-fake))


def profiles(rolls: Tensor, spec: RollSpec) -> list[Tensor]:
    """Mean onsets by step of the bar, and cells by pitch: `(track, 16)`, `(track, pitch)` twice.

    Counts a phrase, averaged over the batch.
    """
    onset, sounding = rolls[..., ONSET], rolls[..., SOUNDING]
    by_step = ops.mean(ops.sum(onset, axis=-1), axis=0)
    by_step = ops.sum(
        ops.reshape(by_step, (len(spec.tracks), spec.bars, spec.steps_per_bar)), axis=1
    )
    by_pitch = [ops.mean(ops.sum(cells, axis=2), axis=0) for cells in (onset, sounding)]
    return [by_step, *by_pitch]


def profile_loss(fake: Tensor, target: list[Tensor], spec: RollSpec) -> Tensor:
    """L1 distance of the batch's profiles from the data's, as a share of the data's; a scalar.

    Feature matching (Salimans et al. 2016) on features that a listener notices: how much
    each track plays, where in the bar, and how high.
    """
    total = 0.0
    for ours, theirs in zip(profiles(fake, spec), target, strict=True):
        scale = ops.sum(theirs, axis=-1) + 1.0
        total = total + ops.mean(ops.sum(ops.abs(ours - theirs), axis=-1) / scale)
    return total / 3.0
