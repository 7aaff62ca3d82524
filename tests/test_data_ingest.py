"""A folder of music to phrases: reading, refusing, caching."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import compose
import numpy as np
import pytest
from compose import Part, chords, drums, duo, melody, write_midi

from gan.data.dataset import rolls
from gan.data.ingest import ingest
from gan.errors import DataError
from gan.music.rolls import is_valid, notes_from_roll


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three songs of one shape in different keys, one of them in a folder below."""
    duo(tmp_path / "music" / "b.mid", bars=8, tonic=67, turn=2)
    duo(tmp_path / "music" / "a.MIDI", bars=6, tonic=62, turn=1)
    duo(tmp_path / "music" / "below" / "c.mid", bars=4)
    return tmp_path / "music"


def test_a_folder_becomes_phrases_in_c(folder: Path, tmp_path: Path) -> None:
    dataset, report = ingest(folder, cache_dir=tmp_path / "cache")
    assert dataset.song_names == ("a.MIDI", "b.mid", "below/c.mid")
    assert dataset.spec.track_names == ("LEAD", "KEYS")
    assert [track.monophonic for track in dataset.spec.tracks] == [True, False]
    assert [track.program for track in dataset.spec.tracks] == [73, 4]
    assert dataset.song.tolist() == [0, 0, 1, 1, 1, 2]
    assert dataset.start_bar.tolist() == [0, 2, 0, 2, 4, 0]
    assert dataset.shift.tolist() == [-2, -2, 5, 5, 5, 0]
    assert not dataset.minor.any()
    assert (report.files, report.songs, report.phrases) == (3, 3, 6)
    assert "LEAD, KEYS" in report.why
    first = rolls(dataset, np.arange(6))
    assert is_valid(first, dataset.spec)
    lead, keys = notes_from_roll(first[5], dataset.spec)
    assert lead.tolist() == [list(row) for row in melody(4)]
    assert keys.tolist() == sorted([list(row) for row in chords(4)])
    # A song in G that begins on its third, B, moved up a fourth to E.
    assert notes_from_roll(first[2], dataset.spec)[0][0].tolist() == [0, 4, 76]


def test_the_hop_is_in_bars(folder: Path, tmp_path: Path) -> None:
    dataset, _ = ingest(folder, cache_dir=tmp_path / "cache", hop_bars=1)
    assert dataset.start_bar.tolist() == [0, 1, 2, 0, 1, 2, 3, 4, 0]
    with pytest.raises(DataError, match="at least 1 bar"):
        ingest(folder, cache_dir=tmp_path / "cache", hop_bars=0)


def test_each_broken_file_is_refused_with_its_reason(folder: Path, tmp_path: Path) -> None:
    (folder / "empty.mid").write_bytes(b"")
    (folder / "text.mid").write_text("these are words, not music, however many of them")
    (folder / "cut.mid").write_bytes((folder / "b.mid").read_bytes()[:200])
    (folder / "copy.mid").write_bytes((folder / "b.mid").read_bytes())
    write_midi(folder / "silent.mid", [Part("LEAD", [])])
    write_midi(folder / "stranger.mid", [Part("Tuba", melody(8))])
    duo(folder / "waltz.mid", turn=3, signatures=((0, 3, 4),))
    duo(folder / "short.mid", bars=3)
    free = [(4.3 * k + 0.37 * (k % 3), 4.3 * k + 4, 60) for k in range(40)]
    write_midi(folder / "free.mid", [Part("LEAD", free), Part("KEYS", free)])
    thin = [(16 * k, 16 * k + 4, 60) for k in range(6)]
    write_midi(folder / "thin.mid", [Part("LEAD", thin)])
    (folder / "notes.txt").write_text("not MIDI, not even looked at")
    (folder / "._b.mid").write_bytes(b"what a Mac leaves behind")
    # Said by name, since these strangers outnumber the songs whose names they would follow.
    dataset, report = ingest(folder, scheme="named", cache_dir=tmp_path / "cache")
    assert dataset.song_names == ("a.MIDI", "b.mid", "below/c.mid")
    refused = report.refused
    assert refused.pop("empty.mid").startswith("unreadable")
    assert refused.pop("text.mid").startswith("unreadable")
    assert refused.pop("cut.mid").startswith("unreadable")
    assert refused == {
        "copy.mid": "a copy of b.mid",
        "silent.mid": "no notes",
        "stranger.mid": "no known track",
        "waltz.mid": "not 4/4 but 3/4",
        "short.mid": "too short: no 4 bars of 4/4 in a row",
        "free.mid": "its notes do not follow its beat (played freely, or in triplets)",
        "thin.mid": "too few notes in every phrase",
    }
    assert "waltz.mid: not 4/4 but 3/4" in str(report)


def test_a_song_under_another_name_or_in_another_key_is_taken_once(tmp_path: Path) -> None:
    music = tmp_path / "music"
    duo(music / "a.mid", bars=4)
    duo(music / "b.mid", bars=4, beats_per_minute=90)
    duo(music / "c.mid", bars=4, tonic=62)
    write_midi(music / "d.mid", [Part("LEAD", chords(4)), Part("KEYS", melody(4))])
    dataset, report = ingest(music, cache_dir=tmp_path / "cache")
    assert dataset.song_names == ("a.mid", "d.mid")
    assert report.refused == {
        "b.mid": "the same music as a.mid",
        "c.mid": "the same music as a.mid",
    }


def test_the_cache_answers_until_a_file_changes(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    calls: list[tuple[int, int]] = []

    def count(done: int, total: int) -> None:
        calls.append((done, total))

    first, report = ingest(folder, cache_dir=cache, progress=count)
    assert calls == [(1, 3), (2, 3), (3, 3)]
    assert not report.cached
    assert isinstance(first.bits, np.memmap)
    again, report = ingest(folder, cache_dir=cache, progress=count)
    assert len(calls) == 3
    assert report.cached
    assert np.array_equal(first.bits, again.bits)
    assert again.song_names == first.song_names
    assert report.phrases == 6
    # Touched but not changed: the content decides.
    os.utime(folder / "b.mid", (1, 1))
    assert ingest(folder, cache_dir=cache)[1].cached
    duo(folder / "b.mid", bars=12, tonic=67, turn=2)
    changed, report = ingest(folder, cache_dir=cache)
    assert not report.cached
    assert len(changed) == 8
    duo(folder / "d.mid", bars=4, tonic=65, turn=3)
    assert len(ingest(folder, cache_dir=cache)[0]) == 9
    assert not ingest(folder, cache_dir=cache, hop_bars=4)[1].cached


def test_a_damaged_cache_is_made_again(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first, _ = ingest(folder, cache_dir=cache)
    whole = np.array(first.bits)
    for name, damage in (("bits.npy", b"short"), ("manifest.json", b"{"), ("song.npy", b"")):
        entry = next(path for path in cache.iterdir() if (path / "bits.npy").exists())
        (entry / name).write_bytes(damage)
        again, report = ingest(folder, cache_dir=cache)
        assert not report.cached, name
        assert np.array_equal(again.bits, whole)
    assert not [path for path in cache.iterdir() if path.name.startswith(".")]


def test_processes_give_the_same_phrases_in_the_same_order(folder: Path, tmp_path: Path) -> None:
    for k in range(20):
        duo(folder / f"more-{k:02}.mid", bars=4 + k % 3, tonic=55 + k, turn=3 + k)
    (folder / "more-07.mid").write_bytes(b"broken")
    alone, _ = ingest(folder, cache_dir=tmp_path / "one", workers=1)
    shared, report = ingest(folder, cache_dir=tmp_path / "two", workers=2)
    assert list(report.refused) == ["more-07.mid"]
    assert shared.song_names == alone.song_names
    for name in ("bits", "song", "start_bar", "shift", "minor"):
        assert np.array_equal(getattr(alone, name), getattr(shared, name)), name


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "There is no folder"),
        (lambda path: path.mkdir(), "no MIDI files"),
        (lambda path: path.write_text("a file"), "is a file"),
        (lambda path: write_midi(path / "a.mid", [Part("x", [])]), "None of the 1 files"),
    ],
)
def test_nothing_to_read_is_one_sentence(tmp_path: Path, make, message: str) -> None:
    make(tmp_path / "music")
    with pytest.raises(DataError, match=message) as caught:
        ingest(tmp_path / "music", cache_dir=tmp_path / "cache")
    assert "\n" not in str(caught.value)


def test_a_missing_pop909_says_where_it_is_published(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="music-x-lab/POP909"):
        ingest(tmp_path / "pop909", cache_dir=tmp_path)


def test_an_unknown_scheme_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="choose from auto"):
        ingest(folder, scheme="quartet", cache_dir=tmp_path)
    with pytest.raises(DataError, match="not POP909"):
        ingest(folder, scheme="pop909", cache_dir=tmp_path)


def test_the_band_by_program(tmp_path: Path) -> None:
    music = tmp_path / "music"
    for k in range(3):
        parts = [
            Part(f"track {k}", melody(4, turn=k), program=24),
            Part("", chords(4), program=18),
            Part(f"staff {k}", chords(4, tonic=36), program=33),
            Part(f"{k}", melody(4, tonic=72, turn=k), program=73),
            Part("", melody(4), program=127),
            Part("", drums(4), is_drum=True),
        ]
        write_midi(music / f"{k}.mid", parts[: 6 - k])
    dataset, report = ingest(music, scheme="band", cache_dir=tmp_path / "cache")
    assert dataset.spec.track_names == ("Drums", "Piano", "Guitar", "Bass", "Strings")
    onsets = rolls(dataset, np.arange(3))[..., 1].sum(axis=(2, 3))
    assert onsets.tolist() == [[16, 12, 16, 12, 16], [0, 12, 16, 12, 16], [0, 12, 16, 12, 16]]
    assert report.scheme == "band"
    chosen, report = ingest(music, cache_dir=tmp_path / "cache")
    assert chosen.spec == dataset.spec
    assert "several kinds of instrument" in report.why


def test_one_piano(tmp_path: Path) -> None:
    for k in range(2):
        parts = [Part("", melody(4, tonic=60 + k)), Part("", chords(4, tonic=48 + k))]
        write_midi(tmp_path / "music" / f"{k}.mid", [*parts, Part("", drums(4), is_drum=True)][k:])
    dataset, _ = ingest(tmp_path / "music", scheme="piano", cache_dir=tmp_path / "cache")
    assert dataset.spec.track_names == ("Piano",)
    assert rolls(dataset, [0])[..., 1].sum() == 16 + 12
    write_midi(tmp_path / "solo" / "a.mid", [Part("Klavier", melody(8))])
    write_midi(tmp_path / "solo" / "b.mid", [Part("Piano", chords(8))])
    dataset, report = ingest(tmp_path / "solo", cache_dir=tmp_path / "cache")
    assert dataset.spec.scheme == "piano"
    assert "most files have one instrument" in report.why


def test_names_that_files_do_not_share(tmp_path: Path) -> None:
    for k in range(4):
        write_midi(tmp_path / "music" / f"{k}.mid", [Part(f"name {chr(97 + k)}", melody(4))])
    with pytest.raises(DataError, match="share no track names"):
        ingest(tmp_path / "music", scheme="named", cache_dir=tmp_path / "cache")


def test_pop909_bars_and_keys_come_from_its_beats(tmp_path: Path) -> None:
    root = tmp_path / "songs"
    compose.pop909_song(root, "001", beats=[4] * 8)
    compose.pop909_song(root, "009", beats=[4] * 5 + [2] + [4] * 6, key="G:maj", tonic=67)
    compose.pop909_song(root, "010", beats=[3] * 12)
    dataset, report = ingest(root, cache_dir=tmp_path / "cache")
    assert report.refused == {"010": "not 4/4"}
    assert dataset.spec.track_names == ("MELODY", "BRIDGE", "PIANO")
    assert dataset.song_names == ("001", "009")
    # Song 009: bars 0 to 4 are whole, bar 5 has two beats, bars 6 to 11 are whole.
    assert dataset.start_bar.tolist() == [0, 2, 4, 0, 6, 8]
    assert dataset.shift.tolist() == [0, 0, 0, 5, 5, 5]
    lead, bridge, piano = notes_from_roll(rolls(dataset, [0])[0], dataset.spec)
    assert lead.tolist() == [list(row) for row in melody(4)]
    assert len(bridge) == 0
    assert piano.tolist() == sorted([list(row) for row in chords(4)])


def test_pop909_is_found_inside_its_repository(tmp_path: Path) -> None:
    compose.pop909_song(tmp_path / "POP909-Dataset" / "POP909", "005", beats=[4] * 4)
    dataset, _ = ingest(tmp_path / "POP909-Dataset", cache_dir=tmp_path / "cache")
    assert dataset.song_names == ("POP909/005",)


def test_the_key_is_the_one_that_holds_at_the_phrase(tmp_path: Path) -> None:
    folder = compose.pop909_song(tmp_path / "songs", "001", beats=[4] * 12)
    # Eight seconds are sixteen beats: C for four bars, then D.
    (folder / "key_audio.txt").write_text("0.3\t8.3\tC:maj\n8.3\t24\tB:min\n")
    dataset, _ = ingest(tmp_path / "songs", cache_dir=tmp_path / "cache")
    assert dataset.start_bar.tolist() == [0, 2, 4, 6, 8]
    assert dataset.shift.tolist()[0] == 0
    assert dataset.shift.tolist()[2:] == [-2, -2, -2]
    assert dataset.minor.tolist()[2:] == [True] * 3
    (folder / "key_audio.txt").unlink()
    dataset, _ = ingest(tmp_path / "songs", cache_dir=tmp_path / "cache")
    assert set(dataset.shift.tolist()) == {0}


def test_a_pop909_song_with_a_broken_beat_file_stops_nothing(tmp_path: Path) -> None:
    compose.pop909_song(tmp_path / "songs", "001", beats=[4] * 4)
    for name, text in (("002", "1 2\n"), ("003", "no numbers here\n"), ("004", "")):
        compose.pop909_song(tmp_path / "songs", name, beats=[4] * 4)
        (tmp_path / "songs" / name / "beat_midi.txt").write_text(text)
    dataset, report = ingest(tmp_path / "songs", cache_dir=tmp_path / "cache")
    assert dataset.song_names == ("001",)
    assert len(report.refused) == 3
    assert all("beat_midi.txt" in reason for reason in report.refused.values())
    assert report.refused["004"] == "beat_midi.txt is empty"  # and not a warning's cut-off text


def test_what_a_killed_process_left_in_the_cache_is_removed(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    left = [cache / f".{'0a' * 12}.xyz12", cache / "stamps" / f".{'1b' * 12}.json.77.tmp"]
    left[0].mkdir(parents=True)
    (left[0] / "bits.npy").write_bytes(b"half")
    left[1].parent.mkdir()
    left[1].write_text("{")
    other = cache / ".config" / "mine"  # the folder may be one that holds other things
    other.mkdir(parents=True)
    ingest(folder, cache_dir=cache)
    assert [path.exists() for path in left] == [False, False]
    assert other.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is locked on Windows")
def test_what_another_process_is_writing_stays(folder: Path, tmp_path: Path) -> None:
    import fcntl

    cache = tmp_path / "cache"
    theirs = cache / f".{'0a' * 12}.xyz12"
    theirs.mkdir(parents=True)
    handle = os.open(cache, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)
    ingest(folder, cache_dir=cache)
    assert theirs.exists()
    os.close(handle)
    duo(folder / "more.mid", turn=5)
    ingest(folder, cache_dir=cache)
    assert not theirs.exists()


def test_a_cached_folder_is_not_opened_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, before = ingest(folder, cache_dir=tmp_path / "cache")
    monkeypatch.setattr("gan.data.schemes.scan", lambda path: pytest.fail("was opened"))
    _, report = ingest(folder, cache_dir=tmp_path / "cache")
    assert report.cached
    assert (report.why, report.taken) == (before.why, before.taken)
