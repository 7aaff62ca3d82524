"""What else a slider moves, in words."""

from __future__ import annotations

from gan.music.attributes import change_of
from gan.sliders.directions import Direction

SIDE_EFFECT = 0.3  # of a standard deviation; what a slider moves less than this is not named
NAMED = 3  # side effects at most, the strongest


def moves_too(direction: Direction) -> str:
    """One sentence on the strongest side effects of a direction."""
    others = [
        (name, amount)
        for name, amount in direction.effects.items()
        if name != direction.id and abs(amount) >= SIDE_EFFECT
    ]
    others.sort(key=lambda item: -abs(item[1]))
    if not others:
        return "Hardly anything else moves."
    return f"Also: {'; '.join(change_of(name, amount) for name, amount in others[:NAMED])}."
