"""Musical statistics that a decoder can be tilted towards; needs no Keras.

`gan.models.tilt` tilts decoders that draw all cells at once, `gan.models.event_tilt` those that
write note by note.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gan.music.keys import Key, key_profile
from gan.spec import RollSpec, Track

OPEN = 0.5  # what logits are multiplied by where it is weighed how open decisions are
CLOSED = 0.3  # information added, so that a phrase with nothing open is not torn open
UNIT = 0.08  # that an amount of 1 adds to a statistic, times the track's notes
FARTHEST = 6.0  # times the first guess that a lean goes
HALVINGS = 9  # of how far a lean goes
RHYTHM = ("sixteenths", "beats", "steady", "same")
MORE = ("notes", "chords")
PITCH = ("height", "length", "reuse", "minor", "black")


def statistics(track: Track, spec: RollSpec, *, written: bool = False) -> tuple[str, ...]:
    """What a track can be tilted towards, `written` note by note or not.

    `notes`: more of them. `sixteenths`, `beats`: those that begin off the eighths, on beats.
    `steady`: steps on which the other bars begin notes; `same`: the very notes of the other
    bars. `height`: high ones. `length`: holding on. `reuse`: pitch classes that the bar already
    has. `minor`: what A minor has more of than C major. `black`: black keys. `chords`: steps on
    which others begin with it. `smooth`: pitches near those around. `chord`: pitch classes that
    sound in other tracks. `spread`: away from the middle of the track's pitches.

    Notes that are written cannot be made more, only other ones.
    """
    found: tuple[str, ...] = ("notes", *RHYTHM)
    if not track.is_drum:
        found += PITCH
        found += ("smooth",) if track.monophonic else ("chords",)
        if track.monophonic and not _alone(spec):
            found += ("chord",)
    if not written:
        return found
    kept = tuple(name for name in found if name not in MORE)
    if track.is_drum:
        return kept
    # What accompanies can lean towards the melody as well.
    chord = () if "chord" in kept or _alone(spec) else ("chord",)
    return (*kept, *chord, "spread")


def _alone(spec: RollSpec) -> bool:
    """Whether no more than one track has pitches."""
    return sum(not each.is_drum for each in spec.tracks) < 2


def tilt_names(spec: RollSpec, family: str) -> tuple[str, ...]:
    """A family's tilts by name, `TRACK.statistic`, in the order of their amounts in w."""
    written = family == "transformer"
    return tuple(
        f"{track.name}.{name}"
        for track in spec.tracks
        for name in statistics(track, spec, written=written)
    )


def by_place(name: str, spec: RollSpec) -> NDArray[np.float32] | None:
    """A statistic of where a note begins alone, broadcastable to `(step, pitch)`; else None."""
    step, pitch = np.arange(spec.steps)[:, None], np.arange(spec.pitches)
    of_class = (pitch + spec.pitch_min) % 12
    found: NDArray[np.generic]
    if name == "sixteenths":
        found = step % max(1, spec.steps_per_beat // 2) != 0
    elif name == "beats":
        found = step % spec.steps_per_beat == 0
    elif name == "height":
        found = (pitch - spec.pitches / 2) / 12
    elif name == "minor":
        lean = key_profile(Key(9, minor=True)) - key_profile(Key(0))
        found = (lean / np.abs(lean).max())[of_class]
    elif name == "black":
        found = np.isin(of_class, (1, 3, 6, 8, 10))
    else:
        return None
    return found.astype(np.float32)


def columns(track: int, spec: RollSpec, *, written: bool = False) -> slice:
    """Where a track's tilts lie among all."""
    sizes = [len(statistics(each, spec, written=written)) for each in spec.tracks]
    return slice(sum(sizes[:track]), sum(sizes[: track + 1]))
