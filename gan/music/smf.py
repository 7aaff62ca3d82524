"""Reads standard MIDI files event by event (MIDI 1.0 specification, RP-001).

The file may stand inside another one (RIFF, MacBinary). Notes are paired by `gan.music.pairing`,
text is decoded by `gan.music.text`.
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
from gan.music.pairing import paired
from gan.music.text import decode_text

MOST_BYTES = 1 << 26
"""Larger files are refused: 64 MiB are tens of millions of notes."""

_WRAPPER = 1024
"""Bytes in which the header is looked for: RIFF puts 20 before it, MacBinary 128."""

_LONGEST_NUMBER = 5
"""Bytes of a number of variable length: one more than the standard allows."""

_DRUM_CHANNEL = 9
_TEMPO = 500_000
"""Microseconds a quarter where the file does not say: 120 quarters a minute."""


_CUT = "unreadable: it ends within a track"

_EVENT = rb"[\x80-\xff]{0,3}[\x00-\x7f][\x80-\xbf\xe0-\xef]%s[\x00-\x7f]{2}"
_RUN_AFRESH = re.compile(_EVENT % b"" + rb"(?:" + _EVENT % b"?" + rb")*")
"""Channel events with two data bytes of which the first one has a status byte."""
_RUN = re.compile(rb"(?:" + _EVENT % b"?" + rb")+")
"""The same where the status before holds on."""
_TWO_BYTES = frozenset(range(0x80, 0xC0)) | frozenset(range(0xE0, 0xF0))


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
    notes that have no note-off of their own. `kind` is the file's format: 0 one track, 1 tracks
    that play together, 2 tracks that are pieces of their own. A file that is `timed` counts
    seconds: a beat of it is one second, and says nothing about the music's.
    """

    ticks_per_beat: int
    instruments: tuple[Instrument, ...]
    signatures: tuple[tuple[int, int, int], ...]
    tempos: tuple[tuple[int, int], ...]
    unreleased: int = 0
    kind: int = 1
    timed: bool = False


def read_smf(source: Path | bytes, *, timed: bool = False) -> MidiSong:
    """The music of a MIDI file, from its path or its bytes.

    A file that counts in seconds (SMPTE time code) is refused unless `timed`. Raises
    `MidiError` with a reason, such as "unreadable: a web page, not MIDI".
    """
    data = source if isinstance(source, bytes) else _bytes(source)
    begin = data.find(b"MThd", 0, _WRAPPER)
    if begin < 0:
        raise MidiError(f"unreadable: {_what_it_is(data)}")
    if len(data) < begin + 14:
        raise MidiError("unreadable: it ends within its header")
    division = int.from_bytes(data[begin + 12 : begin + 14])
    clock = bool(division & 0x8000)
    if clock and not timed:
        raise MidiError("unreadable: it counts in seconds (SMPTE), not in beats")
    division, second = _time_code(division) if clock else (division, _TEMPO)
    if division == 0:
        raise MidiError("unreadable: it has no ticks a quarter")
    at = begin + 8 + int.from_bytes(data[begin + 4 : begin + 8])
    tracks = [_TrackReader(data, first, last, division).read() for first, last in _chunks(data, at)]
    if not tracks:
        raise MidiError("unreadable: it has no tracks")
    instruments = tuple(one for track in tracks for one in track.instruments())
    return MidiSong(
        ticks_per_beat=division,
        instruments=instruments,
        # Sorting is stable: those of equal time stay in the file's order.
        signatures=tuple(sorted((s for t in tracks for s in t.signatures), key=itemgetter(0))),
        tempos=((0, second),)
        if clock
        else tuple(sorted((s for t in tracks for s in t.tempos), key=itemgetter(0))),
        unreleased=sum(track.unreleased for track in tracks),
        kind=int.from_bytes(data[begin + 8 : begin + 10]),
        timed=clock,
    )


def _time_code(division: int) -> tuple[int, int]:
    """Ticks a second of an SMPTE division, and that second's length in microseconds.

    The upper byte is minus the frames a second, of which 29 stands for 30,000 / 1,001.
    """
    frames = 256 - (division >> 8)
    slow = frames == 29
    return (30 if slow else frames) * (division & 0xFF), 1_001_000 if slow else 1_000_000


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
            found.append((at + 8, end))
        at = end
    return found


class _TrackReader:
    """The events of one track chunk.

    Most of a track is note events and controllers, one after another: they are decoded a run
    at a time.
    """

    def __init__(self, data: bytes, at: int, end: int, beat: int) -> None:
        self.data, self.at, self.end, self.beat = data, at, end, beat
        self.name = b""
        self.now = self.status = 0
        self.program = np.zeros(16, dtype=np.int64)
        self.events = [np.zeros((0, 5), dtype=np.int64)]
        self.signatures: list[tuple[int, int, int]] = []
        self.tempos: list[tuple[int, int]] = []
        self.unreleased = 0

    def read(self) -> _TrackReader:
        """Read every event up to the end of the track."""
        try:
            while self.at < self.end:
                run = _RUN if self.status in _TWO_BYTES else _RUN_AFRESH
                found = run.match(self.data, self.at, self.end)
                if found is not None:
                    self._notes(found.end())
                elif self._ends_at_event():
                    return self
        except IndexError:
            raise MidiError(_CUT) from None
        # A track that stops without an end is taken; a file that is cut off is not.
        if self.end > len(self.data):
            raise MidiError(_CUT)
        return self

    def instruments(self) -> list[Instrument]:
        """One for each channel and program that has notes."""
        events = np.concatenate(self.events)
        notes, self.unreleased = paired(events, last=self.now, beat=self.beat)
        name = decode_text(self.name)
        groups, at = np.unique(notes[:, 3], return_index=True)
        return [
            Instrument(
                name,
                int(group) & 127,
                bool(group >> 7 == _DRUM_CHANNEL),
                notes[notes[:, 3] == group, :3],
            )
            for group in groups[np.argsort(at)]
        ]

    def _notes(self, end: int) -> None:
        """Decode the run of channel events that have two data bytes and end at `end`.

        Each has three bytes below 128: the last one of its delta time, and the data. Bytes
        above stand before the first (delta time) or between it and the second (status).
        """
        raw = np.frombuffer(self.data, dtype=np.uint8, count=end - self.at, offset=self.at)
        final, first, second = np.flatnonzero(raw < 128).reshape(-1, 3).T
        begin = np.concatenate([[0], second[:-1] + 1])
        delta = raw[final].astype(np.int64)
        for place in (1, 2, 3):
            longer = final - place >= begin
            delta[longer] += (raw[final[longer] - place] & 127).astype(np.int64) << 7 * place
        own = first - final == 2
        which = np.maximum.accumulate(np.where(own, np.arange(len(own)), -1))
        status = np.where(which < 0, self.status, raw[final + 1][which]).astype(np.int64)
        tick = self.now + np.cumsum(delta)
        columns = [tick, status, raw[first], raw[second], self.program[status & 15]]
        self.events.append(np.stack(columns, axis=1)[status < 0xA0])
        self.now, self.status, self.at = int(tick[-1]), int(status[-1]), end

    def _ends_at_event(self) -> bool:
        """Read one event of any other kind; whether it ends the track."""
        delta, self.at = self._number(self.at)
        self.now += delta
        event = self.data[self.at]
        if event < 0x80:
            event = self.status
        else:
            self.at += 1
        if event & 0xE0 == 0xC0:
            if event < 0xD0:
                self.program[event & 15] = self.data[self.at] & 127
            self.status, self.at = event, self.at + 1
            return False
        if event >= 0xF0:
            return self._other(event)
        if event < 0x80:
            raise MidiError("unreadable: a damaged track")
        # Data above 127, which no run has: players take the lower seven bits.
        first, second = self.data[self.at] & 127, self.data[self.at + 1] & 127
        if event < 0xA0:
            row = [self.now, event, first, second, int(self.program[event & 15])]
            self.events.append(np.array([row], dtype=np.int64))
        self.status, self.at = event, self.at + 2
        return False

    def _other(self, event: int) -> bool:
        """A meta or system event; whether the track ends with it."""
        if event not in (0xFF, 0xF0, 0xF7):
            self.at += {0xF1: 1, 0xF2: 2, 0xF3: 1}.get(event, 0)
            return False
        kind = self.data[self.at] if event == 0xFF else None
        size, begin = self._number(self.at + (event == 0xFF))
        value = self.data[begin : begin + size]
        if len(value) < size:
            raise MidiError(_CUT)
        if kind == 0x03 and not self.name.strip(b"\0 "):
            self.name = value
        elif kind == 0x51 and size >= 3:
            self.tempos.append((self.now, int.from_bytes(value[:3]) or _TEMPO))
        elif kind == 0x58 and size >= 2:
            self.signatures.append((self.now, value[0], 2 ** min(value[1], 16)))
        self.at = begin + size
        return kind == 0x2F

    def _number(self, at: int) -> tuple[int, int]:
        """A number of variable length at `at`, and where it ends."""
        value = 0
        for _ in range(_LONGEST_NUMBER):
            byte = self.data[at]
            at += 1
            value = value << 7 | byte & 0x7F
            if byte <= 0x7F:
                return value, at
        raise MidiError("unreadable: a damaged track")
