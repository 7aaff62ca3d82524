"""The bytes that travel between the server and the player in the browser.

A message is `uint32 header length | JSON header | payload`, little endian; the header is
padded with spaces so that the payload starts at a multiple of four bytes and the browser
can look at it as typed arrays without a copy. Notes travel as `uint16` triplets
(onset step, end step, MIDI pitch), the tracks one after the other; sound as one stem a
track. `assets/player/wire.js` is the other end.
"""

from __future__ import annotations

import base64
import io
import json
import struct
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from gan.audio.stems import Stems
from gan.errors import SpecError

SoundFormat = Literal["pcm16", "flac"]


def pack_notes(tracks: Sequence[npt.NDArray[np.integer[Any]]]) -> tuple[list[int], bytes]:
    """Number of notes for each track, and all notes as little-endian uint16 triplets.

    Each track is `(n, 3)`: onset step, end step (exclusive), MIDI pitch.
    """
    for notes in tracks:
        if notes.ndim != 2 or notes.shape[1] != 3:
            raise SpecError(f"Notes are (n, 3), not {notes.shape}.")
        if notes.size and (notes.min() < 0 or notes.max() > 65535):
            raise SpecError("Notes outside 0 to 65535 cannot be sent.")
    counts = [len(notes) for notes in tracks]
    return counts, b"".join(np.ascontiguousarray(notes, "<u2").tobytes() for notes in tracks)


def notes_to_json(tracks: Sequence[npt.NDArray[np.integer[Any]]]) -> dict[str, Any]:
    """Notes as JSON values: `counts` and the base64 of their bytes."""
    counts, payload = pack_notes(tracks)
    return {"counts": counts, "bytes": base64.b64encode(payload).decode("ascii")}


def pack_message(header: Mapping[str, Any], *payload: bytes) -> bytes:
    """One binary message. Raises `ValueError` if the header holds NaN or infinity."""
    head = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    head += b" " * (-len(head) % 4)
    return b"".join((struct.pack("<I", len(head)), head, *payload))


def unpack_message(message: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and payload of a `pack_message`."""
    (length,) = struct.unpack_from("<I", message)
    header: dict[str, Any] = json.loads(message[4 : 4 + length])
    return header, message[4 + length :]


def _pcm16(stem: npt.NDArray[np.float32]) -> bytes:
    scaled = np.clip(stem, -1.0, 1.0) * np.float32(32767.0)
    return bytes(np.rint(scaled).astype("<i2").tobytes())


def _flac(stem: npt.NDArray[np.float32], rate: int) -> bytes:
    import soundfile  # Not needed for local listeners, and slow to import.

    target = io.BytesIO()
    soundfile.write(target, np.clip(stem, -1.0, 1.0), rate, format="FLAC", subtype="PCM_16")
    return target.getvalue()


def pack_stems(
    stems: Stems, header: Mapping[str, Any], *, sound_format: SoundFormat = "pcm16"
) -> bytes:
    """A sound message. `pcm16` costs nothing to read, `flac` about halves the bytes.

    A silent stem is sent as zero bytes. `encode_ms` in the header is what encoding took.
    """
    started = time.perf_counter()
    parts: list[bytes] = []
    for stem in stems.samples:
        if not stem.any():
            parts.append(b"")
        elif sound_format == "flac":
            # Padded, so that each part stays aligned; a FLAC reader ignores what follows.
            encoded = _flac(stem, stems.rate)
            parts.append(encoded + b"\0" * (-len(encoded) % 4))
        else:
            parts.append(_pcm16(stem))
    full = {
        **header,
        "type": "sound",
        "format": sound_format,
        "rate": stems.rate,
        "frames": int(stems.samples.shape[1]),
        "step_seconds": stems.step_seconds,
        "start": stems.start,
        "end": stems.end,
        "parts": [len(part) for part in parts],
        "encode_ms": round(1000 * (time.perf_counter() - started), 2),
    }
    return pack_message(full, *parts)
