"""Sound of an 8 s phrase with four tracks: stems in this process against midi2audio.

    python -m benchmarks.audio [--repeat 5]

Both render the same phrase with the same soundfont in the same run; the ratio is of medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import midi2audio
import numpy as np
import pretty_midi

from gan.audio import render as audio

SECONDS = 8.0


def phrase() -> pretty_midi.PrettyMIDI:
    """Four bars at 120: flute melody, piano chords, bass, drums; sixteenth-note grid."""
    rng = np.random.default_rng(0)
    made = pretty_midi.PrettyMIDI(initial_tempo=120)
    tracks = (("MELODY", 73, False), ("PIANO", 0, False), ("BASS", 33, False), ("DRUMS", 0, True))
    for name, program, is_drum in tracks:
        instrument = pretty_midi.Instrument(program, is_drum, name)
        for step in range(0, 64, 2):
            pitches = {
                "MELODY": rng.choice([72, 74, 76, 79], 1),
                "PIANO": rng.choice([60, 62, 64, 65, 67, 69], 3, replace=False),
                "BASS": rng.choice([36, 41, 43], 1),
                "DRUMS": rng.choice([36, 38, 42], 1),
            }[name]
            start = step * 0.125
            instrument.notes += [pretty_midi.Note(90, int(p), start, start + 0.25) for p in pitches]
        made.instruments.append(instrument)
    return made


def milliseconds(call: Callable[[], object], repeat: int) -> tuple[float, float]:
    """Median wall and processor time of `call` in ms, after one call that is not counted."""

    def processor() -> float:
        times = os.times()
        return times.user + times.system + times.children_user + times.children_system

    call()
    wall, busy = [], []
    for _ in range(repeat):
        start, used = time.perf_counter(), processor()
        call()
        wall.append(time.perf_counter() - start)
        busy.append(processor() - used)
    return 1000 * statistics.median(wall), 1000 * statistics.mean(busy)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    music, font = phrase(), audio.find_soundfonts()[0]
    status = audio.fluidsynth_status()
    print(f"{status.message}, soundfont {font.name}, {SECONDS:.0f} s, 4 tracks, median of {repeat}")
    if not status.available:
        return

    def stems() -> np.ndarray:
        return audio.render_stems(music, soundfont=font, seconds=SECONDS, wrap_tail=True)

    with tempfile.TemporaryDirectory() as folder:
        midi_path, wav_path = Path(folder) / "a.mid", Path(folder) / "a.wav"
        music.write(str(midi_path))

        def plain() -> None:
            midi2audio.FluidSynth(str(font.path)).midi_to_audio(str(midi_path), str(wav_path))

        slow = milliseconds(plain, repeat)
    fast = milliseconds(stems, repeat)
    rendered = stems()
    sound = audio.mix(rendered, level=1.0)
    loud = 2 * audio.levelling_gain(rendered)
    rows = [
        ("midi2audio, one mix", slow),
        ("in process, four stems, tail", fast),
        ("levelling", milliseconds(lambda: audio.levelling_gain(rendered), repeat)),
        ("mixing", milliseconds(lambda: audio.mix(rendered, level=1.0), repeat)),
        ("mixing and limiting", milliseconds(lambda: audio.mix(rendered, level=loud), repeat)),
        ("WAV", milliseconds(lambda: audio.encode_wav(sound), repeat)),
        ("FLAC", milliseconds(lambda: audio.encode_flac(sound), repeat)),
    ]
    for name, (wall, busy) in rows:
        print(f"{name:30} {wall:8.1f} ms {busy:8.1f} ms of processor")
    print(f"in process against midi2audio: {slow[0] / fast[0]:.2f} times as fast")


if __name__ == "__main__":
    main()
