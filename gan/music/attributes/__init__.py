"""Musical attributes: one table of what can be measured and moved.

A row says what an attribute is called, how it is measured, and how decoders are tilted towards
it. Evaluation, sliders, tooltips and the Models page read it. To add an attribute, add a row
(`rhythm`, `pitch`, `harmony` or `voices`) and its test.
"""

from gan.music.attributes.attribute import OfPhrase, OfTrack, Tilt
from gan.music.attributes.measuring import joined, measure, measure_blocks
from gan.music.attributes.table import (
    ATTRIBUTES,
    attribute_of,
    change_of,
    definition_of,
    label_of,
    measure_names,
    short_names,
)

__all__ = [
    "ATTRIBUTES",
    "OfPhrase",
    "OfTrack",
    "Tilt",
    "attribute_of",
    "change_of",
    "definition_of",
    "joined",
    "label_of",
    "measure",
    "measure_blocks",
    "measure_names",
    "short_names",
]
