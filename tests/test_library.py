"""What outlives the server: favourites, stored documents, the last session."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gan.app import library
from gan.spec import ROOT


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GAN_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def names() -> list[str]:
    return [each.name for each in library.favourites()]


def test_favourites_are_kept_newest_first_forgotten_and_brought_back() -> None:
    assert names() == []
    library.keep("One", "pop", "c=pop&d=1")
    library.keep(" Two\n", "pop", "c=pop&d=2")
    assert [(each.name, each.address) for each in library.favourites()] == [
        ("Two", "c=pop&d=2"),
        ("One", "c=pop&d=1"),
    ]
    one = library.favourites()[1]
    library.forget(one)
    assert names() == ["Two"]
    library.bring_back(one)
    assert names() == ["Two", "One"] and library.favourites()[1].saved == one.saved


def test_a_name_that_is_taken_is_numbered() -> None:
    assert library.keep("One", "pop", "1") == "One"
    assert library.keep("One", "pop", "2") == "One 2"
    assert library.keep("One", "pop", "3") == "One 3"
    assert library.keep("One", "bach", "4") == "One"
    assert library.keep("One", "pop", "1") == "One", "the same phrase again is the same one"
    assert [library.keep(" ", "pop", text) for text in "123"] == [
        "Phrase 1",
        "Phrase 2",
        "Phrase 3",
    ]
    assert len(names()) == 7


def test_a_full_library_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "FAVOURITES_MAX", 2)
    library.keep("One", "pop", "1")
    library.keep("Two", "pop", "2")
    with pytest.raises(library.LibraryError, match="forget some"):
        library.keep("Three", "pop", "3")
    assert names() == ["Two", "One"]


def test_favourites_of_the_first_version_are_taken_in_once_and_left(home: Path) -> None:
    home.mkdir()
    good = {"name": "A", "checkpoint": "pop", "query": {"p": ["1"]}}
    bad = [3, {}, {**good, "name": 1}, {**good, "query": []}]
    text = json.dumps({"favourites": [{**good, "name": "B"}, *bad, good]})
    (home / "favourites.json").write_text(text, encoding="utf-8")
    assert names() == ["B", "A"]
    library.forget(library.favourites()[0])
    assert names() == ["A"]
    assert (home / "favourites.json").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("text", ["{", "[]", '{"favourites": 3}', "\x00", "[" * 100_000])
def test_a_broken_file_of_the_first_version_is_left_alone(home: Path, text: str) -> None:
    home.mkdir()
    (home / "favourites.json").write_text(text, encoding="utf-8")
    library.keep("New", "pop", "1")
    assert names() == ["New"]
    assert (home / "favourites.json").read_text(encoding="utf-8") == text


def test_many_threads_lose_nothing() -> None:
    threads = [
        threading.Thread(target=library.keep, args=(f"n{k}", "pop", str(k))) for k in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names()) == 16


def test_two_processes_lose_nothing() -> None:
    code = (
        "import sys; from gan.app import library\n"
        "for k in range(60): library.keep(f'{sys.argv[1]} {k}', 'pop', f'{sys.argv[1]}{k}')"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, name], cwd=ROOT) for name in "ab"]
    assert [each.wait(60) for each in running] == [0, 0]
    assert len(names()) == 120


def test_a_file_of_a_newer_version_is_refused_and_left(home: Path) -> None:
    library.keep("One", "pop", "1")
    with sqlite3.connect(library.library_file()) as base:
        base.execute("PRAGMA user_version = 99")
    base.close()
    with pytest.raises(library.LibraryError, match="newer version"):
        library.favourites()
    with pytest.raises(library.LibraryError, match="newer version"):
        library.keep("Two", "pop", "2")


def test_what_is_no_library_is_refused_and_left(home: Path) -> None:
    home.mkdir()
    (home / "library.sqlite").write_text("not a database, but long enough to look like one" * 20)
    with pytest.raises(library.LibraryError, match="cannot be used"):
        library.favourites()
    assert library.stored("x") is None
    assert (home / "library.sqlite").read_text().startswith("not a database")


def test_a_folder_that_cannot_be_written_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAN_DATA", "/proc/nowhere")
    with pytest.raises(library.LibraryError, match="cannot be used"):
        library.keep("A", "pop", "1")


def test_texts_too_long_for_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "STORED_MAX", 2)
    first = library.store("a" * 9000)
    assert len(first) == 16 and library.stored(first) == "a" * 9000
    library.store("b")
    library.store("c")
    assert library.stored(first) is None, "the oldest is forgotten"


def test_the_last_session_is_remembered() -> None:
    assert library.remembered() is None
    library.remember("c=pop&d=1")
    library.remember("c=pop&d=2")
    assert library.remembered() == "c=pop&d=2"
