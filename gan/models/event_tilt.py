"""Tilts of a decoder that writes note by note; see `gan.models.tilt` for what a tilt is.

A phrase is written first, untilted. Then each decision that was taken is taken again: the same
logits, tilted, at the same noise, as if all others had stayed as they were. So a tilt moves the
notes that it is about, and no other: were the phrase written anew, one note on another step would
turn all that follows into another piece. What is written once can be tilted again and again for
next to nothing.

Decisions for a track are kept: which track a note is of, and that it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from gan.models.statistics import CLOSED, OPEN, by_place, columns, statistics
from gan.music.cells import any_of, pitch_classes
from gan.music.events import Events, rolls_of_events
from gan.spec import ONSET, SOUNDING, RollSpec

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Choose = Callable[[Floats, Floats], Ints]
"""Logits `(n, choices)` and noise `(n,)` -> choices `(n,)`."""

ADVANCE, PITCH, DURATION = 0, 2, 3  # of a note's four decisions, those that are taken again
ABOUT = {
    ADVANCE: ("sixteenths", "beats", "steady"),
    PITCH: ("same", "height", "reuse", "minor", "black", "smooth", "chord", "spread"),
    DURATION: ("length",),
}
SHRINK = 1.0  # as in `gan.models.tilt`; more, for a phrase's notes are few
NEAR = 4  # steps to either side over which the pitch of a melody is averaged
LEAP = 12.0  # semitones from there that count as 1, and no more do


@dataclass(frozen=True)
class Seen:
    """One phrase as it was written.

    `notes` are step, track, pitch and duration, `(note,)` each; `logits` those of the four
    decisions, masked and at their temperatures, `(note, choices)`; `noise` `(note, 4)`.
    `freeing` keeps what `_weights` takes a while to find, by track and decision.
    """

    notes: list[Ints]
    logits: list[Floats]
    noise: Floats
    freeing: dict[tuple[int, int], NDArray[np.float64]] = field(default_factory=dict)


def leant(
    phrases: Sequence[Seen], amounts: Floats, spec: RollSpec, choose: Choose
) -> NDArray[np.uint8]:
    """Rolls of phrases, each tilted by its `amounts` `(n, tilt)`."""
    counts = np.array([len(each.noise) for each in phrases])
    step, track, pitch, duration = (
        np.concatenate([each.notes[k] for each in phrases]) for k in range(4)
    )
    logits = {which: np.concatenate([each.logits[which] for each in phrases]) for which in ABOUT}
    noise = np.concatenate([each.noise for each in phrases])
    of, before = np.repeat(np.arange(len(phrases)), counts), _before(step, counts)
    plain = _rolls(of, counts, (step, track, pitch, duration), spec)
    moved = [step.copy(), track, pitch.copy(), duration.copy()]
    for index, each in enumerate(spec.tracks):
        names = statistics(each, spec, written=True)
        own = amounts[:, columns(index, spec, written=True)]
        at = np.flatnonzero((track == index) & any_of(own != 0, 1)[of])
        if not len(at):
            continue
        context = _Context(plain, index, of[at], before[at], step[at], duration[at], spec)
        for which, about in ABOUT.items():
            kinds = [name for name in about if name in names]
            tilts = own[:, [names.index(name) for name in kinds]]
            if not tilts.any():
                continue
            values = np.stack([context.counts(name) for name in kinds], axis=-1)
            weights = _weights(phrases, (index, which), logits[which][at], values, tilts, of[at])
            leaning = logits[which][at] + np.einsum("ncf,nf->nc", values, weights[of[at]])
            taken = choose(leaning, noise[at, which])
            if which == ADVANCE:
                # Past the end there is no note to be; and a chord stays together.
                fresh = before[at] + taken
                fresh = np.where(fresh < spec.steps, fresh, step[at])
                moved[0][at] = _with_their_chord(fresh, at, of, step, track)
            elif which == PITCH:
                moved[2][at] = taken
            else:
                moved[3][at] = 1 + taken
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
        if name == "length":
            octaves = np.log2(1.0 + np.arange(spec.steps)).astype(np.float32)
            return np.repeat(octaves[None], len(self.of), axis=0)
        if name == "steady":
            return self._of_step(self._other_bars(any_of(self.onset, 2)[..., None])[..., 0])
        if name == "same":
            return self._other_bars(self.onset)[self.of, self.step]
        if name == "smooth":
            return -self._leap(NEAR)[self.of, self.step]
        if name == "spread":
            return self._leap(spec.steps)[self.of, self.step]
        if name == "reuse":
            shape = (-1, spec.bars, spec.steps_per_bar, spec.pitches)
            used = self._of_class(any_of(self.onset.reshape(shape), 2))
            return used[self.of, self.step // spec.steps_per_bar]
        if name == "chord":
            # The measure counts time: the share of the note on which others sound it.
            sums = np.cumsum(self._of_class(self.around), axis=1)
            sums = np.pad(sums, ((0, 0), (1, 0), (0, 0)))
            heard = sums[self.of, self.ends] - sums[self.of, self.step]
            return np.asarray(heard / np.maximum(self.ends - self.step, 1)[:, None], np.float32)
        kind = by_place(name, spec)
        if kind is None:
            raise ValueError(f"No statistic is called {name!r}.")
        if kind.ndim == 1:
            return np.repeat(kind[None], len(self.of), axis=0)
        return self._of_step(np.repeat(kind[None, :, 0], len(self.onset), axis=0))

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


def _weights(
    phrases: Sequence[Seen],
    key: tuple[int, int],
    logits: Floats,
    counts: Floats,
    tilts: Floats,
    of: Ints,
) -> Floats:
    """Weights of the statistics that make up tilts freed of each other, `(phrase, statistic)`.

    `counts` (note, choice, statistic) are of one track's decisions of one kind, `key` names
    both; `tilts` (phrase, statistic). Freeing and the length of an amount: `gan.models.tilt`.
    """
    if any(key not in phrases[index].freeing for index in np.unique(of)):
        chance = softmax(OPEN * logits, axis=1)[..., None]
        centred = counts - (chance * counts).sum(axis=1, keepdims=True)
        doubt = (chance * centred).transpose(0, 2, 1) @ centred
        information = np.zeros((len(phrases), *doubt.shape[1:]))
        np.add.at(information, of, doubt)
        own = np.diagonal(information, axis1=1, axis2=2)
        size = np.sqrt(own + 1e-3)
        alike = information / (size[:, :, None] * size[:, None, :])
        inverse = np.linalg.inv(alike + SHRINK * np.eye(alike.shape[-1]))
        inverse /= np.diagonal(inverse, axis1=1, axis2=2)[:, None, :]
        inverse *= (size / np.sqrt(own + CLOSED))[:, None, :] / size[:, :, None]
        for index in np.unique(of):
            phrases[index].freeing[key] = inverse[index]
    found = np.zeros(tilts.shape, np.float32)
    for index in np.unique(of):
        found[index] = phrases[index].freeing[key] @ tilts[index]
    return found


def _before(step: Ints, counts: Ints) -> Ints:
    """The step of the note before each in its phrase, 0 for the first."""
    before = np.concatenate([[0], step[:-1]])
    before[(np.cumsum(counts) - counts)[counts > 0]] = 0
    return np.asarray(before, np.int64)


def _with_their_chord(fresh: Ints, at: Ints, of: Ints, step: Ints, track: Ints) -> Ints:
    """Where notes `at` go: where the first note of the same phrase, track and step goes."""
    first = np.ones(len(at), bool)
    first[1:] = (
        (of[at[1:]] != of[at[:-1]])
        | (step[at[1:]] != step[at[:-1]])
        | (track[at[1:]] != track[at[:-1]])
    )
    leads = np.maximum.accumulate(np.where(first, np.arange(len(at)), 0))
    return np.asarray(fresh[leads], np.int64)


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
