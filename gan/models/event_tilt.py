"""Tilts of a decoder that writes note by note; see `gan.models.tilt` for what a tilt is.

A phrase is written first, untilted. Then each decision that was taken is taken again: the same
logits, tilted, at the same noise, as if all others had stayed as they were. So a tilt moves the
notes that it is about, and no other: were the phrase written anew, one note on another step would
turn all that follows into another piece. What is written once can be tilted again and again for
next to nothing.

Decisions for a track are kept: which track a note is of, and that it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

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
NEAR = 4  # steps to either side over which the pitch of a melody is averaged
LEAP = 12.0  # semitones from there that count as 1, and no more do


@dataclass(frozen=True)
class Seen:
    """One phrase as it was written.

    `notes` are step, track, pitch and duration, `(note,)` each; `logits` those of the four
    decisions, masked and at their temperatures, `(note, choices)`; `noise` `(note, 4)`.
    """

    notes: list[Ints]
    logits: list[Floats]
    noise: Floats


def leant(
    phrases: Sequence[Seen], amounts: Floats, spec: RollSpec, choose: Choose
) -> NDArray[np.uint8]:
    """Rolls of phrases, each tilted by its `amounts` `(n, tilt)`."""
    counts = np.array([len(each.noise) for each in phrases])
    step, track, pitch, duration = (
        np.concatenate([each.notes[k] for each in phrases]) for k in range(4)
    )
    of = np.repeat(np.arange(len(phrases)), counts)
    plain = _rolls(of, counts, (step, track, pitch, duration), spec)
    moved = [step.copy(), track, pitch.copy(), duration.copy()]
    for index, each in enumerate(spec.tracks):
        names = statistics(each, spec, written=True)
        own = amounts[:, columns(index, spec, written=True)]
        leans = any_of(own != 0, 1)
        at = np.flatnonzero((track == index) & leans[of])
        if not len(at):
            continue
        tilts = {name: own[of[at], k] for k, name in enumerate(names) if np.any(own[:, k] != 0)}
        context = _Context(plain, index, of[at], spec)

        def again(
            which: int, values: dict[str, Floats], tilts: dict[str, Floats] = tilts, at: Ints = at
        ) -> Ints:
            logits = np.concatenate([each.logits[which] for each in phrases])[at]
            noise = np.concatenate([each.noise[:, which] for each in phrases])[at]
            lean = np.zeros_like(logits)
            chance = softmax(OPEN * logits, axis=1)
            for name, value in values.items():
                lean += (tilts[name] * _reach(chance, value, of[at]))[:, None] * value
            return choose(logits + lean, noise)

        before = _before(step, counts)[at]
        rhythm = context.of_step(tilts, before)
        if rhythm:
            fresh = before + again(ADVANCE, rhythm)
            # Past the end there is no note to be; and a chord stays together.
            fresh = np.where(fresh < spec.steps, fresh, step[at])
            moved[0][at] = _with_their_chord(fresh, at, of, step, track)
        pitches = context.of_pitch(tilts, step[at])
        if pitches:
            moved[2][at] = again(PITCH, pitches)
        if "length" in tilts:
            octaves = np.log2(1.0 + np.arange(spec.steps)).astype(np.float32)
            lengths = np.repeat(octaves[None], len(at), axis=0)
            moved[3][at] = 1 + again(DURATION, {"length": lengths})
    moved[3] = np.minimum(moved[3], spec.steps - moved[0])
    return _rolls(of, counts, moved, spec)


class _Context:
    """What the notes of one track depend on: the phrases `(n, track, step, pitch, 2)` they are of.

    `of` names each note's phrase.
    """

    def __init__(self, plain: NDArray[np.uint8], track: int, of: Ints, spec: RollSpec) -> None:
        self.spec, self.of = spec, of
        self.onset = plain[:, track, ..., ONSET] != 0
        others = [k for k, each in enumerate(spec.tracks) if k != track and not each.is_drum]
        self.around = any_of(plain[..., SOUNDING][:, others] != 0, 1)

    def of_step(self, names: Collection[str], before: Ints) -> dict[str, Floats]:
        """Statistics of rhythm for each number of steps on from `before`, `(note, step + 1)`."""
        spec = self.spec
        now = before[:, None] + np.arange(spec.steps + 1)
        inside, now = now < spec.steps, np.minimum(now, spec.steps - 1)
        found: dict[str, Floats] = {}
        for name in ("sixteenths", "beats"):
            kind = by_place(name, spec)
            if name in names and kind is not None:
                found[name] = kind[:, 0][now] * inside
        if "steady" in names:
            steady = self._other_bars(any_of(self.onset, 2)[..., None])[self.of, :, 0]
            found["steady"] = np.take_along_axis(steady, now, axis=1) * inside
        return found

    def of_pitch(self, names: Collection[str], step: Ints) -> dict[str, Floats]:
        """Statistics of pitch for each pitch, `(note, pitch)`."""
        spec = self.spec
        found: dict[str, Floats] = {}
        for name in names:
            kind = by_place(name, spec)
            if name == "reuse":
                shape = (-1, spec.bars, spec.steps_per_bar, spec.pitches)
                used = self._of_class(any_of(self.onset.reshape(shape), 2))
                found[name] = used[self.of, step // spec.steps_per_bar]
            elif name == "same":
                found[name] = self._other_bars(self.onset)[self.of, step]
            elif name == "smooth":
                found[name] = -self._leap(NEAR)[self.of, step]
            elif name == "spread":
                found[name] = self._leap(self.spec.steps)[self.of, step]
            elif name == "chord":
                found[name] = self._of_class(self.around)[self.of, step]
            elif kind is not None and kind.ndim == 1:
                found[name] = np.repeat(kind[None], len(step), axis=0)
        return found

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
        return np.nan_to_num(np.minimum(np.abs(pitch - middle[..., None]) / LEAP, 1.0))


def _reach(chance: Floats, value: Floats, of: Ints) -> Floats:
    """What an amount of 1 is for each note: a length in the Fisher metric of its phrase.

    Where few decisions are open to a statistic, they are tilted more.
    """
    doubt = (chance * value**2).sum(axis=1) - (chance * value).sum(axis=1) ** 2
    information = np.bincount(of, np.maximum(doubt, 0.0), minlength=int(of.max()) + 1)
    return np.asarray(1.0 / np.sqrt(information + CLOSED), np.float32)[of]


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
