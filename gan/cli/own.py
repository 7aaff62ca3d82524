"""`generate.py --from FILE.mid`: the user's own bars as the generator says them."""

from __future__ import annotations

import sys
from pathlib import Path

from gan.data.own import Excerpt, arrange, excerpt, fullest_bar
from gan.data.own_file import BYTES_MAX, read_own
from gan.data.own_report import excerpt_words, report
from gan.engine import Engine, Rolls
from gan.errors import MidiError
from gan.phrase import PhraseState
from gan.spec import ONSET, SOUNDING


def read_bars(path: Path, engine: Engine, bar: int | None) -> Excerpt:
    """The phrase that begins with `bar`, counted from 1 (None is the first full one).

    What was understood is told on standard error. Raises `MidiError`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(BYTES_MAX + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise MidiError(f"{path} cannot be read ({reason}): give a MIDI file.") from error
    arranged = arrange(read_own(data, path.name), engine.spec)
    part = excerpt(arranged, fullest_bar(arranged) if bar is None else bar - 1)
    first, last = part.bar + 1, part.bar + engine.spec.bars
    told = [*report(arranged), *(f"  {each}" for each in excerpt_words(part, arranged))]
    print(*told, f"  Bars {first} to {last} are taken.", sep="\n", file=sys.stderr)
    return part


def encoded(part: Excerpt, engine: Engine) -> PhraseState:
    """The state that comes nearest to the bars; how near is told on standard error."""
    state = engine.encode(part.roll)
    back = engine.render(state)
    onset, sounding = (_f1(part.roll, back, channel) for channel in (ONSET, SOUNDING))
    print(
        f"  {onset:.0%} of the notes begin alike, and {sounding:.0%} of what sounds is the same "
        "(F1).",
        file=sys.stderr,
    )
    return state


def _f1(ours: Rolls, theirs: Rolls, channel: int) -> float:
    a, b = ours[..., channel] > 0, theirs[..., channel] > 0
    return float(2 * (a & b).sum() / max(int(a.sum() + b.sum()), 1))


def tempo_and_key(part: Excerpt, tempo: float | None, transpose: int | None) -> tuple[float, int]:
    """The tempo and transposition of the piece, or those that are asked for."""
    return (
        round(part.tempo, 2) if tempo is None else tempo,
        part.transpose if transpose is None else transpose,
    )
