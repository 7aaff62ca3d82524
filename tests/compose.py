"""Small MIDI files composed by code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np

from gan.music.notes import NoteArray, as_notes
from gan.spec import RollSpec, Track

SPEC = RollSpec(
    tracks=(
        Track("LEAD", program=73, monophonic=True),
        Track("KEYS", program=4),
        Track("KIT", is_drum=True),
    )
)

Row = tuple[float, float, int]
"""Onset and end in steps (sixteenths), and pitch."""


@dataclass(frozen=True)
class Part:
    """An instrument of a file to write."""

    name: str
    rows: Sequence[Row]
    program: int = 0
    is_drum: bool = False


def write_midi(
    path: Path,
    parts: Sequence[Part],
    *,
    signatures: Sequence[tuple[int, int, int]] = ((0, 4, 4),),
    ticks_per_beat: int = 480,
    beats_per_minute: float = 120.0,
) -> Path:
    """Write `parts` as a type 1 file; `signatures` holds (step, numerator, denominator)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    step = ticks_per_beat / 4
    file = mido.MidiFile(ticks_per_beat=ticks_per_beat)
    timing: list[tuple[float, mido.MetaMessage]] = [
        (0.0, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(beats_per_minute)))
    ]
    for at, above, below in signatures:
        sign = mido.MetaMessage("time_signature", numerator=above, denominator=below)
        timing.append((at * step, sign))
    file.tracks.append(_track(timing))
    for number, part in enumerate(parts):
        channel = 9 if part.is_drum else number % 9
        events: list[tuple[float, mido.Message]] = [
            (0.0, mido.MetaMessage("track_name", name=part.name)),
            (0.0, mido.Message("program_change", program=part.program, channel=channel)),
        ]
        for onset, end, pitch in part.rows:
            note = {"note": pitch, "channel": channel}
            events.append((onset * step, mido.Message("note_on", velocity=90, **note)))
            events.append((end * step, mido.Message("note_off", **note)))
        file.tracks.append(_track(events))
    file.save(path)
    return path


def _track(events: Sequence[tuple[float, mido.Message]]) -> mido.MidiTrack:
    # Ends before starts, so that a repeated note is not cut as it begins.
    order = sorted(events, key=lambda event: (round(event[0]), event[1].type == "note_on"))
    track, now = mido.MidiTrack(), 0
    for at, message in order:
        track.append(message.copy(time=round(at) - now))
        now = round(at)
    return track


def melody(bars: int, *, tonic: int = 60, turn: int = 0) -> list[Row]:
    """Quarter notes up and down a major scale from `tonic`; each `turn` to 23 is another."""
    scale = (0, 2, 4, 5, 7, 5, 4, 2)
    length = 4 - turn // 8
    return [
        (4 * beat, 4 * beat + length, tonic + scale[(beat + turn) % 8]) for beat in range(4 * bars)
    ]


def chords(bars: int, *, tonic: int = 48) -> list[Row]:
    """A triad a bar: tonic, fourth, fifth, tonic."""
    roots = (0, 5, 7, 0)
    return [
        (16 * bar, 16 * bar + 16, tonic + roots[bar % 4] + third)
        for bar in range(bars)
        for third in (0, 4, 7)
    ]


def drums(bars: int) -> list[Row]:
    """A kick on every beat."""
    return [(4 * beat, 4 * beat + 1, 36) for beat in range(4 * bars)]


def duo(path: Path, *, bars: int = 6, tonic: int = 60, turn: int = 0, **settings: object) -> Path:
    """A file of a melody (LEAD) and chords (KEYS) in `tonic` major."""
    parts = [
        Part("LEAD", melody(bars, tonic=tonic, turn=turn), program=73),
        Part("KEYS", chords(bars, tonic=tonic - 12), program=4),
    ]
    return write_midi(path, parts, **settings)  # type: ignore[arg-type]


def pop909_song(
    root: Path, name: str, *, beats: Sequence[int], key: str = "C:maj", tonic: int = 60
) -> Path:
    """A song folder as POP909 has them: `beats` lists the beats of each bar, two to a second.

    The performance starts 0.3 s late and every note a little off its beat.
    """
    folder = root / name
    count = sum(beats)
    firsts = set(np.cumsum([0, *beats[:-1]]).tolist())
    key_end = 0.3 + count / 2
    half = 3 if set(beats) == {3} else 2
    lines = [
        f"{0.3 + beat / 2} {float(beat % half == 0)} {float(beat in firsts)}"
        for beat in range(count)
    ]
    late = 0.3 * 8 + 0.2  # steps: eight to a second at two beats to a second
    rows = [
        [(onset + late, end + late, pitch) for onset, end, pitch in part]
        for part in (melody(count // 4, tonic=tonic), [], chords(count // 4, tonic=tonic - 12))
    ]
    names = ("MELODY", "BRIDGE", "PIANO")
    write_midi(
        folder / f"{name}.mid",
        [Part(part, notes) for part, notes in zip(names, rows, strict=True)],
        signatures=((0, 1, 4),),
    )
    (folder / "beat_midi.txt").write_text("\n".join(lines) + "\n")
    (folder / "key_audio.txt").write_text(f"0.3\t{key_end}\t{key}\n")
    return folder


def phrase_notes(seed: int, spec: RollSpec = SPEC) -> list[NoteArray]:
    """Random notes for each track that a roll can hold as they are."""
    random = np.random.default_rng(seed)
    made = []
    for track in spec.tracks:
        rows: list[Row] = []
        step = int(random.integers(4))
        while step < spec.steps:
            length = 1 if track.is_drum else int(random.integers(1, 9))
            end = min(step + length, spec.steps)
            size = 1 if track.monophonic else int(random.integers(1, 4))
            pitches = spec.pitch_min + random.choice(spec.pitches, size=size, replace=False)
            rows += [(step, end, int(pitch)) for pitch in pitches]
            step = end + int(random.integers(3))
        made.append(as_notes(np.array(rows)))
    return made
