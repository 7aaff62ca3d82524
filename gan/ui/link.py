"""A shared link: everything that a phrase needs, as query parameters and back.

    c     checkpoint            v     digest of its weights
    p     the point             l     one locked part: NAME*POINT, repeated
    bpm   tempo                 tr    transposition
    prog  programs, dotted      off   muted tracks, repeated

    sw    swing                 hu    humanising

A point is `SEED~TRUNCATION~SLIDERS~PARTS~Z~TEMPERATURE~TOP_P~DENSITY~EDITS`, empty ends left
out: sliders and part seeds as `NAME=VALUE` joined by `_`, z as base64 of little-endian
float32, a density a track, and strokes as `TRACK.PITCH.START.END.ON`, both joined by `_`.
Reading believes nothing: what is not valid is left at its default, and a notice says so.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from gan.explorer import (
    SEED_MAX,
    SLIDER_MAX,
    TEMPO_MAX,
    TEMPO_MIN,
    TRANSPOSE_MAX,
    TRUNCATION_MAX,
    Performance,
    Point,
)
from gan.models.sampling import TEMPERATURE_MAX, TEMPERATURE_MIN, TOP_P_MIN, Sampling
from gan.music.edits import EDITS_MAX, Edit, fits
from gan.music.feel import Feel
from gan.spec import RollSpec

T = TypeVar("T")

MAX_TEXT = 65_536


@dataclass(frozen=True)
class Known:
    """What a link may refer to in the checkpoint that it names."""

    spec: RollSpec
    directions: Sequence[str]
    latent_dim: int

    @property
    def parts(self) -> list[str]:
        tracks = [f"track:{name}" for name in self.spec.track_names]
        return tracks + [f"bar:{bar}" for bar in range(self.spec.bars)]


@dataclass(frozen=True)
class Shared:
    """What a link carries; `notices` are sentences for the user."""

    point: Point = field(default_factory=Point)
    how: Performance = field(default_factory=Performance)
    muted: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def _number(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") or "0"


def point_to_text(point: Point) -> str:
    """The point without its locks."""
    sliders = "_".join(f"{name}={_number(v)}" for name, v in sorted(point.sliders.items()) if v)
    parts = "_".join(f"{name}={seed}" for name, seed in sorted(point.part_seeds.items()))
    z = ""
    if point.z is not None:
        data = np.asarray(point.z, "<f4").tobytes()
        z = base64.urlsafe_b64encode(data).decode().rstrip("=")
    drawn, plain = point.sampling, Sampling()
    fields = [
        z,
        _number(drawn.temperature) if drawn.temperature != plain.temperature else "",
        _number(drawn.top_p) if drawn.top_p != plain.top_p else "",
        "_".join(_number(amount) for amount in drawn.density),
        "_".join(
            f"{edit.track}.{edit.pitch}.{edit.start}.{edit.end}.{int(edit.on)}"
            for edit in point.edits
        ),
    ]
    text = f"{point.seed}~{_number(point.truncation)}~{sliders}~{parts}"
    return "~".join([text, *fields]).rstrip("~") if any(fields) else text


def to_query(
    checkpoint: str, digest: str, *, point: Point, how: Performance, muted: Sequence[str] = ()
) -> dict[str, str | list[str]]:
    """Query parameters of a phrase; what has its default is left out."""
    query: dict[str, str | list[str]] = {"c": checkpoint, "v": digest, "p": point_to_text(point)}
    if point.locks:
        query["l"] = [f"{name}*{point_to_text(at)}" for name, at in sorted(point.locks.items())]
    if how.tempo != Performance().tempo:
        query["bpm"] = _number(how.tempo)
    if how.transpose:
        query["tr"] = str(how.transpose)
    if how.feel.swing:
        query["sw"] = _number(how.feel.swing)
    if how.feel.humanise:
        query["hu"] = _number(how.feel.humanise)
    if how.programs is not None:
        query["prog"] = ".".join(str(program) for program in how.programs)
    if muted:
        query["off"] = list(muted)
    return query


class _Reader:
    """Collects a notice for each thing in a link that makes no sense."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.notices: list[str] = []

    def attempt(self, read: Callable[[], T], otherwise: T, what: str) -> T:
        try:
            return read()
        except (ValueError, OverflowError, binascii.Error):
            self.notices.append(f"The link's {what} made no sense and was left out.")
            return otherwise

    def point(self, text: str, what: str) -> Point:
        pieces = (text.split("~") + [""] * 9)[:9]
        if len(text) > MAX_TEXT or text.count("~") > 8:
            self.notices.append(f"The link's {what} made no sense and was left out.")
            return Point()
        seed = self.attempt(lambda: _whole(pieces[0], 0, SEED_MAX), 0, f"seed in {what}")
        truncation = self.attempt(
            lambda: _within(pieces[1], 0.0, TRUNCATION_MAX) if pieces[1] else 1.0,
            1.0,
            f"truncation in {what}",
        )
        sliders: dict[str, float] = {}
        for name, value in self.pairs(pieces[2], self.known.directions, what):
            amount = self.attempt(
                lambda value=value: _within(value, -SLIDER_MAX, SLIDER_MAX),  # type: ignore[misc]
                0.0,
                f"slider {name[:40]}",
            )
            if amount:
                sliders[name] = amount
        seeds: dict[str, int] = {}
        for name, value in self.pairs(pieces[3], self.known.parts, what):
            part_seed = self.attempt(
                lambda value=value: _whole(value, 0, SEED_MAX),  # type: ignore[misc]
                None,
                f"seed of {name[:40]}",
            )
            if part_seed is not None:
                seeds[name] = part_seed
        z = self.attempt(lambda: self.z(pieces[4]), None, f"latent in {what}")
        sampling = self.attempt(
            lambda: self.sampling(*pieces[5:8]), Sampling(), f"sampling in {what}"
        )
        none: tuple[Edit, ...] = ()
        edits = self.attempt(lambda: self.edits(pieces[8]), none, f"edits in {what}")
        return Point(seed, truncation, sliders, seeds, z, sampling=sampling, edits=edits)

    def sampling(self, temperature: str, top_p: str, density: str) -> Sampling:
        amounts = tuple(_within(text, -1.0, 1.0) for text in density.split("_") if text)
        if amounts and len(amounts) != len(self.known.spec.tracks):
            raise ValueError("not a density a track")
        return Sampling(
            _within(temperature, TEMPERATURE_MIN, TEMPERATURE_MAX) if temperature else 1.0,
            _within(top_p, TOP_P_MIN, 1.0) if top_p else 1.0,
            amounts,
        )

    def edits(self, text: str) -> tuple[Edit, ...]:
        strokes = [stroke for stroke in text.split("_") if stroke]
        if len(strokes) > EDITS_MAX:
            raise ValueError("too many strokes")
        found = []
        for stroke in strokes:
            track, pitch, start, end, on = (_whole(part, 0, 9999) for part in stroke.split("."))
            edit = Edit(track, pitch, start, end, bool(on))
            if not fits(edit, self.known.spec):
                raise ValueError("a stroke outside of the roll")
            found.append(edit)
        return tuple(found)

    def pairs(self, text: str, known: Sequence[str], what: str) -> list[tuple[str, str]]:
        """`NAME=VALUE` pairs; a name may hold `_`, so known names decide where one begins."""
        found: list[tuple[str, str]] = []
        rest = text
        while rest:
            name = next((each for each in known if rest.startswith(f"{each}=")), None)
            if name is None:
                self.notices.append(
                    f"The link's {what} has a control that this checkpoint does not: {rest[:40]!r}."
                )
                return found
            value, _, rest = rest[len(name) + 1 :].partition("_")
            found.append((name, value))
        return found

    def z(self, text: str) -> tuple[float, ...] | None:
        if not text:
            return None
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        values = np.frombuffer(data, "<f4") if len(data) % 4 == 0 else np.zeros(0)
        if len(values) != self.known.latent_dim or not np.isfinite(values).all():
            raise ValueError("not a latent of this checkpoint")
        return tuple(float(value) for value in values)


def _whole(text: str, low: int, high: int) -> int:
    if len(text) > 20:
        raise ValueError(text[:20])
    value = int(text)
    if not low <= value <= high:
        raise ValueError(text)
    return value


def _within(text: str, low: float, high: float) -> float:
    value = float(text)
    if not low <= value <= high:
        raise ValueError(text)
    return value


def from_query(query: Mapping[str, Sequence[str]], digest: str, known: Known) -> Shared:
    """Read a link for a checkpoint whose weights have this digest."""
    reader = _Reader(known)
    first = {name: values[0] for name, values in query.items() if values}
    point = reader.point(first["p"], "point") if "p" in first else Point()
    locks: dict[str, Point] = {}
    for text in list(query.get("l", []))[:32]:
        name, _, at = text.partition("*")
        if name in known.parts:
            locks[name] = reader.point(at, f"lock of {name}")
        else:
            reader.notices.append(f"The link locks {name[:40]!r}, which is not there.")
    how = Performance(
        tempo=reader.attempt(
            lambda: _within(first["bpm"], TEMPO_MIN, TEMPO_MAX) if "bpm" in first else 120.0,
            120.0,
            "tempo",
        ),
        transpose=reader.attempt(
            lambda: _whole(first["tr"], -TRANSPOSE_MAX, TRANSPOSE_MAX) if "tr" in first else 0,
            0,
            "transposition",
        ),
        programs=reader.attempt(lambda: _programs(first.get("prog"), known), None, "instruments"),
        feel=reader.attempt(
            lambda: Feel(_within(first.get("sw", "0"), 0, 1), _within(first.get("hu", "0"), 0, 1)),
            Feel(),
            "feel",
        ),
    )
    muted = tuple(name for name in query.get("off", []) if name in known.spec.track_names)
    if "v" in first and first["v"] != digest:
        reader.notices.append(
            "This link was made with another version of the checkpoint: "
            "the phrase will not be the same."
        )
    point = replace(point, locks=locks)
    return Shared(point, how, muted, tuple(dict.fromkeys(reader.notices)))


def _programs(text: str | None, known: Known) -> tuple[int, ...] | None:
    if text is None:
        return None
    values = tuple(_whole(value, 0, 127) for value in text.split("."))
    if len(values) != len(known.spec.tracks):
        raise ValueError(text[:40])
    return values
