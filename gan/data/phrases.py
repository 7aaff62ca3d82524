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

from gan.music.keys import (
    Key,
    KeyChoice,
    heard_in_bars,
    keys_of_bars,
    last_bass,
    shift_to_c,
)
from gan.music.notes import NoteArray, windows
from gan.music.rolls import packed_rolls, packed_size
from gan.spec import RollSpec

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
    Without `keys` the keys are estimated from the pitched notes. `tempo` is in quarters a
    minute; `unreleased` counts notes without a note-off of their own.
    """

    name: str
    tracks: tuple[NoteArray, ...]
    bar_starts: npt.NDArray[np.int64]
    keys: tuple[KeySpan, ...] = ()
    tempo: float | None = None
    unreleased: int = 0


@dataclass(frozen=True)
class Facts:
    """What a report says of a song that gave phrases.

    `phrases` counts those taken. `key` is the key of most bars, `sure` the probability that it
    leads to the right transposition (1 where it was annotated or given), `keys` how many
    different ones there are. `notes` holds the number of notes of each track of the spec.
    """

    name: str
    phrases: int
    bars: int
    key: str
    sure: float
    keys: int
    tempo: float | None
    notes: tuple[int, ...]
    unreleased: int


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
    facts: Facts | None = None

    def __len__(self) -> int:
        return len(self.bits)


def refuse(name: str, reason: str, spec: RollSpec) -> Phrases:
    """No phrases of the song or file `name`, for `reason`."""
    return Phrases(
        name=name,
        bits=np.zeros((0, packed_size(spec)), dtype=np.uint8),
        start_bar=np.zeros(0, dtype=np.int32),
        shift=np.zeros(0, dtype=np.int8),
        minor=np.zeros(0, dtype=np.bool_),
        refused=reason,
    )


def cut_phrases(song: Song, spec: RollSpec, *, hop_bars: int = 2, key: KeyChoice = None) -> Phrases:
    """Every phrase of a song at a hop of `hop_bars` bars, or the reason why there is none.

    `key` stands above the song's own keys.
    """
    starts = phrase_starts(song.bar_starts, spec, hop_bars=hop_bars)
    if not any(len(notes) for notes in song.tracks):
        return refuse(song.name, "no notes", spec)
    if not starts:
        meter = f"{spec.beats_per_bar}/4"
        if not (np.diff(song.bar_starts) == spec.steps_per_bar).any():
            return refuse(song.name, f"not {meter}", spec)
        return refuse(song.name, f"too short: no {spec.bars} bars of {meter} in a row", spec)
    begins = song.bar_starts[starts]
    spans, sure = key_spans(song, spec, key)
    keys = [key_at(spans, int(begin), int(begin) + spec.steps) for begin in begins]
    moves = [key if isinstance(key, int) else shift_to_c(one) for one in keys]
    shift = np.array(moves, dtype=np.int8)
    bits, onsets = phrase_bits(song, spec, begins=begins, shift=shift)
    in_half = 2 * (onsets > 0).sum(axis=1) >= len(spec.tracks)
    full = (onsets.sum(axis=1) >= MIN_ONSETS) & in_half
    return Phrases(
        name=song.name,
        bits=bits if full.all() else bits[full],
        start_bar=np.array(starts, dtype=np.int32)[full],
        shift=shift[full],
        minor=np.array([key.minor for key in keys], dtype=np.bool_)[full],
        sparse=int((~full).sum()),
        refused="" if full.any() else "too few notes in every phrase",
        facts=_facts(song, spans, sure, phrases=int(full.sum())),
    )


def phrase_starts(bar_starts: npt.NDArray[np.int64], spec: RollSpec, *, hop_bars: int) -> list[int]:
    """The bars at which a phrase of whole bars can start; the hop restarts at odd bars."""
    regular = np.diff(bar_starts) == spec.steps_per_bar
    starts, run = [], 0
    for bar, whole in enumerate(regular):
        run = run + 1 if whole else 0
        if run >= spec.bars and (run - spec.bars) % hop_bars == 0:
            starts.append(bar - spec.bars + 1)
    return starts


def phrase_bits(
    song: Song, spec: RollSpec, *, begins: npt.NDArray[np.int64], shift: npt.NDArray[np.int8]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The packed rolls that begin at the steps `begins`, each moved by its `shift` semitones.

    With them the number of onsets of each track, `(n, track)`.
    """
    tracks = []
    for track, whole in zip(spec.tracks, song.tracks, strict=True):
        groups, notes = windows(whole, begins, length=spec.steps)
        if not track.is_drum:
            notes[:, 2] += shift[groups]
        tracks.append((groups, notes))
    return packed_rolls(tracks, spec, count=len(begins))


def key_spans(song: Song, spec: RollSpec, key: KeyChoice) -> tuple[tuple[KeySpan, ...], float]:
    """The song's keys, and how sure they are: those chosen, annotated, or found in the notes."""
    lines = song.bar_starts
    if isinstance(key, Key):
        return (KeySpan(0, float(lines[-1]), key),), 1.0
    if song.keys:
        return song.keys, 1.0
    pairs = zip(song.tracks, spec.tracks, strict=True)
    pitched = [notes for notes, track in pairs if not track.is_drum]
    keys, sure = keys_of_bars(heard_in_bars(pitched, lines), last_bass(pitched))
    changes = [bar for bar, one in enumerate(keys) if bar == 0 or keys[bar - 1] != one]
    ends = [*changes[1:], len(keys)]
    spans = [
        KeySpan(float(lines[bar]), float(lines[end]), keys[bar])
        for bar, end in zip(changes, ends, strict=True)
    ]
    return tuple(spans), sure


def _facts(song: Song, spans: tuple[KeySpan, ...], sure: float, *, phrases: int) -> Facts:
    lasting: dict[Key, float] = {}
    for span in spans:
        lasting[span.key] = lasting.get(span.key, 0.0) + span.end - span.start
    return Facts(
        name=song.name,
        phrases=phrases,
        bars=len(song.bar_starts) - 1,
        key=str(max(lasting, key=lambda key: lasting[key])),
        sure=round(sure, 3),
        keys=len(lasting),
        tempo=None if song.tempo is None else round(song.tempo, 2),
        notes=tuple(len(notes) for notes in song.tracks),
        unreleased=song.unreleased,
    )


def key_at(keys: tuple[KeySpan, ...], begin: int, end: int) -> Key:
    """The key that holds for most of `[begin, end)`; the nearest one where none does.

    The distance of a span that does not overlap is a negative overlap, so one maximum
    serves both.
    """
    if len(keys) == 1:
        return keys[0].key
    return max(keys, key=lambda span: min(span.end, end) - max(span.start, begin)).key
