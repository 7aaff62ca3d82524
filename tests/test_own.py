"""A user's own MIDI file: what is read of it, where it goes, and what is refused."""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import smf
from compose import SPEC, Part, chords, drums, duo, melody, write_midi

from gan.data.midi_files import read_phrases
from gan.data.own import Arranged, arrange, excerpt, fullest_bar, whole_roll
from gan.data.own_file import BYTES_MAX, is_archive, read_own, unpacked
from gan.data.own_plain import Choices
from gan.data.own_report import report
from gan.data.own_tracks import LEFT_OUT, Split, Voices, between_hands
from gan.errors import MidiError
from gan.music.keys import Key
from gan.music.rolls import notes_from_roll, unpack
from gan.spec import RollSpec, Track

NO_DRUMS = replace(SPEC, tracks=SPEC.tracks[:2])
CHOIR = RollSpec(tracks=tuple(Track(name, 52, monophonic=True) for name in ("Soprano", "Bass")))


def arranged(path: Path, spec: RollSpec = SPEC, choices: Choices | None = None) -> Arranged:
    return arrange(read_own(path.read_bytes(), path.name), spec, choices)


def counted(piece: Arranged) -> dict[str, int]:
    """What was dropped; every note that was read is taken or dropped."""
    understood = piece.understood
    assert understood.read == understood.taken + sum(understood.dropped.values())
    return understood.dropped


def notes(piece: Arranged, bar: int, track: int) -> list[list[int]]:
    roll = excerpt(piece, bar).roll
    return [row.tolist() for row in notes_from_roll(roll, piece.spec)[track]]


def test_a_file_is_read_as_training_reads_it(tmp_path: Path) -> None:
    signatures = ((0, 4, 4), (96, 2, 4), (104, 4, 4))
    path = duo(tmp_path / "song.mid", bars=13, tonic=67, signatures=signatures)
    taken = read_phrases(path, "song", 1, spec=SPEC)
    piece = arranged(path)
    assert len(taken)
    for bits, bar, shift in zip(taken.bits, taken.start_bar, taken.shift, strict=True):
        part = excerpt(piece, int(bar))
        assert np.array_equal(part.roll, unpack(bits[None], SPEC)[0])
        assert part.transpose == -shift == 7 - 12
    assert set(taken.start_bar) <= set(piece.bars.starts)


def test_notes_go_to_the_grid_in_the_generators_key(tmp_path: Path) -> None:
    path = write_midi(
        tmp_path / "a.mid",
        [Part("LEAD", [(0, 2, 67), (2.2, 4, 71)]), Part("KEYS", chords(4, tonic=55))],
        beats_per_minute=96,
    )
    piece = arranged(path)
    assert piece.understood.key == Key(7)
    assert notes(piece, 0, 0) == [[0, 2, 72], [2, 4, 76]]
    part = excerpt(piece, 0)
    assert (part.transpose, round(part.tempo, 3)) == (-5, 96)
    rounding = piece.understood.rounding
    assert rounding.onsets == 14 and rounding.off == 0
    assert rounding.max_steps == pytest.approx(0.2)
    assert rounding.max_ms == pytest.approx(0.2 * 60_000 / 96 / 4, abs=0.5)
    assert rounding.mean_steps == pytest.approx(0.2 / 14)
    assert counted(piece) == {}


def test_key_and_tempo_are_the_users_to_say(tmp_path: Path) -> None:
    path = duo(tmp_path / "a.mid", tonic=67)
    as_written = excerpt(arranged(path, choices=Choices(key=0)), 0)
    in_d = excerpt(arranged(path, choices=Choices(key=Key(2), tempo=90.0)), 0)
    assert (as_written.transpose, in_d.transpose, in_d.tempo) == (0, 2, 90.0)


def test_every_note_is_taken_or_counted(tmp_path: Path) -> None:
    lead = [(0, 4, 60), (0, 4, 64), (2, 6, 65), (16, 20, 60), (80, 84, 62)]
    path = write_midi(
        tmp_path / "a.mid",
        [Part("LEAD", lead), Part("KEYS", [(0, 4, 48), (0, 4, 60), (0, 8, 52)]),
         Part("KEYS", [(0, 2, 48)]), Part("KIT", drums(4), is_drum=True),
         Part("STRINGS", [(0, 64, 72)])],
        signatures=((0, 4, 4), (64, 2, 4)),
    )  # fmt: skip
    piece = arranged(path)
    assert counted(piece) == {
        "left out": 1,
        "doubled in one track": 1,
        "second notes in LEAD, which plays one at a time": 1,
        "in bars that do not fit": 1,
    }
    assert piece.understood.shortened == 1
    assert (piece.understood.bars, piece.understood.fitting) == (7, 4)
    assert [one.place for one in piece.understood.instruments] == [
        "LEAD", "KEYS", "KEYS", "KIT", LEFT_OUT,
    ]  # fmt: skip


def test_names_that_are_not_the_generators_are_placed_by_what_is_played(tmp_path: Path) -> None:
    path = write_midi(
        tmp_path / "a.mid",
        [Part("Rhodes", chords(4)), Part("Vox", melody(4, tonic=72)),
         Part("Sub", [(4 * k, 4 * k + 4, 36) for k in range(16)]),
         Part("Beat", drums(4), is_drum=True)],
    )  # fmt: skip
    piece = arranged(path)
    places = {one.label: one.place for one in piece.understood.instruments}
    assert places == {"Rhodes": "KEYS", "Vox": "LEAD", "Sub": "KEYS", "Beat": "KIT"}
    without = {one.label: one.place for one in arranged(path, NO_DRUMS).understood.instruments}
    assert without["Beat"] == LEFT_OUT
    assert counted(arranged(path, NO_DRUMS)) == {"left out": 16}


def test_one_instrument_alone(tmp_path: Path) -> None:
    hands = write_midi(tmp_path / "p.mid", [Part("", [*melody(4, tonic=72), *chords(4, tonic=40)])])
    [found] = arranged(hands, NO_DRUMS).understood.instruments
    assert isinstance(found.place, Split)
    assert (found.place.high, found.place.low) == ("LEAD", "KEYS")
    assert 52 < found.place.at <= 72
    voices = arranged(hands, CHOIR).understood.instruments[0]
    assert voices.place == Voices(("Soprano", "Bass"))
    line = write_midi(tmp_path / "l.mid", [Part("", melody(4))])
    assert arranged(line, NO_DRUMS).understood.instruments[0].place == "LEAD"


def test_an_instrument_is_split_where_the_user_says(tmp_path: Path) -> None:
    path = write_midi(tmp_path / "a.mid", [Part("KEYS", [(0, 4, 60), (0, 4, 59), (4, 8, 72)])])
    split = Choices(places=((0, Split(60, "LEAD", "KEYS")),), key=0)
    piece = arranged(path, choices=split)
    assert notes(piece, 0, 0) == [[0, 4, 60], [4, 8, 72]]
    assert notes(piece, 0, 1) == [[0, 4, 59]]
    voices = arranged(path, choices=Choices(places=((0, Voices(("LEAD", "KEYS"))),), key=0))
    assert notes(voices, 0, 1) == [[0, 4, 59]]
    with pytest.raises(MidiError, match=r"All instruments of a\.mid are left out"):
        arranged(path, choices=Choices(places=((0, LEFT_OUT),)))
    assert between_hands(np.array([40, 43, 47, 72, 76, 79])) == 60


def test_bar_lines_are_moved_over_a_pickup(tmp_path: Path) -> None:
    # A beat before the first bar, in a file that begins with it.
    rows = [(0, 4, 67), *[(4 + onset, 4 + end, pitch) for onset, end, pitch in melody(4)]]
    path = write_midi(tmp_path / "a.mid", [Part("LEAD", rows)])
    piece = arranged(path, choices=Choices(shift=4, key=0))
    assert piece.song.bar_starts[:3].tolist() == [-12, 4, 20]
    assert notes(piece, 0, 0)[0] == [12, 16, 67]
    assert notes(piece, 1, 0)[:2] == [[0, 4, 60], [4, 8, 62]]
    assert counted(piece) == {}
    earlier = arranged(path, choices=Choices(shift=-12, key=0))
    assert earlier.song.bar_starts[:2].tolist() == [-12, 4]
    roll, long_spec = whole_roll(piece)
    assert roll.shape[1] == long_spec.steps and notes_from_roll(roll, long_spec)[0][0, 0] == 12


@pytest.mark.parametrize(("above", "below"), [(3, 4), (6, 8), (5, 4)])
def test_another_meter_is_counted_in_the_generators_bars(
    tmp_path: Path, above: int, below: int
) -> None:
    path = duo(tmp_path / "a.mid", bars=6, signatures=((0, above, below),))
    piece = arranged(path)
    assert piece.understood.regular and piece.understood.meters == (f"{above}/{below}",)
    assert counted(piece) == {}
    assert any(f"It is in {above}/{below}" in line for line in report(piece))
    with pytest.raises(MidiError, match="No 4 bars of 4/4"):
        arranged(path, choices=Choices(regular=False))
    waltz = replace(SPEC, beats_per_bar=3)
    assert arranged(path, waltz).understood.regular is (above == 5)


def test_a_short_piece_ends_in_silence(tmp_path: Path) -> None:
    path = write_midi(tmp_path / "a.mid", [Part("LEAD", [(0, 4, 60)])])
    piece = arranged(path, choices=Choices(key=0))
    assert piece.bars.starts == (0,) and notes(piece, 0, 0) == [[0, 4, 60]]
    with pytest.raises(MidiError, match=r"No 4 whole bars begin with bar 2 of a\.mid"):
        excerpt(piece, 1)


def performed(path: Path, *, late: float = 0.0, stretch: float = 1.0) -> Path:
    """Sixteen bars whose beats are not the file's: steps that are moved and stretched."""

    def moved(rows: list[tuple[float, float, int]]) -> list[tuple[float, float, int]]:
        return [(a * stretch + late, b * stretch + late, p) for a, b, p in rows]

    parts = [Part("LEAD", moved(melody(16))), Part("KEYS", moved(chords(16)))]
    return write_midi(path, parts)


def test_a_click_that_starts_late_is_followed(tmp_path: Path) -> None:
    piece = arranged(performed(tmp_path / "a.mid", late=5.4), choices=Choices(key=0))
    assert piece.understood.listened
    assert piece.understood.rounding.max_ms < 1
    assert piece.understood.tempo == pytest.approx(120, abs=0.1)
    assert notes(piece, 0, 1)[:3] == [[0, 16, 48], [0, 16, 52], [0, 16, 55]]


def test_beats_of_a_free_performance_are_estimated(tmp_path: Path) -> None:
    piece = arranged(performed(tmp_path / "a.mid", late=3, stretch=1.37), choices=Choices(key=0))
    assert piece.understood.listened
    assert piece.understood.tempo == pytest.approx(120 / 1.37, rel=0.02)
    assert notes(piece, 0, 0)[:3] == [[0, 4, 60], [4, 8, 62], [8, 12, 64]]
    assert counted(piece) == {}
    assert any("estimated" in line for line in report(piece))


def test_a_file_that_counts_seconds(tmp_path: Path) -> None:
    # 25 frames of 40 ticks: 1,000 ticks a second; a quarter every half second.
    tune = b"".join(smf.on(p) + smf.off(p, wait=500) for p in (60, 62, 64, 65) * 4)
    data = smf.head(1, ticks=0xE728) + smf.track(tune)
    piece = arrange(read_own(data, "a.mid"), SPEC, Choices(key=0))
    assert piece.understood.timed and piece.understood.meters == ()
    assert piece.understood.tempo == pytest.approx(120, abs=1)
    assert notes(piece, piece.bars.starts[0], 0)[0][1:] == [4, 60]


def test_triplets_are_rounded_and_counted(tmp_path: Path) -> None:
    rows = [(4 * k / 3, 4 * k / 3 + 1, 60 + k % 5) for k in range(48)]
    piece = arranged(write_midi(tmp_path / "a.mid", [Part("LEAD", rows)]))
    rounding = piece.understood.rounding
    assert rounding.triplets and not piece.understood.listened
    assert rounding.off == 32 and excerpt(piece, 0).off == 32


def test_bars_begin_where_most_is_played(tmp_path: Path) -> None:
    late = [(64 + onset, 64 + end, pitch) for onset, end, pitch in melody(4)]
    path = write_midi(tmp_path / "a.mid", [Part("LEAD", late), Part("KEYS", chords(8))])
    assert fullest_bar(arranged(path)) == 4


def test_a_tempo_map(tmp_path: Path) -> None:
    slower = smf.meta(0x51, (1_000_000).to_bytes(3), wait=4 * 4 * 480)
    data = smf.song(smf.name("LEAD") + smf.tune(8))
    data = data.replace(smf.meter(4, 4), smf.meter(4, 4) + slower, 1)
    begin = 14  # the first track's chunk has grown
    size = struct.unpack(">I", data[begin + 4 : begin + 8])[0] + len(slower)
    data = data[: begin + 4] + struct.pack(">I", size) + data[begin + 8 :]
    piece = arrange(read_own(data, "a.mid"), SPEC)
    assert [(bar, round(tempo)) for bar, tempo in piece.understood.tempos] == [(0, 120), (4, 60)]
    assert round(excerpt(piece, 0).tempo) == 120 and round(excerpt(piece, 4).tempo) == 60


# --- What is refused ----------------------------------------------------------------------------

TUNE = smf.song(smf.tune())


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", r"a\.mid cannot be read \(an empty file\): export or download it again as MIDI\."),
        (b"\x00" * 99, "not a MIDI file"),
        (b"<html>", "a web page, not MIDI.*download the file again"),
        (TUNE[:-30], "ends within a track.*export or download"),
        (b"MThd\x00\x00", "ends within its header"),
        (bytes(BYTES_MAX + 1), "larger than 4 MiB.*export the part"),
        (smf.song(smf.name("empty")), "has no notes: choose a file with music"),
        (
            smf.head(2, kind=2) + smf.track(smf.tune()) + smf.track(smf.tune(channel=1)),
            "of format 2.*save it as format 0 or 1",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_in_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(MidiError, match=sentence):
        read_own(data, "folder/a.mid")


def test_many_notes_are_refused_quickly() -> None:
    running = b"\x00\x90\x3c\x40" + b"\x00\x3c\x00\x01\x3c\x40" * 300_000
    with pytest.raises(MidiError, match="300,001 notes, more than 200,000"):
        read_own(smf.song(running), "a.mid")


def test_drums_alone(tmp_path: Path) -> None:
    path = write_midi(tmp_path / "a.mid", [Part("Beat", drums(4), is_drum=True)])
    with pytest.raises(MidiError, match=r"drums only.*choose a generator with drums"):
        arranged(path, NO_DRUMS)
    assert arranged(path).understood.instruments[0].place == "KIT"


def test_a_silence_of_hours_is_refused() -> None:
    data = smf.song(smf.on(60) + smf.off(60, wait=480) + smf.on(60, wait=0xFFFFFFF) + smf.off(60))
    with pytest.raises(MidiError, match="longer than 2,000 bars: export the part"):
        arrange(read_own(data, "a.mid"), SPEC)


def archive(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return target.getvalue()


def test_an_archive_of_files() -> None:
    data = archive({"a/x.mid": TUNE, "__MACOSX/._x.mid": b"", "b.MIDI": TUNE, "c.txt": b"no"})
    assert is_archive(data) and not is_archive(TUNE)
    assert [(name, len(found)) for name, found in unpacked(data, "z.zip")] == [
        ("a/x.mid", len(TUNE)), ("b.MIDI", len(TUNE)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (archive({"a.txt": b""}), "z.zip holds no MIDI file"),
        (archive({"a.mid": bytes(4 << 20)}), "packed 200 times smaller"),
        (archive({f"{k}.mid": b"" for k in range(201)}), "201 MIDI files, more than 200"),
        (archive({"a.mid": TUNE})[:-9], "z.zip is damaged"),
    ],
)
def test_archives_that_are_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(MidiError, match=sentence):
        list(unpacked(data, "z.zip"))


def test_damaged_files_are_refused_in_a_sentence_or_read() -> None:
    """Mutations of files, seeded: nothing but a `MidiError` ever comes of them."""
    random = np.random.default_rng(7)
    for _ in range(300):
        data = mutated(random)
        try:
            piece = arrange(read_own(data, "a.mid"), NO_DRUMS)
            counted(piece)
            excerpt(piece, fullest_bar(piece))
            report(piece)
        except MidiError as error:
            assert str(error).endswith(".")


def mutated(random: np.random.Generator) -> bytes:
    """A small file with some of its bytes changed, taken out, doubled, or cut off."""
    parts = [smf.name("LEAD") + smf.tune(2), smf.tune(3, low=40, channel=1), smf.tune(1, channel=9)]
    data = bytearray(smf.song(*parts[: random.integers(1, 4)]))
    for _ in range(int(random.integers(1, 9))):
        at = int(random.integers(len(data)))
        kind = random.integers(5)
        if kind < 3:
            data[at] = int(random.integers(256))
        elif kind == 3:
            del data[at : at + int(random.integers(1, 8))]
        else:
            data[at:at] = data[at : at + int(random.integers(1, 8))]
    return bytes(data)
