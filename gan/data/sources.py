"""Data sets that this package reads: who made them, under what terms, how to get them."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gan.errors import DataError


@dataclass(frozen=True)
class Source:
    """A published data set. `sha256` is None where no checksum is known for certain."""

    name: str
    title: str
    citation: str
    licence: str
    published: str
    size: str
    how_to_get: str
    sha256: str | None = None


POP909 = Source(
    name="pop909",
    title="POP909",
    citation=(
        "Z. Wang, K. Chen, J. Jiang, Y. Zhang, M. Xu, S. Dai, X. Gu and G. Xia: POP909: A"
        " Pop-song Dataset for Music Arrangement Generation. ISMIR 2020."
    ),
    licence="MIT",
    published="https://github.com/music-x-lab/POP909-Dataset",
    size="909 songs; the folder POP909 of the repository, a folder for each song",
    how_to_get=(
        "git clone https://github.com/music-x-lab/POP909-Dataset, then give the folder"
        " POP909-Dataset/POP909 as --data_dir"
    ),
)

BACH = Source(
    name="bach",
    title="Chorales of J. S. Bach in the music21 corpus",
    citation=(
        "M. S. Cuthbert and C. Ariza: music21: A Toolkit for Computer-Aided Musicology and"
        " Symbolic Music Data. ISMIR 2010."
    ),
    licence="The music is in the public domain; the music21 package is BSD-3-Clause.",
    published="https://github.com/cuthbertLab/music21",
    size="about 400 chorales, part of the installed package",
    how_to_get="pip install music21, then --data_dir bach; nothing is downloaded",
)

SOURCES = {source.name: source for source in (POP909, BACH)}

_BLOCK = 1 << 20

# Networking and zip are imported where they are used: every process that reads music imports
# this module, and none of them fetches any.


def fetch(
    url: str,
    sha256: str,
    target: str | Path,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Download a zip file, check it against `sha256`, and unpack it as the folder `target`.

    Only called on the user's request. The checksum is the caller's: a download without one
    is not taken. `progress` gets the bytes so far and in all (0 if unknown). Raises
    `DataError`, and leaves nothing behind, when the download fails or differs, the archive
    is not a zip file or would write outside its folder, or `target` is there already.
    """
    place = Path(target).expanduser()
    wanted = sha256.strip().lower()
    if len(wanted) != 64 or set(wanted) - set("0123456789abcdef"):
        raise DataError("The checksum must be a SHA-256 of 64 hexadecimal digits.")
    if place.exists():
        raise DataError(f"{place} is there already: choose another folder or remove it.")
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=place.parent) as folder:
        archive = Path(folder) / "archive.zip"
        found = _download(url, archive, progress)
        if found != wanted:
            raise DataError(f"The download of {url} has SHA-256 {found}, not {wanted}.")
        unpacked = Path(folder) / "unpacked"
        _unpack(archive, unpacked)
        unpacked.replace(place)
    return place


def _download(url: str, archive: Path, progress: Callable[[int, int], None] | None) -> str:
    """Write what `url` sends to `archive`; its SHA-256."""
    from urllib.error import URLError
    from urllib.request import urlopen

    if not url.startswith(("https://", "file://")):
        raise DataError(f"{url} is not an https address.")
    digest = hashlib.sha256()
    done = 0
    try:
        with urlopen(url, timeout=60) as answer, archive.open("wb") as file:
            total = int(answer.headers.get("Content-Length") or 0)
            while block := answer.read(_BLOCK):
                file.write(block)
                digest.update(block)
                done += len(block)
                if progress is not None:
                    progress(done, total)
    except (URLError, OSError, ValueError) as error:
        raise DataError(f"{url} cannot be downloaded: {error}.") from error
    return digest.hexdigest()


def _unpack(archive: Path, folder: Path) -> None:
    import zipfile

    try:
        with zipfile.ZipFile(archive) as file:
            for name in file.namelist():
                path = PurePosixPath(name.replace("\\", "/"))
                if path.is_absolute() or ".." in path.parts or ":" in str(path):
                    raise DataError(f"The archive would write outside its folder: {name}.")
            file.extractall(folder)
    except zipfile.BadZipFile as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise DataError("What was downloaded is not a zip archive.") from error
