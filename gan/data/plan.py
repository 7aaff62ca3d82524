"""What a folder of music is, and how it is to be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gan.data import pop909
from gan.data.phrases import Phrases
from gan.errors import DataError
from gan.spec import RollSpec

Reader = Callable[[Path, str, int], Phrases]
"""`(path, name, hop_bars) -> Phrases`; a top-level function, since it goes to processes."""


@dataclass(frozen=True)
class Plan:
    """The songs to read, in order, and the reader of one.

    `jobs` holds a path for each song; `files` every file that matters to the result (the
    cache key is made of them); `version` names the reader and changes when its results do.
    """

    root: Path
    spec: RollSpec
    jobs: tuple[Path, ...]
    files: tuple[Path, ...]
    read: Reader
    version: str
    why: str

    def name_of(self, job: int) -> str:
        """The song's name: its path under the root."""
        return self.jobs[job].relative_to(self.root).as_posix()


def make_plan(data_dir: str | Path, scheme: str) -> Plan:
    """How to read `data_dir` by `scheme`; `DataError` if there is nothing to read."""
    root = Path(data_dir).expanduser()
    if not root.is_dir():
        raise DataError(f"There is no folder {root}: give --data_dir a folder of MIDI files.")
    folders = pop909.song_folders(root)
    return Plan(
        root=root,
        spec=pop909.SPEC,
        jobs=tuple(folders),
        files=tuple(file for folder in folders for file in pop909.song_files(folder)),
        read=pop909.read_phrases,
        version="pop909-1",
        why="Read as POP909: folders with beats beside the MIDI file.",
    )
