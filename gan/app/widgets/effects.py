"""What else a slider moves, in words."""

from __future__ import annotations

from gan.music.attributes import change_of
from gan.sliders.directions import Direction

SIDE_EFFECT = 0.3  # of a standard deviation; what a slider moves less than this is not named
NAMED = 3  # side effects at most, the strongest


def moves_too(direction: Direction) -> str:
    """What a slider keeps, as measured, and its strongest side effects, in two sentences or so."""
    others = [
        (name, amount)
        for name, amount in direction.effects.items()
        if name != direction.measure and abs(amount) >= SIDE_EFFECT
    ]
    others.sort(key=lambda item: -abs(item[1]))
    changes = "; ".join(change_of(name, amount) for name, amount in others[:NAMED])
    kept = kept_by(direction)
    if changes:
        return f"{kept} Also: {changes}.".strip()
    # Where the notes are written anew, other measures than these have changed.
    return kept or "Hardly anything else moves."


def kept_by(direction: Direction) -> str:
    """How much of the music is still there at +1; "" where it has not been measured."""
    if direction.kept is None:
        return ""
    if not direction.track:
        return f"At 1 it keeps {direction.kept:.0%} of the notes of all tracks."
    track = direction.track.lower()
    return (
        f"At 1 it keeps {direction.kept:.0%} of the notes of {track}; the other tracks stay as "
        "they are."
    )
