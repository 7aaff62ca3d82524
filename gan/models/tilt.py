"""Tilts: logits moved towards a musical attribute, for decoders that draw all cells at once.

Exponential tilting adds to each logit a weight times what the decision adds to a statistic, say 1
for a note off the eighths: of all changes that raise the expected statistic so far, it is the
smallest (Csiszár 1975). Notes that were nearly played come in, and their nearest rivals go.

A statistic counts from its own mean in the phrase, and is orthogonalised to the track's others by
least squares, each decision weighted by how open it is (the Fisher information of the decisions).
So a tilt towards notes off the eighths means neither more notes nor shorter ones, to first order.

How far a phrase is tilted is found by a line search: until the decisions that change have added to
the statistics what the amounts ask for, the same share of its notes in every phrase. Expectations
would not do: a dozen decisions are open in a phrase, and much would happen in one and nothing in
the next.

A track's tilts reach that track only. Tilts of 0 change nothing at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from keras import ops

from gan.models.binary import at_thresholds, carry
from gan.models.layers import Tensor
from gan.models.statistics import (
    CLOSED,
    HALVINGS,
    LONGEST,
    NEAR,
    OPENNESS,
    TINY,
    UNIT,
    by_place,
    columns,
    decision_of,
    statistics,
)
from gan.spec import RollSpec, Track

SHRINK = 0.3  # ridge of the least squares, in units of a statistic's own information
NOTES = 16.0  # that an amount of 1 adds `UNIT` of, where notes are what is added
HOLD = 0.25  # of what a note's length adds to `note_length` that comes with its onset


def _pitched(spec: RollSpec) -> list[int]:
    return [index for index, track in enumerate(spec.tracks) if not track.is_drum]


def tilted(
    logits: Sequence[Tensor], amounts: Tensor, spec: RollSpec, onset: Tensor, hold: Tensor
) -> list[Tensor]:
    """A decoder's `logits` tilted by `amounts` (batch, tilt), see `UNIT` for what they ask for.

    `onset` and `hold` (track,) are the thresholds that the logits are read with.
    """
    margins = at_thresholds(list(logits), spec, onset, hold)
    cells = [_cells(part, track, spec) for part, track in zip(margins, spec.tracks, strict=True)]
    found = []
    for index, (track, raw, margin) in enumerate(zip(spec.tracks, logits, margins, strict=True)):
        names = statistics(track, spec)
        begins, sounds = cells[index]
        others = [cells[k][1] for k in _pitched(spec) if k != index]
        around = ops.max(ops.stack(others), axis=0) if others else None
        onsets = _onset_counts(names, spec, begins, sounds, around)
        holds = _hold_counts(sounds, track)
        asked = UNIT * amounts[:, columns(index, spec)] * _sizes(names, begins)
        information = _information(names, onsets, holds, margin, track)
        weights = _orthogonalised(information, asked)
        change = _change(names, weights, onsets, holds, track)
        target = ops.maximum(ops.sum(weights * asked, axis=1), 0.0)
        found.append(raw + _line_search(margin, change, target, track)[:, None, None] * change)
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


def _sizes(names: Sequence[str], begins: Tensor) -> Tensor:
    """What amounts of each statistic are counted in, `(batch, statistic)`: a track's notes.

    Notes themselves are asked for by number, as the measure counts them.
    """
    notes = ops.sum(begins, axis=(1, 2))
    fixed = NOTES * ops.ones_like(notes)
    return ops.stack([fixed if name == "notes" else notes for name in names], axis=1)


def _onset_counts(
    names: Sequence[str], spec: RollSpec, begins: Tensor, sounds: Tensor, around: Tensor | None
) -> Tensor:
    """What each onset adds to each statistic, `(batch, statistic, step, pitch)`."""
    notes = ops.sum(begins, axis=(1, 2), keepdims=True) + 0.3
    counts = []
    for name in names:
        if name == "notes":
            counts.append(ops.ones_like(begins))
        elif name == "note_length":
            # A note more must come with the length that its fellows have.
            length = ops.sum(sounds, axis=(1, 2), keepdims=True) / notes
            counts.append(HOLD * (1.0 - length) * ops.ones_like(begins))
        else:
            value = _value(name, spec, begins, around) * ops.ones_like(begins)
            counts.append(value - ops.sum(begins * value, axis=(1, 2), keepdims=True) / notes)
    return ops.stack(counts, axis=1)


def _hold_counts(sounds: Tensor, track: Track) -> Tensor:
    """What holding on adds to length, where there is something to hold: `(batch, step, hold)`."""
    alive = ops.concatenate([ops.zeros_like(sounds[:, :1]), sounds[:, :-1]], axis=1)
    return ops.sum(alive, axis=-1, keepdims=True) if track.monophonic else alive


def _of_length(names: Sequence[str]) -> Tensor:
    """1 for the statistic that counts holds, else 0, `(statistic,)`."""
    return ops.convert_to_tensor(np.array([name == "note_length" for name in names], np.float32))


def _change(
    names: Sequence[str], weights: Tensor, onsets: Tensor, holds: Tensor, track: Track
) -> Tensor:
    """What is added to each decision's logit, `(batch, step, decision)`."""
    steps, pitches = onsets.shape[2:]
    onset = ops.matmul(weights[:, None], ops.reshape(onsets, (-1, len(names), steps * pitches)))
    onset = ops.reshape(onset, (-1, steps, pitches))
    hold = ops.sum(weights * _of_length(names), axis=1)[:, None, None] * holds
    if track.monophonic:
        return ops.concatenate([onset, hold, ops.zeros_like(hold)], axis=2)
    return ops.concatenate([hold, onset], axis=2)


def _line_search(margin: Tensor, change: Tensor, target: Tensor, track: Track) -> Tensor:
    """How many times `change` is added to the logits of each phrase, `(batch,)`.

    As many as bring the gain, which grows in steps as decisions change, nearest to the `target`
    (batch,); by bisection.
    """
    if track.monophonic:
        now = _taken(margin, change)

        def gain(scale: Tensor) -> Tensor:
            then = _taken(margin + scale[:, None, None] * change, change)
            return ops.sum(then - now, axis=(1, 2))

    else:
        # A decision changes once, where margin and change have opposite signs.
        turns = -margin / ops.where(change == 0, 1e-9, change)
        turns = ops.where(turns > 0, turns, np.inf)

        def gain(scale: Tensor) -> Tensor:
            turned = turns < scale[:, None, None]
            return ops.sum(ops.where(turned, ops.abs(change), 0.0), axis=(1, 2))

    low, high = ops.zeros_like(target), LONGEST * ops.ones_like(target)
    least, most = ops.zeros_like(target), gain(high)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        there = gain(middle)
        short = there < target
        low, least = ops.where(short, middle, low), ops.where(short, there, least)
        high, most = ops.where(short, high, middle), ops.where(short, most, there)
    closer = ops.abs(least - target) < ops.abs(most - target)
    return ops.where(closer, low, high)


def _taken(logits: Tensor, values: Tensor) -> Tensor:
    """`values` of the likeliest choices, `(batch, step, 1)`."""
    likeliest = ops.argmax(logits, axis=-1)[..., None]
    return ops.take_along_axis(values, likeliest, axis=-1)


def _value(name: str, spec: RollSpec, begins: Tensor, around: Tensor | None) -> Tensor:
    """How much an onset is of a kind; broadcastable to `(batch, step, pitch)`."""
    fixed = by_place(name, spec)
    if fixed is not None:
        return ops.convert_to_tensor(fixed[:, None] if decision_of(name) == "step" else fixed)
    pitch = np.arange(spec.pitches)
    if name == "rhythm_repetition":
        return _other_bars(ops.max(begins, axis=-1, keepdims=True), spec)
    if name == "repetition":
        return _other_bars(begins, spec)
    if name == "pitch_classes":
        bars = ops.reshape(begins, (-1, spec.bars, spec.steps_per_bar, spec.pitches))
        used = ops.max(_by_class(bars), axis=2, keepdims=True)
        used = ops.repeat(ops.take(used, pitch % 12, axis=-1), spec.steps_per_bar, axis=2)
        return -ops.reshape(used, (-1, spec.steps, spec.pitches))
    if name == "chords":
        return ops.minimum(ops.sum(begins, axis=-1, keepdims=True), 3.0)
    if name == "stepwise_melody":
        rise = ops.convert_to_tensor((pitch / 12).astype(np.float32))
        both = ops.concatenate([begins * rise, begins], axis=-1)
        mean = ops.average_pool(both, 2 * NEAR + 1, strides=1, padding="same")
        height, mass = ops.split(mean, 2, axis=-1)
        middle = ops.sum(height, axis=-1, keepdims=True)
        middle = middle / (ops.sum(mass, axis=-1, keepdims=True) + 1e-3)
        return -ops.minimum(ops.abs(rise - middle), 1.0)
    if name == "melody_in_chord" and around is not None:
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


def _information(
    names: Sequence[str], onsets: Tensor, holds: Tensor, margin: Tensor, track: Track
) -> Tensor:
    """Fisher information of the statistics, `(batch, statistic, statistic)`."""
    count, steps, pitches = onsets.shape[1:]
    counts = ops.reshape(onsets, (-1, count, steps * pitches))
    held = _of_length(names)
    if track.monophonic:
        chance = ops.softmax(OPENNESS * margin)
        onset, hold = chance[..., :pitches], chance[..., pitches : pitches + 1]
        doubt, doubt_of_hold = onset, hold
        mean = ops.sum(onsets * onset[:, None], axis=3)
        mean = mean + held[:, None] * (hold * holds)[:, None, :, 0]
    else:
        chance = ops.sigmoid(OPENNESS * margin)
        doubt_of_hold, doubt = ops.split(chance * (1.0 - chance), 2, axis=-1)
    weighted = counts * ops.reshape(doubt, (-1, 1, steps * pitches))
    found = _products(weighted, counts)
    of_holds = ops.sum(doubt_of_hold * ops.square(holds), axis=(1, 2))
    found = found + of_holds[:, None, None] * held[:, None] * held
    return found - _products(mean, mean) if track.monophonic else found


def _products(left: Tensor, right: Tensor) -> Tensor:
    """Inner products of rows `(batch, row, k)`, `(batch, row, row)`."""
    return ops.matmul(left, ops.swapaxes(right, 1, 2))


def _orthogonalised(information: Tensor, asked: Tensor) -> Tensor:
    """Weights of the statistics `(batch, statistic)` that should add what is `asked` of each.

    The columns of the information's inverse: a statistic less what the others say of it.
    """
    own = ops.diagonal(information, axis1=1, axis2=2)
    size = ops.sqrt(own + TINY)
    alike = information / (size[:, :, None] * size[:, None, :])
    inverse = ops.inv(alike + SHRINK * ops.eye(alike.shape[-1])[None])
    inverse = inverse / ops.diagonal(inverse, axis1=1, axis2=2)[:, None, :]
    return ops.einsum("nfg,ng->nf", inverse, asked * size / (own + CLOSED)) / size
