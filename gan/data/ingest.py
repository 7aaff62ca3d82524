"""A folder of music to a `Dataset`: read in parallel, cached, with a report.

`ingest` decides what the folder is (POP909, or a tree of MIDI files), reads it with one
process a core, and keeps the phrases in a cache, so that the next call is instant. A file
that cannot be used never stops it; the report names it and says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gan.data import cache
from gan.data.dataset import Dataset
from gan.data.plan import Plan, make_plan
from gan.data.pool import Progress, Work, read_all
from gan.data.repeats import without_repeats
from gan.errors import DataError
from gan.spec import spec_to_dict


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

    `scheme` says how tracks are chosen (one of `gan.data.plan.SCHEMES`); `data_dir` may also
    be "bach". `progress` is called as songs are read, not when they come from the cache.
    `workers` is the number of processes (by default one a core); whatever it is, phrases
    come in the same order. Raises `DataError` when the folder is missing or empty, or no
    file in it gives a phrase.
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
    key = cache.read_stamp(place, stamp)
    found = cache.read_entry(place, key) if key else None
    if found is not None:
        return _finish(*found, plan, cached=True)
    key, digests = cache.content_of(plan.files, plan.root, settings)
    found = cache.read_entry(place, key)
    cached = found is not None
    if found is None:
        work = Work(plan, hop_bars, _copies(plan, digests))
        phrases = read_all(work, workers=workers, progress=progress)
        if plan.refuse_repeats:
            phrases = without_repeats(phrases, plan.spec)
        try:
            cache.write_entry(place, key, plan.spec, phrases=phrases, manifest={"hop": hop_bars})
        except OSError as error:
            raise DataError(f"The cache folder {place} cannot be written: {error}.") from error
        found = cache.read_entry(place, key)
    if found is None:
        raise DataError(f"The cache folder {place} does not keep what is written to it.")
    cache.write_stamp(place, stamp, key)
    return _finish(*found, plan, cached=cached)


def _copies(plan: Plan, digests: list[bytes]) -> dict[int, str]:
    """Songs whose file has the very bytes of an earlier one, and the earlier one's name.

    A copy would stand among the validation songs with its original among the others.
    """
    if plan.files != plan.jobs:
        return {}
    first: dict[bytes, int] = {}
    copies = {}
    for job, digest in enumerate(digests):
        original = first.setdefault(digest, job)
        if original != job:
            copies[job] = plan.name_of(original)
    return copies


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
