"""Musical measures of rolls: one number a phrase each, NaN where there is nothing to measure.

Per track, named `TRACK.measure`:

* `notes`: notes begun. `note_length`: their mean length in steps.
* `register`: mean MIDI pitch of the notes. `range`: highest minus lowest, in semitones.
* `polyphony`: mean number of notes sounding, over the steps on which the track sounds.
* `qualified`: share of notes of two steps (an eighth) or longer. MuseGAN's bar is three of
  96 steps a bar, half a sixteenth, which on a grid of sixteenths every note would pass.
* `on_beat`: share of notes begun on a beat. `off_sixteenth`: on neither a beat nor its half.
* `chords`: share of the steps on which notes begin where three or more begin.
* `empty_bars`: share of bars in which nothing sounds.
* `pitch_classes`: pitch classes that sound in a bar, mean over the bars that are not empty.
* `repetition`: likeness of two bars, 2 |A and B| / (|A| + |B|) of their onset cells
  (step, pitch), mean over pairs that are not both empty. `rhythm_repetition`: the same of
  the steps on which notes begin, whatever their pitch.

What a track's kind fixes is left out, since it would score full marks for nothing: a
monophonic track's polyphony and chords, a drum track's pitches and lengths. `drum_grid` is
for drums only: the share of notes on the grid of eighths.

Over all pitched tracks: see `gan.music.harmony`; for chorales also `gan.music.voices`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from gan.errors import SpecError
from gan.music.cells import Cells, Values, any_of, pitch_classes, ratio
from gan.music.harmony import harmony
from gan.music.voices import voices
from gan.spec import ONSET, SOUNDING, RollSpec, Track

BLOCK = 512
"""Phrases measured at once: bounds memory, and keeps the arrays near the processor."""


def measure(rolls: npt.NDArray[np.uint8], spec: RollSpec) -> dict[str, Values]:
    """Every measure of rolls uint8 `(n, track, step, pitch, 2)`, float64 `(n,)` each."""
    if rolls.ndim != 5 or rolls.shape[1:] != spec.shape:
        raise SpecError(f"Rolls of shape {rolls.shape} do not fit the spec's {spec.shape}.")
    starts = range(0, max(len(rolls), 1), BLOCK)
    return joined([_measure_block(rolls[k : k + BLOCK], spec) for k in starts])


def measure_blocks(
    block: Callable[[slice], npt.NDArray[np.uint8]], n: int, spec: RollSpec
) -> dict[str, Values]:
    """`measure` of `n` phrases, made a `block` at a time, so that memory stays flat."""
    starts = range(0, max(n, 1), BLOCK)
    return joined([measure(block(slice(k, min(k + BLOCK, n))), spec) for k in starts])


def joined(blocks: Sequence[Mapping[str, Values]]) -> dict[str, Values]:
    """Measures of phrases that were measured block by block, of one block at least."""
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def _measure_block(rolls: npt.NDArray[np.uint8], spec: RollSpec) -> dict[str, Values]:
    sounding, onset = rolls[..., SOUNDING] != 0, rolls[..., ONSET] != 0
    found: dict[str, Values] = {}
    for index, track in enumerate(spec.tracks):
        values = _track_measures(sounding[:, index], onset[:, index], track, spec)
        found |= {f"{track.name}.{name}": value for name, value in values.items()}
    found |= harmony(sounding, onset, spec)
    if spec.scheme == "bach":
        found |= voices(sounding, spec)
    return found


def _track_measures(
    sounding: Cells, onset: Cells, track: Track, spec: RollSpec
) -> dict[str, Values]:
    """The measures of one track; `sounding` and `onset` are `(n, step, pitch)`."""
    begun = onset.sum(axis=2)
    notes = begun.sum(axis=1)
    values = {
        "notes": notes.astype(np.float64),
        "on_beat": ratio(begun[:, _on_grid(spec, spec.steps_per_beat)].sum(axis=1), notes),
        "empty_bars": 1.0 - _in_bars(sounding, spec).any(axis=2).mean(axis=1),
        "repetition": _bar_likeness(_in_bars(onset, spec)),
        "rhythm_repetition": _bar_likeness(_in_bars(begun > 0, spec)),
    }
    half_beat = max(1, spec.steps_per_beat // 2)
    on_eighths = ratio(begun[:, _on_grid(spec, half_beat)].sum(axis=1), notes)
    if track.is_drum:
        return values | {"drum_grid": on_eighths}
    values["off_sixteenth"] = 1.0 - on_eighths
    values |= _pitch_measures(sounding, onset, spec)
    if not track.monophonic:
        sounds = sounding.any(axis=2).sum(axis=1)
        values["polyphony"] = ratio(sounding.sum(axis=(1, 2)), sounds)
        values["chords"] = ratio((begun >= 3).sum(axis=1), (begun > 0).sum(axis=1))
    return values


def _pitch_measures(sounding: Cells, onset: Cells, spec: RollSpec) -> dict[str, Values]:
    notes = onset.sum(axis=(1, 2))
    held = onset[:, :-1] & sounding[:, 1:] & ~onset[:, 1:]
    per_pitch = onset.sum(axis=1)
    used = per_pitch > 0
    some = notes > 0
    highest = spec.pitches - 1 - used[:, ::-1].argmax(axis=1)
    return {
        "note_length": ratio(sounding.sum(axis=(1, 2)), notes),
        "qualified": ratio(held.sum(axis=(1, 2)), notes),
        "register": ratio(per_pitch @ np.arange(spec.pitches), notes) + spec.pitch_min,
        "range": np.where(some, highest - used.argmax(axis=1), np.nan),
        "pitch_classes": _used_pitch_classes(sounding, spec),
    }


def _used_pitch_classes(sounding: Cells, spec: RollSpec) -> Values:
    in_bars = sounding.reshape(len(sounding), spec.bars, spec.steps_per_bar, spec.pitches)
    heard = any_of(in_bars, 2)
    used = pitch_classes(heard, spec).sum(axis=2)
    return ratio(used.sum(axis=1), (used > 0).sum(axis=1))


def _on_grid(spec: RollSpec, every: int) -> Cells:
    return np.asarray(np.arange(spec.steps) % every == 0)


def _in_bars(cells: Cells, spec: RollSpec) -> Cells:
    """`(n, step, ...)` as `(n, bar, cells of a bar)`."""
    in_bar = spec.steps_per_bar * int(np.prod(cells.shape[2:]))
    return cells.reshape(len(cells), spec.bars, in_bar)


def _bar_likeness(bars: Cells) -> Values:
    """Mean likeness of the pairs of bars that are not both empty; `bars` is `(n, bar, cell)`."""
    cells = bars.astype(np.float32)
    shared = cells @ cells.transpose(0, 2, 1)
    size = cells.sum(axis=2)
    first, second = np.triu_indices(bars.shape[1], k=1)
    both = (size[:, first] + size[:, second]).astype(np.float64)
    likeness = np.nan_to_num(ratio(2 * shared[:, first, second], both))
    return ratio(likeness.sum(axis=1), (both > 0).sum(axis=1))
