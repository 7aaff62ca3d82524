"""Tilts: which of a decoder's open decisions to lean towards, one musical statistic each.

A decoder is surer of some decisions than of others. Adding a little to the logits of all that
a statistic counts, say of notes off the eighths, plays those that were nearly played, and drops
their nearest rivals: an exponential tilting of the decoder's distribution, which moves the
expected statistic for the least change in distribution (Csiszár 1975). Each statistic counts
from its own mean in the phrase, and is freed of what it shares with the track's others by least
squares, each decision weighted by how open it is (the Fisher information of the decisions): so
leaning towards notes off the eighths means neither more notes nor shorter ones, to first order.

A track's tilts reach that track only. Tilts of 0 change nothing at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from keras import ops

from gan.models.binary import at_thresholds, carry
from gan.models.layers import Tensor
from gan.models.statistics import CLOSED, OPEN, by_place, columns, statistics
from gan.spec import RollSpec, Track

SHRINK = 0.3  # ridge of the least squares, in units of a statistic's own information
NEAR = 9  # steps over which the pitch of a melody is averaged, for leaps away from it


def _pitched(spec: RollSpec) -> list[int]:
    return [index for index, track in enumerate(spec.tracks) if not track.is_drum]


def tilted(
    logits: Sequence[Tensor], amounts: Tensor, spec: RollSpec, onset: Tensor, hold: Tensor
) -> list[Tensor]:
    """A decoder's `logits` tilted by `amounts` (batch, tilt), see `_freed` for their unit.

    `onset` and `hold` (track,) are the thresholds that the logits are read with.
    """
    margins = at_thresholds(list(logits), spec, onset, hold)
    cells = [_cells(part, track, spec) for part, track in zip(margins, spec.tracks, strict=True)]
    found = []
    for index, (track, raw, margin) in enumerate(zip(spec.tracks, logits, margins, strict=True)):
        names = statistics(track, spec)
        own = amounts[:, columns(index, spec)]
        others = [cells[k][1] for k in _pitched(spec) if k != index]
        around = ops.max(ops.stack(others), axis=0) if others else None
        counts = _counts(names, track, spec, *cells[index], around)
        weights = _freed(_information(counts, margin, track), own)
        found.append(raw + ops.einsum("ntcf,nf->ntc", counts, weights))
    return found


def _cells(margin: Tensor, track: Track, spec: RollSpec) -> tuple[Tensor, Tensor]:
    """How likely each cell's note begins, and how likely it sounds, `(batch, step, pitch)`."""
    pitches = spec.pitches
    if track.monophonic:
        choice = ops.softmax(margin)
        begins, keep = choice[..., :pitches], choice[..., pitches : pitches + 1]
        keep = ops.broadcast_to(keep, ops.shape(begins))
    else:
        keep, begins = ops.sigmoid(margin[..., :pitches]), ops.sigmoid(margin[..., pitches:])
    return begins, begins if track.is_drum else carry(begins, keep)


def _counts(
    names: Sequence[str],
    track: Track,
    spec: RollSpec,
    begins: Tensor,
    sounds: Tensor,
    around: Tensor | None,
) -> Tensor:
    """What each decision adds to each statistic, `(batch, step, decision, statistic)`."""
    notes = ops.sum(begins, axis=(1, 2), keepdims=True) + 0.3
    onsets = []
    for name in names:
        if name == "notes":
            onsets.append(ops.ones_like(begins))
        elif name == "length":
            # A note more must come with the length that its fellows have.
            length = ops.sum(sounds, axis=(1, 2), keepdims=True) / notes
            onsets.append(0.25 * (1.0 - length) * ops.ones_like(begins))
        else:
            value = _value(name, spec, begins, around) * ops.ones_like(begins)
            onsets.append(value - ops.sum(begins * value, axis=(1, 2), keepdims=True) / notes)
    onset = ops.stack(onsets, axis=-1)
    # A hold counts where there is something to hold.
    alive = ops.concatenate([ops.zeros_like(sounds[:, :1]), sounds[:, :-1]], axis=1)
    if track.monophonic:
        alive = ops.sum(alive, axis=-1, keepdims=True)
    nothing = ops.zeros_like(alive)
    hold = ops.stack([alive if name == "length" else nothing for name in names], axis=-1)
    if track.monophonic:
        return ops.concatenate([onset, hold, ops.zeros_like(hold)], axis=2)
    return ops.concatenate([hold, onset], axis=2)


def _value(name: str, spec: RollSpec, begins: Tensor, around: Tensor | None) -> Tensor:
    """How much an onset is of a kind; broadcastable to `(batch, step, pitch)`."""
    fixed = by_place(name, spec)
    if fixed is not None:
        return ops.convert_to_tensor(fixed)
    pitch = np.arange(spec.pitches)
    if name == "steady":
        return _other_bars(ops.max(begins, axis=-1, keepdims=True), spec)
    if name == "same":
        return _other_bars(begins, spec)
    if name == "reuse":
        bars = ops.reshape(begins, (-1, spec.bars, spec.steps_per_bar, spec.pitches))
        used = ops.max(_by_class(bars), axis=2, keepdims=True)
        used = ops.repeat(ops.take(used, pitch % 12, axis=-1), spec.steps_per_bar, axis=2)
        return ops.reshape(used, (-1, spec.steps, spec.pitches))
    if name == "chords":
        return ops.minimum(ops.sum(begins, axis=-1, keepdims=True), 3.0)
    if name == "smooth":
        rise = ops.convert_to_tensor((pitch / 12).astype(np.float32))
        both = ops.concatenate([begins * rise, begins], axis=-1)
        mean = ops.average_pool(both, NEAR, strides=1, padding="same")
        height, mass = ops.split(mean, 2, axis=-1)
        middle = ops.sum(height, axis=-1, keepdims=True)
        middle = middle / (ops.sum(mass, axis=-1, keepdims=True) + 1e-3)
        return -ops.minimum(ops.abs(rise - middle), 1.0)
    if name == "chord" and around is not None:
        return ops.take(_by_class(around), pitch % 12, axis=-1)
    raise ValueError(f"No statistic is called {name!r}.")


def _by_class(cells: Tensor) -> Tensor:
    """The likeliest cell of each pitch class, counted from the lowest pitch: `(..., 12)`."""
    pitches = cells.shape[-1]
    octaves = -(-pitches // 12)
    padding = [(0, 0)] * (len(cells.shape) - 1) + [(0, 12 * octaves - pitches)]
    shape = (-1, *cells.shape[1:-1], octaves, 12)
    return ops.max(ops.reshape(ops.pad(cells, padding), shape), axis=-2)


def _other_bars(begins: Tensor, spec: RollSpec) -> Tensor:
    """At each step the mean of what stands there in the other bars."""
    bars = ops.reshape(begins, (-1, spec.bars, spec.steps_per_bar, begins.shape[-1]))
    others = ops.sum(bars, axis=1, keepdims=True) - bars
    return ops.reshape(others / max(spec.bars - 1, 1), (-1, spec.steps, begins.shape[-1]))


def _information(counts: Tensor, margin: Tensor, track: Track) -> Tensor:
    """Fisher information of the statistics, `(batch, statistic, statistic)`."""
    if track.monophonic:
        chance = ops.softmax(OPEN * margin)
        mean = ops.einsum("ntc,ntcf->ntf", chance, counts)
        square = ops.einsum("ntcf,ntcg->nfg", counts * chance[..., None], counts)
        return square - ops.einsum("ntf,ntg->nfg", mean, mean)
    chance = ops.sigmoid(OPEN * margin)
    doubt = chance * (1.0 - chance)
    return ops.einsum("ntcf,ntcg->nfg", counts * doubt[..., None], counts)


def _freed(information: Tensor, amounts: Tensor) -> Tensor:
    """Weights of the statistics `(batch, statistic)` that make up tilts freed of each other.

    A tilt is its own statistic less what the others say of it, which are the columns of the
    information's inverse. An amount is a length in the Fisher metric: where few decisions are
    open, they are tilted more.
    """
    own = ops.diagonal(information, axis1=1, axis2=2)
    size = ops.sqrt(own + 1e-3)
    alike = information / (size[:, :, None] * size[:, None, :])
    inverse = ops.inv(alike + SHRINK * ops.eye(alike.shape[-1])[None])
    inverse = inverse / ops.diagonal(inverse, axis1=1, axis2=2)[:, None, :]
    reach = amounts / ops.sqrt(own + CLOSED)
    return ops.einsum("nfg,ng->nf", inverse, reach * size) / size
