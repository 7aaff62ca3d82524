"""What is heard in recordings: notes, beats, and what is no music."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile

from gan.audio.render import fluidsynth_status, mix, render_stems
from gan.cli import transcribe as command
from gan.errors import AudioError
from gan.listen import reading
from gan.listen.activations import LOWEST, PITCHES, Activations
from gan.listen.beats import Beats, find_beats, shifted
from gan.listen.heard import Heard, corrected, hear_file, heard_as_midi, transcribe
from gan.listen.picking import Picking, peaks, pick_notes
from gan.listen.reading import read_audio
from gan.listen.voice import REST, best_path, follow_voice
from gan.music.smf import read_smf, seconds_of

RATE = 22050
C4 = 60 - LOWEST


def silent(frames: int) -> Activations:
    return Activations(
        *(np.zeros((frames, width), np.float32) for width in (PITCHES, PITCHES, 3 * PITCHES))
    )


def add(heard: Activations, column: int, begin: int, end: int, onset: float = 0.9) -> None:
    """A note that sounds from `begin` to `end`, with an onset."""
    heard.note[begin:end, column] = 0.8
    heard.onset[begin, column] = onset


def rows(*notes: tuple[float, float, int]) -> np.ndarray:
    return np.array([(*note, 80) for note in notes], np.float64)


def wave(samples: np.ndarray, rate: int = RATE, kind: str = "WAV") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=kind)
    return buffer.getvalue()


def tone(seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)


def test_peaks_of_a_curve() -> None:
    curve = np.array([0.9, 0.1, 0.6, 0.6, 0.1, 0.4, 0.8, 0.7, 0.9], np.float32)
    assert peaks(curve, 0.5, 1).tolist() == [0, 3, 6, 8]
    assert peaks(curve, 0.5, 3).tolist() == [0, 3, 8]
    assert peaks(curve, 0.95, 1).tolist() == []


def test_notes_are_picked_from_activations() -> None:
    heard = silent(100)
    add(heard, C4, 10, 40)
    add(heard, C4 + 7, 20, 50)
    heard.note[42:46, C4 + 7] = 0  # a gap that is bridged
    add(heard, C4 + 4, 60, 64)  # too short
    notes = pick_notes(heard)
    assert notes[:, :3].tolist() == [[10, 40, C4], [20, 50, C4 + 7]]
    assert notes[:, 3] == pytest.approx([0.8, 0.8 * 26 / 30])


def test_a_note_ends_where_it_is_struck_again() -> None:
    heard = silent(80)
    add(heard, C4, 10, 30)
    add(heard, C4, 32, 60)
    heard.note[26:32, C4] = 0
    assert pick_notes(heard)[:, :2].tolist() == [[10, 32], [32, 60]]


def test_a_note_that_sounds_on_is_not_struck_again_by_others() -> None:
    heard = silent(80)
    add(heard, C4, 10, 60)
    add(heard, C4 + 7, 30, 60)
    heard.onset[30, C4] = 0.7  # as the model hears it; the note does not rise there
    assert pick_notes(heard)[:, :3].tolist() == [[10, 60, C4], [30, 60, C4 + 7]]
    assert len(pick_notes(heard, Picking(evidence=0.6))) == 3


def test_nothing_is_picked_from_silence() -> None:
    assert pick_notes(silent(50)).shape == (0, 4)
    assert follow_voice(silent(50)).shape == (0, 4)


def test_the_best_path_is_the_best_of_all() -> None:
    """Against all paths of five frames through two pitches and silence."""
    random = np.random.default_rng(1)
    note = np.full((5, PITCHES), 1e-6, np.float32)
    note[:, [3, 7]] = random.uniform(0.05, 0.9, (5, 2))

    def worth(path: np.ndarray) -> float:
        gains = [np.log(0.25 if s == REST else note[f, s] + 1e-3) for f, s in enumerate(path)]
        return float(sum(gains)) - 0.7 * int((np.diff(path) != 0).sum())

    every = np.array(np.meshgrid(*[[3, 7, REST]] * 5)).reshape(5, -1).T
    best = max(every, key=worth)
    assert best_path(note, change=0.7, rest=0.25).tolist() == best.tolist()
    assert len(set(best.tolist())) > 1


def test_vibrato_does_not_split_a_note() -> None:
    heard = silent(120)
    heard.onset[10, C4] = 0.9
    around = np.rint(0.7 * np.sin(2 * np.pi * np.arange(80) / 15)).astype(int)  # 5.7 Hz
    heard.note[np.arange(10, 90), C4 + around] = 0.6
    heard.note[10:90, C4] = np.maximum(heard.note[10:90, C4], 0.3)
    heard.note[90:110, C4 + 2] = 0.7
    notes = follow_voice(heard)
    assert notes[:, 2].tolist() == [C4, C4 + 2]
    assert np.abs(notes[:, :2] - [[10, 90], [90, 110]]).max() <= 2


def test_a_voice_may_repeat_a_pitch() -> None:
    heard = silent(80)
    add(heard, C4, 10, 36)
    add(heard, C4, 40, 70)
    heard.note[33:40, C4] = 0.1
    notes = follow_voice(heard)
    assert notes[:, 2].tolist() == [C4, C4]
    assert notes[:, 0].tolist() == [10, 40]


def melody(tempo: float, at: float) -> np.ndarray:
    """Four bars that begin at `at` seconds: bass notes of a bar, quarters and eighths above."""
    beat = 60 / tempo
    made = []
    for bar in range(4):
        made.append((at + 4 * bar * beat, at + (4 * bar + 4) * beat, 40))
        for eighth in (0, 2, 3, 4, 6):
            start = at + (4 * bar + eighth / 2) * beat
            made.append((start, start + beat / 2, 67 + eighth))
    return rows(*made)


@pytest.mark.parametrize(("tempo", "at"), [(120, 0.5), (93.5, 1.7)])
def test_tempo_and_bar_lines_are_found(tempo: float, at: float) -> None:
    beats = find_beats(melody(tempo, at))
    assert beats.tempo == pytest.approx(tempo, rel=1e-3)
    assert beats.times[0] == pytest.approx(at, abs=0.005)
    assert beats.confidence > 0.95


def test_beats_follow_playing_that_slows_down() -> None:
    true = np.cumsum(np.linspace(0.45, 0.55, 33))
    beats = find_beats(rows(*((at, at + 0.3, 60) for at in true)))
    distance = np.abs(beats.times[:, None] - true).min(axis=0)
    assert float(distance.max()) < 0.03


def test_a_tempo_that_is_given_is_kept() -> None:
    beats = find_beats(melody(120, 0.5), tempo=60)
    assert beats.tempo == pytest.approx(60)
    assert np.ptp(np.diff(beats.times)) < 1e-9


def test_bar_lines_are_moved() -> None:
    beats = Beats(np.arange(2.0, 12.0), 1.0)
    assert shifted(beats, 1).times[:2].tolist() == [-1.0, 0.0]
    assert shifted(beats, -1).times[:2].tolist() == [1.0, 2.0]
    assert shifted(beats, 4).times[0] == 2.0


def heard_of(notes: np.ndarray, beats: np.ndarray, *, one_voice: bool) -> Heard:
    return Heard(notes, Beats(beats, 1.0), 0.9, one_voice=one_voice, seconds=9.0)


@pytest.mark.parametrize(
    ("one_voice", "name", "program"), [(True, "MELODY", 73), (False, "PIANO", 0)]
)
def test_what_was_heard_is_written_as_midi(one_voice: bool, name: str, program: int) -> None:
    notes = rows((1.0, 1.5, 60), (1.25, 3.0, 64), (2.0, 2.2, 60))
    song = read_smf(heard_as_midi(heard_of(notes, np.arange(1.0, 4.0, 0.5), one_voice=one_voice)))
    (instrument,) = song.instruments
    assert (instrument.name, instrument.program) == (name, program)
    assert song.tempos == ((0, 500_000),)
    assert sorted(instrument.notes.tolist()) == [[0, 480, 60], [240, 1920, 64], [960, 1152, 60]]


def test_uneven_beats_are_a_map_of_tempi() -> None:
    notes = rows((1.0, 1.5, 60), (1.6, 2.3, 62), (2.4, 2.9, 64))
    song = read_smf(heard_as_midi(heard_of(notes, np.array([1.0, 1.6, 2.4, 3.0]), one_voice=True)))
    (instrument,) = song.instruments
    assert instrument.notes[:, 0].tolist() == [0, 480, 960]
    assert seconds_of(instrument.notes[:, 0], song) == pytest.approx(notes[:, 0] - 1.0)


def test_beats_are_corrected() -> None:
    heard = heard_of(melody(120, 0.5), np.arange(0.5, 9.0, 0.5), one_voice=False)
    assert corrected(heard, tempo=60).tempo == pytest.approx(60)
    assert corrected(heard, shift=-1).first_beat == 0.0
    tapped = corrected(heard, tempo=100, first_beat=5.5)
    assert tapped.first_beat == pytest.approx(5.5 - 3 * 2.4)  # three bars; the first note is at 0.5
    assert tapped.tempo == pytest.approx(100)
    assert corrected(heard, first_beat=0.5).beats.times[:9] == pytest.approx(heard.beats.times[:9])
    with pytest.raises(AudioError, match="between 20 and 300"):
        corrected(heard, tempo=1000)


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_sound_files_are_read(kind: str, tmp_path: Path) -> None:
    stereo = np.stack([tone(), np.zeros(RATE)], axis=1)
    data = wave(stereo, kind=kind)
    (tmp_path / "a.raw").write_bytes(data)  # the name does not count
    for source in (data, tmp_path / "a.raw"):
        samples, rate = read_audio(source)
        assert (samples.dtype, rate) == (np.float32, RATE)
        middle = slice(RATE // 4, RATE // 2)
        assert np.abs(samples[middle] - tone()[middle] / 2).max() < 0.02 or kind == "MP3"
        assert len(samples) == pytest.approx(RATE, abs=2500)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (lambda: b"", "is empty"),
        (lambda: b"MThd" + bytes(40), "a MIDI file"),
        (lambda: b"no sound at all " * 9, "no sound that can be read"),
        (lambda: wave(tone())[:30], "no sound that can be read"),
        (lambda: wave(np.zeros(RATE)), "silent"),
        (lambda: wave(np.full(RATE, 0.4)), "silent"),
        (lambda: wave(tone(0.1)), "too short"),
        (lambda: wave(np.zeros(8000 * 601, np.int16), 8000), "longer than 10 minutes"),
        (lambda: b"....ftypM4A " + bytes(40), "need ffmpeg"),
    ],
)
def test_what_cannot_be_used_is_refused(
    data: Callable[[], bytes], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading.shutil, "which", lambda _: None)
    with pytest.raises(AudioError, match=said):
        read_audio(data())


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_damaged_files_are_read_or_refused(kind: str) -> None:
    random = np.random.default_rng(5)
    whole = wave(tone(), kind=kind)
    for _ in range(20):
        data = bytearray(whole)
        for at in random.integers(0, 120, 6).tolist():
            data[at] = int(random.integers(256))
        with suppress(AudioError):
            assert np.isfinite(read_audio(bytes(data))[0]).all()


def test_too_large_a_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.wav"
    with path.open("wb") as file:
        file.truncate(reading.MOST_BYTES + 1)
    with pytest.raises(AudioError, match="larger than 256 MiB"):
        read_audio(path)


def test_other_kinds_go_through_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program in its place: it gets the kind and the data, and writes what it is asked for."""
    (tmp_path / "answer.wav").write_bytes(wave(tone()))
    program = tmp_path / "ffmpeg"
    program.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nfor last; do :; done\n'
        f'cp {tmp_path}/answer.wav "$last"\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr(reading.shutil, "which", lambda _: str(program))
    samples, _ = read_audio(b"....ftypM4A " + bytes(40))
    assert len(samples) == RATE
    assert "-f mov -i " in (tmp_path / "asked").read_text()
    program.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(AudioError, match="finds no sound"):
        read_audio(b"\x1aE\xdf\xa3" + bytes(40))


def rendered(notes: np.ndarray, program: int) -> bytes:
    midi = pretty_midi.PrettyMIDI()
    instrument = pretty_midi.Instrument(program)
    instrument.notes = [pretty_midi.Note(int(v), int(p), s, e) for s, e, p, v in notes]
    midi.instruments.append(instrument)
    return wave(mix(render_stems(midi, rate=RATE), rate=RATE).samples)


needs_fluidsynth = pytest.mark.skipif(
    not fluidsynth_status().available, reason="FluidSynth is not installed"
)


@needs_fluidsynth
@pytest.mark.parametrize(
    ("notes", "program", "one_voice"),
    [
        (melody(110, 0.4)[:12], 0, False),
        (
            rows(*((0.3 + k / 2, 0.7 + k / 2, p) for k, p in enumerate([60, 64, 62, 67, 65]))),
            73,
            True,
        ),
    ],
    ids=["piano", "flute"],
)
def test_known_notes_are_heard(notes: np.ndarray, program: int, one_voice: bool) -> None:
    heard, midi = hear_file(rendered(notes, program))
    assert heard.one_voice is one_voice
    near = np.abs(heard.notes[:, None, 0] - notes[:, 0]) <= 0.05
    right = near & (heard.notes[:, None, 2] == notes[:, 2])
    hits = min(int(right.any(axis=0).sum()), int(right.any(axis=1).sum()))
    assert 2 * hits / (len(notes) + len(heard.notes)) >= 0.9
    (instrument,) = read_smf(midi).instruments
    assert len(instrument.notes) == len(heard.notes)


@needs_fluidsynth
def test_louder_notes_have_higher_velocities() -> None:
    notes = rows(*((0.2 + k / 2, 0.6 + k / 2, 60 + k) for k in range(6)))
    notes[:, 3] = [40, 100, 60, 110, 50, 90]
    heard, _ = hear_file(rendered(notes, 0))
    struck = heard.notes[:, 3]
    assert len(struck) == 6
    assert np.argsort(struck).tolist() == np.argsort(notes[:, 3]).tolist()


def test_noise_has_no_notes() -> None:
    noise = np.random.default_rng(0).standard_normal(4 * RATE).astype(np.float32) / 10
    with pytest.raises(AudioError, match="No notes are heard"):
        transcribe(noise, RATE)


def test_listening_can_be_stopped() -> None:
    def stop(done: int, total: int) -> None:
        raise InterruptedError(f"{done} of {total}")

    with pytest.raises(InterruptedError, match="0 of 2"):
        transcribe(tone(2.0).astype(np.float32), RATE, progress=stop)


def test_the_command_writes_midi(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a tone.wav"
    path.write_bytes(wave(tone(2.0)))
    assert command.main([str(path), "--voices", "one", "--tempo", "90"]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{tmp_path / 'a tone.mid'}\n"
    assert "notes of one voice in 2.0 s; tempo 90.0" in captured.err
    song = read_smf(tmp_path / "a tone.mid")
    assert 69 in song.instruments[0].notes[:, 2]
    path.write_bytes(b"")
    assert command.main([str(path)]) == 2
    assert "is empty" in capsys.readouterr().err
