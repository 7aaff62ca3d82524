"""Which soundfonts this machine has, best first.

A soundfont is a RIFF file (`.sf2`, or `.sf3` with compressed samples). Only its list of
presets is read here, a few kilobytes, to tell a General MIDI set from a single piano.
The smallest fallback is TimGM6mb, which comes inside the pretty_midi package.

Conventions: a preset is `(bank, program)`; drum kits are in bank 128; sizes are bytes.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

from gan.errors import AudioError

DRUM_BANK = 128
_PRESET_HEADER = struct.Struct("<20sHHHIII")  # SoundFont 2.04, section 7.2
_ENOUGH_PROGRAMS = 100  # of 128: some General MIDI sets leave a few effects out
_TOO_LARGE = 400 * 2**20  # bytes; loading more than this would be felt at every render
_ENDINGS = (".sf2", ".sf3")
_GOOD_NAMES = ("fluidr3", "generaluser", "musescore_general", "sgm")


@dataclass(frozen=True)
class SoundFont:
    """One soundfont file. `general_midi`: nearly all instruments and a drum kit."""

    path: Path
    general_midi: bool
    size: int

    @property
    def name(self) -> str:
        return self.path.stem


def soundfont_folders() -> list[Path]:
    """Folders that are looked through, the user's own first. They need not exist."""
    home = Path.home()
    brew = Path(os.environ.get("HOMEBREW_PREFIX", "/opt/homebrew"))
    return [
        home / ".fluidsynth",  # where midi2audio looks
        home / ".local/share/soundfonts",
        home / "Library/Audio/Sounds/Banks",  # macOS, one user
        Path("/Library/Audio/Sounds/Banks"),
        Path("/usr/share/sounds/sf2"),  # Debian, Ubuntu
        Path("/usr/share/sounds/sf3"),
        Path("/usr/share/soundfonts"),  # Fedora, Arch
        Path("/usr/local/share/soundfonts"),
        Path("/usr/local/share/fluidsynth/sf2"),
        brew / "share/soundfonts",
        brew / "opt/fluid-synth/share/fluid-synth/sf2",  # Homebrew's small demo font
        Path("/usr/local/opt/fluid-synth/share/fluid-synth/sf2"),
    ]


def find_soundfonts(folders: list[Path] | None = None) -> list[SoundFont]:
    """All readable soundfonts in `folders` (default: the usual places), best first.

    With the default folders pretty_midi's own TimGM6mb is among them, so that the list is
    never empty. Of files with the same name the first is kept; files that are not
    soundfonts are passed over. Folders are listed at each call; a file is read again only
    when it has changed.
    """
    places = soundfont_folders() if folders is None else folders
    paths = [path for folder in places for path in _files(folder)]
    if folders is None:
        paths += _packaged()
    fonts: dict[str, SoundFont] = {}
    for path in paths:
        try:
            font = read_soundfont(path)
        except AudioError:
            continue
        fonts.setdefault(font.path.name.lower(), font)
    return sorted(fonts.values(), key=_rank)


def choose_soundfont(name: str = "") -> SoundFont:
    """The soundfont of this name, or the best of this machine where none is called so.

    Raises `AudioError` where there is none at all.
    """
    fonts = find_soundfonts()
    if not fonts:
        raise AudioError("No soundfont was found: run apt-get install timgm6mb-soundfont.")
    return next((font for font in fonts if font.name == name), fonts[0])


def read_soundfont(path: Path | str) -> SoundFont:
    """Read the list of presets of one file. Raises `AudioError` if it is no soundfont."""
    try:
        file = Path(path).expanduser()
        state = file.stat()
    except (OSError, RuntimeError) as error:
        raise AudioError(f"The soundfont {path} cannot be read: {error}.") from error
    font = _read(file, state.st_size, state.st_mtime_ns)
    if isinstance(font, str):
        raise AudioError(font)
    return font


@lru_cache(maxsize=256)
def _read(path: Path, size: int, changed: int) -> SoundFont | str:
    """A soundfont, or what is wrong with it; `changed` tells versions of the file apart."""
    del changed
    try:
        with path.open("rb") as stream:
            presets = _presets(stream, size)
    except (OSError, struct.error) as error:
        return f"The soundfont {path} cannot be read: {error}."
    except AudioError as error:
        return str(error)
    programs = sum(1 for bank, _ in presets if bank == 0)
    drums = any(bank == DRUM_BANK for bank, _ in presets)
    return SoundFont(path.resolve(), programs >= _ENOUGH_PROGRAMS and drums, size)


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.name.lower().endswith(_ENDINGS))
    except OSError:
        return []


@cache
def _packaged() -> list[Path]:
    """TimGM6mb inside pretty_midi, found without importing the package."""
    spec = find_spec("pretty_midi")
    if spec is None or spec.origin is None:
        return []
    path = Path(spec.origin).parent / "TimGM6mb.sf2"
    return [path] if path.is_file() else []


def _rank(font: SoundFont) -> tuple[bool, bool, int, int, str]:
    """Complete sets first, then known good ones, then larger ones."""
    name = font.name.lower()
    known = next((i for i, good in enumerate(_GOOD_NAMES) if good in name), len(_GOOD_NAMES))
    return (not font.general_midi, font.size > _TOO_LARGE, known, -font.size, name)


def _presets(stream: BinaryIO, size: int) -> set[tuple[int, int]]:
    """Walk RIFF `sfbk` -> LIST `pdta` -> `phdr`, skipping the samples."""
    kind, _, form = struct.unpack("<4sI4s", stream.read(12))
    if kind != b"RIFF" or form != b"sfbk":
        raise AudioError("This is not a soundfont: it has no RIFF sfbk header.")
    while stream.tell() < size - 8:
        chunk, length = struct.unpack("<4sI", stream.read(8))
        if chunk == b"LIST" and stream.read(4) == b"pdta":
            continue  # step into it: its chunks follow
        if chunk == b"phdr":
            return _preset_headers(stream.read(length))
        stream.seek(length + length % 2 - (4 if chunk == b"LIST" else 0), os.SEEK_CUR)
    raise AudioError("This soundfont has no list of presets.")


def _preset_headers(data: bytes) -> set[tuple[int, int]]:
    usable = len(data) - len(data) % _PRESET_HEADER.size
    headers = list(_PRESET_HEADER.iter_unpack(data[:usable]))[:-1]  # the last marks the end
    return {(bank, program) for _, program, bank, *_ in headers}
