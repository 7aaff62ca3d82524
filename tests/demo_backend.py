"""A live backend that composes deterministic music in NumPy: no model, no FluidSynth.

Used by the demo page, the browser tests and the socket tests. It obeys six sliders, so
that what is seen and heard can be checked against what was dragged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from gan.app.live.server import MoveRequest, SoundRequest
from gan.app.player.events import Stroke
from gan.audio.stems import Stems

NoteArray = npt.NDArray[np.int32]

RATE = 44100
STEPS = 64
CHORDS = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))
SCALE = (0, 2, 4, 5, 7, 9, 11)
TUNE = (4, 2, 0, 2, 4, 4, 5, 4, 2, 2, 4, 7, 7, 5, 4, 2)
CONTROLS = dict.fromkeys(("denser", "higher", "busier", "longer", "offbeat", "wider"), (-3.0, 3.0))


def _tune(degree: int) -> int:
    return 12 * (degree // 7) + SCALE[degree % 7]


def _melody(values: Mapping[str, float]) -> list[tuple[int, int, int]]:
    chance = np.random.default_rng(3).random((2, 32))
    keep = 0.55 + 0.15 * values["busier"]
    shift = round(2 * values["higher"])
    late = chance[1] < 0.1 + 0.15 * values["offbeat"]
    starts = [(2 * i + int(late[i]), i) for i in range(32) if chance[0, i] < keep]
    notes = []
    for (start, i), (following, _) in zip(starts, [*starts[1:], (STEPS, 0)], strict=True):
        length = max(1, round(2.5 + values["longer"]))
        notes.append((start, min(start + length, following), 67 + _tune(TUNE[i % 16] + shift)))
    return notes


def _piano(values: Mapping[str, float]) -> list[tuple[int, int, int]]:
    voices = int(np.clip(round(3 + 0.7 * values["wider"]), 1, 5))
    every = int(np.clip(round(6 - 1.5 * values["denser"]), 2, 12))
    notes = []
    for start in range(0, STEPS, every):
        chord = CHORDS[start // 16]
        for voice in range(voices):
            pitch = 48 + chord[voice % 3] + 12 * (voice // 3)
            notes.append((start, min(start + max(1, every - 1), STEPS), pitch))
    return notes


def _bridge(values: Mapping[str, float]) -> list[tuple[int, int, int]]:
    length = int(np.clip(round(8 + 2 * values["longer"]), 2, 16))
    return [
        (start, min(start + length, STEPS), 60 + CHORDS[start // 16][(start // 8) % 3])
        for start in range(0, STEPS, 8)
    ]


def _bass(values: Mapping[str, float]) -> list[tuple[int, int, int]]:
    every = 8 if values["busier"] < 0 else 4
    return [
        (start, start + every - 1, 36 + CHORDS[start // 16][0] % 12)
        for start in range(0, STEPS, every)
    ]


def compose(values: Mapping[str, float]) -> tuple[NoteArray, ...]:
    """Melody, bridge, piano and bass, each `(n, 3)`: onset, end, pitch."""
    full = {name: float(values.get(name, 0.0)) for name in CONTROLS}
    parts = (_melody(full), _bridge(full), _piano(full), _bass(full))
    return tuple(np.array(sorted(part), np.int32).reshape(-1, 3) for part in parts)


def drawn(tracks: tuple[NoteArray, ...], strokes: Sequence[Stroke]) -> tuple[NoteArray, ...]:
    """The tracks with notes drawn and erased by hand."""
    lists = [[tuple(note) for note in track.tolist()] for track in tracks]
    for stroke in strokes:
        notes = lists[stroke.track]
        if stroke.on:
            notes.append((stroke.start, stroke.end, stroke.pitch))
        else:
            notes[:] = [
                note for note in notes if (note[0], note[2]) != (stroke.start, stroke.pitch)
            ]
    return tuple(np.array(sorted(notes), np.int32).reshape(-1, 3) for notes in lists)


@lru_cache(maxsize=256)
def _pluck(pitch: int) -> npt.NDArray[np.float32]:
    """Two seconds of a decaying tone at full level."""
    time = np.arange(2 * RATE) / RATE
    frequency = 440.0 * 2.0 ** ((pitch - 69) / 12)
    tone = sum(np.sin(2 * np.pi * frequency * k * time) / k**1.5 for k in (1, 2, 3, 5))
    attack = np.minimum(1.0, time / 0.004)
    return np.asarray(attack * np.exp(-1.2 * time) * tone, np.float32)


def render(tracks: tuple[NoteArray, ...], *, start: int, end: int, tempo: float = 120.0) -> Stems:
    """Stems of the steps `start` to `end` with half a second of release."""
    step = 60.0 / tempo / 4
    release = int(0.5 * RATE)
    frames = int((end - start) * step * RATE) + release
    samples = np.zeros((len(tracks), frames, 2), np.float32)
    for index, notes in enumerate(tracks):
        pan = 0.5 + 0.25 * np.sin(1.3 * index)
        for onset, stop, pitch in notes:
            if stop <= start or onset >= end:
                continue
            length = min(int((stop - onset) * step * RATE) + release, 2 * RATE)
            tone = _pluck(int(pitch))[:length].copy()
            fade = min(release, length)
            tone[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32) ** 2
            at = int((onset - start) * step * RATE)
            tone = tone[max(0, -at) :][: frames - max(0, at)]
            target = samples[index, max(0, at) : max(0, at) + len(tone)]
            target += 0.06 * tone[:, None] * np.array([1 - pan, pan], np.float32)
    return Stems(samples, rate=RATE, step_seconds=step, start=start, end=end)


class DemoBackend:
    """`LiveBackend` over `compose` and `render`."""

    def __init__(self, *, tempo: float = 120.0) -> None:
        self.tempo = tempo
        self.moves = 0
        self.sounds = 0

    def decode(self, request: MoveRequest) -> tuple[NoteArray, ...]:
        self.moves += 1
        return compose(request.values)

    def sound(self, request: SoundRequest) -> Stems:
        self.sounds += 1
        notes = compose(request.values)
        return render(notes, start=request.start, end=request.end, tempo=self.tempo)


def values_of(state: Mapping[str, Any]) -> dict[str, float]:
    """The slider values that a page keeps, zero where it has none."""
    return {name: float(state.get(name, 0.0)) for name in CONTROLS}
