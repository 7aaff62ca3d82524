"""Files a second: `gan.data.ingest` against a plain pretty_midi loop that does the same.

    python benchmarks/ingest.py [--files 3000] [--plain_files 40] [--workers N]

Both read the same composed songs of POP909's size (three tracks, about 1,700 notes, 75
bars), estimate the key, cut phrases of four bars at a hop of two, move them to C and pack
them. The phrases of both are compared: they must be equal. Nothing comes from a cache, and
the time that processes need to start is counted.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import symusic

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from gan.data.ingest import ingest  # noqa: E402
from gan.music.keys import heard_in_bars, keys_of_bars, last_bass, shift_to_c  # noqa: E402
from gan.music.notes import as_notes  # noqa: E402
from gan.spec import RollSpec, Track  # noqa: E402

SPEC = RollSpec(
    scheme="named",
    tracks=(
        Track("MELODY", program=73, monophonic=True),
        Track("BRIDGE", program=4),
        Track("PIANO", program=0),
    ),
)
BARS = 75
SCALE = (0, 2, 4, 5, 7, 9, 11)


def compose(path: Path, seed: int) -> None:
    """Write a song: a melody, a second one of single notes and thirds, broken chords."""
    random = np.random.default_rng(seed)
    tonic = int(random.integers(12))
    score = symusic.Score(480)
    score.tempos.append(symusic.Tempo(0, 120))
    score.time_signatures.append(symusic.TimeSignature(0, 4, 4))
    # POP909's mean notes a song: 342, 271 and 1,081.
    sizes = ((342, 60, 2), (271, 55, 2), (1081, 36, 4))
    for track, (count, low, octaves) in zip(SPEC.tracks, sizes, strict=True):
        free_from = np.zeros(128, dtype=int)
        rows = []
        starts = np.sort(random.choice(BARS * 16, size=count, replace=not track.monophonic))
        for start in starts.tolist():
            degrees = random.permutation(7 * octaves).tolist()
            pitches = [low + tonic + 12 * (k // 7) + SCALE[k % 7] for k in degrees]
            # MIDI cannot tell which of two equal notes ends: readers differ.
            pitch = next(pitch for pitch in pitches if free_from[pitch] <= start)
            length = int(random.integers(1, 9))
            free_from[pitch] = start + length
            rows.append((120 * start, 120 * length, pitch, 90))
        time, duration, pitch, velocity = np.array(rows).T
        part = symusic.Track(track.name, track.program, False)
        part.notes = symusic.Note.from_numpy(
            time=time.astype(np.int32),
            duration=duration.astype(np.int32),
            pitch=pitch.astype(np.int8),
            velocity=velocity.astype(np.int8),
        )
        score.tracks.append(part)
    score.dump_midi(str(path))


def plain(path: Path) -> list[np.ndarray]:
    """The packed phrases of a file, note by note, as one would write it down first."""
    import pretty_midi  # here, because processes of ours import this file as well

    midi = pretty_midi.PrettyMIDI(str(path))
    songs: list[list[list[int]]] = []
    for track in SPEC.tracks:
        notes = []
        for instrument in midi.instruments:
            if instrument.name == track.name:
                for note in instrument.notes:
                    begin = round(midi.time_to_tick(note.start) * 4 / midi.resolution)
                    end = round(midi.time_to_tick(note.end) * 4 / midi.resolution)
                    notes.append([begin, max(end, begin + 1), note.pitch])
        songs.append(sorted(notes))
    last = max(note[1] for notes in songs for note in notes)
    tracks = [as_notes(notes) for notes in songs]
    bars = heard_in_bars(tracks, np.arange(0, last + 16, 16))
    shift = shift_to_c(keys_of_bars(bars, last_bass(tracks))[0][0])
    phrases = []
    for first in range(0, -(-last // 16) * 16 - 63, 32):
        roll = np.zeros(SPEC.shape, dtype=np.uint8)
        for index, notes in enumerate(songs):
            paint(roll[index], notes, first=first, shift=shift, track=SPEC.tracks[index])
        onsets = [int(part[..., 1].sum()) for part in roll]
        if sum(onsets) >= 8 and sum(count > 0 for count in onsets) * 2 >= len(onsets):
            phrases.append(np.packbits(roll))
    return phrases


def paint(
    part: np.ndarray, notes: list[list[int]], *, first: int, shift: int, track: Track
) -> None:
    """One track of one phrase: `part` is `(step, pitch, 2)`."""
    inside = [note for note in notes if first <= note[0] < first + 64]
    for begin, end, pitch in inside:
        row = pitch + shift - SPEC.pitch_min
        while row < 0:
            row += 12
        while row >= SPEC.pitches:
            row -= 12
        begin, end = begin - first, min(end - first, 64)
        if track.monophonic:
            part[begin:, :, 0] = 0
            if part[begin, :, 1].any():  # sorted by pitch: the highest of equal onsets wins
                part[begin, :, 1] = 0
        part[begin:end, row, 0] = 1
        part[begin, row, 1] = 1


def processor_seconds() -> float:
    """Seconds that this process and those it waited for have computed.

    On a machine with other work to do the wall clock says little.
    """
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=3000)
    parser.add_argument("--plain_files", type=int, default=40)
    parser.add_argument("--workers", type=int, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        music = Path(folder) / "music"
        music.mkdir()
        for seed in range(options.files):
            compose(music / f"{seed:05}.mid", seed)
        paths = sorted(music.iterdir())[: options.plain_files]
        start, busy = time.perf_counter(), processor_seconds()
        expected = [phrase for path in paths for phrase in plain(path)]
        slow = len(paths) / (time.perf_counter() - start)
        slow_cost = (processor_seconds() - busy) / len(paths)
        start, busy = time.perf_counter(), processor_seconds()
        dataset, report = ingest(
            music, scheme="named", cache_dir=Path(folder) / "cache", workers=options.workers
        )
        fast = report.files / (time.perf_counter() - start)
        fast_cost = (processor_seconds() - busy) / report.files
        start = time.perf_counter()
        ingest(music, scheme="named", cache_dir=Path(folder) / "cache")
        again = time.perf_counter() - start
        if not np.array_equal(np.stack(expected), dataset.bits[: len(expected)]):
            print("The two do not give the same phrases.")
            return 1
    for name, rate, cost in (
        ("pretty_midi loop", slow, slow_cost),
        ("gan.data.ingest", fast, fast_cost),
    ):
        print(f"{name:<20}{rate:8.1f} files/s {cost * 1e3:8.2f} ms of processor time a file")
    print(
        f"{'ratio':<20}{fast / slow:8.1f}         {slow_cost / fast_cost:8.1f}   (goal: 50 files/s)"
    )
    print(f"the same from cache {again:8.2f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
