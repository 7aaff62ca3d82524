"""Rolls: notes to 0/1 arrays and back, decisions from probabilities, packing to bits.

A roll is uint8 0/1 `(track, step, pitch, channel)` (see `gan.spec`). What every roll obeys,
and `is_valid` checks: a cell sounds only if its onset was seen and nothing ended it since;
a monophonic track sounds at most one pitch a step; a drum track sounds on onsets only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gan.errors import SpecError
from gan.music.notes import (
    Groups,
    NoteArray,
    as_notes,
    fold_pitches,
    keep_apart,
    keep_monophonic,
)
from gan.spec import CHANNELS, ONSET, SOUNDING, RollSpec, Track

Roll = npt.NDArray[np.uint8]
Threshold = float | npt.ArrayLike


def roll_from_notes(notes: Sequence[NoteArray], spec: RollSpec) -> Roll:
    """One roll `(track, step, pitch, 2)` from a `NoteArray` a track.

    Monophonic tracks are cut at each next onset (the highest of equal onsets stays),
    pitches outside the range are folded into it by octaves, notes that begin outside the
    grid are dropped and notes that outlast it are cut. Raises `SpecError` when the number
    of tracks differs from the spec's.
    """
    if len(notes) != len(spec.tracks):
        raise SpecError(f"{len(notes)} tracks of notes for a spec of {len(spec.tracks)}.")
    alone = [np.zeros(len(part), dtype=np.int64) for part in notes]
    bits, _ = packed_rolls(list(zip(alone, notes, strict=True)), spec, count=1)
    return np.asarray(unpack(bits, spec)[0])


def packed_rolls(
    tracks: Sequence[tuple[Groups, NoteArray]], spec: RollSpec, *, count: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """`count` rolls at once, packed as by `pack`: uint8 `(count, bytes)`.

    `tracks` holds for each track of the spec its notes, in steps of the roll that they are
    in, and for each note which roll that is. The rules are those of `roll_from_notes`. With
    them comes the number of onsets of each track, `(count, track)`.

    Notes are painted as bits from the start: whole rolls take eight times the memory, and
    reading a folder of music then waits for memory.
    """
    step_bytes = (spec.pitches * CHANNELS + 7) // 8
    rows = np.empty((count, len(spec.tracks), spec.steps, step_bytes), dtype=np.uint8)
    onsets = np.zeros((count, len(spec.tracks)), dtype=np.int64)
    for index, (groups, notes) in enumerate(tracks):
        groups, kept = _playable(groups, notes, track=spec.tracks[index], spec=spec)
        rows[:, index] = _painted(groups, kept, spec, count=count, step_bytes=step_bytes)
        onsets[:, index] = np.bincount(groups, minlength=count)
    if spec.pitches * CHANNELS % 8 == 0:
        return rows.reshape(count, packed_size(spec)), onsets
    cells = np.unpackbits(rows, axis=3, count=spec.pitches * CHANNELS)
    return pack(cells), onsets


def _painted(
    groups: Groups, notes: NoteArray, spec: RollSpec, *, count: int, step_bytes: int
) -> npt.NDArray[np.uint8]:
    """Notes that do not overlap as bits `(count, step, bytes of a step)`."""
    onset, end = notes[:, 0].astype(np.int64), notes[:, 1].astype(np.int64)
    cell = (notes[:, 2].astype(np.int64) - spec.pitch_min) * CHANNELS
    # Starts and ends taken as flips of a cell's state: a note that begins as another of its
    # pitch ends flips twice, to no effect. `at`, since several notes may share a byte.
    flips = np.zeros((spec.steps + 1, count, step_bytes), dtype=np.uint8)
    byte, bit = _place(cell + SOUNDING)
    flat = flips.reshape(-1)
    np.bitwise_xor.at(flat, (onset * count + groups) * step_bytes + byte, bit)
    np.bitwise_xor.at(flat, (end * count + groups) * step_bytes + byte, bit)
    # Step by step, each over all rolls: faster than a cumulative sum along steps.
    for step in range(1, spec.steps):
        flips[step] ^= flips[step - 1]
    byte, bit = _place(cell + ONSET)
    np.bitwise_or.at(flat, (onset * count + groups) * step_bytes + byte, bit)
    return flips[:-1].transpose(1, 0, 2)


def _place(
    cell: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Which byte of a step holds a cell, and which bit of it, the first being the highest."""
    return cell >> 3, np.right_shift(128, cell & 7).astype(np.uint8)


def _playable(
    groups: Groups, notes: NoteArray, *, track: Track, spec: RollSpec
) -> tuple[Groups, NoteArray]:
    """The notes of one track as the grid can hold them: in range, in time, not overlapping."""
    kept = notes.copy()
    kept[:, 1] = np.clip(kept[:, 1], kept[:, 0] + 1, spec.steps)
    if track.is_drum:
        kept[:, 1] = kept[:, 0] + 1
    kept[:, 2] = fold_pitches(kept[:, 2], pitch_min=spec.pitch_min, pitches=spec.pitches)
    inside = (kept[:, 0] >= 0) & (kept[:, 0] < spec.steps)
    inside &= (kept[:, 2] >= spec.pitch_min) & (kept[:, 2] < spec.pitch_min + spec.pitches)
    keep = keep_monophonic if track.monophonic else keep_apart
    return keep(groups[inside], kept[inside])


def notes_from_roll(roll: Roll, spec: RollSpec) -> list[NoteArray]:
    """A `NoteArray` a track; the inverse of `roll_from_notes` for a valid roll."""
    _check_shape(roll, spec)
    found = []
    for index in range(len(spec.tracks)):
        onset = roll[index, :, :, ONSET] != 0
        goes_on = (roll[index, :, :, SOUNDING] != 0) & ~onset
        step, pitch = np.nonzero(onset)
        end = _ends(goes_on)[step, pitch]
        found.append(as_notes(np.stack([step, end, pitch + spec.pitch_min], axis=1)))
    return found


def _ends(goes_on: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """For each `(step, pitch)`: the first later step that the cell does not go on to."""
    steps = len(goes_on)
    stop = np.where(goes_on, steps, np.arange(steps)[:, None])
    later = np.minimum.accumulate(stop[::-1], axis=0)[::-1]
    return np.concatenate([later[1:], np.full((1, goes_on.shape[1]), steps)])


def binarise(
    probabilities: npt.NDArray[np.floating],
    spec: RollSpec,
    *,
    onset_threshold: Threshold = 0.5,
    hold_threshold: Threshold = 0.5,
) -> Roll:
    """Valid rolls from probabilities, both `(n, track, step, pitch, 2)`.

    `probabilities[..., SOUNDING]` is P(cell sounds), `[..., ONSET]` P(a note begins there).
    Thresholds are numbers in (0, 1) or arrays broadcastable to `(n, track)`.

    * Polyphonic track: an onset where P(onset) > `onset_threshold`; a cell goes on sounding
      while P(sounding) > `hold_threshold`.
    * Monophonic track: one choice a step among a new note at each pitch (P(onset)), hold
      (the sum over pitches of P(sounding) - P(onset)) and rest (the remainder); each
      probability is divided by its threshold (rest by 0.5) and the largest wins, so that 0.5
      is the plain most likely choice. Hold with nothing sounding is rest.
    * Drum track: onsets only.
    """
    if probabilities.ndim != 5 or probabilities.shape[1:] != spec.shape:
        raise SpecError(f"Probabilities of shape {probabilities.shape} do not fit the spec.")
    count = len(probabilities)
    size = (count, len(spec.tracks))
    onset_at = np.broadcast_to(np.asarray(onset_threshold, dtype=np.float32), size)
    hold_at = np.broadcast_to(np.asarray(hold_threshold, dtype=np.float32), size)
    rolls = np.zeros(probabilities.shape, dtype=np.uint8)
    for index, track in enumerate(spec.tracks):
        chosen = _binarise_monophonic if track.monophonic and not track.is_drum else _binarise_cells
        rolls[:, index] = chosen(
            probabilities[:, index], onset_at=onset_at[:, index], hold_at=hold_at[:, index]
        )
        if track.is_drum:
            onsets = rolls[:, index, :, :, ONSET]
            if track.monophonic:
                onsets[...] &= _only_likeliest(probabilities[:, index, :, :, ONSET])
            rolls[:, index, :, :, SOUNDING] = onsets
    return rolls


def _only_likeliest(p_on: npt.NDArray[np.floating]) -> Roll:
    """1 at the likeliest pitch of each step, 0 elsewhere; `(n, step, pitch)`."""
    best = p_on.argmax(axis=-1)[..., None]
    return np.asarray(np.arange(p_on.shape[-1]) == best, dtype=np.uint8)


def _binarise_cells(
    probability: npt.NDArray[np.floating],
    *,
    onset_at: npt.NDArray[np.float32],
    hold_at: npt.NDArray[np.float32],
) -> Roll:
    """Independent cells of one track: `(n, step, pitch, 2)` to 0/1 of the same shape."""
    roll = np.empty(probability.shape, dtype=np.uint8)
    onset = probability[..., ONSET] > onset_at[:, None, None]
    may_hold = probability[..., SOUNDING] > hold_at[:, None, None]
    roll[..., ONSET] = onset
    sounding = np.zeros_like(onset[:, 0])
    for step in range(onset.shape[1]):
        sounding = onset[:, step] | (may_hold[:, step] & sounding)
        roll[:, step, :, SOUNDING] = sounding
    return roll


def _binarise_monophonic(
    probability: npt.NDArray[np.floating],
    *,
    onset_at: npt.NDArray[np.float32],
    hold_at: npt.NDArray[np.float32],
) -> Roll:
    """One choice a step of one track: `(n, step, pitch, 2)` to 0/1 of the same shape."""
    count, steps = probability.shape[:2]
    p_on, p_sound = probability[..., ONSET], probability[..., SOUNDING]
    new = p_on.max(axis=-1) / onset_at[:, None]
    hold = np.clip(p_sound - p_on, 0.0, None).sum(axis=-1) / hold_at[:, None]
    rest = np.clip(1.0 - p_sound.sum(axis=-1), 0.0, None) / 0.5
    begins = (new > hold) & (new > rest)
    holds = ~begins & (hold > rest)
    likeliest = p_on.argmax(axis=-1)
    roll = np.zeros(probability.shape, dtype=np.uint8)
    rows = np.arange(count)
    current = np.full(count, -1)
    for step in range(steps):
        starting = begins[:, step]
        current = np.where(starting, likeliest[:, step], np.where(holds[:, step], current, -1))
        playing = current >= 0
        roll[rows[playing], step, current[playing], SOUNDING] = 1
        roll[rows[starting], step, current[starting], ONSET] = 1
    return roll


def transpose_roll(roll: Roll, semitones: int, *, spec: RollSpec | None = None) -> Roll:
    """A roll or batch moved by `semitones`; notes that leave the range are dropped.

    With `spec`, drum tracks stay where they are (their pitches name instruments).
    """
    moved = np.zeros_like(roll)
    size = roll.shape[-2]
    if abs(semitones) < size:
        source = slice(max(0, -semitones), size - max(0, semitones))
        target = slice(max(0, semitones), size - max(0, -semitones))
        moved[..., target, :] = roll[..., source, :]
    for index, track in enumerate(spec.tracks if spec else ()):
        if track.is_drum:
            moved[..., index, :, :, :] = roll[..., index, :, :, :]
    return moved


def is_valid(roll: Roll, spec: RollSpec) -> bool:
    """Whether a roll `(track, step, pitch, 2)`, or every roll of a batch, obeys the rules."""
    if roll.dtype != np.uint8 or roll.shape[-4:] != spec.shape or roll.max(initial=0) > 1:
        return False
    sounding, onset = roll[..., SOUNDING] != 0, roll[..., ONSET] != 0
    before = np.zeros_like(sounding)
    before[..., 1:, :] = sounding[..., :-1, :]
    if bool((onset & ~sounding).any()) or bool((sounding & ~onset & ~before).any()):
        return False
    for index, track in enumerate(spec.tracks):
        voices = sounding[..., index, :, :]
        if track.monophonic and bool((voices.sum(axis=-1) > 1).any()):
            return False
        if track.is_drum and bool((voices != onset[..., index, :, :]).any()):
            return False
    return True


def packed_size(spec: RollSpec) -> int:
    """Bytes of one packed roll."""
    return (int(np.prod(spec.shape)) + 7) // 8


def pack(rolls: Roll) -> npt.NDArray[np.uint8]:
    """A batch `(n, track, step, pitch, 2)` of 0/1 as bits: uint8 `(n, bytes)`."""
    return np.packbits(rolls.reshape(len(rolls), int(np.prod(rolls.shape[1:]))), axis=1)


def unpack(bits: npt.NDArray[np.uint8], spec: RollSpec) -> Roll:
    """The inverse of `pack`: uint8 0/1 `(n, track, step, pitch, 2)`."""
    if bits.ndim != 2 or bits.shape[1] != packed_size(spec):
        raise SpecError(f"Packed rolls of shape {bits.shape} do not fit the spec.")
    count = int(np.prod(spec.shape))
    return np.unpackbits(bits, axis=1, count=count).reshape(len(bits), *spec.shape)


def _check_shape(roll: Roll, spec: RollSpec) -> None:
    if roll.shape != spec.shape:
        raise SpecError(f"A roll of shape {roll.shape} does not fit the spec's {spec.shape}.")
