"""Work that goes on in a thread while pages stay alive, and can be stopped."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from threading import Event
from typing import Generic, TypeVar

T = TypeVar("T")
Progress = Callable[[int, int], None]


class Work(Generic[T]):
    """`done` of `total` is over, and `future` will have what `action` gives.

    `action` is given a function to tell how far it is; that raises `CancelledError`, which the
    future has then, once `stop` is set.
    """

    def __init__(self, executor: Executor, action: Callable[[Progress], T]) -> None:
        self.done, self.total = 0, 0
        self.stop = Event()
        self.future: Future[T] = executor.submit(action, self._tell)

    @property
    def share(self) -> float:
        return self.done / self.total if self.total else 0.0

    def _tell(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        if self.stop.is_set():
            raise CancelledError
