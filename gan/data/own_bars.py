"""The bar lines of a user's piece, and which of its bars can be part of a phrase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan.data.midi_files import Meter, bar_lines, bar_steps, holding, music_end
from gan.data.own_file import Own
from gan.data.own_plain import Choices
from gan.data.phrases import phrase_starts
from gan.errors import MidiError
from gan.music.notes import NoteArray
from gan.spec import RollSpec

BARS_MAX = 2000
Lines = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Bars:
    """`lines` are the steps of all bar lines, the last bar's end included.

    `starts` are the bars at which a phrase can begin, and `inside` tells of each bar whether any
    phrase holds it. `regular` bars are all the generator's, whatever the file says.
    """

    lines: Lines
    starts: tuple[int, ...]
    inside: npt.NDArray[np.bool_]
    regular: bool


def bars_of(
    own: Own, tracks: Sequence[NoteArray], spec: RollSpec, choices: Choices, *, metred: bool
) -> Bars:
    """The bars of the piece; a file that is not `metred` says nothing of them."""
    last = music_end(tracks, spec)
    if last > BARS_MAX * spec.steps_per_bar:
        raise MidiError(
            f"{own.name} is longer than {BARS_MAX:,} bars: export the part that you want to work "
            "on."
        )
    if metred and choices.regular is not True:
        lines = _of_file(own, last, spec)
        lines = None if lines is None else _fitted(lines, choices.shift, last, spec)
        if lines is not None and phrase_starts(lines, spec, hop_bars=1):
            return _bars(lines, spec, regular=False)
        if choices.regular is False:
            raise MidiError(
                f"No {spec.bars} bars of {spec.beats_per_bar}/4 follow each other in {own.name}: "
                f"let its beats be counted in bars of {spec.beats_per_bar}."
            )
    count = -(-last // spec.steps_per_bar)
    plain = np.arange(count + 1, dtype=np.int64) * spec.steps_per_bar
    return _bars(_fitted(plain, choices.shift, last, spec), spec, regular=metred)


def inside_phrases(steps: npt.NDArray[np.integer], bars: Bars) -> npt.NDArray[np.bool_]:
    """Whether any phrase holds each of the steps."""
    bar = np.searchsorted(bars.lines, steps, side="right") - 1
    known = (bar >= 0) & (bar < len(bars.inside))
    return np.asarray(known & bars.inside[np.clip(bar, 0, len(bars.inside) - 1)])


def meters_of(own: Own, tracks: Sequence[NoteArray], spec: RollSpec) -> tuple[str, ...]:
    """The meters that the file says, in order of time; none where it counts seconds."""
    if own.song.timed:
        return ()
    held = holding(_signatures(own, spec), music_end(tracks, spec))
    return tuple(dict.fromkeys(f"{above}/{below}" for _, above, below in held))


def _bars(lines: Lines, spec: RollSpec, *, regular: bool) -> Bars:
    starts = tuple(phrase_starts(lines, spec, hop_bars=1))
    inside = np.zeros(len(lines) - 1, dtype=bool)
    for start in starts:
        inside[start : start + spec.bars] = True
    return Bars(lines, starts, inside, regular)


def _signatures(own: Own, spec: RollSpec) -> list[Meter]:
    """The file's time signatures in steps; those of no beats are passed over."""
    per_step = own.song.ticks_per_beat / spec.steps_per_beat
    return [
        (tick / per_step, above, below) for tick, above, below in own.song.signatures if above > 0
    ]


def _of_file(own: Own, last: int, spec: RollSpec) -> Lines | None:
    """The file's bar lines; None where they make no sense."""
    signatures = _signatures(own, spec)
    if any(bar_steps(one, spec) < 1 for one in signatures):
        return None
    try:
        return bar_lines(signatures, last=last, spec=spec)
    except MidiError:  # more bars than any piece has
        return None


def _fitted(lines: Lines, shift: int, last: int, spec: RollSpec) -> Lines:
    """Bar lines moved by `shift` steps, with bars before and after that hold all notes.

    Silent bars follow where only for want of them no phrase fits.
    """
    bar = spec.steps_per_bar
    moved = lines + shift
    before = -(-max(int(moved[0]), 0) // bar)
    after = -(-max(last - int(moved[-1]), 0) // bar)
    earlier = moved[0] - bar * np.arange(before, 0, -1)
    later = moved[-1] + bar * np.arange(1, after + 1)
    moved = np.concatenate([earlier, moved, later])
    moved = moved[max(int(np.searchsorted(moved, 0, side="right")) - 1, 0) :]
    if phrase_starts(moved, spec, hop_bars=1):
        return moved
    odd = np.flatnonzero(np.diff(moved) != bar)
    run = len(moved) - 1 - (int(odd[-1]) + 1 if len(odd) else 0)
    if len(odd) and not run:
        return moved
    return np.concatenate([moved, moved[-1] + bar * np.arange(1, spec.bars - run + 1)])
