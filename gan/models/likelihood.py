"""How likely a decoder's logits hold a roll to be, in keras.ops only."""

from __future__ import annotations

from keras import ops

from gan.models.layers import Tensor
from gan.spec import ONSET, SOUNDING, RollSpec


def mono_classes(roll: Tensor) -> Tensor:
    """The choice a monophonic track made at each step, `(batch, step)` of int.

    `roll` (batch, step, pitch, channel). A pitch index for a new note, then hold
    (`pitches`), then rest (`pitches + 1`), as `gan.models.decoder.logit_width` orders them.
    """
    onset, sounding = roll[..., ONSET], roll[..., SOUNDING]
    pitches = roll.shape[2]
    starts = ops.max(onset, axis=-1) > 0
    sounds = ops.max(sounding, axis=-1) > 0
    otherwise = ops.where(sounds, pitches, pitches + 1)
    return ops.where(starts, ops.argmax(onset, axis=-1), otherwise)


def misses(ours: Tensor, theirs: Tensor) -> Tensor:
    """1 - F1 of onset and of sounding cells, the sum of both, `(batch,)`.

    Rolls `(batch, track, step, pitch, channel)`, ours in 0 to 1: the Dice loss (Milletari et
    al. 2016, with sums in place of squares); a count of 1 is added, so that silence matches
    silence.
    """
    cells = (1, 2, 3)
    both = ops.sum(ours, axis=cells) + ops.sum(theirs, axis=cells)
    f1 = (2.0 * ops.sum(ours * theirs, axis=cells) + 1.0) / (both + 1.0)
    return ops.sum(1.0 - f1, axis=-1)


def reconstruction(logits: list[Tensor], rolls: Tensor, spec: RollSpec) -> Tensor:
    """Cross-entropy of the rolls in nats, summed over a phrase, `(batch,)`.

    A choice of one for monophonic tracks, independent cells for the others.
    """
    total = 0.0
    for index, (track, part) in enumerate(zip(spec.tracks, logits, strict=True)):
        roll = rolls[:, index]
        if track.monophonic:
            log_choice = ops.log_softmax(part)
            target = ops.one_hot(mono_classes(roll), spec.pitches + 2, dtype=part.dtype)
            total = total - ops.sum(target * log_choice, axis=(1, 2))
        else:
            target = ops.concatenate([roll[..., SOUNDING], roll[..., ONSET]], axis=-1)
            cells = ops.softplus(part) - target * part
            total = total + ops.sum(cells, axis=(1, 2))
    return total
