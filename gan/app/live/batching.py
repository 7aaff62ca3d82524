"""Requests that come while another is being worked off are worked off together.

A generator decodes sixteen phrases in the time of four. Whoever comes first works at once, for
himself alone; who comes meanwhile waits, and one of them then works for all that wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Given = TypeVar("Given")

MOST = 16  # requests at once: more would keep the first of them waiting


@dataclass
class _Place(Generic[Asked, Given]):
    """One request's place in the line."""

    asked: Asked
    called: threading.Event = field(default_factory=threading.Event)
    given: Given | None = None
    error: BaseException | None = None
    done: bool = False


class MicroBatcher(Generic[Asked, Given]):
    """Call it from any thread with one request; `work` gets several, and answers in order."""

    def __init__(self, work: Callable[[Sequence[Asked]], Sequence[Given]]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._line: list[_Place[Asked, Given]] = []
        self._busy = False

    def __call__(self, asked: Asked) -> Given:
        """The answer to one request; raises what its work raised."""
        place: _Place[Asked, Given] = _Place(asked)
        with self._lock:
            self._line.append(place)
            leads = not self._busy
            self._busy = True
        if not leads:
            place.called.wait()
        if not place.done:  # called to work, not because it is done
            self._lead()
        if place.error is not None:
            raise place.error
        return place.given  # type: ignore[return-value]

    def _lead(self) -> None:
        """Work for the first in the line, this one among them; then call the next."""
        with self._lock:
            batch, self._line = self._line[:MOST], self._line[MOST:]
        self._answer(batch)
        with self._lock:
            following = self._line[0] if self._line else None
            self._busy = following is not None
        for place in batch:
            place.done = True
            place.called.set()
        if following is not None:
            following.called.set()

    def _answer(self, batch: list[_Place[Asked, Given]]) -> None:
        try:
            for place, given in zip(
                batch, self._work([place.asked for place in batch]), strict=True
            ):
                place.given = given
        except Exception as error:  # noqa: BLE001
            if len(batch) == 1:
                batch[0].error = error
                return
            # One that makes no sense must not spoil it for the others.
            for place in batch:
                self._answer([place])
