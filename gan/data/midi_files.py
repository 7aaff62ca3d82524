"""Reads one score-like MIDI file: bars by its ticks and time signatures.

Bars of four quarters (4/4, 2/2) are taken. Other bars stand between phrases, and a file that
has no others is refused. A file whose notes do not follow its own beat (played freely, or in
triplets throughout) would turn to noise when rounded to sixteenths and is refused as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gan.data.phrases import Phrases, Song, cut_phrases
from gan.data.schemes import assign, read_score
from gan.errors import MidiError
from gan.music.notes import NoteArray, as_notes
from gan.spec import RollSpec

SUFFIXES = (".mid", ".midi")

MOST_BARS = 20_000
OFF_GRID = 0.2
"""Mean distance of onsets from the nearest step, in steps. Free playing gives 0.25, all
triplets 0.22; hands that follow a click give about 0.1."""


def midi_files(data_dir: Path) -> list[Path]:
    """Every MIDI file under a folder, sorted by path; hidden files and folders are left out."""
    found = (path for path in data_dir.rglob("*") if path.suffix.lower() in SUFFIXES)
    return sorted(path for path in found if not _is_hidden(path, data_dir) and path.is_file())


def _is_hidden(path: Path, data_dir: Path) -> bool:
    parts = path.relative_to(data_dir).parts
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def read_phrases(path: Path, name: str, hop_bars: int, *, spec: RollSpec) -> Phrases:
    """The phrases of one file, or the reason why there are none."""
    return cut_phrases(read_song(path, name, spec), spec, hop_bars=hop_bars)


def read_song(path: Path, name: str, spec: RollSpec) -> Song:
    """The file's notes and bars on the step grid; `MidiError` says why it cannot be used."""
    score = read_score(path)
    if score.tpq <= 0:
        raise MidiError("unreadable: it has no ticks a quarter")
    if not any(len(track.notes) for track in score.tracks):
        raise MidiError("no notes")
    chosen = assign(score.tracks, spec)
    if not any(chosen):
        raise MidiError("no known track")
    per_step = score.tpq / spec.steps_per_beat
    columns = [_columns(sources) / (per_step, per_step, 1) for sources in chosen]
    everything = np.concatenate([rows[:, 0] for rows in columns])
    if float(np.abs(everything - np.rint(everything)).mean()) > OFF_GRID:
        raise MidiError("its notes do not follow its beat (played freely, or in triplets)")
    tracks = [_notes(rows) for rows in columns]
    last = max(int(notes[:, 1].max(initial=0)) for notes in tracks)
    signatures = [
        (one.time / per_step, one.numerator, one.denominator) for one in score.time_signatures
    ]
    lines = bar_lines(signatures, last=last, spec=spec)
    if not (np.diff(lines) == spec.steps_per_bar).any():
        meters = ", ".join(sorted({f"{above}/{below}" for _, above, below in signatures}))
        raise MidiError(f"not {spec.beats_per_bar}/4 but {meters}")
    return Song(name=name, tracks=tuple(tracks), bar_starts=lines)


def _columns(tracks: Sequence[Any]) -> npt.NDArray[np.float64]:
    """Onset, end and pitch of all notes of some symusic tracks, in ticks: `(n, 3)`."""
    parts = [np.zeros((0, 3))]
    for track in tracks:
        values = track.notes.numpy()
        end = values["time"] + values["duration"]
        parts.append(np.stack([values["time"], end, values["pitch"]], axis=1))
    return np.concatenate(parts)


def _notes(rows: npt.NDArray[np.float64]) -> NoteArray:
    # A step is far below 2^30 wherever `bar_lines` accepts the file; damaged files are cut.
    return as_notes(np.clip(np.rint(rows), 0, 2**30).astype(np.int32))


def bar_lines(
    signatures: Sequence[tuple[float, int, int]], *, last: int, spec: RollSpec
) -> npt.NDArray[np.int64]:
    """The steps of all bar lines from step 0 to the first at or after `last`.

    `signatures` holds `(step, numerator, denominator)`; before the first one it is 4/4, as
    MIDI has it. A change of signature starts a bar.
    """
    changes = [(0.0, 4, 4), *sorted(signatures, key=lambda one: one[0])]
    begins = [begin for begin, _, _ in changes[1:]] + [float(last)]
    lines: list[float] = []
    closing = 0.0
    for (begin, numerator, denominator), following in zip(changes, begins, strict=True):
        bar = numerator * 4 / max(denominator, 1) * spec.steps_per_beat
        if bar <= 0:
            raise MidiError(f"unreadable: a time signature of {numerator}/{denominator}")
        count = max(0, int(np.ceil((min(following, last) - begin) / bar - 1e-6)))
        if len(lines) + count > MOST_BARS:
            raise MidiError(f"too long: more than {MOST_BARS:,} bars")
        lines += [begin + bar * number for number in range(count)]
        closing = begin + bar * count if count else closing
    return np.unique(np.rint([*lines, closing]).astype(np.int64))
