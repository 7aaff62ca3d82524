"""Notes and beats heard in rendered phrases, against the notes that were played; and the time.

    python -m benchmarks.transcribe [--phrases 8] [--seed 900] [--data_dir POP909]

Note F1 as mir_eval has it without offsets: onsets within 50 ms, equal pitches, one to one. Phrases
come from pop-transformer, or from the songs of POP909 in `--data_dir`; the thresholds were set on
phrases of pop-gan. FluidSynth plays them as a piano alone, as three instruments, and as a choir
with vibrato and slides into its notes; each also with white noise 20 dB below. A pitch that two
instruments strike at once counts as one note. The plain way is a threshold of 0.5 on onsets and
0.3 on notes, as in the paper, on the same activations.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np
import pretty_midi
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from gan.audio.render import mix, render_stems
from gan.data.pop909 import SPEC, read_song, song_folders
from gan.engine import load
from gan.errors import AudioError, MidiError
from gan.listen.activations import FRAME, LOWEST, RATE, activations
from gan.listen.heard import Heard, transcribe
from gan.listen.picking import Picking, pick_notes
from gan.music.notes import windows
from gan.music.performance import Performance, perform
from gan.music.rolls import roll_from_notes
from gan.phrase import PhraseState
from gan.spec import CHECKPOINTS

TOLERANCE = 0.05  # seconds
NOISE = 10 ** (-20 / 20)  # of the level of the music
SECONDS = 30  # of sound that is timed
PLAIN = Picking(onset=0.5, evidence=-1.0, note=0.3)
CHOIR = (52, 53, 54)


def rolls_of_songs(folder: Path, random: np.random.Generator) -> Iterator[np.ndarray]:
    """A phrase from the middle of each song, in random order."""
    for path in random.permutation(np.array(song_folders(folder), object)).tolist():
        try:
            song = read_song(path, path.name)
        except MidiError:
            continue
        begins = song.bar_starts[len(song.bar_starts) // 2 :][:1].astype(np.int64)
        cut = [windows(notes, begins, length=SPEC.steps)[1] for notes in song.tracks]
        if all(len(notes) for notes in cut):
            yield roll_from_notes(cut, SPEC)


def only(midi: pretty_midi.PrettyMIDI, names: tuple[str, ...]) -> pretty_midi.PrettyMIDI:
    chosen = pretty_midi.PrettyMIDI(initial_tempo=120)
    chosen.instruments = [one for one in midi.instruments if one.name in names]
    return chosen


def sung(midi: pretty_midi.PrettyMIDI, random: np.random.Generator) -> pretty_midi.PrettyMIDI:
    """The melody as a choir: vibrato of 30 to 60 cents after a while, and slides into notes."""
    melody = only(midi, ("MELODY",)).instruments[0]
    voice = pretty_midi.Instrument(int(random.choice(CHOIR)), name="MELODY")
    voice.notes = melody.notes
    times = np.arange(0.0, melody.get_end_time(), 0.01)
    starts = np.array(sorted(note.start for note in melody.notes))
    since = times - starts[np.maximum(np.searchsorted(starts, times, side="right") - 1, 0)]
    depth, speed, detuned = random.uniform((30, 4.8, -25), (60, 6.2, 25))
    vibrato = depth * np.clip((since - 0.12) / 0.25, 0, 1) * np.sin(2 * np.pi * speed * times)
    cents = vibrato - 60 * np.exp(-np.maximum(since, 0) / 0.03) + detuned
    bends = np.clip(cents / 200 * 8191, -8191, 8191).astype(int).tolist()
    voice.pitch_bends = [
        pretty_midi.PitchBend(bend, at) for bend, at in zip(bends, times.tolist(), strict=True)
    ]
    whole = pretty_midi.PrettyMIDI(initial_tempo=120)
    whole.instruments = [voice]
    return whole


def notes_of(midi: pretty_midi.PrettyMIDI) -> np.ndarray:
    """Onset in seconds and pitch of all notes, those of equal onset and pitch once."""
    return np.unique(
        [(round(n.start, 3), n.pitch) for one in midi.instruments for n in one.notes], axis=0
    )


def f1(true: np.ndarray, found: np.ndarray) -> float:
    """F1 of notes `(n, 2)`, onset in seconds and pitch, by a largest matching."""
    if not len(found):
        return 0.0
    near = np.abs(true[:, None, 0] - found[:, 0]) <= TOLERANCE
    pairs = csr_matrix(near & (true[:, None, 1] == found[:, 1]))
    hits = int((maximum_bipartite_matching(pairs, "column") >= 0).sum())
    return 2 * hits / (len(true) + len(found))


def plainly(samples: np.ndarray) -> np.ndarray:
    picked = pick_notes(activations(samples), PLAIN)
    return np.stack([picked[:, 0] * FRAME, picked[:, 2] + LOWEST], axis=1)


def right_tempo(heard: Heard, tempo: float) -> bool:
    """Within 1%, or half or twice as much."""
    return any(abs(heard.tempo / tempo / times - 1) < 0.01 for times in (0.5, 1, 2))


def right_bar(heard: Heard, tempo: float) -> bool:
    """Whether a bar line falls on one of the phrase's (which are at 0 s), within a sixteenth."""
    beat = 60 / tempo
    off = heard.first_beat / (4 * beat) % 1
    return abs(heard.tempo / tempo - 1) < 0.01 and min(off, 1 - off) < 1 / 16


def median_seconds(call: Callable[[], object], repeat: int = 3) -> float:
    call()
    took = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return float(np.median(took))


def phrases(args: argparse.Namespace) -> Iterator[tuple[pretty_midi.PrettyMIDI, float]]:
    """Phrases as MIDI, each at a tempo and in a key of its own."""
    random = np.random.default_rng(args.seed)
    if args.data_dir is None:
        engine = load(CHECKPOINTS / "pop-transformer", sliders=False)
        spec = engine.spec
        rolls = (engine.render(PhraseState(args.seed + k)) for k in range(args.phrases))
    else:
        spec = SPEC
        rolls = rolls_of_songs(args.data_dir, random)
    for _, roll in zip(range(args.phrases), rolls, strict=False):
        tempo = float(random.integers(70, 150))
        how = Performance(tempo=tempo, transpose=int(random.integers(-5, 7)))
        yield perform(roll, spec, how), tempo


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--phrases", type=int, default=8)
    parser.add_argument("--seed", type=int, default=900)
    parser.add_argument("--data_dir", type=Path)
    args = parser.parse_args()
    random = np.random.default_rng(args.seed)
    rows: dict[str, list[tuple[float, ...]]] = {}
    whole: list[np.ndarray] = []
    for midi, tempo in phrases(args):
        kinds = {
            "piano": only(midi, ("PIANO",)),
            "three instruments": midi,
            "voice with vibrato": sung(midi, random),
        }
        for kind, music in kinds.items():
            sound = mix(render_stems(music, rate=RATE), rate=RATE).samples.mean(axis=1)
            whole.append(sound)
            level = NOISE * np.sqrt((sound**2).mean())
            noisy = sound + level * random.standard_normal(len(sound)).astype(np.float32)
            true = notes_of(music)
            for name, samples in ((kind, sound), (f"{kind}, noise", noisy)):
                plain = f1(true, plainly(samples))
                try:
                    heard = transcribe(samples, RATE)
                except AudioError:
                    rows.setdefault(name, []).append((0.0, plain, 0.0, 0.0, 0.0))
                    continue
                found = f1(true, heard.notes[:, (0, 2)])
                voices = heard.one_voice == kind.startswith("voice")
                beats = right_tempo(heard, tempo), right_bar(heard, tempo)
                rows.setdefault(name, []).append((found, plain, voices, *beats))
    print(f"{args.phrases} phrases, mean note F1 (50 ms, no offsets) and shares that are right")
    print(f"{'':28}   F1  plain  voices  tempo  bar line")
    for name, values in rows.items():
        print(f"{name:28}" + "".join(f"{value:7.3f}" for value in np.mean(values, axis=0)))
    sound = np.resize(np.concatenate(whole), SECONDS * RATE)
    ours = median_seconds(lambda: transcribe(sound, RATE))
    plain = median_seconds(lambda: plainly(sound))
    print(f"{SECONDS} s of sound: {ours:.2f} s, {ours / plain:.2f} times the plain way")


if __name__ == "__main__":
    main()
