"""MIDI files event by event: what players take, and why the rest is refused."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import mido
import numpy as np
import pytest
import smf
from smf import off, on

from gan.errors import MidiError
from gan.music.smf import read_smf, seconds_of, tempo_of
from gan.music.text import decode_text


def notes(*events: bytes, channel: int = 0) -> list[list[int]]:
    """The notes that are read of one track of events."""
    (one,) = read_smf(smf.song(b"".join(events))).instruments
    assert one.is_drum == (channel == 9)
    return one.notes.tolist()


def unreleased(*events: bytes) -> int:
    return read_smf(smf.song(b"".join(events))).unreleased


def test_an_off_ends_every_open_note_of_its_pitch() -> None:
    """Paired one to one, each later note would last until the next one's off."""
    events = [on(60), on(60), off(60, wait=480)]
    for _ in range(3):
        events += [on(60, wait=3360), off(60, wait=120)]
    assert notes(*events) == [
        [0, 480, 60],
        [0, 480, 60],
        [3840, 3960, 60],
        [7320, 7440, 60],
        [10800, 10920, 60],
    ]
    assert unreleased(*events) == 1


def test_unisons_with_an_off_each_are_all_released() -> None:
    events = [on(60), on(60), off(60, wait=240), off(60, wait=240), on(60), off(60, wait=10)]
    assert notes(*events) == [[0, 240, 60], [0, 240, 60], [480, 490, 60]]
    assert unreleased(*events) == 0


def test_a_repeated_note_that_is_struck_before_its_off_goes_on() -> None:
    events = [on(60), on(60, wait=480), off(60), on(60, wait=480), off(60), off(60, wait=480)]
    assert notes(*events) == [[0, 480, 60], [480, 960, 60], [960, 1440, 60]]
    assert unreleased(*events) == 0


def test_a_note_without_an_off_lasts_a_beat_or_to_the_end() -> None:
    drum = {"channel": 9}
    events = [on(36, **drum), on(36, wait=240, **drum), on(42, wait=600, **drum)]
    end = smf.meta(1, b"", wait=100)
    assert notes(*events, end, channel=9) == [[0, 480, 36], [240, 720, 36], [840, 940, 42]]
    assert unreleased(*events, end) == 3


def test_a_note_of_no_length_and_an_off_of_no_note_are_harmless() -> None:
    assert notes(on(60), off(60), off(60, wait=5), on(60, wait=5), off(60, wait=9)) == [
        [0, 0, 60],
        [10, 19, 60],
    ]
    assert unreleased(on(60), off(60), off(60, wait=5), on(60, wait=5), off(60, wait=9)) == 0


def test_running_status_long_delta_times_and_what_stands_between() -> None:
    events = [
        b"\x00\xc0\x05",
        b"\x00\x07",  # running status of one data byte: program 7
        on(60, wait=200_000),
        b"\x81\x00\x3c\x00",  # a note-on of velocity 0, 128 ticks later
        smf.meta(5, b"la"),
        b"\x00\xf0\x03ab\xf7",
        on(62),
        b"\x00\xb0\x40\x7f",
        b"\x00\xe0\x00\x40",
        b"\x10\x90\x3e\x00",
    ]
    song = read_smf(smf.song(b"".join(events)))
    assert [(one.program, one.notes.tolist()) for one in song.instruments] == [
        (7, [[200_000, 200_128, 60], [200_128, 200_144, 62]])
    ]


def test_notes_are_told_apart_by_channel_and_by_the_program_at_their_onset() -> None:
    events = [on(60), b"\x00\xc0\x28", off(60, wait=10), on(60), on(60, channel=9)]
    events += [off(60, wait=10), off(60, channel=9)]
    song = read_smf(smf.song(smf.name("Lead"), *[b"".join(events)]))
    assert not any(one.name for one in song.instruments)  # the name is another track's
    assert [(one.program, one.is_drum, one.notes.tolist()) for one in song.instruments] == [
        (0, False, [[0, 10, 60]]),
        (40, False, [[10, 20, 60]]),
        (0, True, [[10, 20, 60]]),
    ]


def test_of_data_above_127_the_lower_seven_bits_count() -> None:
    assert notes(b"\x00\x90\xbc\xd0", b"\x05\x3e\x40", off(60, wait=5), off(62)) == [
        [0, 10, 60],
        [5, 10, 62],
    ]


def test_a_file_reads_as_mido_wrote_it(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    file = mido.MidiFile(ticks_per_beat=96)
    written = []
    for channel in range(3):
        events = mido.MidiTrack([mido.MetaMessage("track_name", name=f"part {channel}")])
        now = 0
        for _ in range(50):
            wait, length, pitch = (int(random.integers(low, high)) for low, high in
                                   ((0, 300), (1, 40_000), (20, 100)))  # fmt: skip
            events.append(mido.Message("note_on", note=pitch, channel=channel, time=wait))
            events.append(mido.Message("note_off", note=pitch, channel=channel, time=length))
            written.append([now + wait, now + wait + length, pitch])
            now += wait + length
        file.tracks.append(events)
    file.save(tmp_path / "a.mid")
    song = read_smf(tmp_path / "a.mid")
    assert [row for one in song.instruments for row in one.notes.tolist()] == written
    assert [one.name for one in song.instruments] == ["part 0", "part 1", "part 2"]
    assert song.ticks_per_beat == 96


def test_times_follow_the_tempos() -> None:
    fast = smf.meta(0x51, (250_000).to_bytes(3), wait=960)
    song = read_smf(smf.song(fast + smf.tune(1)))
    assert seconds_of([0, 480, 960, 1440], song).tolist() == [0.0, 0.5, 1.0, 1.25]
    assert tempo_of(song) == pytest.approx(240)
    assert tempo_of(read_smf(smf.song(smf.tune(1)))) == pytest.approx(120)


def test_meters_of_one_moment_stay_in_the_files_order() -> None:
    data = smf.head(2) + smf.track(smf.meter(4, 4), smf.meter(2, 4)) + smf.track(smf.tune(1))
    assert read_smf(data).signatures == ((0, 4, 4), (0, 2, 4))


def test_midi_inside_another_file_is_read() -> None:
    data = smf.song(smf.tune(1))
    riff = b"RIFF" + struct.pack("<I", len(data) + 12) + b"RMIDdata" + struct.pack("<I", len(data))
    for wrapped in (riff + data, b"\0" * 128 + data, data + b"more"):
        assert read_smf(wrapped).instruments[0].notes.shape == (4, 3)


def test_chunks_of_other_kinds_are_skipped() -> None:
    data = smf.head(1) + b"XFIH\x00\x00\x00\x02ab" + smf.track(smf.tune(1))
    assert read_smf(data).instruments[0].notes.shape == (4, 3)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "an empty file"),
        (gzip.compress(smf.song(smf.tune())), "compressed with gzip: unpack it first"),
        (b"PK\x03\x04...", "a zip archive: unpack it first"),
        (b"\n <!DOCTYPE html><title>x", "a web page, not MIDI: download the file again"),
        (b"<html>not found</html>", "a web page, not MIDI: download the file again"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0",
            "a pointer of Git LFS, not the file itself: git lfs pull",
        ),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "a RIFF file without MIDI in it"),
        (b"these are words, not music", "not a MIDI file"),
        (b"MThd\x00\x00\x00\x06\x00", "it ends within its header"),
        (smf.head(1), "it has no tracks"),
        (smf.head(1, ticks=0) + smf.track(), "it has no ticks a quarter"),
        (smf.head(1, ticks=0xE728) + smf.track(), "it counts in seconds (SMPTE), not in beats"),
        (smf.song(smf.tune())[:-30], "it ends within a track"),
        (smf.head(1) + smf.track(b"\x00\x3c\x40"), "a damaged track"),
        (smf.head(1) + smf.track(b"\xff" * 9 + on(60)), "a damaged track"),
    ],
)
def test_each_refusal_says_what_the_file_is(data: bytes, reason: str) -> None:
    with pytest.raises(MidiError) as caught:
        read_smf(data)
    assert str(caught.value) == f"unreadable: {reason}"


def test_damaged_bytes_are_refused_or_read_and_nothing_else() -> None:
    random = np.random.default_rng(0)
    whole = smf.song(smf.name("a") + smf.tune(2), smf.tune(1, channel=9))
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(3):
            data[int(random.integers(len(data)))] = int(random.integers(256))
        try:
            song = read_smf(bytes(data[: int(random.integers(1, len(data) + 1))]))
        except MidiError:
            continue
        assert all((one.notes[:, 1] >= one.notes[:, 0]).all() for one in song.instruments)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Flöte ♭".encode(), "Flöte ♭"),
        ("Flöte".encode("latin-1"), "Flöte"),
        ("旋律".encode("gbk"), "旋律"),
        ("钢琴 1".encode("gbk"), "钢琴 1"),
        ("ピアノ".encode("cp932"), "ピアノ"),
        (b"\x90\xf9\x81", "\\x90ù\\x81"),
        (b"a\x07b", "a\\x07b"),
        (b"", ""),
    ],
)
def test_text_of_any_encoding(data: bytes, text: str) -> None:
    assert decode_text(data) == text
