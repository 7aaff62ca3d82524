"""What is known of the data sets, and fetching one with a checksum."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from gan.data.sources import SOURCES, fetch
from gan.errors import DataError


def archive(tmp_path: Path, names: dict[str, str]) -> tuple[str, str]:
    """A zip file's address and checksum."""
    path = tmp_path / "served" / "data.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as file:
        for name, text in names.items():
            file.writestr(name, text)
    return path.as_uri(), hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_source_says_whose_it_is_and_how_to_get_it() -> None:
    assert set(SOURCES) == {"pop909", "bach"}
    for source in SOURCES.values():
        assert source.citation
        assert source.licence
        assert source.published.startswith("https://")
        assert source.how_to_get
        assert source.sha256 is None or len(source.sha256) == 64


def test_an_archive_is_checked_and_unpacked(tmp_path: Path) -> None:
    url, checksum = archive(tmp_path, {"songs/001.mid": "music"})
    heard: list[int] = []
    place = fetch(url, checksum.upper(), tmp_path / "data", progress=lambda a, b: heard.append(a))
    assert (place / "songs" / "001.mid").read_text() == "music"
    assert heard
    with pytest.raises(DataError, match="there already"):
        fetch(url, checksum, place)


@pytest.mark.parametrize(
    ("names", "checksum", "message"),
    [
        ({"a.mid": "music"}, "0" * 64, "not " + "0" * 64),
        ({"a.mid": "music"}, "", "64 hexadecimal digits"),
        ({"../a.mid": "music"}, None, "outside its folder"),
        ({"/a.mid": "music"}, None, "outside its folder"),
    ],
)
def test_a_wrong_archive_leaves_nothing(
    tmp_path: Path, names: dict[str, str], checksum: str | None, message: str
) -> None:
    url, right = archive(tmp_path, names)
    with pytest.raises(DataError, match=message):
        fetch(url, right if checksum is None else checksum, tmp_path / "data")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["served"]


def test_what_is_no_archive_or_not_there_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("words")
    checksum = hashlib.sha256(b"words").hexdigest()
    with pytest.raises(DataError, match="not a zip archive"):
        fetch(text.as_uri(), checksum, tmp_path / "data")
    with pytest.raises(DataError, match="cannot be downloaded"):
        fetch((tmp_path / "none").as_uri(), checksum, tmp_path / "data")
    with pytest.raises(DataError, match="not an https address"):
        fetch("http://example.org/a.zip", checksum, tmp_path / "data")
