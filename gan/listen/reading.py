"""Sound files -> mono samples, within bounds of size, length and memory.

WAV, FLAC, OGG, MP3 and AIFF are read by libsndfile. M4A, AAC and WebM are read by an `ffmpeg` of
this machine, where there is one; the kind of file is told by its first bytes, and named to
ffmpeg, which would otherwise follow what playlists point at.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from gan.errors import AudioError
from gan.listen.activations import Floats

MOST_BYTES = 256 << 20
MOST_SECONDS = 600
MOST_RATE = 192_000
LEAST_SECONDS = 0.3
SILENCE = 10 ** (-60 / 20)  # of full scale: a peak below it

_BLOCK = 1 << 18  # samples of all channels that are decoded at a time
_FFMPEG_SECONDS = 120
_KINDS = "WAV, FLAC, OGG or MP3"


class _Bytes(io.BytesIO):
    """Bytes that stay where they are when damaged files send a decoder to before their start."""

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        try:
            return super().seek(offset, whence)
        except ValueError:
            return self.tell()


def read_audio(source: bytes | Path) -> tuple[Floats, int]:
    """The samples of a sound file, float32 `(n,)`, channels averaged, and their rate.

    Raises `AudioError` for what is no sound, silent, too short, too long or too large.
    """
    data = source if isinstance(source, bytes) else _bytes(source)
    if len(data) > MOST_BYTES:
        raise AudioError(
            f"The file is larger than {MOST_BYTES >> 20} MiB: cut it, or save it as FLAC."
        )
    if not data:
        raise AudioError("The file is empty: record or export it again.")
    samples, rate = _decoded(_Bytes(_wave_by_ffmpeg(data) or data))
    if len(samples) < LEAST_SECONDS * rate:
        raise AudioError("The recording is too short: a second or more is needed.")
    samples -= samples.mean()
    if not np.abs(samples).max() > SILENCE:
        raise AudioError("The recording is silent: check the microphone, and record again.")
    return samples, rate


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > MOST_BYTES:
        raise AudioError(
            f"{path.name} is larger than {MOST_BYTES >> 20} MiB: cut it, or save it as FLAC."
        )
    return path.read_bytes()


def _decoded(file: IO[bytes]) -> tuple[Floats, int]:
    """Samples block by block, so that a file that says nothing of its length is bounded too."""
    import soundfile

    try:
        with soundfile.SoundFile(file) as sound:
            rate = int(sound.samplerate)
            if not 1000 <= rate <= MOST_RATE:
                raise AudioError(f"A rate of {rate:,} samples a second cannot be used: try 44,100.")
            _must_be_short(sound.frames / rate)
            return _mono(sound, MOST_SECONDS * rate), rate
    except (soundfile.LibsndfileError, TypeError, ValueError) as error:
        file.seek(0)
        raise AudioError(_why(file.read(64))) from error


def _mono(sound: Any, most: int) -> Floats:
    parts: list[Floats] = [np.zeros(0, np.float32)]
    frames = 0
    while len(block := sound.read(max(1, _BLOCK // sound.channels), np.float32, always_2d=True)):
        frames += len(block)
        if frames > most:
            _must_be_short(frames / sound.samplerate)
        parts.append(block.mean(axis=1, dtype=np.float32))
    samples = np.concatenate(parts)
    return np.nan_to_num(samples, copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def _must_be_short(seconds: float) -> None:
    if seconds > MOST_SECONDS:
        raise AudioError(f"The recording is longer than {MOST_SECONDS // 60} minutes: cut it.")


def _why(head: bytes) -> str:
    """What is wrong with bytes that libsndfile cannot read, and what to do."""
    kinds = {
        b"MThd": "This is a MIDI file, not sound: open it as MIDI.",
        b"PK\x03\x04": "This is a zip archive: unpack it first.",
    }
    found = (words for sign, words in kinds.items() if head.startswith(sign))
    return next(found, f"The file holds no sound that can be read: use {_KINDS}.")


def _container(head: bytes) -> str | None:
    """ffmpeg's name for a kind of file that libsndfile does not read."""
    if head[4:8] == b"ftyp":
        return "mov"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "matroska"
    if head[:2] in (b"\xff\xf1", b"\xff\xf9"):
        return "aac"
    return None


def _wave_by_ffmpeg(data: bytes) -> bytes | None:
    """A WAV file of what only ffmpeg reads; None where it is not needed."""
    kind = _container(data[:16])
    if kind is None:
        return None
    program = shutil.which("ffmpeg")
    if program is None:
        raise AudioError(
            f"M4A, AAC and WebM need ffmpeg: install it, or save the sound as {_KINDS}."
        )
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "in", Path(folder) / "out.wav"
        given.write_bytes(data)
        command = [program, "-v", "error", "-nostdin", "-protocol_whitelist", "file"]
        command += ["-f", kind, "-i", str(given), "-map", "0:a:0", "-t", str(MOST_SECONDS + 1)]
        command += ["-ac", "1", "-ar", "44100", "-f", "wav", str(made)]
        try:
            done = subprocess.run(
                command, capture_output=True, check=False, timeout=_FFMPEG_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise AudioError(f"ffmpeg cannot read the file: save it as {_KINDS}.") from error
        if done.returncode or not made.is_file():
            raise AudioError(f"ffmpeg finds no sound in the file: save it as {_KINDS}.")
        return made.read_bytes()
