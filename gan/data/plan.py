"""What a folder of music is, and how it is to be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gan.data import bach, midi_files, own, pop909, schemes
from gan.data.folder import SUFFIXES, list_music, printable, told
from gan.data.phrases import Phrases
from gan.data.sources import SOURCES
from gan.errors import DataError
from gan.music.keys import KeyChoice
from gan.spec import RollSpec

Reader = Callable[[Path, str, int], Phrases]
"""`(path, name, hop_bars) -> Phrases`; a top-level function, since it goes to processes."""

SCHEMES = (*schemes.SCHEMES, "pop909", "bach")
"""`auto` takes POP909 for what it is, and otherwise decides as `gan.data.schemes` says."""

_MIDI_VERSION = "midi-3"
_INTO_VERSION = "into-1"  # of reading into the tracks of a generator

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
        return printable(self.jobs[job].relative_to(self.root).as_posix())


@dataclass(frozen=True)
class Found:
    """The files of a folder, before any is opened.

    `plan` opens some of them where the scheme depends on what they hold. `version` names the
    reader, as in the plan; `left_out` counts what else the folder holds, by kind.
    """

    root: Path
    files: tuple[Path, ...]
    version: str
    plan: Callable[[], Plan]
    left_out: Mapping[str, int] = field(default_factory=dict)


def find_music(
    data_dir: str | Path, scheme: str, key: KeyChoice = None, like: RollSpec | None = None
) -> Found:
    """What there is in `data_dir`, to be read by `scheme`; `DataError` if there is nothing.

    `like` is the spec of a generator whose tracks the music is to have, in place of a scheme.

    `bach` as `scheme`, or as `data_dir` where no folder is called so, is music21's corpus.
    """
    if scheme not in SCHEMES:
        raise DataError(f"There is no scheme {scheme!r}: choose from {', '.join(SCHEMES)}.")
    root = Path(data_dir).expanduser()
    if like is not None and scheme != "auto":
        raise DataError("A scheme and the tracks of a generator exclude each other: give one.")
    if scheme == "bach" or (str(data_dir) == "bach" and scheme == "auto" and not root.exists()):
        return _bach(key)
    shown = printable(str(root))
    if not root.exists():
        raise DataError(f"There is no folder {shown}: give a folder of MIDI files.{_hint(root)}")
    if not root.is_dir():
        raise DataError(f"{shown} is a file: give the folder that holds your MIDI files.")
    folders = pop909.song_folders(root) if scheme in ("auto", "pop909") else []
    if folders and like in (None, pop909.SPEC):
        return _pop909(root, folders, key)
    if scheme == "pop909":
        raise DataError(f"{shown} is not POP909: it has no folders NNN with NNN.mid and beats.")
    return _midi(root, scheme, key, like)


def _hint(root: Path) -> str:
    """Where the data set that a missing folder is named after can be got."""
    for source in SOURCES.values():
        if source.name in root.name.casefold():
            return f" {source.title} ({source.licence}): {source.how_to_get}."
    return ""


def _bach(key: KeyChoice) -> Found:
    folder = bach.corpus_folder()
    files = tuple(bach.chorale_files(folder))
    if not files:
        raise DataError(f"The corpus of music21 in {folder} has no works of Bach.")
    plan = Plan(
        root=folder,
        spec=bach.SPEC,
        jobs=files,
        files=files,
        read=partial(bach.read_phrases, key=key),
        version="bach-4",
        why="Bach's chorales from the corpus of music21: four voices.",
    )
    return Found(folder, files, plan.version, lambda: plan)


def _pop909(root: Path, folders: list[Path], key: KeyChoice) -> Found:
    plan = Plan(
        root=root,
        spec=pop909.SPEC,
        jobs=tuple(folders),
        files=tuple(file for folder in folders for file in pop909.song_files(folder)),
        read=partial(pop909.read_phrases, key=key),
        version="pop909-3",
        why="Read as POP909, because its folders hold beats beside the MIDI file.",
        # As published: its one repeat (018 is 017) is on the training side of the split.
        refuse_repeats=False,
    )
    return Found(root, plan.files, plan.version, lambda: plan)


def _midi(root: Path, scheme: str, key: KeyChoice, like: RollSpec | None) -> Found:
    listing = list_music(root)
    files = tuple(listing.files)
    if not files:
        held = f" It holds {told(listing.left_out)}." if listing.left_out else ""
        raise DataError(
            f"There are no MIDI files ({', '.join(SUFFIXES)}) in {printable(str(root))} or the"
            f" folders in it.{held}"
        )

    def plan() -> Plan:
        if like is not None:
            into = partial(own.read_phrases, spec=like, key=key)
            why = f"Read into the tracks of the generator: {', '.join(like.track_names)}."
            return Plan(root, like, files, files, into, _INTO_VERSION, why)
        stride = -(-len(files) // _LOOKED_AT)
        looked_at = files[::stride] if scheme in ("auto", "named") else ()
        spec, why = schemes.choose(scheme, [schemes.scan(path) for path in looked_at])
        read = partial(midi_files.read_phrases, spec=spec, key=key)
        return Plan(root, spec, files, files, read, _MIDI_VERSION, why)

    version = _MIDI_VERSION if like is None else _INTO_VERSION
    return Found(root, files, version, plan, dict(listing.left_out))
