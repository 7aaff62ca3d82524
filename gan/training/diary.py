"""What a run writes down for those who watch it from another process: its steps, what it plays.

`steps.jsonl` has a line every few seconds; `heard.jsonl` has, at each evaluation, the same latents
drawn again. Figures of evaluations are in the checkpoint's own `log.jsonl`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from gan.errors import SpecError
from gan.music.rolls import notes_from_roll, roll_from_notes
from gan.spec import RollSpec

if TYPE_CHECKING:
    from gan.training.run import Progress

EVERY = 2.0  # seconds between lines
HEARD = 4  # phrases that are drawn again
LINES_MAX = 200_000  # that are read: a week
_STEPS, _HEARD = "steps.jsonl", "heard.jsonl"

Rolls = NDArray[np.uint8]
T = TypeVar("T", bound=msgspec.Struct)


class Step(msgspec.Struct, frozen=True):
    """Where a run was after `seconds`; `share` is how much of it was over, 0 to 1."""

    step: int
    stage: str
    seconds: float
    share: float
    loss: float | None = None


class _Heard(msgspec.Struct, frozen=True):
    step: int
    phrases: list[list[list[tuple[int, int, int]]]]


@dataclass(frozen=True)
class Heard:
    """What a generator wrote from the fixed latents after `step` steps."""

    step: int
    rolls: Sequence[Rolls]


class Diary:
    """Writes into a folder; call it with each `Progress`. `draw` gives the phrases."""

    def __init__(
        self,
        folder: Path,
        spec: RollSpec,
        draw: Callable[[], Rolls],
        minutes: float | None = None,
    ) -> None:
        self.folder, self.spec, self.draw, self.minutes = folder, spec, draw, minutes
        self.started = time.monotonic()
        self.written = -EVERY

    def __call__(self, progress: Progress) -> None:
        seconds = time.monotonic() - self.started
        done = progress.step >= progress.steps
        if seconds - self.written >= EVERY or progress.evaluation is not None or done:
            self.written = seconds
            share = progress.step / progress.steps
            if self.minutes is not None:
                share = max(share, seconds / (60 * self.minutes))
            loss = progress.metrics.get("loss")
            self._append(
                _STEPS,
                Step(progress.step, progress.stage, round(seconds, 1), min(share, 1.0), loss),
            )
        if progress.evaluation is not None:
            phrases = [
                [track.tolist() for track in notes_from_roll(roll, self.spec)]
                for roll in self.draw()
            ]
            self._append(_HEARD, _Heard(progress.step, phrases))

    def _append(self, name: str, entry: msgspec.Struct) -> None:
        # A full disk ends a run where its state is written, which says so; not here.
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / name).open("ab") as file:
                file.write(msgspec.json.encode(entry) + b"\n")


def read_steps(folder: Path) -> list[Step]:
    """The lines of `steps.jsonl`, in order; damaged lines are passed over."""
    return _read(folder / _STEPS, Step)


def read_heard(folder: Path, spec: RollSpec) -> list[Heard]:
    """What was played at each evaluation, in order; damaged lines are passed over."""
    found = []
    for entry in _read(folder / _HEARD, _Heard):
        with suppress(ValueError, SpecError, LookupError):
            rolls = [
                roll_from_notes([np.asarray(t, np.int32).reshape(-1, 3) for t in tracks], spec)
                for tracks in entry.phrases
            ]
            found.append(Heard(entry.step, rolls))
    return found


def _read(path: Path, kind: type[T]) -> list[T]:
    lines = []
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file):
                if number >= LINES_MAX:
                    break
                with suppress(ValueError):  # torn by a kill
                    lines.append(msgspec.json.decode(line, type=kind))
    except OSError:
        pass
    return lines
