"""Reads one song of POP909 (Wang et al., ISMIR 2020; see `gan.data.sources`).

The songs are performed, so their ticks say nothing about bars. `beat_midi.txt` gives every
beat in seconds; its third column marks bars of four quarter beats, its second halves them.
A song whose second column has three beats to the bar is in three and refused. Notes are
rounded to the nearest sixteenth of the beat grid. `key_audio.txt` gives the keys.

Tracks: MELODY sings one note at a time (0.4% of its onset steps have more). BRIDGE, the
second melody, does not: 14% of its onset steps are chords, so it stays polyphonic.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from gan.data.beats import beat_positions
from gan.data.phrases import KeySpan, Phrases, Song, cut_phrases, refuse
from gan.errors import MidiError
from gan.music.keys import KeyChoice, parse_key
from gan.music.notes import NoteArray, as_notes, no_notes
from gan.music.smf import MidiSong, read_smf, seconds_of
from gan.spec import RollSpec, Track

SPEC = RollSpec(
    scheme="pop909",
    tracks=(
        Track("MELODY", program=73, monophonic=True),  # flute: sustains, and stands out
        Track("BRIDGE", program=4),  # electric piano: chords as well as lines
        Track("PIANO", program=0),
    ),
)


def song_folders(data_dir: Path) -> list[Path]:
    """The folders `NNN` that hold `NNN.mid` and `beat_midi.txt`, sorted; empty if not POP909.

    `data_dir` holds them, or is the published repository, which has them in `POP909/`.
    """
    inner = data_dir / "POP909"
    found = (inner if inner.is_dir() else data_dir).glob("*/beat_midi.txt")
    return sorted(p.parent for p in found if (p.parent / f"{p.parent.name}.mid").is_file())


def song_files(folder: Path) -> list[Path]:
    """The files of one song that phrases are made from."""
    names = (f"{folder.name}.mid", "beat_midi.txt", "key_audio.txt")
    return [folder / name for name in names if (folder / name).is_file()]


def read_phrases(folder: Path, name: str, hop_bars: int, *, key: KeyChoice = None) -> Phrases:
    """The phrases of the song in `folder`, or the reason why there are none."""
    try:
        song = read_song(folder, name)
    except MidiError as error:
        return refuse(name, str(error), SPEC)
    return cut_phrases(song, SPEC, hop_bars=hop_bars, key=key)


def read_song(folder: Path, name: str) -> Song:
    """The song's notes, bars and keys; `MidiError` says why it cannot be used."""
    beats, in_three, in_four = _beats(folder / "beat_midi.txt")
    if in_three:
        raise MidiError("not 4/4")
    if len(in_four) < 2:
        raise MidiError("too short: fewer than two bars of beats")
    midi = read_smf(folder / f"{folder.name}.mid")
    return Song(
        name=name,
        tracks=_tracks(midi, beats),
        bar_starts=_bar_starts(in_four),
        keys=_keys(folder / "key_audio.txt", beats),
        tempo=60.0 / float(np.median(np.diff(beats))),
        unreleased=midi.unreleased,
    )


def _beats(path: Path) -> tuple[npt.NDArray[np.float64], bool, npt.NDArray[np.intp]]:
    """Beat times in seconds, whether the song is in three, and which beats start a 4/4 bar."""
    lines = [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
    if not lines:  # loadtxt would only warn, and a warning's fate is the caller's to say
        raise MidiError("beat_midi.txt is empty")
    try:
        table = np.loadtxt(lines, ndmin=2)
    except ValueError as error:
        raise MidiError(f"beat_midi.txt is not a table of numbers: {error}") from error
    if table.size == 0 or table.shape[1] < 3 or not (np.diff(table[:, 0]) > 0).all():
        raise MidiError("beat_midi.txt does not hold three columns with rising times")
    between = np.diff(np.flatnonzero(table[:, 1]))
    in_three = len(between) > 0 and int(np.bincount(between).argmax()) == 3
    return table[:, 0], in_three, np.flatnonzero(table[:, 2])


def _bar_starts(in_four: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    """Bar lines in steps; the last bar, which nothing follows, is taken as whole."""
    lines = in_four.astype(np.int64) * SPEC.steps_per_beat
    return np.append(lines, lines[-1] + SPEC.steps_per_bar)


def _steps(
    seconds: npt.NDArray[np.float64], beats: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    return beat_positions(seconds, beats) * SPEC.steps_per_beat


def _tracks(midi: MidiSong, beats: npt.NDArray[np.float64]) -> tuple[NoteArray, ...]:
    """The notes of each track of the spec, by name, in steps from the first beat."""
    by_name = {one.name.strip().upper(): one.notes for one in midi.instruments}
    if not by_name.keys() & set(SPEC.track_names):
        raise MidiError("no known track")
    tracks = []
    for name in SPEC.track_names:
        if name not in by_name:
            tracks.append(no_notes())
            continue
        rows = by_name[name].astype(np.float64)
        for column in (0, 1):
            rows[:, column] = np.rint(_steps(seconds_of(rows[:, column], midi), beats))
        tracks.append(as_notes(rows.astype(np.int32)))
    return tuple(tracks)


def _keys(path: Path, beats: npt.NDArray[np.float64]) -> tuple[KeySpan, ...]:
    """The annotated keys; none where the file is missing (the key is then estimated)."""
    if not path.is_file():
        return ()
    spans = []
    for line in path.read_text().splitlines():
        fields = line.split()
        if len(fields) != 3:
            continue
        begin, end = _steps(np.array([float(fields[0]), float(fields[1])]), beats)
        spans.append(KeySpan(float(begin), float(end), parse_key(fields[2])))
    return tuple(spans)
