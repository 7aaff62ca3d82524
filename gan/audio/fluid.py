"""One instrument through FluidSynth, in this process, as floating-point samples.

pyfluidsynth loads the library; its `get_samples` gives 16-bit integers, so the samples are
taken through `fluid_synth_process`, which gives floats that cannot clip.

* Every call makes a fresh synthesizer: a kept one carries voices and reverb over into the
  next render, which is then not reproducible. Two calls give the same bits.
* FluidSynth starts and stops notes between blocks of 64 frames, so each event is placed at
  the nearest block: at most 0.73 ms away at 44.1 kHz.
* The chorus is off: hardly a soundfont uses it, it costs a quarter of the time, and its slow
  oscillator would make two rounds of a loop differ. The reverb is on.
* The library's own messages are switched off: they would stand among a command's answers.
  What fails is told by an `AudioError`.
* Calls may run in several threads: the synthesizer works without Python's lock. Only making
  one is held to one thread at a time: the first call fills tables that all synthesizers share.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pretty_midi
from numpy.typing import NDArray

from gan.audio.soundfonts import DRUM_BANK, SoundFont
from gan.errors import AudioError

BLOCK = 64  # frames; FLUID_BUFSIZE, fixed in the library
_GAIN = 0.2  # FluidSynth's own default; the level is set when mixing
_POLYPHONY = 512  # voices; the default of 256 can run out in dense phrases with long tails
_RING_BLOCKS = 64  # about 0.1 s
_LOG_LEVELS = 5  # panic, error, warning, information, debugging
_INAUDIBLE = 1e-6  # of full scale, -120 dB

_opening = threading.Lock()

_FloatPointer = ctypes.POINTER(ctypes.c_float)
_Event = tuple[int, int, str, tuple[int, ...]]  # block, order, method of Synth, arguments


@dataclass(frozen=True)
class Status:
    """Whether FluidSynth can be used. `message`: its version, or what to install."""

    available: bool
    message: str


def fluidsynth_status() -> Status:
    """Look for FluidSynth's library. Never raises."""
    try:
        version = library_version(load_library())
    except AudioError as error:
        return Status(False, str(error))
    return Status(True, f"FluidSynth {'.'.join(map(str, version))}")


def load_library() -> ModuleType:
    """pyfluidsynth with the library behind it, or an `AudioError` that says what to install."""
    brew = Path("/opt/homebrew")
    if sys.platform == "darwin" and brew.is_dir():
        os.environ.setdefault("HOMEBREW_PREFIX", str(brew))  # pyfluidsynth looks there
    try:
        import fluidsynth
    except (ImportError, OSError, AttributeError) as error:
        raise AudioError(f"FluidSynth is not installed: {install_hint()}") from error
    if not hasattr(fluidsynth, "Synth"):
        raise AudioError(
            "The pip package 'fluidsynth' hides pyfluidsynth: run "
            "pip uninstall fluidsynth, then pip install --force-reinstall pyfluidsynth."
        )
    if not hasattr(fluidsynth._fl, "fluid_synth_process"):
        raise AudioError(f"This FluidSynth is older than 2.0: {install_hint()}")
    for level in range(_LOG_LEVELS):
        fluidsynth._fl.fluid_set_log_function(level, None, None)
    return fluidsynth  # type: ignore[no-any-return]


def install_hint() -> str:
    """The command that installs FluidSynth here, as a sentence."""
    if sys.platform == "darwin":
        return "run brew install fluid-synth."
    if sys.platform == "win32":
        return "run choco install fluidsynth."
    return "run apt-get install fluidsynth (or your system's own command)."


def library_version(library: Any) -> tuple[int, int, int]:
    major, minor, micro = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
    library.fluid_version(major, minor, micro)
    return major.value, minor.value, micro.value


def render_instrument(
    instrument: pretty_midi.Instrument, *, soundfont: SoundFont, rate: int, frames: int
) -> NDArray[np.float32]:
    """Render one instrument: float32 `(frames, 2)`, at FluidSynth's own level.

    The result depends on this instrument alone. Raises `AudioError` if the soundfont cannot
    be loaded or FluidSynth is not there.
    """
    blocks = -(-frames // BLOCK)
    planes = np.zeros((2, blocks * BLOCK), np.float32)
    if instrument.notes and frames:
        library = load_library()
        synth = _open(library, rate)
        try:
            _select(synth, instrument, soundfont)
            _play(library, synth, _events(instrument, rate), planes)
        finally:
            synth.delete()
    return np.ascontiguousarray(planes[:, :frames].T)


def _open(library: ModuleType, rate: int) -> Any:
    options: dict[str, Any] = {
        "synth.dynamic-sample-loading": 1,  # load only the samples that are played
        "synth.chorus.active": 0,
        "synth.polyphony": _POLYPHONY,
    }
    with _opening:
        return library.Synth(gain=_GAIN, samplerate=float(rate), channels=16, **options)


def _select(synth: Any, instrument: pretty_midi.Instrument, soundfont: SoundFont) -> None:
    """Load the font and choose the program on channel 0; the first one where it is missing."""
    font = synth.sfload(str(soundfont.path))
    if font < 0:
        raise AudioError(f"FluidSynth cannot load the soundfont {soundfont.path}.")
    bank = DRUM_BANK if instrument.is_drum else 0
    for program in (instrument.program, 0):
        if synth.program_select(0, font, bank, program) == 0:
            return
    raise AudioError(f"The soundfont {soundfont.name} has no program for {instrument.name!r}.")


def _events(instrument: pretty_midi.Instrument, rate: int) -> list[_Event]:
    """All events in order; within one block: note off, controls, note on."""

    def block(time: float) -> int:
        return max(0, round(time * rate / BLOCK))

    events: list[_Event] = []
    for note in instrument.notes:
        start = block(note.start)
        end = max(start + 1, block(note.end))  # an off before its on would leave it hanging
        events.append((start, 2, "noteon", (0, note.pitch, note.velocity)))
        events.append((end, 0, "noteoff", (0, note.pitch)))
    events += [(block(b.time), 1, "pitch_bend", (0, b.pitch)) for b in instrument.pitch_bends]
    events += [(block(c.time), 1, "cc", (0, c.number, c.value)) for c in instrument.control_changes]
    return sorted(events)


def _play(
    library: ModuleType,
    synth: Any,
    events: list[_Event],
    planes: NDArray[np.float32],
) -> None:
    """Render the events into `planes`, float32 `(2, frames)`, a whole number of blocks."""
    blocks = planes.shape[1] // BLOCK
    position = 0
    for at, _, method, arguments in events:
        if at >= blocks:
            break
        _process(library, synth, planes, position, at)
        position = at
        getattr(synth, method)(*arguments)
    _ring_out(library, synth, planes, position)


def _ring_out(library: ModuleType, synth: Any, planes: NDArray[np.float32], position: int) -> None:
    """Render from the last event on, until nothing sounds any more."""
    blocks = planes.shape[1] // BLOCK
    for start in range(position, blocks, _RING_BLOCKS):
        stop = min(start + _RING_BLOCKS, blocks)
        _process(library, synth, planes, start, stop)
        quiet = np.abs(planes[:, start * BLOCK : stop * BLOCK]).max() < _INAUDIBLE
        if quiet and synth.get_active_voice_count() == 0:
            break


def _process(
    library: ModuleType, synth: Any, planes: NDArray[np.float32], start: int, stop: int
) -> None:
    """Add the blocks `start` to `stop` (exclusive), dry sound and effects, to `planes`."""
    if stop <= start:
        return
    left, right = (
        ctypes.cast(plane.ctypes.data + start * BLOCK * plane.itemsize, _FloatPointer)
        for plane in planes
    )
    dry = (_FloatPointer * 2)(left, right)
    effects = (_FloatPointer * 4)(left, right, left, right)  # reverb and chorus, added in place
    process = library._fl.fluid_synth_process
    if process(ctypes.c_void_p(synth.synth), (stop - start) * BLOCK, 4, effects, 2, dry) != 0:
        raise AudioError("FluidSynth could not render.")
