"""The notes of a user's piece on the grid, track by track; none is lost without a count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan.data.own_file import Own
from gan.data.own_plain import OFF
from gan.data.own_time import Floats, Timing, in_steps
from gan.data.own_tracks import Place, parts_of
from gan.data.phrases import KeySpan
from gan.music.keys import KeyChoice, shift_to_c
from gan.music.notes import NoteArray, as_notes, monophonic, no_notes, without_overlaps
from gan.spec import RollSpec


@dataclass(frozen=True, eq=False)
class OnGrid:
    """Notes by track, as the tracks can play them, and what became of the others.

    `dropped` counts by reason; `shortened` notes end earlier than in the file. `onsets` are the
    steps at which all notes of the tracks begin, dropped ones included, and `distances` how much
    later than that the file has them, in steps. `programs` is the General MIDI program that most
    of a track's notes have, None for a track without notes.
    """

    tracks: tuple[NoteArray, ...]
    dropped: Counter[str]
    shortened: int
    onsets: npt.NDArray[np.int64]
    distances: Floats
    programs: tuple[int | None, ...]

    @property
    def off(self) -> npt.NDArray[np.int64]:
        """The onsets that were moved far."""
        return self.onsets[np.abs(self.distances) >= OFF]


def notes_on_grid(own: Own, places: Sequence[Place], spec: RollSpec, timing: Timing) -> OnGrid:
    """The notes of all instruments in the tracks of their places."""
    rows: dict[str, list[NoteArray]] = {name: [] for name in spec.track_names}
    sources: dict[str, Counter[int]] = {name: Counter() for name in spec.track_names}
    exact = [np.zeros(0)]
    dropped: Counter[str] = Counter()
    for one, place in zip(own.song.instruments, places, strict=True):
        steps = in_steps(one.notes[:, :2], timing)
        rounded = np.column_stack([np.rint(steps), one.notes[:, 2]])
        on_grid = np.clip(rounded, -(2**30), 2**30).astype(np.int32)
        for name, which in parts_of(place, on_grid):
            if name in rows:
                rows[name].append(on_grid[which])
                sources[name][one.program] += len(which)
                exact.append(steps[which, 0])
            else:
                dropped["left out"] += len(which)
    merged = [as_notes(np.concatenate([no_notes(), *rows[name]])) for name in spec.track_names]
    tracks, shortened = _playable(merged, spec, dropped)
    onsets = np.concatenate(exact)
    most = [count.most_common(1) for count in sources.values()]
    return OnGrid(
        tracks=tracks,
        dropped=dropped,
        shortened=shortened,
        onsets=np.rint(onsets).astype(np.int64),
        distances=onsets - np.rint(onsets),
        programs=tuple(top[0][0] if top and top[0][1] else None for top in most),
    )


def _playable(
    tracks: Sequence[NoteArray], spec: RollSpec, dropped: Counter[str]
) -> tuple[tuple[NoteArray, ...], int]:
    """What each track can play of its notes, and how many of these end earlier.

    What it cannot is counted in `dropped`.
    """
    kept, shortened = [], 0
    for track, notes in zip(spec.tracks, tracks, strict=True):
        apart = without_overlaps(notes)
        alone = monophonic(notes) if track.monophonic else apart
        dropped["doubled in one track"] += len(notes) - len(apart)
        if track.monophonic:
            reason = f"second notes in {track.name}, which plays one at a time"
            dropped[reason] += len(apart) - len(alone)
        if not track.is_drum:
            shortened += _shorter(notes, alone)
        kept.append(alone)
    return tuple(kept), shortened


def _shorter(before: NoteArray, after: NoteArray) -> int:
    """How many of the notes that stay end earlier than they did."""
    ends: dict[tuple[int, int], int] = {}
    for onset, end, pitch in before.tolist():
        ends[onset, pitch] = max(end, ends.get((onset, pitch), end))
    return sum(end < ends[onset, pitch] for onset, end, pitch in after.tolist())


def out_of_range(
    tracks: Sequence[NoteArray], spec: RollSpec, spans: Sequence[KeySpan], key: KeyChoice
) -> int:
    """Notes that lie outside of the range once they are in the generator's key."""
    begins = np.array([span.start for span in spans])
    shifts = np.array([key if isinstance(key, int) else shift_to_c(span.key) for span in spans])
    count = 0
    for track, notes in zip(spec.tracks, tracks, strict=True):
        part = np.clip(np.searchsorted(begins, notes[:, 0], side="right") - 1, 0, None)
        pitch = notes[:, 2] + (0 if track.is_drum else shifts[part])
        inside = (pitch >= spec.pitch_min) & (pitch < spec.pitch_min + spec.pitches)
        count += int((~inside).sum())
    return count
