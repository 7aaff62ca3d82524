"""Logits to probabilities, and to exact 0/1 rolls through which gradients flow.

A discriminator must see exactly 0 or 1, or it wins on float formats. The forward values
here are hard decisions; the gradient is that of the soft ones (straight-through:
Bengio et al. 2013; deterministic binary neurons: Dong and Yang 2018, BinaryMuseGAN).

Truths of a roll hold by construction: a cell sounds only if its onset was seen and
nothing ended it since, a monophonic track makes one choice a step.
"""

from __future__ import annotations

from collections.abc import Callable

from keras import ops

from gan.models.layers import Tensor
from gan.spec import RollSpec, Track

Decide = Callable[[Tensor], Tensor]


def linear_recurrence(gain: Tensor, start: Tensor) -> Tensor:
    """`s[t] = gain[t] * s[t - 1] + start[t]` over axis 1 of `(batch, step, pitch)`, s[-1] = 0.

    Each round doubles the reach (Hillis and Steele 1986): log2(steps) rounds of a few
    large operations, where a loop would take one small operation a step.
    """
    steps, reach = start.shape[1], 1
    while reach < steps:
        before = ((0, 0), (reach, 0), (0, 0))
        start = start + gain * ops.pad(start[:, :-reach], before)
        gain = gain * ops.pad(gain[:, :-reach], before)
        reach *= 2
    return start


def carry(onset: Tensor, keep: Tensor) -> Tensor:
    """Cells that sound: `s[t] = onset[t] + (1 - onset[t]) * keep[t] * s[t - 1]`.

    All `(batch, step, pitch)`; before the first step there is silence.
    """
    return linear_recurrence((1.0 - onset) * keep, onset)


def straight_through(hard: Tensor, soft: Tensor) -> Tensor:
    """`hard` going forward, the gradient of `soft` going back.

    `soft - soft` is exactly 0; the usual `soft + (hard - soft)` would round to 0.9999999.
    """
    return ops.cast(hard, soft.dtype) + (soft - ops.stop_gradient(soft))


def _mono_choice(logits: Tensor) -> Tensor:
    soft = ops.softmax(logits)
    hard = ops.one_hot(ops.argmax(logits, axis=-1), logits.shape[-1], dtype=soft.dtype)
    return straight_through(hard, soft)


def _poly_cells(logits: Tensor) -> Tensor:
    soft = ops.sigmoid(logits)
    return straight_through(soft > 0.5, soft)


def _mono_rolls(choice: Tensor, pitches: int) -> Tensor:
    onset, hold = choice[..., :pitches], choice[..., pitches : pitches + 1]
    return ops.stack([carry(onset, ops.broadcast_to(hold, ops.shape(onset))), onset], axis=-1)


def _poly_rolls(cells: Tensor, pitches: int, is_drum: bool) -> Tensor:
    keep, onset = cells[..., :pitches], cells[..., pitches:]
    sounding = onset if is_drum else carry(onset, keep)
    return ops.stack([sounding, onset], axis=-1)


def binary_rolls(logits: list[Tensor], spec: RollSpec) -> Tensor:
    """Hard rolls `(batch, track, step, pitch, channel)` with straight-through gradients."""
    return _rolls(logits, spec, _mono_choice, _poly_cells)


def soft_rolls(logits: list[Tensor], spec: RollSpec) -> Tensor:
    """Rolls of the same shape in 0 to 1, every decision as sure as its probability."""
    return _rolls(logits, spec, ops.softmax, ops.sigmoid)


def _rolls(logits: list[Tensor], spec: RollSpec, choose: Decide, decide: Decide) -> Tensor:
    tracks = [
        _mono_rolls(choose(part), spec.pitches)
        if track.monophonic
        else _poly_rolls(decide(part), spec.pitches, track.is_drum)
        for track, part in zip(spec.tracks, logits, strict=True)
    ]
    return ops.stack(tracks, axis=1)


def at_thresholds(
    logits: list[Tensor], spec: RollSpec, onset_thresholds: Tensor, hold_thresholds: Tensor
) -> list[Tensor]:
    """Logits whose likeliest decisions are what `gan.music.rolls.binarise` takes at thresholds.

    Thresholds are `(track,)`, those of a note that begins and of one that goes on.
    """
    moved = []
    for index, (track, part) in enumerate(zip(spec.tracks, logits, strict=True)):
        ones = ops.ones(spec.pitches)
        begins, goes_on = onset_thresholds[index], hold_thresholds[index]
        if track.monophonic:
            # The choice's probabilities are divided by their thresholds, a rest's by 0.5.
            others = ops.stack([ops.log(2.0 * goes_on), 0.0 * goes_on])
            bar = ops.concatenate([ops.log(2.0 * begins) * ones, others])
        else:
            bar = ops.concatenate([_logit(goes_on) * ones, _logit(begins) * ones])
        moved.append(part - bar)
    return moved


def _logit(probability: Tensor) -> Tensor:
    return ops.log(probability) - ops.log(1.0 - probability)


def _mono_probabilities(logits: Tensor, pitches: int) -> Tensor:
    """Onset and sounding probabilities from which the three-way choice can be read back.

    `sum(sounding - onset)` is the probability of a hold, `1 - sum(sounding)` that of a
    rest: the hold's probability is spread over pitches by how likely each is the one held.
    """
    choice = ops.softmax(logits)
    onset, hold = choice[..., :pitches], choice[..., pitches : pitches + 1]
    alive = ops.sum(onset, axis=-1, keepdims=True) + hold + 1e-9

    ratio = ops.broadcast_to(hold / alive, ops.shape(onset))
    held = linear_recurrence(ratio, onset / alive)
    # Before the first step nothing sounds, so the first hold has nothing to spread over.
    before = ops.concatenate([ops.zeros_like(held[:, :1]), held[:, :-1]], axis=1)
    before = before / (ops.sum(before, axis=-1, keepdims=True) + 1e-9)
    return ops.stack([onset + hold * before, onset], axis=-1)


def _poly_probabilities(logits: Tensor, track: Track, pitches: int) -> Tensor:
    soft = ops.sigmoid(logits)
    onset = soft[..., pitches:]
    return ops.stack([onset if track.is_drum else soft[..., :pitches], onset], axis=-1)


def probabilities(logits: list[Tensor], spec: RollSpec) -> Tensor:
    """Probabilities `(batch, track, step, pitch, channel)` for `gan.music.rolls.binarise`."""
    tracks = [
        _mono_probabilities(part, spec.pitches)
        if track.monophonic
        else _poly_probabilities(part, track, spec.pitches)
        for track, part in zip(spec.tracks, logits, strict=True)
    ]
    return ops.stack(tracks, axis=1)
