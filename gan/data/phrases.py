"""One song to phrases: cut at bar lines, moved to C major or A minor, packed.

A phrase is `spec.bars` consecutive whole bars. Where a song puts in a bar of another length
(two beats before a chorus, say), no phrase crosses it and the hop starts again after it, so
that every phrase begins on a downbeat and holds its downbeats where the grid has them.

Phrases that are nearly empty teach a generator silence and are dropped: those with fewer
than `MIN_ONSETS` onsets in all, or with notes in fewer than half of the tracks (two of
POP909's three). A phrase in which the melody rests while the others play is kept: an
interlude is music.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan.music.keys import Key, estimate_key, pitch_class_durations, shift_to_c
from gan.music.notes import NoteArray, transpose, window
from gan.music.rolls import Roll, pack, packed_size, roll_from_notes
from gan.spec import ONSET, RollSpec

MIN_ONSETS = 8


@dataclass(frozen=True)
class KeySpan:
    """A key from step `start` to step `end` (exclusive) of a song."""

    start: float
    end: float
    key: Key


@dataclass(frozen=True)
class Song:
    """A song on the step grid.

    `tracks` holds a `NoteArray` for each track of the spec, in steps from the song's start;
    `bar_starts` the step of every bar line, the last bar's end included, int64 `(bars + 1,)`.
    Without `keys` the key is estimated from the pitched notes.
    """

    name: str
    tracks: tuple[NoteArray, ...]
    bar_starts: npt.NDArray[np.int64]
    keys: tuple[KeySpan, ...] = ()


@dataclass(frozen=True)
class Phrases:
    """The phrases of one song, packed; `refused` says why there are none, else it is empty."""

    name: str
    bits: npt.NDArray[np.uint8]
    start_bar: npt.NDArray[np.int32]
    shift: npt.NDArray[np.int8]
    minor: npt.NDArray[np.bool_]
    sparse: int = 0
    refused: str = ""

    def __len__(self) -> int:
        return len(self.bits)


def refuse(name: str, reason: str, spec: RollSpec) -> Phrases:
    """No phrases of the song or file `name`, for `reason`."""
    return _packed(name, [], spec, refused=reason)


def cut_phrases(song: Song, spec: RollSpec, *, hop_bars: int = 2) -> Phrases:
    """Every phrase of a song at a hop of `hop_bars` bars, or the reason why there is none."""
    starts = phrase_starts(song.bar_starts, spec, hop_bars=hop_bars)
    if not any(len(notes) for notes in song.tracks):
        return refuse(song.name, "no notes", spec)
    if not starts:
        longest = f"no {spec.bars} bars of {spec.beats_per_bar}/4 in a row"
        return refuse(song.name, f"too short: {longest}", spec)
    keys = song.keys or (KeySpan(0, float(song.bar_starts[-1]), _estimated(song, spec)),)
    kept: list[tuple[Roll, int, Key]] = []
    for bar in starts:
        begin = int(song.bar_starts[bar])
        key = _key_at(keys, begin, begin + spec.steps)
        roll = _phrase(song, spec, begin=begin, shift=shift_to_c(key))
        if _full_enough(roll):
            kept.append((roll, bar, key))
    sparse = len(starts) - len(kept)
    reason = "" if kept else "too few notes in every phrase"
    return _packed(song.name, kept, spec, sparse=sparse, refused=reason)


def phrase_starts(
    bar_starts: npt.NDArray[np.int64], spec: RollSpec, *, hop_bars: int
) -> list[int]:
    """The bars at which a phrase of whole bars can start; the hop restarts at odd bars."""
    regular = np.diff(bar_starts) == spec.steps_per_bar
    starts, run = [], 0
    for bar, whole in enumerate(regular):
        run = run + 1 if whole else 0
        if run >= spec.bars and (run - spec.bars) % hop_bars == 0:
            starts.append(bar - spec.bars + 1)
    return starts


def _phrase(song: Song, spec: RollSpec, *, begin: int, shift: int) -> Roll:
    parts = []
    for notes, track in zip(song.tracks, spec.tracks, strict=True):
        part = window(notes, begin, begin + spec.steps)
        parts.append(part if track.is_drum else transpose(part, shift))
    return roll_from_notes(parts, spec)


def _full_enough(roll: Roll) -> bool:
    onsets = roll[..., ONSET].sum(axis=(1, 2), dtype=np.int64)
    return int(onsets.sum()) >= MIN_ONSETS and int((onsets > 0).sum()) * 2 >= len(onsets)


def _estimated(song: Song, spec: RollSpec) -> Key:
    pairs = zip(song.tracks, spec.tracks, strict=True)
    return estimate_key(
        pitch_class_durations(notes for notes, track in pairs if not track.is_drum)
    )


def _key_at(keys: tuple[KeySpan, ...], begin: int, end: int) -> Key:
    """The key that holds for most of `[begin, end)`; the nearest one where none does.

    The distance of a span that does not overlap is a negative overlap, so one maximum
    serves both.
    """
    return max(keys, key=lambda span: min(span.end, end) - max(span.start, begin)).key


def _packed(
    name: str,
    kept: list[tuple[Roll, int, Key]],
    spec: RollSpec,
    *,
    sparse: int = 0,
    refused: str = "",
) -> Phrases:
    bits = np.zeros((0, packed_size(spec)), dtype=np.uint8)
    if kept:
        bits = pack(np.stack([roll for roll, _, _ in kept]))
    return Phrases(
        name=name,
        bits=bits,
        start_bar=np.array([bar for _, bar, _ in kept], dtype=np.int32),
        shift=np.array([shift_to_c(key) for _, _, key in kept], dtype=np.int8),
        minor=np.array([key.minor for _, _, key in kept], dtype=np.bool_),
        sparse=sparse,
        refused=refused,
    )
