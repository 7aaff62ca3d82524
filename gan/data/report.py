"""What a folder of music holds, as text and as JSON, without training on it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from gan.data.ingest import Report
from gan.data.phrases import Facts

UNSURE = 0.9
"""A key below this probability is marked in the text: better given by `--key`."""


def report_text(report: Report) -> str:
    """A line for each song that gave phrases, then all that was refused or left out."""
    width = max((len(song.name) for song in report.taken), default=0)
    lines = [f"{song.name:<{width}}  {_line(song, report.tracks)}" for song in report.taken]
    unsure = sum(song.sure < UNSURE for song in report.taken)
    if unsure:
        lines.append(f"(?) marks keys that are not sure ({unsure:,}): --key gives another.")
    return "\n".join([*lines, report.text(most=len(report.refused))])


def _line(song: Facts, tracks: Sequence[str]) -> str:
    notes = ", ".join(f"{track} {count:,}" for track, count in zip(tracks, song.notes, strict=True))
    changes = f" and {song.keys - 1} more" if song.keys > 1 else ""
    tempo = "" if song.tempo is None else f"; tempo {song.tempo:.0f}"
    return (
        f"{song.phrases:,} phrases of {song.bars:,} bars; key {song.key}"
        f"{' (?)' if song.sure < UNSURE else ''}{changes}{tempo}; notes: {notes}"
    )


def report_json(report: Report) -> str:
    """The report as one JSON object, in ASCII, so that any terminal or pipe can carry it."""
    taken = [
        {**asdict(song), "notes": dict(zip(report.tracks, song.notes, strict=True))}
        for song in report.taken
    ]
    return json.dumps({**asdict(report), "unreleased": report.unreleased, "taken": taken}, indent=1)
