"""The model card: what a checkpoint is, where it comes from, and how good it was measured to be.

`card.json` beside the weights names the digest of the weights that it speaks of. After
"Model Cards for Model Reporting" (Mitchell et al. 2019).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from gan.data.sources import SOURCES
from gan.errors import CheckpointError
from gan.files import json_bytes
from gan.models.checkpoint import CheckpointInfo, Number
from gan.models.parts import write_parts
from gan.models.reading import read_json_part, read_log

CARD = "card.json"
BINS = 24
PLAIN = ("phrases", "songs")  # of the data; null where unknown

Numbers = dict[str, Number]


class Size(msgspec.Struct):
    """What a generator is made of, and how fast it is."""

    parameters: Number
    latent_dim: int
    plan_dim: int
    milliseconds_a_phrase: Numbers = {}
    milliseconds_a_seed: Numbers = {}


class Histogram(msgspec.Struct):
    """Shares of samples and of data between `edges`."""

    edges: Annotated[list[Number], msgspec.Meta(min_length=2, max_length=1000)]
    samples: list[Number]
    data: list[Number]

    def __post_init__(self) -> None:
        if not len(self.samples) == len(self.data) == len(self.edges) - 1:
            raise ValueError("a histogram needs a share between each two edges")


class Smoothness(msgspec.Struct):
    """Shares of notes that change along a walk, and between its ends."""

    changed: Number
    apart: Number


class Spread(msgspec.Struct):
    """Density and coverage (Naeem et al. 2020)."""

    density: Number
    coverage: Number


class Region(Spread):
    """Of phrases away from seeds (`gan.quality.regions`); the AUCs need the data."""

    overlap: Number
    trees: Number | None = None
    network: Number | None = None


class Space(msgspec.Struct):
    """Regions by name, measured on so many `phrases` each; how far the worst is above seeds."""

    phrases: int
    regions: dict[str, Region]
    worst_above_seeds: Numbers = {}


class Figures(msgspec.Struct):
    """What `gan.cli.evaluate` measures; the optional ones need the data."""

    share_of_ceiling: Number
    overlap: Numbers
    ceiling: Numbers
    generator: Size
    deviation: Numbers = {}
    classifier_auc: Numbers = {}
    reconstruction_f1: Numbers = {}
    nearest_training_phrase: Numbers = {}
    histograms: dict[str, Histogram] = {}
    smoothness: Smoothness | None = None
    space: Space | None = None
    prdc: Spread | None = None
    prdc_of_training_songs: Spread | None = None


class Data(msgspec.Struct):
    """What the training data were."""

    name: str
    licence: str
    phrases: int | None = None
    songs: int | None = None


class Card(msgspec.Struct):
    """What a page may rely on; the card itself may hold more."""

    figures: Figures
    data: Data
    intended_use: str
    cost: str = ""


INTENDED_USE = (
    "Sketching and exploring short phrases with a person listening. Not for passing samples "
    "off as somebody's work, and no judge of style: it knows the songs it was trained on."
)


def histograms(
    ours: Mapping[str, NDArray[np.float64]], theirs: Mapping[str, NDArray[np.float64]]
) -> dict[str, dict[str, list[float]]]:
    """Shares of samples and of data by bins of each measure, for the page to draw."""
    found = {}
    for name, values in theirs.items():
        sides = [np.asarray(side, np.float64) for side in (ours[name], values)]
        known = [side[np.isfinite(side)] for side in sides]
        joined = np.concatenate(known)
        if not len(joined):
            continue
        low, high = np.quantile(joined, [0.005, 0.995])
        edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
        counts = [np.histogram(np.clip(side, low, high), edges)[0] for side in known]
        shares = [(part / max(part.sum(), 1)).round(4).tolist() for part in counts]
        found[name] = {
            "edges": edges.round(4).tolist(),
            "samples": shares[0],
            "data": shares[1],
        }
    return found


def describe(info: CheckpointInfo) -> dict[str, Any]:
    """What the folder itself knows: data, its licence, and the training."""
    folder = str(info.data.get("folder", ""))
    scheme = info.spec.scheme
    source = SOURCES.get(scheme) or SOURCES.get(folder)
    data: dict[str, Any] = {
        "name": source.title if source else folder or "unknown",
        "licence": source.licence if source else "that of the files given as --data_dir",
        "phrases": info.data.get("phrases"),
        "songs": info.data.get("songs"),
    }
    if source:
        data |= {"citation": source.citation, "published": source.published}
    return {
        "data": data,
        "training": dict(info.training),
        "cost": cost_of(info),
        "intended_use": INTENDED_USE,
    }


def cost_of(info: CheckpointInfo) -> str:
    """What the training of these weights took, as far as its log tells."""
    step, batch = info.measures.get("step"), info.training.get("batch_size")
    minutes = _minutes(info)
    told = []
    if isinstance(step, int) and isinstance(batch, int) and step:
        told.append(f"{step:,} steps of {batch} phrases")
    if minutes:
        told.append(f"{minutes:.0f} minutes")
    return ", ".join(told)


def _minutes(info: CheckpointInfo) -> float:
    """Minutes that the run had lasted at the step of the weights; 0 where no log says so."""
    for line in reversed(read_log(info.path)):
        minutes = line.get("minutes")
        if line.get("step") == info.measures.get("step") and isinstance(minutes, int | float):
            return float(minutes)
    return 0.0


def write_card(info: CheckpointInfo, values: Mapping[str, Any]) -> None:
    """`card.json` for these weights; what is no finite number is left out of its figures."""
    card = {"name": info.name, "family": info.family, "weights": info.digest}
    whole = _finite(card | describe(info) | dict(values))
    write_parts(info.path, {CARD: json_bytes(whole)})


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        known = {name: _finite(each) for name, each in value.items()}
        return {name: each for name, each in known.items() if each is not None or name in PLAIN}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def read_card(info: CheckpointInfo) -> dict[str, Any] | None:
    """The card of exactly these weights, None where there is none; `CheckpointError` if broken."""
    values = read_json_part(info.path, CARD)
    if values is None or values.get("weights") != info.digest:
        return None
    try:
        msgspec.convert(values, Card)
    except msgspec.ValidationError as error:
        raise CheckpointError(f"{info.path / CARD} is damaged ({error}).") from error
    return values
