"""Tilts of a decoder that writes note by note; see `gan.models.tilt` for what a tilt is.

A phrase is written first, untilted. Then each decision is taken again: the same logits, tilted, at
the same noise, with all others as they were. So a tilt moves the notes that it is about and no
other: were the phrase written anew, one note on another step would turn all that follows into
another piece. What is written once can be tilted again and again for next to nothing.

The line search goes until the choices that change, at their noise, have added to the statistics
what the amounts ask for. Which track a note is of, and that it is there, is never taken again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

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
from gan.music.cells import any_of, pitch_classes
from gan.music.events import Events, rolls_of_events
from gan.spec import ONSET, SOUNDING, RollSpec

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Choose = Callable[[Floats, Floats], Ints]
"""Logits `(n, choices)` and noise `(n,)` -> choices `(n,)`."""

STEP, PITCH, DURATION = 0, 2, 3  # of a note's four decisions, those that are taken again
DECISIONS = {STEP: "step", PITCH: "pitch", DURATION: "duration"}
ALONE = ("rhythm_repetition",)  # not orthogonalised: what repeats is mostly on beats and eighths
SHRINK = 0.5  # as in `gan.models.tilt`; more, for a phrase's notes are few
LEAP = 12.0  # semitones from there that count as 1, and no more do


@dataclass(frozen=True)
class Seen:
    """One phrase as it was written.

    `notes` are step, track, pitch and duration, `(note,)` each; `logits` those of the four
    decisions, masked and at their temperatures, `(note, choices)`; `noise` `(note, 4)`.
    `inverses` keeps `_Decisions.inverses` by track and kind of decision.
    """

    notes: list[Ints]
    logits: list[Floats]
    noise: Floats
    inverses: dict[tuple[int, int], NDArray[np.float64]] = field(default_factory=dict)


def tilted_rolls(
    phrases: Sequence[Seen], amounts: Floats, spec: RollSpec, choose: Choose
) -> NDArray[np.uint8]:
    """Rolls of phrases, each tilted by its `amounts` `(n, tilt)`."""
    counts = np.array([len(each.noise) for each in phrases])
    notes = [np.concatenate([each.notes[k] for each in phrases]) for k in range(4)]
    logits = [np.concatenate([each.logits[k] for each in phrases]) for k in range(4)]
    noise = np.concatenate([each.noise for each in phrases])
    step, track, _, duration = notes
    of, before = np.repeat(np.arange(len(phrases)), counts), _before(step, counts)
    plain = _rolls(of, counts, notes, spec)
    moved = [values.copy() for values in notes]
    for index, each in enumerate(spec.tracks):
        names = statistics(each, spec, written=True)
        own = amounts[:, columns(index, spec, written=True)]
        at = np.flatnonzero((track == index) & any_of(own != 0, 1)[of])
        if not len(at):
            continue
        context = _Context(plain, index, of[at], before[at], step[at], duration[at], spec)
        for which, decision in DECISIONS.items():
            kinds = [name for name in names if decision_of(name) == decision]
            tilts = own[:, [names.index(name) for name in kinds]]
            if not tilts.any():
                continue
            # A chord goes where its first note goes, so that one decides for all.
            alone = np.arange(len(at)), np.ones(len(at), np.int64)
            first, sizes = _chords(of[at], step[at]) if which == STEP else alone
            values = np.stack([context.counts(name)[first] for name in kinds], axis=-1)
            rows = at[first]
            decisions = _Decisions(
                logits[which][rows],
                noise[rows, which],
                values * sizes[:, None, None].astype(np.float32),
                of[rows],
                sizes,
                [kinds.index(name) for name in ALONE if name in kinds],
            )
            taken = decisions.again(phrases, (index, which), tilts, choose)
            if which == STEP:
                # Past the end there is no note to be.
                fresh = before[rows] + taken
                taken = np.where(fresh < spec.steps, fresh, step[rows])
            moved[which][at] = np.repeat(taken, sizes) + (which == DURATION)
    moved[3] = np.minimum(moved[3], spec.steps - moved[0])
    return _rolls(of, counts, moved, spec)


class _Context:
    """What the notes of one track depend on: the phrases `(n, track, step, pitch, 2)` they are of.

    `of` names each note's phrase; `before` is the step of the note before it.
    """

    def __init__(
        self,
        plain: NDArray[np.uint8],
        track: int,
        of: Ints,
        before: Ints,
        step: Ints,
        duration: Ints,
        spec: RollSpec,
    ) -> None:
        self.spec, self.of, self.before, self.step = spec, of, before, step
        self.ends = np.minimum(step + duration, spec.steps)
        self.onset = plain[:, track, ..., ONSET] != 0
        others = [k for k, each in enumerate(spec.tracks) if k != track and not each.is_drum]
        self.around = any_of(plain[..., SOUNDING][:, others] != 0, 1)

    def counts(self, name: str) -> Floats:
        """What each choice of each note adds to a statistic, `(note, choice)`.

        Choices are numbers of steps on from the note before, pitches, or steps of length.
        """
        spec = self.spec
        if name == "note_length":
            octaves = np.log2(1.0 + np.arange(spec.steps)).astype(np.float32)
            return np.repeat(octaves[None], len(self.of), axis=0)
        if name == "rhythm_repetition":
            return self._of_step(self._other_bars(any_of(self.onset, 2)[..., None])[..., 0])
        if name == "repetition":
            return self._other_bars(self.onset)[self.of, self.step]
        if name == "stepwise_melody":
            return -self._leap(NEAR)[self.of, self.step]
        if name == "range":
            return self._leap(spec.steps)[self.of, self.step]
        if name == "pitch_classes":
            shape = (-1, spec.bars, spec.steps_per_bar, spec.pitches)
            used = self._of_class(any_of(self.onset.reshape(shape), 2))
            return -used[self.of, self.step // spec.steps_per_bar]
        if name == "melody_in_chord":
            # The measure counts time: the share of the note on which others sound it.
            sums = np.cumsum(self._of_class(self.around), axis=1)
            sums = np.pad(sums, ((0, 0), (1, 0), (0, 0)))
            heard = sums[self.of, self.ends] - sums[self.of, self.step]
            return np.asarray(heard / np.maximum(self.ends - self.step, 1)[:, None], np.float32)
        kind = by_place(name, spec)
        if kind is None:
            raise ValueError(f"No statistic is called {name!r}.")
        if decision_of(name) == "pitch":
            return np.repeat(kind[None], len(self.of), axis=0)
        return self._of_step(np.repeat(kind[None], len(self.onset), axis=0))

    def _of_step(self, values: Floats) -> Floats:
        """Values `(n, step)` at each number of steps on from the note before, 0 past the end."""
        now = self.before[:, None] + np.arange(self.spec.steps + 1)
        padded = np.pad(values, ((0, 0), (0, self.spec.steps + 1)))
        return np.asarray(padded[self.of[:, None], now], np.float32)

    def _other_bars(self, cells: NDArray[np.bool_]) -> Floats:
        """At each step the share of the other bars in which something stands there."""
        spec = self.spec
        bars = cells.reshape(len(cells), spec.bars, spec.steps_per_bar, -1).astype(np.float32)
        others = (bars.sum(axis=1, keepdims=True) - bars) / max(spec.bars - 1, 1)
        return np.asarray(others.reshape(len(cells), spec.steps, -1), np.float32)

    def _of_class(self, cells: NDArray[np.bool_]) -> Floats:
        """Pitches of the pitch classes in `cells` `(..., pitch)`."""
        spec = self.spec
        classes = (np.arange(spec.pitches) + spec.pitch_min) % 12
        return pitch_classes(cells, spec)[..., classes].astype(np.float32)

    def _leap(self, within: int) -> Floats:
        """How far each pitch is from those `within` steps, `(n, step, pitch)`, 1 at most."""
        pitch = np.arange(self.spec.pitches)
        near = np.abs(np.subtract.outer(*[np.arange(self.spec.steps)] * 2)) <= within
        mass = near.astype(np.float32) @ self.onset.sum(axis=2).T.astype(np.float32)
        height = near.astype(np.float32) @ (self.onset @ pitch).T.astype(np.float32)
        middle = np.where(mass > 0, height / np.maximum(mass, 1.0), np.nan).T
        far = np.minimum(np.abs(pitch - middle[..., None]) / LEAP, 1.0)
        return np.asarray(np.nan_to_num(far), np.float32)


@dataclass(frozen=True)
class _Decisions:
    """One track's decisions of one kind, of several phrases.

    `counts` (decision, choice, statistic) is what each choice adds to each statistic; `of` names
    each decision's phrase, `sizes` says for how many notes it is. Statistics `alone` are not
    orthogonalised.
    """

    logits: Floats
    noise: Floats
    counts: Floats
    of: Ints
    sizes: Ints
    alone: list[int]

    def again(
        self, phrases: Sequence[Seen], key: tuple[int, int], tilts: Floats, choose: Choose
    ) -> Ints:
        """Choices `(decision,)` for `tilts` (phrase, statistic); `key` names track and kind.

        By a line search in every phrase, as `gan.models.tilt` does it.
        """
        of, n = self.of, len(phrases)
        weights, target = self._weights(phrases, key, tilts)
        change = np.einsum("ncf,nf->nc", self.counts, weights[of])

        def taken(scale: NDArray[np.float64], some: Ints) -> Ints:
            logits = self.logits[some] + scale[of[some]][:, None].astype(np.float32) * change[some]
            return choose(logits, self.noise[some])

        def gain(choices: Ints) -> NDArray[np.float64]:
            more = change[np.arange(len(of)), choices] - change[np.arange(len(of)), plain]
            return np.asarray(np.bincount(of, more, minlength=n), np.float64)

        low, high = np.zeros(n), np.full(n, LONGEST)
        plain, far = (taken(scale, np.arange(len(of))) for scale in (low, high))
        near = plain
        least, most = np.zeros(n), gain(far)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            # A choice that is the same at both ends is settled.
            open_ = np.flatnonzero(near != far)
            between = near.copy()
            between[open_] = taken(middle, open_)
            there = gain(between)
            short = there < target
            low, least = np.where(short, middle, low), np.where(short, there, least)
            high, most = np.where(short, high, middle), np.where(short, most, there)
            near, far = np.where(short[of], between, near), np.where(short[of], far, between)
        closer = np.abs(least - target) < np.abs(most - target)
        return np.asarray(np.where(closer[of], near, far), np.int64)

    def _weights(
        self, phrases: Sequence[Seen], key: tuple[int, int], tilts: Floats
    ) -> tuple[Floats, NDArray[np.float64]]:
        """Weights of the statistics `(phrase, statistic)`, and how much they are to gain."""
        found = np.zeros(tilts.shape, np.float32)
        present = np.unique(self.of)
        if any(key not in phrases[index].inverses for index in present):
            for index, inverse in zip(present, self.inverses(len(phrases))[present], strict=True):
                phrases[index].inverses[key] = inverse
        size = np.bincount(self.of, self.sizes, minlength=len(phrases))
        asked = UNIT * size[:, None] * tilts
        for index in present:
            found[index] = phrases[index].inverses[key] @ asked[index]
        return found, np.maximum((found * asked).sum(axis=1), 0.0)

    def inverses(self, n: int) -> NDArray[np.float64]:
        """Matrices from changes of the statistics to weights, `(phrase, statistic, statistic)`.

        The inverse of the Fisher information, so that a change of one statistic means none of
        the others, as in `gan.models.tilt`.
        """
        chance = softmax(OPENNESS * self.logits, axis=1)[..., None]
        centred = self.counts - (chance * self.counts).sum(axis=1, keepdims=True)
        doubt = (chance * centred).transpose(0, 2, 1) @ centred
        information = np.zeros((n, *doubt.shape[1:]))
        np.add.at(information, self.of, doubt)
        own = np.diagonal(information, axis1=1, axis2=2)
        size = np.sqrt(own + TINY)
        alike = information / (size[:, :, None] * size[:, None, :])
        inverse = np.linalg.inv(alike + SHRINK * np.eye(alike.shape[-1]))
        inverse /= np.diagonal(inverse, axis1=1, axis2=2)[:, None, :]
        inverse[:, :, self.alone] = np.eye(alike.shape[-1])[:, self.alone]
        return inverse * (size / (own + CLOSED))[:, None, :] / size[:, :, None]


def _before(step: Ints, counts: Ints) -> Ints:
    """The step of the note before each in its phrase, 0 for the first."""
    before = np.concatenate([[0], step[:-1]])
    before[(np.cumsum(counts) - counts)[counts > 0]] = 0
    return np.asarray(before, np.int64)


def _chords(of: Ints, step: Ints) -> tuple[Ints, Ints]:
    """Of one track's notes, those that are first of their phrase and step, and of how many."""
    new = np.ones(len(of), bool)
    new[1:] = (of[1:] != of[:-1]) | (step[1:] != step[:-1])
    first = np.flatnonzero(new)
    return first, np.diff(np.append(first, len(of)))


def _rolls(of: Ints, counts: Ints, notes: Sequence[Ints], spec: RollSpec) -> NDArray[np.uint8]:
    """Notes side by side as rolls; `of` names each note's phrase."""
    place = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    fills = (spec.steps, 0, 0, 1)
    columns_ = []
    for values, fill in zip(notes, fills, strict=True):
        padded = np.full((len(counts), max(int(counts.max(initial=0)), 1)), fill, np.int32)
        padded[of, place] = values
        columns_.append(padded)
    return rolls_of_events(Events(*columns_), spec)
