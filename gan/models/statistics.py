"""Which attributes a decoder can be tilted towards, and what both tilts share; needs no Keras.

A tilt's statistic has the id of the attribute in `gan.music.attributes` that it raises, and counts
what a decision adds to it. `gan.models.tilt` tilts decoders that draw all cells at once,
`gan.models.event_tilt` those that write note by note. Statistics of place are in the table; those
of context are known to both by their id:

* `notes`: onsets. `chords`: onsets on steps on which others begin. `note_length`: holding on.
* `rhythm_repetition`: steps on which the other bars begin notes. `repetition`: their very notes.
* `pitch_classes`: less of those that the bar already has.
* `stepwise_melody`: pitches near those around. `range`: pitches away from the track's middle.
* `melody_in_chord`: pitch classes that sound in other tracks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gan.music.attributes import ATTRIBUTES
from gan.spec import RollSpec, Track

OPENNESS = 0.5  # what logits are multiplied by where it is weighed how open decisions are
CLOSED = 0.3  # information added, so that a phrase with nothing open is not torn open
TINY = 1e-3  # information added where a statistic is scaled by its own
UNIT = 0.08  # that an amount of 1 adds to a statistic, times the track's notes
LONGEST = 6.0  # times the first guess, the furthest that a line search goes
HALVINGS = 9  # of the line search
NEAR = 4  # steps to either side over which the pitch of a melody is averaged, for leaps from it


def statistics(track: Track, spec: RollSpec, *, written: bool = False) -> tuple[str, ...]:
    """Ids of the attributes that a track can be tilted towards, `written` note by note or not."""
    found = []
    for row in ATTRIBUTES.values():
        of = row.tilt and (row.tilt.written if written else row.tilt.drawn)
        if of and of(track, spec):
            found.append(row.id)
    return tuple(found)


def tilt_names(spec: RollSpec, family: str) -> tuple[str, ...]:
    """A family's tilts by name, `TRACK.attribute`, in the order of their amounts in w."""
    written = family == "transformer"
    return tuple(
        f"{track.name}.{name}"
        for track in spec.tracks
        for name in statistics(track, spec, written=written)
    )


def columns(track: int, spec: RollSpec, *, written: bool = False) -> slice:
    """Where a track's tilts lie among all."""
    sizes = [len(statistics(each, spec, written=written)) for each in spec.tracks]
    return slice(sum(sizes[:track]), sum(sizes[: track + 1]))


def decision_of(name: str) -> str:
    """The decision about a written note that a statistic is about: step, pitch or duration."""
    tilt = ATTRIBUTES[name].tilt
    return tilt.decides if tilt else ""


def by_place(name: str, spec: RollSpec) -> NDArray[np.float32] | None:
    """A statistic of place alone: `(step,)` or `(pitch,)`, as it decides; None for others."""
    tilt = ATTRIBUTES[name].tilt if name in ATTRIBUTES else None
    return tilt.value(spec).astype(np.float32) if tilt and tilt.value else None
