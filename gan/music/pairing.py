"""Note-ons and note-offs to notes, as players hear them.

A note-off ends every open note of its pitch and channel that began before it, and a note that no
note-off follows is kept. Pairing offs with ons one to one would let every later note of a pitch
ring on after one missing off.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def paired(
    events: npt.NDArray[np.int64], *, last: int, beat: int
) -> tuple[npt.NDArray[np.int64], int]:
    """Notes from the note events of a track, and how many have no note-off of their own.

    Events are `(tick, status, pitch, velocity, program)`, notes `(onset, end, pitch, channel *
    128 + program)` in the order of their note-ons. Without a note-off at all a note lasts a
    `beat`, or to the track's `last` tick.
    """
    lane = (events[:, 1] & 15) << 7 | events[:, 2]
    order = np.argsort(lane, kind="stable")
    lane, tick = lane[order], events[order, 0]
    on = (events[order, 1] >= 0x90) & (events[order, 3] > 0)
    end = np.append(tick[1:], 0)
    # Almost always an on and an off take turns; other pitches are looked at event by event.
    partner = np.append(lane[1:] == lane[:-1], False) & (end > tick) & ~np.append(on[1:], True)
    follows = np.append(False, partner[:-1] & on[:-1])
    unreleased = 0
    for odd in np.unique(lane[(on & ~partner) | ~(on | follows)]):
        where = np.flatnonzero(lane == odd)
        end[where], missing = _ends(tick[where].tolist(), on[where].tolist(), last=last, beat=beat)
        unreleased += missing
    found = np.zeros((len(events), 4), dtype=np.int64)
    found[order, 0], found[order, 1] = tick, end
    found[:, 2] = events[:, 2]
    found[:, 3] = (events[:, 1] & 15) << 7 | events[:, 4]
    is_note = np.zeros(len(events), dtype=bool)
    is_note[order] = on
    return found[is_note], unreleased


def _ends(tick: list[int], on: list[bool], *, last: int, beat: int) -> tuple[list[int], int]:
    """Where the notes of one channel and pitch end, at their note-ons; and how many lack an off.

    An off ends every open note but those that begin at its own tick after others: there the on
    of a repeated note was written before the off of the note that it repeats.
    """
    end = list(tick)
    waiting: list[int] = []
    missing = 0
    for event, begins in enumerate(on):
        if begins:
            waiting.append(event)
            continue
        ended = [one for one in waiting if tick[one] < tick[event]] or waiting
        for one in ended:
            end[one] = tick[event]
        missing = max(0, missing + len(ended) - 1)
        waiting = waiting[len(ended) :]
    for one in waiting:
        end[one] = min(tick[one] + beat, last)
    return end, missing + len(waiting)
