"""Names of the families on a map, made of what sets each apart."""

from __future__ import annotations

import numpy as np

from gan.errors import SpecError
from gan.music.attributes import attribute_of, change_of
from gan.space.space import Space

WORDS = 2
LEAST = 0.35  # standard deviations from the mean of all phrases


def family_names(space: Space) -> list[str]:
    """For each family in words how it differs most from all phrases: "melody sparser, more minor".

    No two words of one are of the same attribute, or of the same track where there are others.
    """
    measured = space.features[:, : len(space.scale.names)]
    return [_name(space, measured[space.family == k]) for k in range(int(space.family.max()) + 1)]


def _name(space: Space, members: np.ndarray) -> str:
    if not len(members):
        return ""
    mean = members.mean(axis=0)
    words: list[str] = []
    taken: set[str] = set()
    for index in np.argsort(-np.abs(mean), kind="stable"):
        name = space.scale.names[index]
        try:
            row, track = attribute_of(name)
        except SpecError:  # of an earlier version's table
            continue
        of = {row.id, track or "all"}
        if taken & of:
            continue
        if words and abs(mean[index]) < LEAST:
            break
        words.append(change_of(name, float(mean[index])))
        taken |= of
        if len(words) == WORDS:
            break
    return ", ".join(words)
