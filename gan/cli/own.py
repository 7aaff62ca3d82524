"""`generate.py --from FILE`: bars of a MIDI file or a recording, as a generator says them."""

from __future__ import annotations

import sys
from pathlib import Path

from gan.data.own import Excerpt, arrange, excerpt, fullest_bar
from gan.data.own_file import BYTES_MAX, read_own
from gan.data.own_report import excerpt_words, report
from gan.data.progress import terminal_progress
from gan.engine import Engine
from gan.errors import MidiError
from gan.listen.heard import hear_file
from gan.music.compare import f1
from gan.phrase import PhraseState

SOUND = (".wav", ".flac", ".ogg", ".mp3", ".m4a", ".aac", ".aiff", ".aif", ".webm")
"""Endings of recordings; every other file is taken for MIDI."""


def read_bars(path: Path, engine: Engine, bar: int | None) -> Excerpt:
    """The phrase that begins with `bar`, counted from 1 (None is the first full one).

    What was understood is told on standard error. Raises `MidiError`, and `AudioError` for a
    recording.
    """
    data = _heard(path) if path.suffix.lower() in SOUND else _bytes(path)
    arranged = arrange(read_own(data, path.name), engine.spec)
    part = excerpt(arranged, fullest_bar(arranged) if bar is None else bar - 1)
    first, last = part.bar + 1, part.bar + engine.spec.bars
    told = [*report(arranged), *(f"  {each}" for each in excerpt_words(part, arranged))]
    print(*told, f"  Bars {first} to {last} are taken.", sep="\n", file=sys.stderr)
    return part


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(BYTES_MAX + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise MidiError(f"{path} cannot be read ({reason}): give a MIDI file.") from error


def _heard(path: Path) -> bytes:
    """The notes of a recording as MIDI."""
    with terminal_progress("Listening", "window") as progress:
        heard, midi = hear_file(path, progress=progress)
    print(
        f"  {len(heard.notes)} notes were heard, at {heard.tempo:.0f} beats a minute.",
        file=sys.stderr,
    )
    return midi


def encoded(part: Excerpt, engine: Engine) -> PhraseState:
    """The state that comes nearest to the bars; how near is told on standard error."""
    state = engine.encode(part.roll)
    alike = f1(part.roll, engine.render(state))
    print(
        f"  {alike['onset']:.0%} of the notes begin alike, and {alike['sounding']:.0%} of what "
        "sounds is the same (F1).",
        file=sys.stderr,
    )
    return state


def tempo_and_key(part: Excerpt, tempo: float | None, transpose: int | None) -> tuple[float, int]:
    """The tempo and transposition of the piece, or those that are asked for."""
    return (
        round(part.tempo, 2) if tempo is None else tempo,
        part.transpose if transpose is None else transpose,
    )
