"""Reads one score-like MIDI file: bars by its ticks and time signatures.

Bars of four quarters (4/4, 2/2) are taken. Other bars stand between phrases, and a file that
has no others is refused. A file whose notes do not follow its own beat (played freely, or in
triplets throughout) would turn to noise when rounded to sixteenths and is refused as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gan.data.phrases import Phrases, Song, cut_phrases
from gan.data.schemes import assign
from gan.errors import MidiError
from gan.music.keys import KeyChoice
from gan.music.notes import NoteArray, as_notes
from gan.music.smf import Instrument, read_smf, tempo_of
from gan.spec import RollSpec

MOST_BARS = 20_000
OFF_GRID = 0.2
"""Mean distance of onsets from the nearest step, in steps. Free playing gives 0.25, all
triplets 0.22; hands that follow a click give about 0.1."""

Meter = tuple[float, int, int]
"""From which step on, numerator, denominator."""


def read_phrases(
    path: Path, name: str, hop_bars: int, *, spec: RollSpec, key: KeyChoice = None
) -> Phrases:
    """The phrases of one file, or the reason why there are none."""
    return cut_phrases(read_song(path, name, spec), spec, hop_bars=hop_bars, key=key)


def read_song(path: Path, name: str, spec: RollSpec) -> Song:
    """The file's notes and bars on the step grid; `MidiError` says why it cannot be used."""
    midi = read_smf(path)
    if not midi.instruments:
        raise MidiError("no notes")
    chosen = assign(midi.instruments, spec)
    if not any(chosen):
        raise MidiError("no known track")
    per_step = midi.ticks_per_beat / spec.steps_per_beat
    columns = [note_columns(sources) / (per_step, per_step, 1) for sources in chosen]
    everything = np.concatenate([rows[:, 0] for rows in columns])
    if float(np.abs(everything - np.rint(everything)).mean()) > OFF_GRID:
        raise MidiError("its notes do not follow its beat (played freely, or in triplets)")
    tracks = tuple(notes_on_grid(rows) for rows in columns)
    last = music_end(tracks, spec)
    meters = [(tick / per_step, above, below) for tick, above, below in midi.signatures]
    lines = bar_lines(meters, last=last, spec=spec)
    if not (np.diff(lines) == spec.steps_per_bar).any():
        held = holding(meters, last)
        others = [one for one in held if bar_steps(one, spec) != spec.steps_per_bar] or held
        heard = dict.fromkeys(f"{above}/{below}" for _, above, below in others)
        raise MidiError(f"not {spec.beats_per_bar}/4 but {', '.join(heard)}")
    return Song(name, tracks, lines, tempo=tempo_of(midi), unreleased=midi.unreleased)


def note_columns(instruments: Sequence[Instrument]) -> npt.NDArray[np.float64]:
    """Onset, end and pitch of all notes of some instruments, in ticks: `(n, 3)`."""
    return np.concatenate([np.zeros((0, 3)), *(one.notes for one in instruments)])


def notes_on_grid(rows: npt.NDArray[np.float64]) -> NoteArray:
    """Rows in steps, `(n, 3)` of any precision, rounded to the grid."""
    # A step is far below 2^30 wherever `bar_lines` accepts the file; damaged files are cut.
    return as_notes(np.clip(np.rint(rows), 0, 2**30).astype(np.int32))


def music_end(tracks: Sequence[NoteArray], spec: RollSpec) -> int:
    """The step at which the music ends.

    Of a note longer than a phrase (a key that stuck, a release that comes much later) only the
    onset counts.
    """
    notes = np.concatenate(tracks)
    stuck = notes[:, 1] - notes[:, 0] > spec.steps
    return int(np.where(stuck, notes[:, 0] + 1, notes[:, 1]).max(initial=0))


def holding(meters: Sequence[Meter], last: float) -> list[Meter]:
    """The meters that hold for some time before step `last`, in order of time.

    Before the first one it is 4/4, as MIDI has it; of several at one step the last one holds.
    """
    changes = [(0.0, 4, 4), *sorted(meters, key=lambda one: one[0])]
    begins = [begin for begin, _, _ in changes[1:]] + [float(last)]
    return [one for one, end in zip(changes, begins, strict=True) if one[0] < min(end, last)]


def bar_steps(meter: Meter, spec: RollSpec) -> float:
    """How many steps a bar of the meter has."""
    _, numerator, denominator = meter
    return numerator * 4 / max(denominator, 1) * spec.steps_per_beat


def bar_lines(signatures: Sequence[Meter], *, last: int, spec: RollSpec) -> npt.NDArray[np.int64]:
    """The steps of all bar lines from step 0 to the first at or after `last`.

    `signatures` holds `(step, numerator, denominator)`. A change of signature starts a bar.
    """
    held = holding(signatures, last)
    ends = [begin for begin, _, _ in held[1:]] + [float(last)]
    lines: list[float] = []
    closing = 0.0
    for meter, end in zip(held, ends, strict=True):
        begin, bar = meter[0], bar_steps(meter, spec)
        if bar <= 0:
            raise MidiError(f"unreadable: a time signature of {meter[1]}/{meter[2]}")
        count = max(0, int(np.ceil((end - begin) / bar - 1e-6)))
        if len(lines) + count > MOST_BARS:
            raise MidiError(f"too long: more than {MOST_BARS:,} bars")
        lines += [begin + bar * number for number in range(count)]
        closing = begin + bar * count if count else closing
    return np.unique(np.rint([*lines, closing]).astype(np.int64))
