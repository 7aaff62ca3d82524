"""Tilts of a decoder that writes note by note; see `gan.models.tilt` for what a tilt is.

Each decision is tilted by what it alone can change: where a note begins by the rhythm, whose it
is by how many notes a track is to have, its pitch and its length by the rest. Which track a step
will be given to is not known while the step is chosen: there the tracks' mean counts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gan.models.statistics import by_place, columns, statistics
from gan.music.cells import any_of, pitch_classes
from gan.spec import RollSpec

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

LEAP = 12.0  # semitones from the track's last pitch that count as 1, and no more do


class EventTilts:
    """Tilts `(n, tilt)` of `n` phrases, and what of each phrase they depend on."""

    def __init__(self, amounts: Floats, spec: RollSpec) -> None:
        self.spec = spec
        count, tracks = len(amounts), len(spec.tracks)
        self.of: dict[str, Floats] = {}
        for index, track in enumerate(spec.tracks):
            own = amounts[:, columns(index, spec)]
            for name, amount in zip(statistics(track, spec), own.T, strict=True):
                self.of.setdefault(name, np.zeros((count, tracks), np.float32))[:, index] = amount
        self.of = {name: values for name, values in self.of.items() if values.any()}
        # What is written so far: notes by where they begin, when each pitch ends, the last one.
        self.begun = np.zeros((count, tracks, spec.steps, spec.pitches), bool)
        self.ends = np.zeros((count, tracks, spec.pitches), np.int16)
        self.last = np.full((count, tracks), -1)
        self.classes = (np.arange(spec.pitches) + spec.pitch_min) % 12

    def advance(self, rows: Ints, step: Ints, track: Ints, started: NDArray[np.bool_]) -> Floats:
        """For each number of steps on, `(row, step + 1)`; `started` where a note is written."""
        spec = self.spec
        on = np.arange(spec.steps + 1)
        now = step[:, None] + on
        inside = now < spec.steps
        now = np.minimum(now, spec.steps - 1)
        found = np.zeros(now.shape, np.float32)
        for name in ("sixteenths", "beats"):
            if name in self.of:
                kind = _flat(name, spec)
                found += self.of[name][rows].mean(axis=1)[:, None] * kind[now] * inside
        if "steady" in self.of:
            steady = (self.of["steady"][rows, :, None] * self._steady(rows)).mean(axis=1)
            found += np.take_along_axis(steady, now, axis=1) * inside
        if "notes" in self.of:
            found -= 0.5 * self.of["notes"][rows].mean(axis=1)[:, None] * np.log2(1.0 + on)
        if "chords" in self.of:
            found[:, 0] += np.where(started, self.of["chords"][rows, track], 0.0)
        return found

    def track(self, rows: Ints, now: Ints, again: Ints) -> Floats:
        """For each track at the step `now`, `(row, track)`.

        `again` is the track that has written on that very step already, -1 where none has.
        """
        found = np.zeros((len(rows), len(self.spec.tracks)), np.float32)
        if "notes" in self.of:
            found += self.of["notes"][rows]
        for name in ("sixteenths", "beats"):
            if name in self.of:
                found += self.of[name][rows] * _flat(name, self.spec)[now][:, None]
        if "steady" in self.of:
            found += self.of["steady"][rows] * self._steady(rows)[np.arange(len(rows)), :, now]
        if "chords" in self.of:
            found += self.of["chords"][rows] * (np.arange(found.shape[1]) == again[:, None])
        return found

    def pitch(self, rows: Ints, now: Ints, track: Ints) -> Floats:
        """For each pitch of a note of `track` at `now`, `(row, pitch)`."""
        spec = self.spec
        found = np.zeros((len(rows), spec.pitches), np.float32)
        for name in ("height", "minor", "black"):
            kind = by_place(name, spec)
            if name in self.of and kind is not None:
                found += self.of[name][rows, track][:, None] * kind
        if "reuse" in self.of:
            bar = now // spec.steps_per_bar * spec.steps_per_bar
            inside = np.arange(spec.steps) >= bar[:, None]
            used = any_of(self.begun[rows, track] & inside[..., None], 1)
            found += self.of["reuse"][rows, track][:, None] * self._of_class(used)
        if "same" in self.of:
            earlier, bars = self._earlier(self.begun[rows, track], now)
            found += self.of["same"][rows, track][:, None] * earlier / np.maximum(bars, 1)[:, None]
        if "smooth" in self.of:
            last = self.last[rows, track][:, None]
            leap = np.minimum(np.abs(np.arange(spec.pitches) - last) / LEAP, 1.0)
            found -= self.of["smooth"][rows, track][:, None] * np.where(last < 0, 0.0, leap)
        if "chord" in self.of:
            sounds = self.ends[rows] > now[:, None, None]
            sounds[np.arange(len(rows)), track] = False
            heard = self._of_class(any_of(sounds, 1))
            found += self.of["chord"][rows, track][:, None] * heard
        return found

    def duration(self, rows: Ints, track: Ints) -> Floats:
        """For each length of a note of `track`, `(row, step)`."""
        found = np.zeros((len(rows), self.spec.steps), np.float32)
        if "length" in self.of:
            octaves = np.log2(1.0 + np.arange(self.spec.steps))
            found += self.of["length"][rows, track][:, None] * octaves
        return found

    def wrote(self, rows: Ints, step: Ints, track: Ints, pitch: Ints, length: Ints) -> None:
        """Take note of a note of each row."""
        self.begun[rows, track, step, pitch] = True
        self.ends[rows, track, pitch] = step + length
        self.last[rows, track] = pitch

    def _of_class(self, pitches: NDArray[np.bool_]) -> Floats:
        """Pitches `(row, pitch)` whose pitch class is one of those given."""
        return pitch_classes(pitches, self.spec)[:, self.classes].astype(np.float32)

    def _steady(self, rows: Ints) -> Floats:
        """At each step the share of the bars before in which notes begin there."""
        spec = self.spec
        begun = self.begun[rows].any(axis=3)
        bars = begun.reshape(len(rows), -1, spec.bars, spec.steps_per_bar)
        before: NDArray[np.int64] = np.cumsum(bars, axis=2) - bars
        share = before / np.maximum(np.arange(spec.bars), 1)[:, None]
        return np.asarray(share.reshape(begun.shape), np.float32)

    def _earlier(self, begun: NDArray[np.bool_], now: Ints) -> tuple[Floats, Ints]:
        """In how many bars before notes `(row, pitch)` begin at the place of `now`, of how many."""
        spec = self.spec
        bars = begun.reshape(len(begun), spec.bars, spec.steps_per_bar, spec.pitches)
        bar = now // spec.steps_per_bar
        here = bars[np.arange(len(begun)), :, now % spec.steps_per_bar]
        before = np.asarray(np.arange(spec.bars) < bar[:, None])
        return np.asarray((here & before[..., None]).sum(axis=1), np.float32), bar


def _flat(name: str, spec: RollSpec) -> Floats:
    """A statistic of the step alone, `(step,)`."""
    values = by_place(name, spec)
    assert values is not None
    return np.asarray(values[:, 0], np.float32)
