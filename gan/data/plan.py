"""What a folder of music is, and how it is to be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gan.data import bach, midi_files, pop909, schemes
from gan.data.phrases import Phrases
from gan.data.sources import SOURCES
from gan.errors import DataError
from gan.spec import RollSpec

Reader = Callable[[Path, str, int], Phrases]
"""`(path, name, hop_bars) -> Phrases`; a top-level function, since it goes to processes."""

SCHEMES = (*schemes.SCHEMES, "pop909", "bach")
"""`auto` takes POP909 for what it is, and otherwise decides as `gan.data.schemes` says."""

_LOOKED_AT = 200
"""Files that `auto` and `named` look at, spread evenly over the folder."""


@dataclass(frozen=True)
class Plan:
    """The songs to read, in order, and the reader of one.

    `jobs` holds a path for each song; `files` every file that matters to the result (the
    cache key is made of them); `version` names the reader and changes when its results do;
    `refuse_repeats` whether a song with the music of an earlier one is refused.
    """

    root: Path
    spec: RollSpec
    jobs: tuple[Path, ...]
    files: tuple[Path, ...]
    read: Reader
    version: str
    why: str
    refuse_repeats: bool = True

    def name_of(self, job: int) -> str:
        """The song's name: its path under the root."""
        return self.jobs[job].relative_to(self.root).as_posix()


def make_plan(data_dir: str | Path, scheme: str) -> Plan:
    """How to read `data_dir` by `scheme`; `DataError` if there is nothing to read.

    `bach` as `scheme`, or as `data_dir` where no folder is called so, is music21's corpus.
    """
    if scheme not in SCHEMES:
        raise DataError(f"There is no scheme {scheme!r}: choose from {', '.join(SCHEMES)}.")
    root = Path(data_dir).expanduser()
    if scheme == "bach" or (str(data_dir) == "bach" and scheme == "auto" and not root.exists()):
        return _bach_plan()
    if not root.exists():
        raise DataError(f"There is no folder {root}: give a folder of MIDI files.{_hint(root)}")
    if not root.is_dir():
        raise DataError(f"{root} is a file: give the folder that holds your MIDI files.")
    folders = pop909.song_folders(root) if scheme in ("auto", "pop909") else []
    if folders:
        return _pop909_plan(root, folders)
    if scheme == "pop909":
        raise DataError(f"{root} is not POP909: it has no folders NNN with NNN.mid and beats.")
    return _midi_plan(root, scheme)


def _hint(root: Path) -> str:
    """Where the data set that a missing folder is named after can be got."""
    for source in SOURCES.values():
        if source.name in root.name.casefold():
            return f" {source.title} ({source.licence}): {source.how_to_get}."
    return ""


def _bach_plan() -> Plan:
    folder = bach.corpus_folder()
    files = tuple(bach.chorale_files(folder))
    if not files:
        raise DataError(f"The corpus of music21 in {folder} has no works of Bach.")
    return Plan(
        root=folder,
        spec=bach.SPEC,
        jobs=files,
        files=files,
        read=bach.read_phrases,
        version="bach-3",
        why="Bach's chorales from the corpus of music21: four voices.",
    )


def _pop909_plan(root: Path, folders: list[Path]) -> Plan:
    return Plan(
        root=root,
        spec=pop909.SPEC,
        jobs=tuple(folders),
        files=tuple(file for folder in folders for file in pop909.song_files(folder)),
        read=pop909.read_phrases,
        version="pop909-2",
        why="Read as POP909, because its folders hold beats beside the MIDI file.",
        # As published: its one repeat (018 is 017) is on the training side of the split.
        refuse_repeats=False,
    )


def _midi_plan(root: Path, scheme: str) -> Plan:
    files = tuple(midi_files.midi_files(root))
    if not files:
        raise DataError(f"There are no MIDI files (.mid, .midi) in {root} or the folders in it.")
    stride = -(-len(files) // _LOOKED_AT)
    looked_at = files[::stride] if scheme in ("auto", "named") else ()
    spec, why = schemes.choose(scheme, [schemes.scan(path) for path in looked_at])
    return Plan(
        root=root,
        spec=spec,
        jobs=files,
        files=files,
        read=partial(midi_files.read_phrases, spec=spec),
        version="midi-2",
        why=why,
    )
