"""What a family of generators can do; needs no Keras."""

from __future__ import annotations

from enum import Enum


class Ability(Enum):
    """What pages and command lines ask of a generator, instead of its family.

    READS_PHRASES         gives the latent of a phrase (`encode`).
    WRITES_NOTE_BY_NOTE   draws one decision after another: it follows temperature and top_p, and
                          a phrase takes a hundred times as long as one that is drawn at once.
    CONTINUES             writes the bars that follow a phrase (`continuation`).
    HAS_THRESHOLDS        gives probabilities of cells: it follows densities.
    SEPARATE_PARTS        a track's or a bar's part of its latent reaches nothing else.
    """

    READS_PHRASES = "reads phrases"
    WRITES_NOTE_BY_NOTE = "writes note by note"
    CONTINUES = "continues"
    HAS_THRESHOLDS = "has thresholds"
    SEPARATE_PARTS = "separate parts"


ABILITIES: dict[str, frozenset[Ability]] = {
    "gan": frozenset({Ability.READS_PHRASES, Ability.HAS_THRESHOLDS, Ability.SEPARATE_PARTS}),
    "vae": frozenset({Ability.READS_PHRASES, Ability.HAS_THRESHOLDS, Ability.SEPARATE_PARTS}),
    "transformer": frozenset(
        {Ability.READS_PHRASES, Ability.WRITES_NOTE_BY_NOTE, Ability.CONTINUES}
    ),
}
"""What each family can, so that a page can tell before TensorFlow is loaded."""
