"""Bytes of small MIDI files, event by event, for what libraries would not write."""

from __future__ import annotations

import struct


def number(value: int) -> bytes:
    """A number of variable length."""
    found = [value & 127]
    while value := value >> 7:
        found.append(value & 127 | 128)
    return bytes(reversed(found))


def head(tracks: int, *, ticks: int = 480, kind: int = 1) -> bytes:
    return b"MThd" + struct.pack(">IHHH", 6, kind, tracks, ticks)


def track(*events: bytes) -> bytes:
    data = b"".join(events) + b"\x00\xff\x2f\x00"
    return b"MTrk" + struct.pack(">I", len(data)) + data


def meta(kind: int, data: bytes, *, wait: int = 0) -> bytes:
    return number(wait) + bytes([0xFF, kind]) + number(len(data)) + data


def name(text: str, encoding: str = "utf-8") -> bytes:
    return meta(3, text.encode(encoding))


def meter(above: int, below: int, *, wait: int = 0) -> bytes:
    return meta(0x58, bytes([above, below.bit_length() - 1, 24, 8]), wait=wait)


def on(pitch: int, *, wait: int = 0, channel: int = 0) -> bytes:
    return number(wait) + bytes([0x90 | channel, pitch, 80])


def off(pitch: int, *, wait: int = 0, channel: int = 0) -> bytes:
    return number(wait) + bytes([0x80 | channel, pitch, 0])


def tune(bars: int = 4, *, low: int = 60, channel: int = 0, turn: int = 0) -> bytes:
    """Quarter notes up and down a major scale; each `turn` is another tune."""
    scale = (0, 2, 4, 5, 7, 9, 11, 12)
    steps = [scale[(k * (turn + 1) + turn) % 8] for k in range(4 * bars)]
    return b"".join(
        on(low + step, channel=channel) + off(low + step, wait=480, channel=channel)
        for step in steps
    )


def song(*parts: bytes) -> bytes:
    """A file of 4/4 at 480 ticks a quarter, with a track for each of `parts`."""
    return head(1 + len(parts)) + track(meter(4, 4)) + b"".join(map(track, parts))
