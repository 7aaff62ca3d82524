"""A progress bar in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from gan.data.pool import Progress


@contextmanager
def terminal_progress(label: str = "Reading music", unit: str = "file") -> Iterator[Progress]:
    """A bar that appears with the first step, so that a cached folder shows none."""
    bars: list[tqdm] = []

    def show(done: int, total: int) -> None:
        if not bars:
            bars.append(tqdm(total=total, desc=label, unit=unit, leave=False))
        bars[0].update(done - bars[0].n)

    try:
        yield show
    finally:
        for bar in bars:
            bar.close()
