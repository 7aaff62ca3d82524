"""A folder of music to a `Dataset`: read in parallel, cached, with a report.

`ingest` decides what the folder is (POP909, or a tree of MIDI files), reads it with one
process a core, and keeps the phrases in a cache, so that the next call is instant. A file
that cannot be used never stops it; the report names it and says why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gan.data import cache
from gan.data.cache import Written
from gan.data.dataset import Dataset
from gan.data.folder import printable, told
from gan.data.phrases import Facts, Phrases
from gan.data.plan import Found, Plan, find_music
from gan.data.pool import Progress, Work, read_all
from gan.data.repeats import without_repeats
from gan.errors import DataError
from gan.files import must_be_writable
from gan.music.keys import KeyChoice
from gan.spec import RollSpec, spec_to_dict


@dataclass(frozen=True)
class Report:
    """What `ingest` took and what it refused.

    `files` counts the songs or files that were looked at, `songs` those that gave phrases;
    `sparse` the phrases left out as nearly empty; `refused` maps a name to its reason;
    `why` says in a sentence which scheme was used and why; `cached` whether nothing had to
    be read again. `left_out` counts what was not looked at, by kind. `taken` holds for each
    song its facts; `tracks` names the tracks that its notes are counted for.
    """

    files: int
    songs: int
    phrases: int
    sparse: int
    scheme: str
    why: str
    refused: dict[str, str] = field(default_factory=dict)
    cached: bool = False
    left_out: dict[str, int] = field(default_factory=dict)
    tracks: tuple[str, ...] = ()
    taken: list[Facts] = field(default_factory=list)

    @property
    def unreleased(self) -> int:
        """Notes without a note-off of their own, in all songs that gave phrases."""
        return sum(song.unreleased for song in self.taken)

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
        if self.left_out:
            lines.append(f"Not looked at: {told(self.left_out)}.")
        if self.unreleased:
            lines.append(
                f"Notes without a note-off of their own: {self.unreleased:,}. They end with the"
                " next note-off of their pitch, or after a beat."
            )
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
    like: RollSpec | None = None,
    key: KeyChoice = None,
    cache_dir: str | Path | None = None,
    hop_bars: int = 2,
    workers: int | None = None,
    progress: Progress | None = None,
) -> tuple[Dataset, Report]:
    """The phrases of the folder `data_dir`, and a report.

    `scheme` says how tracks are chosen (one of `gan.data.plan.SCHEMES`), or `like` gives the tracks
    of a generator; `data_dir` may also be "bach". `key` stands above the keys that are found or
    annotated. `progress` is called as songs are read, not when they come from the cache. `workers`
    is the number of processes (by default one a core for many songs, and none for few); whatever
    it is, phrases come in the same order. Raises `DataError` when the folder is missing or empty,
    or no file in it gives a phrase.
    """
    dataset, report = look_into(
        data_dir,
        scheme=scheme,
        like=like,
        key=key,
        cache_dir=cache_dir,
        hop_bars=hop_bars,
        workers=workers,
        progress=progress,
    )
    if len(dataset) == 0:
        name, reason = next(iter(report.refused.items()), ("", "no files"))
        raise DataError(
            f"None of the {report.files} files in {printable(str(data_dir))} gave a phrase;"
            f" the first, {name}, was refused: {reason}."
        )
    return dataset, report


def look_into(
    data_dir: str | Path,
    *,
    scheme: str = "auto",
    like: RollSpec | None = None,
    key: KeyChoice = None,
    cache_dir: str | Path | None = None,
    hop_bars: int = 2,
    workers: int | None = None,
    progress: Progress | None = None,
) -> tuple[Dataset, Report]:
    """The same as `ingest`, but a folder that gives no phrase is no error."""
    if hop_bars < 1:
        raise DataError(f"The hop between phrases must be at least 1 bar, not {hop_bars}.")
    place = Path(cache_dir).expanduser() if cache_dir else cache.default_cache_dir()
    must_be_writable(place, "The cache folder (--cache_dir)")
    asked: dict[str, Any] = {"hop_bars": hop_bars, "key": "auto" if key is None else str(key)}
    try:
        music = find_music(data_dir, scheme, key, like)
        asked["reader"] = music.version
        if like is not None:
            asked["like"] = spec_to_dict(like)
        stamp = cache.stamp_of(music.files, music.root, {**asked, "scheme": scheme})
        known = cache.read_stamp(place, stamp)
        found = cache.read_entry(place, known.key) if known else None
        if known and found:
            return _finish(*found, music, known.why, cached=True)
        plan = music.plan()
        settings = {**asked, "spec": spec_to_dict(plan.spec)}
        content, digests = cache.content_of(plan.files, plan.root, settings)
    except OSError as error:
        raise DataError(
            f"{printable(str(data_dir))} cannot be read ({error.strerror or error}): give"
            " yourself the right to, or choose another folder."
        ) from error
    found = cache.read_entry(place, content)
    cached = found is not None
    try:
        if found is None:
            work = Work(plan, hop_bars, _copies(plan, digests))
            phrases = read_all(work, workers=workers, progress=progress)
            found = _kept(place, content, plan, phrases)
        cache.write_stamp(place, stamp, cache.Stamp(content, plan.why))
    except OSError as error:
        raise DataError(f"The cache folder {place} cannot be written: {error}.") from error
    return _finish(*found, music, plan.why, cached=cached)


def _kept(
    place: Path, content: str, plan: Plan, phrases: Iterable[Phrases]
) -> tuple[Dataset, Written]:
    """Write the songs to the cache as they are read; what it then holds of them."""
    if plan.refuse_repeats:
        phrases = without_repeats(phrases, plan.spec)
    cache.write_entry(place, content, plan.spec, phrases=phrases)
    found = cache.read_entry(place, content)
    if found is None:
        raise DataError(f"The cache folder {place} does not keep what is written to it.")
    return found


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
        if digest and original != job:
            copies[job] = plan.name_of(original)
    return copies


def _finish(
    dataset: Dataset, noted: Written, music: Found, why: str, *, cached: bool
) -> tuple[Dataset, Report]:
    report = Report(
        files=len(noted.song_names) + len(noted.refused),
        songs=len(noted.song_names),
        phrases=len(dataset),
        sparse=noted.sparse,
        scheme=dataset.spec.scheme,
        why=why,
        refused=noted.refused,
        cached=cached,
        left_out=dict(music.left_out),
        tracks=dataset.spec.track_names,
        taken=noted.songs,
    )
    return dataset, report
