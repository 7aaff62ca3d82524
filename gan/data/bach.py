"""The chorales of Johann Sebastian Bach in the music21 package's corpus: four voices.

Nothing is downloaded: the scores (MusicXML, public domain music) come with the package.
Bars follow the score's measures, so a pickup stays outside the first whole bar, and the two
halves of a bar that a repeat sign divides are joined again. Repeats are not played out.
"""

from __future__ import annotations

from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gan.data.phrases import Phrases, Song, cut_phrases, refuse
from gan.errors import DataError, MidiError
from gan.music.keys import KeyChoice
from gan.music.notes import NoteArray, as_notes
from gan.spec import RollSpec, Track

_CHOIR = 52

SPEC = RollSpec(
    scheme="bach",
    tracks=tuple(
        Track(name, program=_CHOIR, monophonic=True)
        for name in ("Soprano", "Alto", "Tenor", "Bass")
    ),
)


def corpus_folder() -> Path:
    """Where music21 keeps Bach's works; `DataError` if the package is not installed."""
    # Found without importing music21, which takes seconds: a cached dataset needs none of it.
    found = find_spec("music21")
    if found is None or found.origin is None:
        raise DataError("Bach's chorales come with the package music21: pip install music21.")
    return Path(found.origin).parent / "corpus" / "bach"


def chorale_files(folder: Path) -> list[Path]:
    """The scores of the corpus, by catalogue number; what has not four voices is refused later."""
    return sorted(folder.glob("bwv*.mxl"))


def read_phrases(path: Path, name: str, hop_bars: int, *, key: KeyChoice = None) -> Phrases:
    """The phrases of one chorale, or the reason why there are none."""
    try:
        song = read_song(path, name)
    except MidiError as error:
        return refuse(name, str(error), SPEC)
    return cut_phrases(song, SPEC, hop_bars=hop_bars, key=key)


def read_song(path: Path, name: str) -> Song:
    """One chorale's notes and bars; `MidiError` says why it cannot be used."""
    score = parse_score(path)
    by_name = {_voice_name(part): part for part in score.parts}
    voices = [by_name.get(track.name.casefold()) for track in SPEC.tracks]
    if any(voice is None for voice in voices):
        if len(score.parts) != len(SPEC.tracks):
            raise MidiError(f"not four voices but {len(score.parts)} parts")
        voices = list(score.parts)
    meters = {str(sign.ratioString): sign.barDuration.quarterLength for sign in _meters(voices[0])}
    if meters and SPEC.beats_per_bar not in meters.values():
        raise MidiError(f"not 4/4 but {', '.join(meters)}")
    lines = _bar_lines(voices[0])
    if set(meters.values()) == {SPEC.beats_per_bar}:
        lines = joined(lines, SPEC.steps_per_bar)
    return Song(name=name, tracks=tuple(_notes(voice) for voice in voices), bar_starts=lines)


def parse_score(path: Path) -> Any:
    """A score of the corpus as music21 has it."""
    from music21 import converter

    # forceSource: music21's own cache of parsed scores is a pickle in a shared folder.
    return converter.parse(path, forceSource=True)


def _voice_name(part: Any) -> str:
    return str(part.partName or part.id or "").strip().rstrip(".").casefold()


def _notes(voice: Any) -> NoteArray:
    rows = []
    for sound in voice.flatten().stripTies().notes:
        start = float(sound.offset) * SPEC.steps_per_beat
        end = start + float(sound.duration.quarterLength) * SPEC.steps_per_beat
        if end > start:  # grace notes last no time
            rows += [(round(start), round(end), pitch.midi) for pitch in sound.pitches]
    return as_notes(np.array(rows, dtype=np.int32).reshape(-1, 3))


def _meters(voice: Any) -> list[Any]:
    return list(voice.recurse().getElementsByClass("TimeSignature"))


def _bar_lines(voice: Any) -> npt.NDArray[np.int64]:
    """The steps of the score's bar lines."""
    measures = list(voice.getElementsByClass("Measure"))
    if not measures:
        raise MidiError("no measures")
    end = measures[-1].offset + measures[-1].duration.quarterLength
    offsets = [measure.offset for measure in measures] + [end]
    lines = np.rint(np.array([float(at) for at in offsets]) * SPEC.steps_per_beat)
    return np.unique(lines.astype(np.int64))


def joined(lines: npt.NDArray[np.int64], bar: int) -> npt.NDArray[np.int64]:
    """Bar lines without those that divide a whole bar in two short ones.

    Only where the meter is the same throughout: in 3/4 a pickup of one beat and the bar of
    three after it would make a bar of four.
    """
    lengths = np.diff(lines)
    kept = [int(lines[0])]
    for index, (left, right) in enumerate(pairwise(lengths), start=1):
        divides = left < bar and left + right == bar and kept[-1] == lines[index - 1]
        if not divides:
            kept.append(int(lines[index]))
    if len(lines) > 1:
        kept.append(int(lines[-1]))
    return np.array(kept, dtype=np.int64)
