"""A user's own music as files: MIDI, or a zip archive of MIDI files, within bounds.

What is read here is read by the reader that training uses. Files that are damaged or too large
for one piece of music are refused by a sentence that says what to do.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from gan.data.folder import SUFFIXES
from gan.errors import MidiError
from gan.music.smf import MidiSong, read_smf

BYTES_MAX = 4 << 20
"""Of one MIDI file: some 500,000 notes."""
NOTES_MAX = 200_000
ARCHIVE_MAX = 32 << 20
"""Bytes of an archive, and of all that is taken out of it."""
ENTRIES_MAX = 200
"""Files of an archive that are looked at."""
RATIO_MAX = 200
"""How many times smaller than itself a file may be in an archive; MIDI shrinks to a tenth."""
NAME_MAX = 80


@dataclass(frozen=True, eq=False)
class Own:
    """A piece of the user's, as its file has it. `name` is the file's, without its folders."""

    name: str
    song: MidiSong

    @property
    def notes(self) -> int:
        return sum(len(one.notes) for one in self.song.instruments)


def read_own(data: bytes, name: str) -> Own:
    """A MIDI file; `MidiError` says in a sentence why it cannot be used and what to do."""
    called = short_name(name)
    if len(data) > BYTES_MAX:
        raise MidiError(
            f"{called} is larger than {BYTES_MAX >> 20} MiB, too large for one piece of music: "
            "export the part that you want to work on."
        )
    try:
        song = read_smf(data, timed=True)
    except MidiError as error:
        raise MidiError(_refusal(called, str(error))) from error
    if song.kind == 2 and len(song.instruments) > 1:
        raise MidiError(
            f"{called} is of format 2, whose tracks are pieces of their own: save it as format 0 "
            "or 1."
        )
    own = Own(called, song)
    if not own.notes:
        raise MidiError(f"{called} has no notes: choose a file with music in it.")
    if own.notes > NOTES_MAX:
        raise MidiError(
            f"{called} has {own.notes:,} notes, more than {NOTES_MAX:,}: export the part that you "
            "want to work on."
        )
    return own


def _refusal(name: str, reason: str) -> str:
    what, _, advice = reason.removeprefix("unreadable: ").partition(": ")
    return f"{name} cannot be read ({what}): {advice or 'export or download it again as MIDI'}."


def is_archive(data: bytes) -> bool:
    """Whether the bytes are those of a zip archive."""
    return data.startswith(b"PK\x03\x04")


def unpacked(data: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the MIDI files in a zip archive, one after another.

    Raises `MidiError` for archives that are damaged, encrypted, without MIDI, or out of bounds;
    what an archive says of its sizes is not trusted.
    """
    called = short_name(name)
    if len(data) > ARCHIVE_MAX:
        raise MidiError(f"{called} is larger than {ARCHIVE_MAX >> 20} MiB: choose fewer files.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            wanted = [one for one in archive.infolist() if _is_music(one)]
            if not wanted:
                raise MidiError(f"{called} holds no MIDI file: choose an archive that does.")
            if len(wanted) > ENTRIES_MAX:
                raise MidiError(
                    f"{called} holds {len(wanted):,} MIDI files, more than {ENTRIES_MAX}: choose "
                    "fewer."
                )
            left = ARCHIVE_MAX
            for entry in wanted:
                found = _entry(archive, entry, called)
                left -= len(found)
                if left < 0:
                    raise MidiError(
                        f"{called} unpacks to more than {ARCHIVE_MAX >> 20} MiB: choose fewer "
                        "files."
                    )
                yield entry.filename, found
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, LookupError) as error:
        raise MidiError(f"{called} is damaged: make or download the archive again.") from error
    except (NotImplementedError, RuntimeError) as error:  # a method, or a password
        raise MidiError(
            f"{called} is encrypted or packed in a rare way: unpack it and choose its MIDI files."
        ) from error


def _is_music(entry: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(entry.filename)
    hidden = path.name.startswith("._") or "__MACOSX" in path.parts
    return not entry.is_dir() and not hidden and path.name.lower().endswith(SUFFIXES)


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, called: str) -> bytes:
    """The bytes of a file of an archive; those beyond what a piece may have are never unpacked."""
    with archive.open(entry) as file:
        data = file.read(BYTES_MAX + 1)
    if len(data) > max(1 << 16, RATIO_MAX * entry.compress_size):
        raise MidiError(
            f"{called} is packed {RATIO_MAX} times smaller than what is in it, as no music is: "
            "choose the MIDI files themselves."
        )
    return data


def short_name(name: str) -> str:
    """A file's name in one line, without folders, for people to read."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(one if one.isprintable() else " " for one in last)
    clean = " ".join(shown.encode("utf-8", "replace").decode().split())
    return clean if len(clean) <= NAME_MAX else f"{clean[: NAME_MAX - 1]}…"
