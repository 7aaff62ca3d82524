"""Sound: MIDI -> one stem an instrument -> mix -> WAV or FLAC.

Stems come from FluidSynth (`gan.audio.fluid`), or from built-in tones (`gan.audio.tones`) where the
library is not installed. Mute, solo and volume are gains on stems: nothing is rendered again.

Level. Soundfonts differ by 20 dB, so a mix is scaled to a loudness of -14 LUFS (ITU-R
BS.1770-4: K-weighted, gated), as streaming services play it, measured with all stems at gain
1: muting a track does not make the others louder. Peaks are held under -1 dBFS by a limiter
(`gan.audio.limiter`); a mix cannot clip.

Conventions: samples are float32 in -1..1, `(frames, 2)`; stems `(instrument, frames, 2)`;
`rate` is in frames a second; times are in seconds; gains are linear factors.
Nothing is cached here.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gan.audio.fluid import (
    Status,
    fluidsynth_status,
    install_hint,
    library_version,
    load_library,
    render_instrument,
)
from gan.audio.limiter import limiting_gain
from gan.audio.loudness import loudness
from gan.audio.soundfonts import SoundFont, choose_soundfont, find_soundfonts, read_soundfont
from gan.audio.tones import render_tones
from gan.errors import AudioError

if TYPE_CHECKING:
    import pretty_midi

__all__ = [
    "RATE",
    "Sound",
    "SoundFont",
    "Status",
    "balanced",
    "encode_flac",
    "encode_wav",
    "find_soundfonts",
    "fluidsynth_status",
    "levelling_gain",
    "mix",
    "render_stems",
    "render_with_midi2audio",
]

RATE = 44100
TARGET_LUFS = -14.0
CEILING = 10 ** (-1 / 20)  # -1 dBFS
LIMITED_BY = 10 ** (6 / 20)  # what is all peaks is not made louder than this over the ceiling
TAIL = 3.0  # seconds after the end in which releases and reverb die away
_FADE = 0.25  # seconds at the end of the tail
_SILENCE = 10 ** (-80 / 20)  # of the peak; what lies under it at the end is cut


@dataclass(frozen=True)
class Sound:
    """Stereo sound: `samples` float32 `(frames, 2)` in -1..1, `rate` in frames a second."""

    samples: NDArray[np.float32]
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


def render_stems(
    pm: pretty_midi.PrettyMIDI,
    *,
    soundfont: SoundFont | Path | str | None = None,
    rate: int = RATE,
    seconds: float | None = None,
    wrap_tail: bool = False,
) -> NDArray[np.float32]:
    """Render each instrument by itself: float32 `(instrument, frames, 2)`, bit-exact.

    `seconds` fixes the length; None means until the sound has died away. With `wrap_tail`
    what sounds on after `seconds` is added to the start, so that the stem loops without a
    seam; without it the last 10 ms fade out. A stem depends on its own instrument only.
    Raises `AudioError` for a soundfont that cannot be used or a length that makes no sense.
    """
    if seconds is not None and not 0 < seconds <= 3600:
        raise AudioError(f"A length of {seconds} seconds cannot be rendered.")
    if wrap_tail and seconds is None:
        raise AudioError("A loop needs its length in seconds.")
    frames = round((pm.get_end_time() if seconds is None else seconds) * rate)
    tail = round(TAIL * rate) if wrap_tail or seconds is None else 0
    stems = _render_all(pm, soundfont=soundfont, rate=rate, frames=frames + tail)
    if tail:
        stems[:, -round(_FADE * rate) :] *= _ramp(round(_FADE * rate))
    if wrap_tail:
        return _wrap(stems, frames)
    if seconds is None:
        return _trim(stems)
    fade = min(frames, round(0.01 * rate))
    stems[:, frames - fade :] *= _ramp(fade)
    return stems


def levelling_gain(stems: NDArray[np.float32], *, rate: int = RATE) -> float:
    """The factor that brings all stems together to -14 LUFS, peaks 6 dB over the ceiling at most.

    1.0 for silence.
    """
    total = stems.sum(axis=0)
    level = loudness(total, rate=rate)
    if not np.isfinite(level):
        return 1.0
    peak = float(np.abs(total).max())
    return float(min(10 ** ((TARGET_LUFS - level) / 20), CEILING * LIMITED_BY / peak))


def mix(
    stems: NDArray[np.float32],
    gains: Sequence[float] | None = None,
    *,
    rate: int = RATE,
    level: float | None = None,
) -> Sound:
    """Sum the stems with `gains` (default 1 each), levelled and limited: it never clips.

    `level` is the factor from `levelling_gain`, measured here when it is None.
    """
    total = np.tensordot(_factors(stems, gains, rate=rate, level=level), stems, axes=1)
    total *= limiting_gain(total, ceiling=CEILING, rate=rate)
    return Sound(total, rate)


def balanced(
    stems: NDArray[np.float32],
    gains: Sequence[float] | None = None,
    *,
    rate: int = RATE,
    level: float | None = None,
) -> NDArray[np.float32]:
    """The parts of a `mix`, `(instrument, frames, 2)`: all are limited as their sum is."""
    factors = _factors(stems, gains, rate=rate, level=level)
    total = np.tensordot(factors, stems, axes=1)
    parts = stems * factors[:, None, None]
    parts *= limiting_gain(total, ceiling=CEILING, rate=rate)
    return parts


def _factors(
    stems: NDArray[np.float32], gains: Sequence[float] | None, *, rate: int, level: float | None
) -> NDArray[np.float32]:
    """Gain times level for each stem."""
    factors = np.ones(len(stems)) if gains is None else np.asarray(gains, np.float64)
    if factors.shape != (len(stems),):
        raise AudioError(f"{len(stems)} stems need {len(stems)} gains, not {factors.size}.")
    if not np.isfinite(factors).all():
        raise AudioError("A gain is not a finite number.")
    scale = levelling_gain(stems, rate=rate) if level is None else level
    return (factors * scale).astype(np.float32)


def encode_wav(sound: Sound) -> bytes:
    """A 16-bit WAV file."""
    return _encode(sound, "WAV")


def encode_flac(sound: Sound) -> bytes:
    """A 16-bit FLAC file: the same samples as the WAV file, about half its size."""
    return _encode(sound, "FLAC")


def render_with_midi2audio(
    pm: pretty_midi.PrettyMIDI,
    path: Path | str,
    *,
    soundfont: SoundFont | Path | str | None = None,
    rate: int = RATE,
) -> Path:
    """Write a sound file (.wav, .flac) with midi2audio, levelled; returns its absolute path.

    midi2audio names the files before the options. That is refused by FluidSynth from 2.4.7 on
    and wherever the system does not reorder arguments (macOS), so there the `fluidsynth`
    program is called with the options first. What either prints is kept from the terminal.
    """
    target = Path(path).expanduser().resolve()
    font = _font(soundfont)
    with tempfile.TemporaryDirectory() as folder:
        midi, raw = Path(folder) / "in.mid", Path(folder) / f"out{target.suffix or '.wav'}"
        pm.write(str(midi))
        try:
            _call_fluidsynth(midi, raw, font=font, rate=rate)
        except FileNotFoundError as error:
            raise AudioError(f"The fluidsynth program is missing: {install_hint()}") from error
        sound = _decode(raw)
        data = _encode(mix(sound.samples[None], rate=sound.rate), target.suffix[1:] or "wav")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return target


def _call_fluidsynth(midi: Path, out: Path, *, font: SoundFont, rate: int) -> None:
    options, files = ["-r", str(rate)], [str(midi), str(out)]
    if _accepts_files_first():
        _quietly([sys.executable, "-m", "midi2audio", "-s", str(font.path), *options, *files])
    if not out.is_file():
        _quietly(["fluidsynth", "-ni", "-F", str(out), *options, str(font.path), str(midi)])


def _quietly(command: list[str]) -> None:
    subprocess.run(command, capture_output=True, check=False, timeout=600)


def _accepts_files_first() -> bool:
    """Whether midi2audio's order of arguments works: glibc reorders them, until 2.4.7."""
    if not sys.platform.startswith("linux"):
        return False
    return library_version(load_library()) < (2, 4, 7)


def _render_all(
    pm: pretty_midi.PrettyMIDI,
    *,
    soundfont: SoundFont | Path | str | None,
    rate: int,
    frames: int,
) -> NDArray[np.float32]:
    """All instruments, each in its own synthesizer, on as many threads as there are cores."""
    if not pm.instruments:
        return np.zeros((0, frames, 2), np.float32)
    if not fluidsynth_status().available:
        return np.stack([render_tones(i, rate=rate, frames=frames) for i in pm.instruments])
    font = _font(soundfont)
    with ThreadPoolExecutor(min(len(pm.instruments), os.cpu_count() or 1)) as pool:
        parts = pool.map(
            lambda i: render_instrument(i, soundfont=font, rate=rate, frames=frames),
            pm.instruments,
        )
        return np.stack(list(parts))


def _font(choice: SoundFont | Path | str | None) -> SoundFont:
    if isinstance(choice, SoundFont):
        return choice
    return choose_soundfont() if choice is None else read_soundfont(choice)


def _ramp(frames: int) -> NDArray[np.float32]:
    """A straight fade to zero: `(frames, 1)`."""
    return np.linspace(1, 0, frames, dtype=np.float32)[:, None]


def _wrap(stems: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Add everything after `frames` to the start, as often as it goes round."""
    loop = stems[:, :frames].copy()
    for start in range(frames, stems.shape[1], frames):
        rest = stems[:, start : start + frames]
        loop[:, : rest.shape[1]] += rest
    return loop


def _trim(stems: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut the silence at the end, the same for all stems."""
    level = np.abs(stems).max(axis=(0, 2), initial=0.0)
    heard = np.flatnonzero(level > _SILENCE * level.max(initial=0.0))
    return stems[:, : heard[-1] + 1] if heard.size else stems[:, :0]


def _encode(sound: Sound, kind: str) -> bytes:
    import soundfile

    whole = np.rint(np.clip(sound.samples, -1, 1) * 32767).astype(np.int16)
    buffer = io.BytesIO()
    try:
        soundfile.write(buffer, whole, sound.rate, format=kind.upper(), subtype="PCM_16")
    except (ValueError, soundfile.LibsndfileError) as error:
        raise AudioError(f"Sound cannot be written as {kind}: {error}") from error
    return buffer.getvalue()


def _decode(path: Path) -> Sound:
    import soundfile

    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise AudioError(f"FluidSynth wrote no sound for {path.name}: {error}") from error
    return Sound(samples[:, :2], rate)
