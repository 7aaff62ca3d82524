"""Reads standard MIDI files event by event (MIDI 1.0 specification, RP-001).

Files from anywhere break rules that libraries rely on, so notes are paired as players hear
them: a note-off ends every open note of its pitch and channel that began before it, and a note
that no note-off follows is kept. Pairing offs with ons one to one would let every later note of
a pitch ring on after one missing off.

The file may stand inside another one (RIFF, MacBinary). Text is decoded by `decode_text`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gan.errors import MidiError

MOST_BYTES = 1 << 26
"""Larger files are refused: 64 MiB are tens of millions of notes."""

_WRAPPER = 1024
"""Bytes in which the header is looked for: RIFF puts 20 before it, MacBinary 128."""

_DRUM_CHANNEL = 9
_TEMPO = 500_000
"""Microseconds a quarter where the file does not say: 120 quarters a minute."""


@dataclass(frozen=True)
class Instrument:
    """The notes of one track, channel and program.

    `notes` is int64 `(n, 3)`: onset and end in ticks, and pitch; in the file's order.
    """

    name: str
    program: int
    is_drum: bool
    notes: npt.NDArray[np.int64]


@dataclass(frozen=True)
class MidiSong:
    """What a MIDI file says about notes and time.

    `instruments` are those that have notes. `signatures` holds `(tick, numerator, denominator)`,
    `tempos` `(tick, microseconds a quarter)`, both in order of time. `unreleased` counts the
    notes that have no note-off of their own.
    """

    ticks_per_beat: int
    instruments: tuple[Instrument, ...]
    signatures: tuple[tuple[int, int, int], ...]
    tempos: tuple[tuple[int, int], ...]
    unreleased: int = 0


def read_smf(source: Path | bytes) -> MidiSong:
    """The music of a MIDI file, from its path or its bytes.

    Raises `MidiError` with a reason, such as "unreadable: a web page, not MIDI".
    """
    data = source if isinstance(source, bytes) else _bytes(source)
    begin = data.find(b"MThd", 0, _WRAPPER)
    if begin < 0:
        raise MidiError(f"unreadable: {_what_it_is(data)}")
    if len(data) < begin + 14:
        raise MidiError("unreadable: it ends within its header")
    division = int.from_bytes(data[begin + 12 : begin + 14])
    if division & 0x8000:
        raise MidiError("unreadable: it counts in seconds (SMPTE), not in beats")
    if division == 0:
        raise MidiError("unreadable: it has no ticks a quarter")
    at = begin + 8 + int.from_bytes(data[begin + 4 : begin + 8])
    tracks = [_TrackReader(data, first, last, division).read() for first, last in _chunks(data, at)]
    if not tracks:
        raise MidiError("unreadable: it has no tracks")
    return MidiSong(
        ticks_per_beat=division,
        instruments=tuple(one for track in tracks for one in track.instruments()),
        # Sorting is stable: those of equal time stay in the file's order.
        signatures=tuple(sorted((s for t in tracks for s in t.signatures), key=itemgetter(0))),
        tempos=tuple(sorted((s for t in tracks for s in t.tempos), key=itemgetter(0))),
        unreleased=sum(sum(track.missing.values()) for track in tracks),
    )


def seconds_of(ticks: npt.ArrayLike, song: MidiSong) -> npt.NDArray[np.float64]:
    """The times of `ticks` in seconds, by the song's tempos."""
    known = dict([(0, _TEMPO), *song.tempos])
    begins = np.array(list(known), dtype=np.float64)
    rates = np.array(list(known.values()), dtype=np.float64) / (1e6 * song.ticks_per_beat)
    starts = np.concatenate([[0.0], np.cumsum(np.diff(begins) * rates[:-1])])
    wanted = np.asarray(ticks, dtype=np.float64)
    part = np.searchsorted(begins, wanted, side="right") - 1
    return np.asarray(starts[part] + (wanted - begins[part]) * rates[part])


def tempo_of(song: MidiSong) -> float:
    """Quarters a minute: the tempo that the song has for longest, up to its last onset."""
    last = max((int(one.notes[:, 0].max()) for one in song.instruments), default=0)
    known = dict([(0, _TEMPO), *song.tempos])
    ends = [*list(known)[1:], last]
    lasting: dict[int, int] = {}
    for (begin, tempo), end in zip(known.items(), ends, strict=True):
        lasting[tempo] = lasting.get(tempo, 0) + max(0, min(end, last) - begin)
    return 6e7 / max(lasting, key=lambda tempo: lasting[tempo])


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise MidiError(f"too large: more than {MOST_BYTES >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise MidiError(f"unreadable: {(error.strerror or str(error)).lower()}") from error


def _what_it_is(data: bytes) -> str:
    """A name for bytes that are not MIDI, and what to do about them."""
    start = data[:_WRAPPER].lstrip().lower()
    kinds: Mapping[bytes, str] = {
        b"\x1f\x8b": "compressed with gzip: unpack it first",
        b"pk\x03\x04": "a zip archive: unpack it first",
        b"version https://git-lfs": "a pointer of Git LFS, not the file itself: git lfs pull",
        b"<!doctype html": "a web page, not MIDI: download the file again",
        b"<html": "a web page, not MIDI: download the file again",
        b"<?xml": "XML, not MIDI",
        b"riff": "a RIFF file without MIDI in it",
        b"id3": "sound, not MIDI",
    }
    if not data:
        return "an empty file"
    found = (words for sign, words in kinds.items() if start.startswith(sign))
    return next(found, "not a MIDI file")


def _chunks(data: bytes, at: int) -> list[tuple[int, int]]:
    """Where the track chunks begin and end; other chunks are skipped, as the standard asks."""
    found = []
    while at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8])
        if data[at : at + 4] == b"MTrk":
            found.append((at + 8, min(end, len(data))))
        at = end
    return found


class _TrackReader:
    """The events of one track chunk."""

    def __init__(self, data: bytes, at: int, end: int, beat: int) -> None:
        self.data, self.at, self.end, self.beat = data, at, end, beat
        self.name = b""
        self.signatures: list[tuple[int, int, int]] = []
        self.tempos: list[tuple[int, int]] = []
        self.missing: dict[int, int] = {}  # note-offs that a channel and pitch lacks
        self.rows: dict[tuple[int, int], list[list[int]]] = {}
        self.open: dict[int, list[list[int]]] = {}

    def read(self) -> _TrackReader:
        try:
            end = self._events()
        except IndexError:
            raise MidiError("unreadable: it ends within a track") from None
        for key, rows in self.open.items():
            self.missing[key] = self.missing.get(key, 0) + len(rows)
            for row in rows:
                row[1] = min(row[0] + self.beat, end)
        return self

    def instruments(self) -> list[Instrument]:
        """One for each channel and program that has notes."""
        name = decode_text(self.name)
        return [
            Instrument(name, program, channel == _DRUM_CHANNEL, np.array(rows, dtype=np.int64))
            for (channel, program), rows in self.rows.items()
            if rows
        ]

    def _events(self) -> int:
        """Every event until the end of the track, whose tick is returned.

        This loop takes most of the time of reading a folder, hence its length and local names.
        """
        data, at, end, opened = self.data, self.at, self.end, self.open
        rows = [self.rows.setdefault((channel, 0), []) for channel in range(16)]
        now = event = status = 0
        while at < end:
            byte = data[at]
            at += 1
            if byte < 0x80:
                now += byte
            else:
                delta, at = self._number(at - 1)
                now += delta
            first = data[at]
            if first < 0x80:
                event = status
            else:
                event, at = first, at + 1
                first = data[at]
            if event < 0xA0:
                if event < 0x80:
                    raise MidiError("unreadable: a damaged track")
                status = event
                key = (event & 0x0F) << 8 | first
                if event >= 0x90 and data[at + 1]:
                    row = [now, now, first & 0x7F]
                    rows[event & 0x0F].append(row)
                    if key in opened:
                        opened[key].append(row)
                    else:
                        opened[key] = [row]
                elif key in opened:
                    self._end_notes(opened, key, now)
                elif self.missing.get(key):
                    self.missing[key] -= 1
                at += 2
            elif event < 0xF0:
                status = event
                if event & 0xF0 == 0xC0:
                    rows[event & 0x0F] = self.rows.setdefault((event & 0x0F, first & 0x7F), [])
                at += 1 if event & 0xE0 == 0xC0 else 2
            else:
                at, ended = self._other(event, at, now)
                if ended:
                    return now
        # A track that stops between two events without a word is taken, one that is cut is not.
        if at > len(data):
            raise MidiError("unreadable: it ends within a track")
        return now

    def _end_notes(self, opened: dict[int, list[list[int]]], key: int, now: int) -> None:
        """End a pitch's open notes; one that begins at this very tick lives on after others."""
        rows = opened.pop(key)
        for row in rows:
            row[1] = now
        if len(rows) > 1:
            begun = [row for row in rows if row[0] == now]
            if begun and len(begun) < len(rows):
                opened[key] = begun
            spared = len(opened.get(key, ()))
            self.missing[key] = self.missing.get(key, 0) + len(rows) - spared - 1

    def _other(self, event: int, at: int, now: int) -> tuple[int, bool]:
        """A meta or system event: where the next one begins, and whether the track ends."""
        if event not in (0xFF, 0xF0, 0xF7):
            return at + {0xF1: 1, 0xF2: 2, 0xF3: 1}.get(event, 0), False
        kind = self.data[at] if event == 0xFF else None
        size, at = self._number(at + (event == 0xFF))
        value = self.data[at : at + size]
        if len(value) < size:
            raise MidiError("unreadable: it ends within a track")
        if kind == 0x03 and not self.name.strip(b"\0 "):
            self.name = value
        elif kind == 0x51 and size >= 3:
            self.tempos.append((now, int.from_bytes(value[:3]) or _TEMPO))
        elif kind == 0x58 and size >= 2:
            self.signatures.append((now, value[0], 2 ** min(value[1], 16)))
        return at + size, kind == 0x2F

    def _number(self, at: int) -> tuple[int, int]:
        """A number of variable length at `at`, and where it ends."""
        value = 0
        while True:
            byte = self.data[at]
            at += 1
            value = value << 7 | byte & 0x7F
            if byte <= 0x7F:
                return value, at


_KANA = re.compile("[\u3041-\u30ff]")
_EAST_ASIAN_PAIRS = re.compile(rb"(?:[\x00-\x7f]|[\xa1-\xfe]{2})*")


def decode_text(text: bytes) -> str:
    """A text of a MIDI file, which does not say its encoding; other bytes give another text.

    UTF-8 where the bytes are valid UTF-8. Otherwise Chinese (GBK) where all high bytes come in
    pairs, as they hardly do in a Western word; Japanese (Shift JIS) where that gives kana; and
    else Latin-1, with what is not printable as `\\x..`.
    """
    try:
        found = text.decode("utf-8")
    except UnicodeDecodeError:
        found = _without_unicode(text)
    return "".join(
        one if one.isprintable() or one.isspace() or one == "\0" else _escape(one) for one in found
    )


def _without_unicode(text: bytes) -> str:
    tried = [("gbk", _EAST_ASIAN_PAIRS.fullmatch(text) is not None), ("cp932", True)]
    for encoding, plausible in tried:
        try:
            found = text.decode(encoding)
        except UnicodeDecodeError:
            continue
        if plausible and (encoding == "gbk" or _KANA.search(found)):
            return found
    return text.decode("latin-1")


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()
