"""Tables of the Models page, from cards that `gan.cli.evaluate` has written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from gan.app.escape import escape_markdown
from gan.app.loading import available
from gan.app.scope import stored_directions
from gan.engine import Engine
from gan.errors import CheckpointError
from gan.models.checkpoint import CheckpointInfo
from gan.music.attributes import definition_of, label_of, short_names
from gan.quality.card import read_card
from gan.sliders.directions import Direction

SHARE = st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0)
OVERVIEW_COLUMNS = {"share of the ceiling": SHARE}
SLIDER_COLUMNS = {"notes kept at 1": SHARE}
OVERLAP_COLUMNS = {
    "samples": st.column_config.ProgressColumn(format="%.2f", min_value=0.0, max_value=1.0),
    "training songs": st.column_config.NumberColumn(format="%.2f"),
}


def card_of(info: CheckpointInfo) -> dict[str, Any] | None:
    """The card of a checkpoint; one that cannot be read is named and left out."""
    try:
        return read_card(info)
    except CheckpointError as error:
        st.warning(escape_markdown(str(error)))
        return None


def overview() -> list[dict[str, Any]]:
    """A row a checkpoint."""
    usable, _ = available()
    return [_row(info, card_of(info)) for info in usable.values()]


def _row(info: CheckpointInfo, card: Mapping[str, Any] | None) -> dict[str, Any]:
    row: dict[str, Any] = {"generator": info.title, "family": info.family}
    if card is None:
        return row
    figures = card["figures"]
    deviation = figures.get("deviation", {})
    auc = figures.get("classifier_auc", {})
    return row | {
        "share of the ceiling": figures["share_of_ceiling"],
        "AUC, trees": _rounded(auc.get("trees")),
        "AUC, network": _rounded(auc.get("network")),
        f"{' / '.join(short_names())} off by": " / ".join(
            f"{deviation[name]:.0%}" for name in short_names() if name in deviation
        ),
        "onset F1 there and back": _rounded(figures.get("reconstruction_f1", {}).get("onset")),
        "near-copies": figures.get("nearest_training_phrase", {}).get("near_copies"),
        "ms a phrase": figures.get("generator", {}).get("milliseconds_a_phrase", {}).get("p50"),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _plain(value: object) -> str:
    return escape_markdown(str(value))


def facts(card: Mapping[str, Any]) -> str:
    """Data, licence, size and use, as Markdown."""
    data, figures = card["data"], card["figures"]
    size = figures["generator"]
    lines = [
        f"* **Data**: {_plain(data['name'])}, {_plain(data['songs'])} songs, "
        f"{_plain(data['phrases'])} phrases. Licence: {_plain(data['licence'])}",
        f"* **Size**: {size['parameters'] / 1e6:.1f} million numbers; latent of "
        f"{_plain(size['latent_dim'])}, of which sliders move {_plain(size['plan_dim'])}.",
    ]
    cost = card.get("cost")
    if cost:
        lines.append(f"* **Training**: {_plain(cost)}")
    if "smoothness" in figures:
        walk = figures["smoothness"]
        lines.append(
            f"* **Walks** between seeds: {walk['changed']:.0%} of the notes change in a sixteenth "
            f"of the way ({walk['apart']:.0%} between the ends)."
        )
    if "prdc" in figures:
        ours, best = figures["prdc"], figures["prdc_of_training_songs"]
        lines.append(
            f"* **Density and coverage** of the data by samples: {ours['density']:.2f} and "
            f"{ours['coverage']:.2f} (training songs: {best['density']:.2f} and "
            f"{best['coverage']:.2f})."
        )
    lines.append(f"* **Meant for**: {_plain(card['intended_use'])}")
    return "\n".join(lines)


def regions(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row a region of the space; none where the card does not know them."""
    return [
        {
            "where": name.capitalize(),
            "mean overlap": each["overlap"],
            "AUC, trees": _rounded(each.get("trees")),
            "AUC, network": _rounded(each.get("network")),
            "density": each["density"],
            "coverage": each["coverage"],
        }
        for name, each in figures.get("space", {}).get("regions", {}).items()
    ]


def overlaps(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row an attribute, the weakest first."""
    rows = [
        {
            "attribute": label_of(name),
            "samples": value,
            "training songs": figures["ceiling"].get(name),
            "how it is measured": definition_of(name),
        }
        for name, value in figures["overlap"].items()
    ]
    return sorted(rows, key=lambda row: row["samples"] / max(row["training songs"] or 1.0, 0.01))


def named_directions(info: CheckpointInfo, engine: Engine | None) -> list[Direction]:
    """The named sliders that are offered; from the folder while the generator still loads."""
    found = engine.directions if engine is not None else stored_directions(info)
    return [each for each in found if each.kind == "named" and each.offered]


def faithfulness(named: Sequence[Direction]) -> list[dict[str, Any]]:
    """How truly each slider does what its name says."""
    rows = []
    for each in named:
        others = {name: value for name, value in each.effects.items() if name != each.measure}
        most = max(others, key=lambda name: abs(others[name]), default="")
        rows.append(
            {
                "slider": each.label,
                "of": each.owner.capitalize() or "All tracks",
                "from": each.low,
                "to": each.high,
                "notes kept at 1": each.kept,
                "rank correlation with its attribute": each.spearman,
                "moves most beside it": label_of(most) if most else "",
                "by (σ)": others.get(most),
            }
        )
    return rows
