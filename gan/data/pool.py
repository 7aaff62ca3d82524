"""The songs of a plan, read by several processes in the plan's order.

Whatever is wrong with a file becomes its reason of refusal. Even a file that kills the
process that reads it (by memory, or inside a native library) costs only itself.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from gan.data.phrases import Phrases, refuse
from gan.data.plan import Plan
from gan.errors import GanError

Progress = Callable[[int, int], None]
"""Called with how many songs are done, and of how many."""

# Starting processes takes a second or two; so many songs are read in that time.
_SERIAL_BELOW = 200
_CHUNK = 16


@dataclass(frozen=True)
class Work:
    """What every process knows: the plan, the hop in bars, and the songs that are copies."""

    plan: Plan
    hop_bars: int
    copies: Mapping[int, str]

    def read(self, job: int) -> Phrases:
        """One song's phrases, or why it is refused."""
        plan, name = self.plan, self.plan.name_of(job)
        if job in self.copies:
            return refuse(name, f"a copy of {self.copies[job]}", plan.spec)
        try:
            return plan.read(plan.jobs[job], name, self.hop_bars)
        except GanError as error:
            return refuse(name, str(error), plan.spec)
        # Files from anywhere break readers in ways that no list foresees.
        except Exception as error:  # noqa: BLE001
            lines = str(error).splitlines() or [type(error).__name__]
            return refuse(name, f"unreadable: {lines[0][:120]}", plan.spec)


def read_all(
    work: Work, *, workers: int | None = None, progress: Progress | None = None
) -> Iterator[Phrases]:
    """The phrases of every song in order.

    `workers` is the number of processes, 0 for none. By default few songs are read here, which
    is faster, and many by one process a core.
    """
    count = min(os.cpu_count() or 1, 32) if workers is None else workers
    jobs = range(len(work.plan.jobs))
    slow = work.plan.spec.scheme == "bach"  # a MusicXML score takes as long as thirty MIDI files
    few = len(jobs) < (8 if slow else _SERIAL_BELOW)
    if count == 0 or (workers is None and (few or count == 1)):
        parts: Iterator[Phrases] = map(work.read, jobs)
    else:
        parts = _in_processes(work, [jobs[at : at + _CHUNK] for at in jobs[::_CHUNK]], count)
    for done, part in enumerate(parts, start=1):
        yield part
        if progress is not None:
            progress(done, len(jobs))


_work: Work | None = None
"""In a worker process: set once, because a plan of many files is too large to send a chunk."""


def _start(work: Work) -> None:
    global _work
    _work = work


def _read_chunk(chunk: Sequence[int]) -> list[Phrases]:
    assert _work is not None
    return [_work.read(job) for job in chunk]


def _executor(work: Work, workers: int) -> ProcessPoolExecutor:
    # "spawn", because a forked copy of a process that runs TensorFlow may hang.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(work,))


def _in_processes(work: Work, chunks: Sequence[Sequence[int]], workers: int) -> Iterator[Phrases]:
    done = 0
    while done < len(chunks):
        try:
            for parts in _pooled(work, chunks[done:], workers):
                yield from parts
                done += 1
        except BrokenProcessPool:
            if not _can_start(work):
                # A script that calls this without `if __name__ == "__main__":`, for one.
                yield from (work.read(job) for chunk in chunks[done:] for job in chunk)
                return
            yield from _one_by_one(work, chunks[done])
            done += 1


def _pooled(work: Work, chunks: Sequence[Sequence[int]], workers: int) -> Iterator[list[Phrases]]:
    """Chunk by chunk in order, with a few ahead of the reader and no more in memory."""
    executor = _executor(work, workers)
    pending: deque[Future[list[Phrases]]] = deque()
    try:
        for chunk in chunks:
            pending.append(executor.submit(_read_chunk, chunk))
            if len(pending) > 3 * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        executor.shutdown(cancel_futures=True)


def _can_start(work: Work) -> bool:
    try:
        with _executor(work, 1) as executor:
            return executor.submit(_read_chunk, ()).result() == []
    except BrokenProcessPool:
        return False


def _one_by_one(work: Work, chunk: Sequence[int]) -> Iterator[Phrases]:
    """A chunk in which some song kills its process: a process is made anew after each."""
    executor: ProcessPoolExecutor | None = None
    for job in chunk:
        executor = executor or _executor(work, 1)
        try:
            yield executor.submit(_read_chunk, (job,)).result()[0]
        except BrokenProcessPool:
            executor.shutdown()
            executor = None
            name = work.plan.name_of(job)
            yield refuse(name, "unreadable: reading it crashes", work.plan.spec)
    if executor is not None:
        executor.shutdown()
