"""A user's own piece on the grid of a generator: which notes, which bars, which key.

`arrange` is to a user's file what `gan.data.midi_files` is to a folder, and uses the same parts,
so that a file that training would take gives the same phrases. It goes further where training
refuses: beats are estimated for a free performance, other meters are counted in the generator's
bars, and the user may choose. Every note that is read is taken, or counted as dropped by a reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gan.data.own_bars import Bars, bars_of, inside_phrases, meters_of
from gan.data.own_file import Own, read_own
from gan.data.own_notes import OnGrid, notes_on_grid, out_of_range
from gan.data.own_plain import Choices, Found, Rounding, Understood
from gan.data.own_time import Timing, seconds_at, tempo_between, tempo_map, timing_of, usual_tempo
from gan.data.own_tracks import LEFT_OUT, Placed, labels, place_all
from gan.data.phrases import KeySpan, Phrases, Song, cut_phrases, key_at, key_spans, phrase_bits
from gan.errors import MidiError
from gan.music.keys import Key, KeyChoice, shift_to_c
from gan.music.rolls import Roll, roll_from_notes, unpack
from gan.spec import RollSpec


@dataclass(frozen=True, eq=False)
class Arranged:
    """A piece on the grid of a generator.

    `keys` are in order of time, and `key` is what the user chose; `programs` has each track's
    General MIDI program in the file, None where nothing plays it. `off` holds the steps of onsets
    that were moved far.
    """

    spec: RollSpec
    song: Song
    bars: Bars
    timing: Timing
    keys: tuple[KeySpan, ...]
    key: KeyChoice
    tempo: float | None
    programs: tuple[int | None, ...]
    off: npt.NDArray[np.int64]
    understood: Understood


@dataclass(frozen=True, eq=False)
class Excerpt:
    """The bars of one phrase: `roll` in the generator's key, and how the piece plays it.

    `transpose` takes the roll back to the piece's key. `ringing` notes began before the first
    bar and are left out; `off` onsets were moved far to the grid.
    """

    roll: Roll
    bar: int
    transpose: int
    tempo: float
    minor: bool
    ringing: int
    off: int


def arrange(own: Own, spec: RollSpec, choices: Choices | None = None) -> Arranged:
    """The piece on the generator's grid; `MidiError` says in a sentence why it cannot be."""
    chosen = choices or Choices()
    said = dict(chosen.places)
    placed = [
        Placed(said[index], "You chose this.") if index in said else one
        for index, one in enumerate(place_all(own.song.instruments, spec))
    ]
    if all(one.place == LEFT_OUT for one in placed):
        raise MidiError(_nothing_left(own, spec, by_choice=bool(said)))
    timing = timing_of(own, spec, chosen)
    notes = notes_on_grid(own, [one.place for one in placed], spec, timing)
    metred = timing.beats is None and not own.song.timed
    bars = bars_of(own, notes.tracks, spec, chosen, metred=metred)
    song = Song(own.name, notes.tracks, bars.lines, unreleased=own.song.unreleased)
    spans, sure = key_spans(song, spec, chosen.key)
    understood = _understood(own, spec, notes, bars, timing, placed)
    understood = replace(
        understood,
        tempo=chosen.tempo or understood.tempo,
        key=None if isinstance(chosen.key, int) else _main_key(spans),
        sure=sure,
        keys=len({span.key for span in spans}),
        moved=out_of_range(notes.tracks, spec, spans, chosen.key),
    )
    return Arranged(
        spec=spec,
        song=song,
        bars=bars,
        timing=timing,
        keys=spans,
        key=chosen.key,
        tempo=chosen.tempo,
        programs=notes.programs,
        off=notes.off,
        understood=understood,
    )


def read_phrases(
    path: Path, name: str, hop_bars: int, *, spec: RollSpec, key: KeyChoice = None
) -> Phrases:
    """The phrases of one file in the tracks of a generator, for training that begins with it.

    `MidiError` says why there are none.
    """
    arranged = arrange(read_own(path.read_bytes(), name), spec, Choices(key=key))
    song = replace(arranged.song, tempo=arranged.understood.tempo)
    return cut_phrases(song, spec, hop_bars=hop_bars, key=key)


def excerpt(arranged: Arranged, bar: int) -> Excerpt:
    """The phrase that begins with `bar`, counted from 0; `MidiError` where none can."""
    spec, song = arranged.spec, arranged.song
    if bar not in arranged.bars.starts:
        firsts = ", ".join(str(start + 1) for start in arranged.bars.starts[:8])
        raise MidiError(
            f"No {spec.bars} whole bars begin with bar {bar + 1} of {song.name}: choose another, "
            f"such as {firsts}."
        )
    begin = int(song.bar_starts[bar])
    end = begin + spec.steps
    key = key_at(arranged.keys, begin, end)
    shift = arranged.key if isinstance(arranged.key, int) else shift_to_c(key)
    bits, _ = phrase_bits(song, spec, begins=np.array([begin]), shift=np.array([shift], np.int8))
    ringing = sum(int(((n[:, 0] < begin) & (n[:, 1] > begin)).sum()) for n in song.tracks)
    return Excerpt(
        roll=unpack(bits, spec)[0],
        bar=bar,
        transpose=-shift,
        tempo=arranged.tempo or tempo_between(begin, end, arranged.timing),
        minor=key.minor,
        ringing=ringing,
        off=int(((arranged.off >= begin) & (arranged.off < end)).sum()),
    )


def fullest_bar(arranged: Arranged) -> int:
    """Where to begin: the first phrase in which most tracks play in most bars."""
    onsets = [np.histogram(n[:, 0], arranged.song.bar_starts)[0] for n in arranged.song.tracks]
    playing = np.stack(onsets) > 0
    starts, bars = arranged.bars.starts, arranged.spec.bars
    return starts[int(np.argmax([playing[:, bar : bar + bars].sum() for bar in starts]))]


def whole_roll(arranged: Arranged) -> tuple[Roll, RollSpec]:
    """All of the piece as one roll, as it is in the file's key, with the spec of that length.

    Step 0 is the first bar line. The spec's bars may be of another length than the piece's.
    """
    spec, lines = arranged.spec, arranged.song.bar_starts
    bars = -(-int(lines[-1] - lines[0]) // spec.steps_per_bar)
    tracks = []
    for notes in arranged.song.tracks:
        moved = notes.copy()
        moved[:, :2] -= int(lines[0])
        tracks.append(moved)
    long_spec = replace(spec, bars=bars, pitch_min=0, pitches=128)
    return roll_from_notes(tracks, long_spec), long_spec


def _nothing_left(own: Own, spec: RollSpec, *, by_choice: bool) -> str:
    names = ", ".join(spec.track_names)
    if by_choice:
        return f"All instruments of {own.name} are left out: give one of them a track."
    if all(one.is_drum for one in own.song.instruments):
        return (
            f"{own.name} has drums only, and this generator plays {names}: choose a generator "
            "with drums, or a file with other instruments."
        )
    return f"None of the instruments of {own.name} fits {names}: give one of them a track."


def _understood(
    own: Own, spec: RollSpec, notes: OnGrid, bars: Bars, timing: Timing, placed: Sequence[Placed]
) -> Understood:
    """All but what keys tell."""
    dropped = notes.dropped.copy()
    outside = sum(int((~inside_phrases(n[:, 0], bars)).sum()) for n in notes.tracks)
    dropped["in bars that do not fit"] += outside
    names = labels(own.song.instruments)
    return Understood(
        name=own.name,
        tempo=usual_tempo(bars.lines, timing),
        tempos=tempo_map(bars.lines, timing),
        meters=meters_of(own, notes.tracks, spec),
        instruments=tuple(
            Found(name, one.program, one.is_drum, len(one.notes), place.place, place.why)
            for name, one, place in zip(names, own.song.instruments, placed, strict=True)
        ),
        rounding=_rounding(notes, timing),
        bars=len(bars.lines) - 1,
        fitting=int(bars.inside.sum()),
        read=own.notes,
        taken=sum(len(track) for track in notes.tracks) - outside,
        dropped={reason: count for reason, count in dropped.items() if count},
        shortened=notes.shortened,
        unreleased=own.song.unreleased,
        listened=timing.beats is not None,
        regular=bars.regular,
        timed=own.song.timed,
    )


def _rounding(notes: OnGrid, timing: Timing) -> Rounding:
    if not len(notes.onsets):
        return Rounding()
    exact = seconds_at(notes.onsets + notes.distances, timing)
    milliseconds = 1000 * np.abs(exact - seconds_at(notes.onsets, timing))
    steps = np.abs(notes.distances)
    return Rounding(
        onsets=len(steps),
        mean_steps=float(steps.mean()),
        max_steps=float(steps.max()),
        mean_ms=float(milliseconds.mean()),
        max_ms=float(milliseconds.max()),
        off=len(notes.off),
        triplets=timing.triplets,
    )


def _main_key(spans: Sequence[KeySpan]) -> Key:
    lasting: dict[Key, float] = {}
    for span in spans:
        lasting[span.key] = lasting.get(span.key, 0.0) + span.end - span.start
    return max(lasting, key=lambda key: lasting[key])
