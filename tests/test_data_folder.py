"""What of a folder is looked at, what is left out and counted, and how it is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import smf
from compose import Part, chords, duo, melody, write_midi

from gan.data import folder as listing
from gan.data.folder import folder_name, list_music, printable, told
from gan.data.ingest import ingest, look_into
from gan.data.report import report_json, report_text
from gan.errors import DataError
from gan.files import must_be_writable
from gan.music.keys import Key

ROOT = Path(__file__).resolve().parent.parent
TUNE = smf.song(smf.name("Piano") + smf.tune())


def put(path: Path, data: bytes = TUNE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def names(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in list_music(root).files]


def test_names_may_begin_with_dots_and_end_as_midi_does(tmp_path: Path) -> None:
    for name in ("...And So On.mid", ".45 Caliber/Hold.MID", "a.kar", "b.rmi", "c.smf", "d.midi"):
        put(tmp_path / name)
    assert names(tmp_path) == sorted(
        ["...And So On.mid", ".45 Caliber/Hold.MID", "a.kar", "b.rmi", "c.smf", "d.midi"]
    )


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    for name in ("a.mid", "b.txt", "c.TXT", "README", "._a.mid", "__MACOSX/x.mid", ".git/y.mid"):
        put(tmp_path / name)
    (tmp_path / "gone.mid").symlink_to(tmp_path / "nowhere.mid")
    found = list_music(tmp_path)
    assert [path.name for path in found.files] == ["a.mid"]
    assert found.left_out == {
        ".txt": 2,
        "no ending": 1,
        "copy by a Mac (._)": 1,
        "system folder": 2,
        "link to nothing": 1,
    }
    assert told(found.left_out, most=2) == "2 .txt, 2 system folder, 3 others"


def test_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere" / "a.mid")
    put(tmp_path / "music" / "b" / "c.mid")
    (tmp_path / "music" / "a").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "music" / "again").symlink_to(tmp_path / "music" / "b")
    (tmp_path / "music" / "b" / "round").symlink_to(tmp_path / "music")
    (tmp_path / "music" / "d.mid").symlink_to(tmp_path / "elsewhere" / "a.mid")
    assert names(tmp_path / "music") == ["a/a.mid", "b/c.mid", "d.mid"]
    assert list_music(tmp_path / "music").left_out == {"folder reached twice": 2}


def test_a_folder_without_the_right_to_look_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "music" / "a.mid")
    put(tmp_path / "music" / "shut" / "b.mid")
    able = os.access
    monkeypatch.setattr(
        listing.os, "access", lambda path, mode: path.name != "shut" and able(path, mode)
    )
    with pytest.raises(DataError, match=r"music/shut cannot be read: give yourself the right"):
        ingest(tmp_path / "music", cache_dir=tmp_path / "cache")


def test_a_file_without_the_right_to_read_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        put(tmp_path / "music" / f"shut-{name}.mid")
    put(tmp_path / "music" / "open.mid")
    able = Path.open

    def refuse(path: Path, *args: object, **kwargs: object) -> object:
        if path.name.startswith("shut"):
            raise PermissionError(13, "Permission denied")
        return able(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    _, report = ingest(tmp_path / "music", cache_dir=tmp_path / "cache")
    reason = "unreadable: permission denied"  # and not "a copy of" the other
    assert report.refused == {"shut-a.mid": reason, "shut-b.mid": reason}


def test_where_nothing_can_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    must_be_writable(tmp_path / "new" / "below", "The folder")
    assert not (tmp_path / "new").exists()
    file = put(tmp_path / "file")
    for path in (file, file / "below" / "more"):
        with pytest.raises(DataError, match=r"The folder .*file.* \(a file is in its way\)"):
            must_be_writable(path, "The folder")
    with pytest.raises(DataError, match="not UTF-8"):
        must_be_writable(tmp_path / "caf\udce9", "The folder")

    def refuse(dir: Path) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("gan.files.tempfile.TemporaryFile", refuse)
    with pytest.raises(DataError, match=r"\(read-only file system\): choose another"):
        must_be_writable(tmp_path, "The folder")


def test_names_that_are_not_utf_8_are_read_and_shown_with_escapes(tmp_path: Path) -> None:
    root = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        put(root / os.fsdecode(b"\xfc.mid"))
    except OSError:
        pytest.skip("this file system has UTF-8 names only")
    dataset, report = ingest(root, cache_dir=tmp_path / "cache")
    assert dataset.song_names == ("\\xfc.mid",)
    assert ingest(root, cache_dir=tmp_path / "cache")[1].cached
    report_text(report).encode()
    assert folder_name(root) == "caf\ufffd"
    assert printable(str(root)).endswith("caf\\xe9")


def hands(path: Path, turn: int) -> None:
    parts = [Part("Right Hand", melody(4, turn=turn)), Part("Left Hand", chords(4))]
    write_midi(path, parts)


def test_names_that_many_files_lack_are_not_taken(tmp_path: Path) -> None:
    music = tmp_path / "music"
    for turn in range(6):
        hands(music / f"two{turn}.mid", turn)
    for turn in range(5):
        write_midi(
            music / f"one{turn}.mid", [Part(f"Song number {turn}", melody(4, turn=6 + turn))]
        )
    dataset, report = ingest(music, cache_dir=tmp_path / "cache")
    assert dataset.spec.scheme == "piano"
    assert report.songs == 11
    assert "keeps 11 of 11 files" in report.why
    assert "6 have the tracks Right Hand, Left Hand" in report.why


def test_a_few_files_without_the_names_are_told_with_the_scheme_that_keeps_them(
    tmp_path: Path,
) -> None:
    music = tmp_path / "music"
    for turn in range(6):
        hands(music / f"two{turn}.mid", turn)
    write_midi(music / "one.mid", [Part("Another", melody(4, turn=7))])
    dataset, report = ingest(music, cache_dir=tmp_path / "cache")
    assert dataset.spec.track_names == ("Right Hand", "Left Hand")
    assert report.why.endswith(
        "1 of 7 files looked at have too few of these tracks: --scheme piano keeps 7."
    )


def test_track_names_of_any_encoding_are_tracks_of_their_own(tmp_path: Path) -> None:
    for turn in range(3):
        lead = smf.name("旋律", "gbk") + smf.tune(turn=turn)
        keys = smf.name("钢琴", "gbk") + smf.tune(low=48, channel=1)
        put(tmp_path / "music" / f"{turn}.mid", smf.song(lead, keys))
    dataset, _ = ingest(tmp_path / "music", cache_dir=tmp_path / "cache")
    assert dataset.spec.track_names == ("旋律", "钢琴")


def test_drums_without_offs_are_drums(tmp_path: Path) -> None:
    kit = smf.name("Drums") + b"".join(smf.on(36, wait=240, channel=9) for _ in range(32))
    keys = smf.name("Keys") + smf.tune()
    put(tmp_path / "music" / "a.mid", smf.song(kit, keys))
    dataset, report = ingest(tmp_path / "music", cache_dir=tmp_path / "cache")
    assert dataset.spec.track_names == ("Drums", "Keys")
    assert report.taken[0].notes == (32, 16)
    assert report.unreleased == 32
    assert "Notes without a note-off of their own: 32." in str(report)


def test_the_meter_that_holds_is_the_reason_of_a_refusal(tmp_path: Path) -> None:
    both = smf.head(2) + smf.track(smf.meter(4, 4), smf.meter(2, 4)) + smf.track(smf.tune())
    cut = (
        smf.head(2) + smf.track(smf.meter(4, 4), smf.meter(3, 4, wait=960)) + smf.track(smf.tune())
    )
    put(tmp_path / "music" / "both.mid", both)
    put(tmp_path / "music" / "cut.mid", cut)
    _, report = look_into(tmp_path / "music", cache_dir=tmp_path / "cache")
    assert report.refused == {
        "both.mid": "not 4/4 but 2/4",
        "cut.mid": "not 4/4 but 3/4",
    }


def test_a_release_that_comes_much_later_adds_no_bars(tmp_path: Path) -> None:
    stuck = smf.tune(8) + smf.on(48) + smf.off(48, wait=1920 * 21_000)
    put(tmp_path / "music" / "a.mid", smf.song(stuck))
    dataset, report = ingest(tmp_path / "music", cache_dir=tmp_path / "cache")
    assert report.taken[0].bars == 9  # the ninth holds the onset of the note that sticks
    assert dataset.start_bar.tolist() == [0, 2, 4]


def test_a_key_that_is_given_stands_above_the_one_found(tmp_path: Path) -> None:
    duo(tmp_path / "music" / "a.mid", bars=4, tonic=62)
    moves = {None: -2, 0: 0, 5: 5, Key(2): -2, Key(9, minor=True): 0, Key(4): -4}
    for key, shift in moves.items():
        dataset, report = ingest(tmp_path / "music", cache_dir=tmp_path / "cache", key=key)
        assert dataset.shift.tolist() == [shift], key
        assert dataset.minor.tolist() == [key == Key(9, minor=True)]
        assert not report.cached
    assert report.taken[0].key == "E:maj"
    assert report.taken[0].sure == 1.0


def test_the_report_names_all_that_was_taken_refused_and_left_out(tmp_path: Path) -> None:
    duo(tmp_path / "music" / "a.mid", bars=8, tonic=62, beats_per_minute=90.0)
    duo(tmp_path / "music" / "waltz.mid", turn=3, signatures=((0, 3, 4),))
    put(tmp_path / "music" / "page.mid", b"<html>")
    put(tmp_path / "music" / "b.txt")
    _, report = look_into(tmp_path / "music", cache_dir=tmp_path / "cache")
    values = json.loads(report_json(report))
    assert report_json(report).isascii()
    (song,) = values["taken"]
    assert song.pop("sure") > 0.9
    assert song == {
        "name": "a.mid", "phrases": 3, "bars": 8, "key": "D:maj", "keys": 1, "tempo": 90.0,
        "notes": {"LEAD": 32, "KEYS": 24}, "unreleased": 0,
    }  # fmt: skip
    assert values["refused"] == {
        "page.mid": "unreadable: a web page, not MIDI: download the file again",
        "waltz.mid": "not 4/4 but 3/4",
    }
    assert values["left_out"] == {".txt": 1}
    assert (values["files"], values["songs"], values["phrases"]) == (3, 1, 3)
    text = report_text(report)
    assert "a.mid  3 phrases of 8 bars; key D:maj; tempo 90; notes: LEAD 32, KEYS 24" in text
    assert "waltz.mid: not 4/4 but 3/4" in text
    assert "Not looked at: 1 .txt." in text


def test_a_key_that_is_not_sure_is_marked(tmp_path: Path) -> None:
    put(tmp_path / "music" / "a.mid", smf.song((smf.on(60) + smf.off(60, wait=480)) * 16))
    _, report = look_into(tmp_path / "music", cache_dir=tmp_path / "cache")
    assert report.taken[0].sure < 0.5
    assert " (?); tempo 120" in report_text(report)
    assert "(?) marks keys that are not sure (1): --key gives another." in report_text(report)


def train(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, ROOT / "train.py", *arguments],
        capture_output=True, timeout=120, env={**os.environ, **environment},
    )  # fmt: skip


def test_the_command_reports_on_any_terminal_and_does_not_train(tmp_path: Path) -> None:
    lead = smf.name("旋律") + smf.tune()
    put(tmp_path / "music" / "a.mid", smf.song(lead, smf.name("Keys") + smf.tune(low=48)))
    asked = ("--data_dir", tmp_path / "music", "--cache_dir", tmp_path / "cache", "--report")
    done = train(*asked, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert b"notes: \\u65cb\\u5f8b 16, Keys 16" in done.stdout
    done = train(*asked, "--json")
    assert json.loads(done.stdout)["tracks"] == ["旋律", "Keys"]


def test_the_command_says_what_it_cannot_do_before_it_reads(tmp_path: Path) -> None:
    put(tmp_path / "music" / "a.mid")
    file = put(tmp_path / "file")
    asked = ("--data_dir", tmp_path / "music", "--cache_dir", tmp_path / "cache")
    for more, message in (
        (("--checkpoint_dir", file), b"cannot be written to (a file is in its way)"),
        (("--key", "H"), b"'H' is not a key"),
        (("--json",), b"give --report as well"),
    ):
        done = train(*asked, *more)
        assert done.returncode == 2
        assert message in done.stderr
        assert done.stderr.count(b"\n") == 1
    assert not (tmp_path / "cache").exists()
