"""Links as the first version wrote them; read, never written.

`p` is a state, `l` a locked part as NAME*STATE, repeated. A state is
`SEED~TRUNCATION~SLIDERS~TAKES~Z~TEMPERATURE~TOP_P~DENSITY~EDITS`, empty ends left out: sliders
and takes as NAME=VALUE joined by `_`, z as base64 of little-endian float32, a density a track,
and strokes as TRACK.PITCH.START.END.ON, both joined by `_`. The rest is `bpm`, `tr`, `sw`, `hu`,
`prog` (dotted), `sf`, `off` and `solo` (repeated), `vol` (percent, dotted) and `loop` (FROM-TO
or `no`).

The texts are only taken apart here; types and bounds are those of the document.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gan.app.document import Document, from_values
from gan.phrase import LOCKS_MAX, latent_numbers

TEXT_MAX = 65_536

Given = Mapping[str, Sequence[str]]
"""Parameters of an address, each with its values."""


def from_query(
    query: Given, tracks: Sequence[str], sliders: Sequence[str]
) -> tuple[Document, list[str]]:
    """The document of an old link, and names of what could not be used."""
    first = {name: values[0] for name, values in query.items() if values}
    ignored: list[str] = []
    phrase = _state(first.get("p", "0"), sliders, ignored)
    locks = [text.partition("*") for text in list(query.get("l", ()))[:LOCKS_MAX]]
    phrase["locks"] = {name: _state(at, sliders, ignored) for name, _, at in locks}
    values = {"phrase": phrase, "performance": _performance(first), "mix": _mix(query, tracks)}
    document, wrong = from_values(values)
    return document, ignored + wrong


def _state(text: str, sliders: Sequence[str], ignored: list[str]) -> dict[str, Any]:
    pieces = (text.split("~") + [""] * 9)[:9]
    if len(text) > TEXT_MAX or text.count("~") > 8:
        ignored.append("a phrase that is too long")
        return {}
    seed, truncation, moved, takes, z, temperature, top_p, density, edits = pieces
    sampling = {
        "temperature": _number(temperature),
        "top_p": _number(top_p),
        "density": _numbers(density, "_"),
    }
    found: dict[str, Any] = {
        "seed": _number(seed),
        "truncation": _number(truncation),
        "sliders": {name: _number(amount) for name, amount in _pairs(moved, sliders)},
        "takes": {name: _number(take) for name, take in _pairs(takes, ())},
        "sampling": _given(sampling),
        "edits": [_edit(stroke) for stroke in edits.split("_") if stroke],
    }
    if z:
        found["z"] = _latent(z, ignored)
    return _given(found)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, [], {}, "")}


def _number(text: str) -> float | int | str | None:
    """A number; text that is none stays text, for the document to refuse."""
    try:
        value = float(text)
    except ValueError:
        return text or None
    return int(value) if value.is_integer() and "." not in text else value


def _numbers(text: str, by: str) -> list[Any]:
    return [_number(each) for each in text.split(by) if each]


def _pairs(text: str, known: Sequence[str]) -> list[tuple[str, str]]:
    """NAME=VALUE pairs; a name may hold `_` and `=`, so known names decide where one begins."""
    found: list[tuple[str, str]] = []
    rest = text
    while rest:
        name = next((each for each in known if rest.startswith(f"{each}=")), None)
        if name is None:
            name = rest.partition("=")[0]
        value, _, rest = rest[len(name) + 1 :].partition("_")
        found.append((name, value))
    return found


def _latent(text: str, ignored: list[str]) -> list[float] | None:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        values = np.frombuffer(data, "<f4")
    except (ValueError, binascii.Error):
        values = np.array([np.nan])
    if not np.isfinite(values).all():
        ignored.append("a latent")
        return None
    return list(latent_numbers(values))


def _edit(text: str) -> dict[str, Any]:
    names = ("track", "pitch", "start", "end", "on")
    values = dict(zip(names, _numbers(text, "."), strict=False))
    return values | {"on": bool(values.get("on", 1))}


def _performance(first: Mapping[str, str]) -> dict[str, Any]:
    return _given(
        {
            "tempo": _number(first.get("bpm", "")),
            "transpose": _number(first.get("tr", "")),
            "programs": _numbers(first.get("prog", ""), "."),
            "feel": _given(
                {
                    "swing": _number(first.get("sw", "")),
                    "humanise": _number(first.get("hu", "")),
                }
            ),
            "soundfont": first.get("sf", "")[:80],
        }
    )


def _mix(query: Given, tracks: Sequence[str]) -> dict[str, Any]:
    muted, solo = set(query.get("off", ())), set(query.get("solo", ()))
    first = {name: values[0] for name, values in query.items() if values}
    percents = first.get("vol", "").split(".")
    if len(percents) != len(tracks) or not all(each.isdecimal() for each in percents):
        percents = ["100"] * len(tracks)
    found: dict[str, Any] = {
        "tracks": {
            name: {"mute": name in muted, "solo": name in solo, "volume": int(percent[:9]) / 100}
            for name, percent in zip(tracks, percents, strict=True)
            if name in muted or name in solo or percent != "100"
        }
    }
    if first.get("loop") == "no":
        return found | {"loop": False}
    start, _, end = first.get("loop", "").partition("-")
    return found | _given({"loop_start": _number(start), "loop_end": _number(end)})
