"""Stems, mixing, levels, encoders and soundfonts, heard by their figures."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pretty_midi
import pytest
import soundfile
import tiny
from conftest import instrument, midi
from numpy.typing import NDArray

from gan.audio import fluid, soundfonts
from gan.audio import render as audio
from gan.audio.limiter import limiting_gain
from gan.audio.loudness import loudness
from gan.audio.play import mixdown, play, separate
from gan.audio.render import Sound, balanced, levelling_gain, mix, render_stems
from gan.audio.soundfonts import SoundFont, choose_soundfont, find_soundfonts, read_soundfont
from gan.audio.tones import render_tones
from gan.errors import AudioError
from gan.music.performance import Performance
from gan.music.rolls import roll_from_notes

needs_fluidsynth = pytest.mark.skipif(
    not audio.fluidsynth_status().available, reason=audio.fluidsynth_status().message
)
RATE = 22050  # half the usual, to render in half the time


@pytest.fixture
def no_fluidsynth(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise AudioError(f"FluidSynth is not installed: {fluid.install_hint()}")

    monkeypatch.setattr(fluid, "load_library", absent)


def peak_hertz(samples: NDArray[np.float32], rate: int) -> float:
    """Frequency of the strongest bin of the left channel."""
    spectrum = np.abs(np.fft.rfft(samples[:, 0] * np.hanning(len(samples))))
    return float(np.fft.rfftfreq(len(samples), 1 / rate)[spectrum.argmax()])


def tone(hertz: float, *, rate: int, seconds: float, level: float = 1.0) -> NDArray[np.float32]:
    wave = level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


# Stems


@needs_fluidsynth
def test_stems_are_bit_exact_and_of_the_length_asked_for(band: pretty_midi.PrettyMIDI) -> None:
    first = render_stems(band, rate=RATE, seconds=2.0)
    again = render_stems(band, rate=RATE, seconds=2.0)
    assert first.shape == (4, 2 * RATE, 2) and first.dtype == np.float32
    assert np.array_equal(first, again)
    assert (np.abs(first).max(axis=(1, 2)) > 1e-3).all(), "each instrument is heard"


@needs_fluidsynth
def test_a_stem_depends_on_its_own_instrument_only(band: pretty_midi.PrettyMIDI) -> None:
    whole = render_stems(band, rate=RATE, seconds=1.0)
    band.instruments[0].notes.clear()
    muted = render_stems(band, rate=RATE, seconds=1.0)
    assert not muted[0].any()
    assert np.array_equal(muted[1:], whole[1:])


@needs_fluidsynth
def test_a4_is_440_hertz_and_drums_are_not_a_piano() -> None:
    a4 = [(0.0, 1.0, 69)]
    flute, drums = render_stems(
        midi(instrument(a4, program=73), instrument(a4, is_drum=True)), rate=RATE, seconds=1.0
    )
    assert peak_hertz(flute, RATE) == pytest.approx(440, abs=3)
    assert peak_hertz(drums, RATE) != pytest.approx(440, abs=3)


@needs_fluidsynth
def test_notes_start_within_a_block_of_their_time() -> None:
    start = 0.5037
    stem = render_stems(midi(instrument([(start, 0.8, 76)], is_drum=True)), rate=44100, seconds=1.0)
    first = np.flatnonzero(np.abs(stem[0]).max(axis=1) > 1e-4)[0] / 44100
    assert abs(first - start) < 64 / 44100 + 0.001  # a block, and the sample's own attack


@needs_fluidsynth
def test_the_tail_of_a_loop_comes_in_at_its_start() -> None:
    late = midi(instrument([(0.9, 1.0, 60)], program=48))  # strings: a long release
    plain = render_stems(late, rate=RATE, seconds=1.0)[0]
    loop = render_stems(late, rate=RATE, seconds=1.0, wrap_tail=True)[0]
    assert loop.shape == plain.shape
    assert np.abs(plain[: RATE // 2]).max() < 1e-6
    assert np.abs(loop[:1000]).max() > 1e-3
    seam = np.abs(loop[0] - loop[-1]).max()
    assert seam < 4 * np.abs(np.diff(loop, axis=0)).max(), "no step at the seam"


@needs_fluidsynth
def test_without_a_length_the_sound_dies_away() -> None:
    stem = render_stems(midi(instrument([(0.0, 0.5, 60)], program=48)), rate=RATE)[0]
    assert 0.5 < len(stem) / RATE <= 0.5 + audio.TAIL
    assert np.abs(stem[-100:]).max() < 1e-3 * np.abs(stem).max()


@needs_fluidsynth
def test_pitch_bend_and_volume_are_heard() -> None:
    bent = instrument([(0.0, 1.0, 69)], program=73)
    bent.pitch_bends.append(pretty_midi.PitchBend(8191, 0.0))  # two semitones up
    soft = instrument([(0.0, 1.0, 69)], program=73)
    soft.control_changes.append(pretty_midi.ControlChange(7, 20, 0.0))
    plain = instrument([(0.0, 1.0, 69)], program=73)
    up, quiet, loud = render_stems(midi(bent, soft, plain), rate=RATE, seconds=1.0)
    assert peak_hertz(up, RATE) == pytest.approx(493.9, abs=4)
    assert np.abs(quiet).max() < 0.5 * np.abs(loud).max()


@needs_fluidsynth
def test_a_note_shorter_than_a_block_does_not_hang() -> None:
    stem = render_stems(midi(instrument([(0.0, 0.0001, 60)], program=19)), rate=RATE, seconds=3.0)
    assert np.abs(stem[0, -RATE // 2 :]).max() < 1e-3


def test_synthesizers_are_made_one_at_a_time() -> None:
    # Two at once corrupt the tables that the library fills at its first one.
    inside, most = 0, 0

    class Slow:
        def __init__(self, **options: object) -> None:
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            time.sleep(0.01)
            inside -= 1

    library = SimpleNamespace(Synth=Slow)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: fluid._open(library, RATE), range(8)))  # type: ignore[arg-type]
    assert most == 1


def test_empty_music_gives_no_stems() -> None:
    assert render_stems(midi(), rate=RATE, seconds=0.5).shape == (0, RATE // 2, 2)
    silent = render_stems(midi(instrument([])), rate=RATE, seconds=0.5)
    assert silent.shape == (1, RATE // 2, 2) and not silent.any()
    assert render_stems(midi(instrument([])), rate=RATE).shape == (1, 0, 2)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_a_senseless_length_is_refused(seconds: float) -> None:
    with pytest.raises(AudioError, match="cannot be rendered"):
        render_stems(midi(), seconds=seconds)


def test_a_loop_without_a_length_is_refused() -> None:
    with pytest.raises(AudioError, match="length"):
        render_stems(midi(), wrap_tail=True)


# Built-in tones


def test_without_fluidsynth_there_are_tones(
    no_fluidsynth: None, band: pretty_midi.PrettyMIDI
) -> None:
    status = audio.fluidsynth_status()
    assert not status.available and "install" in status.message
    stems = render_stems(band, rate=RATE, seconds=2.0, wrap_tail=True)
    assert stems.shape == (4, 2 * RATE, 2)
    assert (np.abs(stems).max(axis=(1, 2)) > 1e-3).all()
    assert np.array_equal(stems, render_stems(band, rate=RATE, seconds=2.0, wrap_tail=True))


def test_tones_have_the_pitch_asked_for() -> None:
    a4 = render_tones(instrument([(0.0, 1.0, 69)]), rate=RATE, frames=RATE)
    assert peak_hertz(a4, RATE) == pytest.approx(440, abs=2)


def test_the_wrong_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fluidsynth", object())
    status = audio.fluidsynth_status()
    assert not status.available and "pip uninstall fluidsynth" in status.message


# Levels and mixing


def test_loudness_of_a_full_scale_tone() -> None:
    # BS.1770-4: a 997 Hz sine at 0 dBFS in one channel is -3.01 LUFS, in both 0.0.
    wave = tone(997, rate=48000, seconds=3)
    assert loudness(wave, rate=48000) == pytest.approx(0.0, abs=0.1)
    wave[:, 1] = 0
    assert loudness(wave, rate=48000) == pytest.approx(-3.01, abs=0.1)


def test_pauses_do_not_count_as_loudness() -> None:
    wave = tone(997, rate=RATE, seconds=4)
    padded = np.concatenate([wave, np.zeros_like(wave)])
    assert loudness(padded, rate=RATE) == pytest.approx(loudness(wave, rate=RATE), abs=0.6)
    assert loudness(np.zeros_like(wave), rate=RATE) == float("-inf")


@pytest.mark.parametrize("level", [0.001, 0.1, 0.9])
def test_every_level_comes_out_the_same(level: float) -> None:
    stems = tone(500, rate=RATE, seconds=2, level=level)[None]
    sound = mix(stems, [1.0], rate=RATE)
    assert loudness(sound.samples, rate=RATE) == pytest.approx(audio.TARGET_LUFS, abs=0.2)


def test_what_is_all_peaks_is_limited_by_six_decibels_at_most() -> None:
    clicks = np.zeros((1, RATE, 2), np.float32)
    clicks[:, ::5000] = 0.5
    assert levelling_gain(clicks, rate=RATE) * 0.5 == pytest.approx(
        audio.CEILING * 1.9953, rel=1e-4
    )


def test_a_mix_never_clips() -> None:
    clicks = np.zeros((3, RATE, 2), np.float32)
    clicks[:, ::5000] = 1.0  # all peak, hardly any loudness
    for gains in ([1.0, 1.0, 1.0], [9.0, 9.0, 0.0]):
        assert np.abs(mix(clicks, gains, rate=RATE).samples).max() <= audio.CEILING + 1e-6


def test_muting_one_stem_leaves_the_others_as_loud() -> None:
    stems = np.stack([tone(f, rate=RATE, seconds=1, level=0.1) for f in (300, 500, 900)])
    gain = levelling_gain(stems, rate=RATE)
    sound = mix(stems, [0, 1, 0], rate=RATE)
    assert np.allclose(sound.samples, stems[1] * gain, atol=1e-6)
    assert np.array_equal(mix(stems, [0, 1, 0], rate=RATE, level=gain).samples, sound.samples)


def test_silence_and_no_stems_mix_to_silence() -> None:
    assert not mix(np.zeros((2, 100, 2), np.float32), rate=RATE).samples.any()
    assert mix(np.zeros((0, 100, 2), np.float32), rate=RATE).samples.shape == (100, 2)
    assert mix(np.zeros((1, 0, 2), np.float32), rate=RATE).samples.shape == (0, 2)


@pytest.mark.parametrize("gains", [[1.0], [1.0, float("nan")]])
def test_gains_are_checked(gains: list[float]) -> None:
    with pytest.raises(AudioError, match="gain"):
        mix(np.zeros((2, 10, 2), np.float32), gains)


def test_stems_are_limited_together() -> None:
    stems = np.stack([tone(f, rate=RATE, seconds=1, level=0.9) for f in (300, 500)])
    parts = balanced(stems, [1.0, 0.5], rate=RATE, level=1.0)
    total = mix(stems, [1.0, 0.5], rate=RATE, level=1.0).samples
    assert np.abs(total).max() <= audio.CEILING
    assert np.allclose(parts.sum(axis=0), total, atol=1e-6)
    # One gain for both: what each is of the sum has not changed.
    assert np.allclose(parts[0] * stems[1], parts[1] * stems[0] * 2, atol=1e-4)


# The limiter


def held(samples: NDArray[np.float32], rate: int = 44100) -> NDArray[np.float32]:
    return samples * limiting_gain(samples, ceiling=0.5, rate=rate)


def test_quiet_sound_passes_unchanged() -> None:
    quiet = tone(200, rate=RATE, seconds=0.2, level=0.5)
    assert np.array_equal(held(quiet), quiet)
    assert limiting_gain(np.zeros((0, 2), np.float32), ceiling=0.5, rate=RATE).shape == (0, 1)


@pytest.mark.parametrize("hertz", [30, 55, 440, 5000])
def test_a_loud_tone_is_turned_down_and_stays_a_tone(hertz: float) -> None:
    loud = tone(hertz, rate=44100, seconds=1, level=1.0)
    out = held(loud)
    assert np.abs(out).max() <= 0.5 + 1e-6
    # Steady after the first period: the same sine at half its height.
    assert np.allclose(out[4410:-4410], loud[4410:-4410] * 0.5, atol=2e-3)


def test_a_peak_is_seen_before_it_comes_and_forgotten_after() -> None:
    sound = np.full((88200, 2), 0.1, np.float32)
    sound[44100] = 1.0
    gain = limiting_gain(sound, ceiling=0.5, rate=44100)[:, 0]
    assert gain[44100] == pytest.approx(0.5, abs=1e-6)
    assert np.abs(np.diff(gain)).max() < 0.005, "no step that would click"
    assert (gain[: 44100 - 441] == 1).all() and (gain[44100 + 11025 :] == 1).all()
    assert gain[44100 + 1000] == pytest.approx(0.5, abs=1e-6), "it is held for 25 ms"


@pytest.mark.parametrize("seed", range(3))
def test_no_sound_whatever_comes_over_the_ceiling(seed: int) -> None:
    rng = np.random.default_rng(seed)
    noise = (rng.standard_normal((20000, 2)) * np.exp(rng.normal(0, 2, (20000, 1)))).astype("f4")
    assert np.abs(held(noise)).max() <= 0.5 + 1e-5


# From a roll


def phrase() -> NDArray[np.uint8]:
    lead = [(0, 4, 60), (16, 24, 64)]
    chords = [(0, 8, 52), (0, 8, 55), (16, 28, 53), (16, 20, 57)]
    kit = [(4 * k, 4 * k + 1, 50) for k in range(8)]
    rows = [np.array(each, np.int32) for each in (lead, chords, kit)]
    return roll_from_notes(rows, tiny.SPEC)


@needs_fluidsynth
def test_a_window_sounds_as_it_does_in_the_whole_phrase() -> None:
    silent = phrase()
    silent[:, :16] = 0  # so that no release of before is missing in the window
    how = Performance(tempo=97)
    whole, window = play(silent, tiny.SPEC, how), play(silent, tiny.SPEC, how, 16, 24)
    assert (window.start, window.end) == (16, 24)
    first = round(16 * whole.step_seconds * whole.rate)
    length = int(7 * whole.step_seconds * whole.rate)
    # Alike, not equal: the reverb moves with the time since the synthesizer was made.
    for one, other in zip(whole.samples, window.samples, strict=True):
        part, again = one[first : first + length], other[:length]
        assert np.corrcoef(part.ravel(), again.ravel())[0, 1] > 0.99
        assert np.abs(again).max() == pytest.approx(np.abs(part).max(), rel=0.1)


@needs_fluidsynth
def test_the_player_is_about_as_loud_as_a_file_and_does_not_clip() -> None:
    stems = play(phrase(), tiny.SPEC, Performance()).samples
    total = stems.sum(axis=0)
    assert np.abs(total).max() <= audio.CEILING + 1e-6
    assert loudness(total, rate=audio.RATE) == pytest.approx(audio.TARGET_LUFS, abs=4)


@needs_fluidsynth
def test_a_mixdown_is_loud_and_as_long_as_its_bars() -> None:
    sound = mixdown(phrase(), tiny.SPEC, Performance())
    assert loudness(sound.samples, rate=sound.rate) == pytest.approx(audio.TARGET_LUFS, abs=0.5)
    assert 4.0 <= sound.seconds < 4.0 + audio.TAIL
    silence = mixdown(np.zeros(tiny.SPEC.shape, np.uint8), tiny.SPEC, Performance(tempo=240))
    assert silence.seconds == 2.0 and not silence.samples.any()


@needs_fluidsynth
def test_mutes_and_gains_leave_the_other_tracks_as_they_are() -> None:
    how = Performance(tempo=240)
    full = separate(phrase(), tiny.SPEC, how, [0.25, 0.25, 0.25])
    part = separate(phrase(), tiny.SPEC, how, [0.25, 0.125, 0.0])
    assert list(full) == ["LEAD", "CHORDS", "KIT"] and list(part) == ["LEAD", "CHORDS"]
    assert np.array_equal(full["LEAD"].samples, part["LEAD"].samples)
    assert np.allclose(full["CHORDS"].samples, 2 * part["CHORDS"].samples, atol=1e-6)
    whole = mixdown(phrase(), tiny.SPEC, how, [0.25, 0.125, 0.0])
    assert np.allclose(sum(each.samples for each in part.values()), whole.samples, atol=1e-6)
    muted = mixdown(phrase(), tiny.SPEC, how, [0.0, 0.0, 0.0])
    assert not muted.samples.any() and muted.seconds >= 2.0


@needs_fluidsynth
def test_nothing_but_answers_stands_on_the_terminal(tmp_path: Path) -> None:
    # A soundfont that is none, a channel that is none: what the library would remark upon.
    code = f"""
import pretty_midi
from gan.audio import fluid, render
from gan.errors import AudioError
midi = pretty_midi.PrettyMIDI()
midi.instruments.append(pretty_midi.Instrument(0))
midi.instruments[0].notes.append(pretty_midi.Note(90, 60, 0.0, 0.1))
library = fluid.load_library()
synth = fluid._open(library, 22050)
assert synth.sfload("/no/such/file") < 0
synth.delete()
render.render_stems(midi, rate=22050, seconds=0.2)
render.render_with_midi2audio(midi, {str(tmp_path / "a.wav")!r}, rate=22050)
"""
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120,
        env={**os.environ, "CI": ""},  # pyfluidsynth greets where it is set
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "a.wav").stat().st_size > 1000


# Files


@pytest.mark.parametrize("encode", [audio.encode_wav, audio.encode_flac])
def test_files_decode_to_the_same_samples(encode: Callable[[Sound], bytes]) -> None:
    sound = Sound(tone(440, rate=RATE, seconds=0.3, level=0.8), RATE)
    samples, rate = soundfile.read(io.BytesIO(encode(sound)), dtype="float32")
    assert rate == RATE and samples.shape == sound.samples.shape
    assert np.abs(samples - sound.samples).max() < 2 / 32768
    assert encode(sound) == encode(sound)


@needs_fluidsynth
@pytest.mark.parametrize("works", [True, False], ids=["midi2audio", "options first"])
def test_export_with_midi2audio(
    works: bool, tmp_path: Path, band: pretty_midi.PrettyMIDI, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not works:
        monkeypatch.setattr(audio, "_accepts_files_first", lambda: False)
    path = audio.render_with_midi2audio(band, tmp_path / "new" / "band.wav", rate=RATE)
    samples, rate = soundfile.read(path, dtype="float32")
    assert path.is_absolute() and rate == RATE
    assert 2.0 < len(samples) / rate < 8.0
    assert loudness(samples, rate=rate) == pytest.approx(audio.TARGET_LUFS, abs=3)


def test_export_without_the_program_says_what_to_install(
    tmp_path: Path, band: pretty_midi.PrettyMIDI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AudioError, match="install"):
        audio.render_with_midi2audio(band, tmp_path / "band.wav")
    assert not (tmp_path / "band.wav").exists()


# Soundfonts


def small_soundfont(path: Path, presets: list[tuple[int, int]]) -> Path:
    """A RIFF file with nothing but a list of `(bank, program)`."""
    rows = [*presets, (0, 0)]  # the last one marks the end
    headers = b"".join(struct.pack("<20sHHHIII", b"x", p, b, 0, 0, 0, 0) for b, p in rows)
    samples = b"LIST" + struct.pack("<I", 4 + 8 + 3 + 1) + b"sdta" + b"smpl\x03\0\0\0abc\0"
    lists = b"LIST" + struct.pack("<I", 12 + len(headers)) + b"pdta"
    body = b"sfbk" + samples + lists + b"phdr" + struct.pack("<I", len(headers)) + headers
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def test_a_general_midi_set_is_told_from_a_piano(tmp_path: Path) -> None:
    general = [(0, program) for program in range(128)]
    small_soundfont(tmp_path / "piano.sf2", [(0, 0)])
    small_soundfont(tmp_path / "nodrums.sf2", general)
    small_soundfont(tmp_path / "whole.sf2", [*general, (128, 0)])
    (tmp_path / "broken.sf2").write_bytes(b"RIFFxxxxsfbk")
    (tmp_path / "text.sf3").write_text("no soundfont")
    fonts = find_soundfonts([tmp_path, tmp_path / "missing"])
    assert [(font.name, font.general_midi) for font in fonts] == [
        ("whole", True),
        ("nodrums", False),
        ("piano", False),
    ]


def test_the_packaged_soundfont_is_always_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gan.audio.soundfonts.soundfont_folders", list)
    (font,) = find_soundfonts()
    assert font.name == "TimGM6mb" and font.general_midi


def test_a_soundfont_is_chosen_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundfonts, "soundfont_folders", lambda: [tmp_path])
    small_soundfont(tmp_path / "Piano One.sf2", [(0, 0)])
    assert choose_soundfont("Piano One").path == tmp_path / "Piano One.sf2"
    assert choose_soundfont().name == choose_soundfont("../elsewhere").name == "TimGM6mb"
    monkeypatch.setattr(soundfonts, "_packaged", list)
    (tmp_path / "Piano One.sf2").unlink()
    with pytest.raises(AudioError, match="No soundfont was found"):
        choose_soundfont()


def test_files_are_read_again_only_when_they_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    presets = soundfonts._presets
    monkeypatch.setattr(
        soundfonts, "_presets", lambda file, size: read.append(size) or presets(file, size)
    )
    small_soundfont(tmp_path / "a.sf2", [(0, 0)])
    (tmp_path / "half.sf2").write_bytes(b"RIFF")
    for _ in range(3):
        assert [font.name for font in find_soundfonts([tmp_path])] == ["a"]
    assert len(read) == 2
    small_soundfont(tmp_path / "half.sf2", [(0, 0), (0, 1)])  # Its copying has ended.
    assert [font.name for font in find_soundfonts([tmp_path])] == ["half", "a"]
    assert len(read) == 3


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\4\0\0\0sfbk", b"x" * 100])
def test_a_file_that_is_no_soundfont_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.sf2"
    path.write_bytes(content)
    with pytest.raises(AudioError, match="soundfont"):
        read_soundfont(path)
    with pytest.raises(AudioError, match="soundfont"):
        read_soundfont(tmp_path / "missing.sf2")


@needs_fluidsynth
def test_a_soundfont_that_fluidsynth_refuses_is_named(tmp_path: Path) -> None:
    path = small_soundfont(tmp_path / "hollow.sf2", [(0, 0)])
    font = SoundFont(path, general_midi=False, size=path.stat().st_size)
    with pytest.raises(AudioError, match=r"hollow\.sf2"):
        render_stems(midi(instrument([(0, 1, 60)])), soundfont=font, rate=RATE, seconds=0.1)
