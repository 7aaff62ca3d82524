"""A folder of music to a `Dataset`: read in parallel, cached, with a report.

`ingest` decides what the folder is (POP909, or a tree of MIDI files), reads it with one
process a core, and keeps the phrases in a cache, so that the next call is instant. A file
that cannot be used never stops it; the report names it and says why.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from gan.data import cache
from gan.data.dataset import Dataset
from gan.data.phrases import Phrases, refuse
from gan.data.plan import Plan, make_plan
from gan.errors import DataError, GanError
from gan.spec import spec_to_dict

Progress = Callable[[int, int], None]
"""Called with how many songs are done, and of how many."""

# Starting processes costs more than reading a few files (about a second on two cores).
_SERIAL_BELOW = 48
_CHUNK = 8


@dataclass(frozen=True)
class Report:
    """What `ingest` took and what it refused.

    `files` counts the songs or files that were looked at, `songs` those that gave phrases;
    `sparse` the phrases left out as nearly empty; `refused` maps a name to its reason;
    `why` says in a sentence which scheme was used and why; `cached` whether nothing had to
    be read again.
    """

    files: int
    songs: int
    phrases: int
    sparse: int
    scheme: str
    why: str
    refused: dict[str, str] = field(default_factory=dict)
    cached: bool = False

    def __str__(self) -> str:
        return self.text()

    def text(self, *, most: int = 20) -> str:
        """The report as lines for a terminal; at most `most` refused files by name."""
        lines = [
            self.why,
            f"{self.songs:,} of {self.files:,} files gave {self.phrases:,} phrases"
            f" ({self.sparse:,} nearly empty ones left out)."
            + (" Read from the cache." if self.cached else ""),
        ]
        if self.refused:
            lines.append(f"Refused: {len(self.refused):,}")
            listed = list(self.refused.items())
            lines += [f"  {name}: {reason}" for name, reason in listed[:most]]
            if len(listed) > most:
                lines.append(f"  ... and {len(listed) - most:,} more")
        return "\n".join(lines)


def ingest(
    data_dir: str | Path,
    *,
    scheme: str = "auto",
    cache_dir: str | Path | None = None,
    hop_bars: int = 2,
    workers: int | None = None,
    progress: Progress | None = None,
) -> tuple[Dataset, Report]:
    """The phrases of the folder `data_dir`, and a report.

    `scheme` says how tracks are chosen (see `gan.data.plan`). `workers` is the number of
    processes (default: one a core); phrases come in the same order whatever it is. Raises
    `DataError` when the folder is missing or empty, or no file in it gives a phrase.
    """
    if hop_bars < 1:
        raise DataError(f"The hop between phrases must be at least 1 bar, not {hop_bars}.")
    plan = make_plan(data_dir, scheme)
    settings = {
        "spec": spec_to_dict(plan.spec),
        "reader": plan.version,
        "hop_bars": hop_bars,
    }
    place = Path(cache_dir).expanduser() if cache_dir else cache.default_cache_dir()
    stamp = cache.stamp_of(plan.files, plan.root, settings)
    key = cache.read_stamp(place, stamp) or cache.content_of(plan.files, plan.root, settings)
    found = cache.read_entry(place, key)
    cached = found is not None
    if found is None:
        phrases = _read_all(plan, hop_bars=hop_bars, workers=workers, progress=progress)
        try:
            cache.write_entry(place, key, plan.spec, phrases=phrases, manifest={"hop": hop_bars})
        except OSError as error:
            raise DataError(f"The cache folder {place} cannot be written: {error}.") from error
        found = cache.read_entry(place, key)
    if found is None:
        raise DataError(f"The cache folder {place} does not keep what is written to it.")
    cache.write_stamp(place, stamp, key)
    return _finish(found[0], found[1], plan, cached=cached)


def _finish(
    dataset: Dataset, manifest: dict[str, Any], plan: Plan, *, cached: bool
) -> tuple[Dataset, Report]:
    refused = dict(manifest["refused"])
    report = Report(
        files=len(plan.jobs),
        songs=len(dataset.song_names),
        phrases=len(dataset),
        sparse=int(manifest["sparse"]),
        scheme=plan.spec.scheme,
        why=plan.why,
        refused=refused,
        cached=cached,
    )
    if len(dataset) == 0:
        name, reason = next(iter(refused.items()), ("", "no files"))
        raise DataError(
            f"None of the {report.files} files in {plan.root} gave a phrase;"
            f" the first, {name}, was refused: {reason}."
        )
    return dataset, report


def _read_all(
    plan: Plan, *, hop_bars: int, workers: int | None, progress: Progress | None
) -> Iterator[Phrases]:
    """The phrases of every job, in the plan's order."""
    count = workers or min(os.cpu_count() or 1, 32)
    read = partial(_read_safely, plan, hop_bars)
    jobs = range(len(plan.jobs))
    if count == 1 or len(jobs) < _SERIAL_BELOW:
        yield from _with_progress(map(read, jobs), len(jobs), progress)
        return
    # "spawn", because a forked copy of a process that runs TensorFlow may hang.
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        yield from _with_progress(pool.imap(read, jobs, chunksize=_CHUNK), len(jobs), progress)


def _with_progress(
    parts: Iterator[Phrases], total: int, progress: Progress | None
) -> Iterator[Phrases]:
    for done, part in enumerate(parts, start=1):
        yield part
        if progress is not None:
            progress(done, total)


def _read_safely(plan: Plan, hop_bars: int, job: int) -> Phrases:
    """One song's phrases; whatever is wrong with its file becomes the reason of refusal."""
    path, name = plan.jobs[job], plan.name_of(job)
    try:
        return plan.read(path, name, hop_bars)
    except GanError as error:
        return refuse(name, str(error), plan.spec)
    # Files from anywhere break readers in ways no list foresees, and none may stop the rest.
    except Exception as error:  # noqa: BLE001
        detail = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        return refuse(name, f"unreadable: {detail}", plan.spec)
