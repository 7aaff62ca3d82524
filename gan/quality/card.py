"""The model card: what a checkpoint is, where it comes from, and how good it was measured to be.

`card.json` beside the weights names the digest of the weights that it speaks of. After
"Model Cards for Model Reporting" (Mitchell et al. 2019).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan.data.sources import SOURCES
from gan.errors import CheckpointError
from gan.files import write_json
from gan.models.checkpoint import CheckpointInfo

CARD = "card.json"
BINS = 24

INTENDED_USE = (
    "Sketching and exploring short phrases with a person listening. Not for passing samples "
    "off as somebody's work, and no reranker of style: it knows the songs it was trained on."
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
    step = info.measures.get("step")
    path = info.path / "log.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    minutes = 0.0
    for text in lines:
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if line.get("step") == step:
            minutes = float(line.get("minutes", 0.0))
    batch = info.training.get("batch_size")
    told = [f"{step:,} steps of {batch} phrases"] if step and batch else []
    told += [f"{minutes:.0f} minutes"] if minutes else []
    return ", ".join(told)


def write_card(info: CheckpointInfo, values: Mapping[str, Any]) -> None:
    """`card.json` for these weights."""
    write_json(
        info.path / CARD,
        {"name": info.name, "family": info.family, "weights": info.digest}
        | describe(info)
        | dict(values),
    )


def read_card(info: CheckpointInfo) -> dict[str, Any] | None:
    """The card of exactly these weights, None where there is none; `CheckpointError` if broken."""
    path = info.path / CARD
    if not path.is_file():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return dict(values) if values["weights"] == info.digest else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is damaged ({error}).") from error
