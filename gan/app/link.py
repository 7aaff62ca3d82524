"""A shared link: everything that a phrase needs, as query parameters and back.

    c     checkpoint            v     digest of its weights
    p     the point             l     one locked part: NAME*POINT, repeated

and the settings of the player (`gan.app.link_player`).

A point is `SEED~TRUNCATION~SLIDERS~PARTS~Z~TEMPERATURE~TOP_P~DENSITY~EDITS`, empty ends left
out: sliders and part seeds as `NAME=VALUE` joined by `_`, z as base64 of little-endian
float32, a density a track, and strokes as `TRACK.PITCH.START.END.ON`, both joined by `_`.
Reading believes nothing: what is not valid is left at its default, and a notice says so.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import numpy as np

from gan.app.link_player import LISTS, Playing, playing_from_query, playing_to_query
from gan.app.link_text import LenientReader, Query, number, whole, within
from gan.engine import SEED_MAX, SLIDER_MAX, TRUNCATION_MAX, PhraseState
from gan.models.sampling import TEMPERATURE_MAX, TEMPERATURE_MIN, TOP_P_MIN, Sampling
from gan.music.edits import EDITS_MAX, Edit, fits
from gan.music.parts import lockable_parts
from gan.spec import RollSpec

MAX_TEXT = 65_536
LOCKS_MAX = 128
REPEATED = ("l", *LISTS)  # parameters that may be there more than once


@dataclass(frozen=True)
class Known:
    """What a link may refer to in the checkpoint that it names."""

    spec: RollSpec
    directions: Sequence[str]
    latent_dim: int

    @property
    def parts(self) -> list[str]:
        """Parts of the latent: tracks and bars."""
        tracks = [f"track:{name}" for name in self.spec.track_names]
        return tracks + [f"bar:{bar}" for bar in range(self.spec.bars)]


@dataclass(frozen=True)
class Shared:
    """What a link carries; `notices` are sentences for the user."""

    point: PhraseState = field(default_factory=PhraseState)
    playing: Playing = field(default_factory=Playing)
    notices: tuple[str, ...] = ()


def point_to_text(point: PhraseState) -> str:
    """The point without its locks."""
    sliders = "_".join(f"{name}={number(v)}" for name, v in sorted(point.sliders.items()) if v)
    parts = "_".join(f"{name}={seed}" for name, seed in sorted(point.part_seeds.items()))
    z = ""
    if point.z is not None:
        data = np.asarray(point.z, "<f4").tobytes()
        z = base64.urlsafe_b64encode(data).decode().rstrip("=")
    drawn, plain = point.sampling, Sampling()
    fields = [
        z,
        number(drawn.temperature) if drawn.temperature != plain.temperature else "",
        number(drawn.top_p) if drawn.top_p != plain.top_p else "",
        "_".join(number(amount) for amount in drawn.density),
        "_".join(
            f"{edit.track}.{edit.pitch}.{edit.start}.{edit.end}.{int(edit.on)}"
            for edit in point.edits
        ),
    ]
    text = f"{point.seed}~{number(point.truncation)}~{sliders}~{parts}"
    return "~".join([text, *fields]).rstrip("~") if any(fields) else text


def to_query(checkpoint: str, digest: str, *, point: PhraseState, playing: Playing) -> Query:
    """Query parameters of a phrase; what has its default is left out."""
    query: Query = {"c": checkpoint, "v": digest, "p": point_to_text(point)}
    if point.locks:
        query["l"] = [f"{name}*{point_to_text(at)}" for name, at in sorted(point.locks.items())]
    return query | playing_to_query(playing)


def recipe(query: Query) -> str:
    """One line that says what a file was made from, for people and for the address bar."""
    seed = str(query["p"]).split("~")[0]
    return f"checkpoint {query['c']} {query['v']}, seed {seed}: ?{urlencode(query, doseq=True)}"


class _Reader(LenientReader):
    """Reads points of one checkpoint."""

    def __init__(self, known: Known) -> None:
        super().__init__()
        self.known = known

    def point(self, text: str, what: str) -> PhraseState:
        pieces = (text.split("~") + [""] * 9)[:9]
        if len(text) > MAX_TEXT or text.count("~") > 8:
            self.notices.append(f"The link's {what} made no sense and was left out.")
            return PhraseState()
        seed = self.attempt(lambda: whole(pieces[0], 0, SEED_MAX), 0, f"seed in {what}")
        truncation = self.attempt(
            lambda: within(pieces[1], 0.0, TRUNCATION_MAX) if pieces[1] else 1.0,
            1.0,
            f"truncation in {what}",
        )
        sliders: dict[str, float] = {}
        for name, value in self.pairs(pieces[2], self.known.directions, what):
            amount = self.attempt(
                lambda value=value: within(value, -SLIDER_MAX, SLIDER_MAX),  # type: ignore[misc]
                0.0,
                f"slider {name[:40]}",
            )
            if amount:
                sliders[name] = amount
        seeds: dict[str, int] = {}
        for name, value in self.pairs(pieces[3], self.known.parts, what):
            part_seed = self.attempt(
                lambda value=value: whole(value, 0, SEED_MAX),  # type: ignore[misc]
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
        return PhraseState(seed, truncation, sliders, seeds, z, sampling=sampling, edits=edits)

    def sampling(self, temperature: str, top_p: str, density: str) -> Sampling:
        amounts = tuple(within(text, -1.0, 1.0) for text in density.split("_") if text)
        if amounts and len(amounts) != len(self.known.spec.tracks):
            raise ValueError("not a density a track")
        return Sampling(
            within(temperature, TEMPERATURE_MIN, TEMPERATURE_MAX) if temperature else 1.0,
            within(top_p, TOP_P_MIN, 1.0) if top_p else 1.0,
            amounts,
        )

    def edits(self, text: str) -> tuple[Edit, ...]:
        strokes = [stroke for stroke in text.split("_") if stroke]
        if len(strokes) > EDITS_MAX:
            raise ValueError("too many strokes")
        found = []
        for stroke in strokes:
            track, pitch, start, end, on = (whole(part, 0, 9999) for part in stroke.split("."))
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


def from_query(query: Mapping[str, Sequence[str]], digest: str, known: Known) -> Shared:
    """Read a link for a checkpoint whose weights have this digest."""
    reader = _Reader(known)
    first = {name: values[0] for name, values in query.items() if values}
    point = reader.point(first["p"], "point") if "p" in first else PhraseState()
    locks: dict[str, PhraseState] = {}
    lockable = lockable_parts(known.spec)
    for text in list(query.get("l", []))[:LOCKS_MAX]:
        name, _, at = text.partition("*")
        if name in lockable:
            locks[name] = reader.point(at, f"lock of {name}")
        else:
            reader.notices.append(f"The link locks {name[:40]!r}, which is not there.")
    playing = playing_from_query(query, known.spec, reader)
    if "v" in first and first["v"] != digest:
        reader.notices.append(
            "This link was made with another version of the checkpoint: "
            "the phrase will not be the same."
        )
    point = replace(point, locks=locks)
    return Shared(point, playing, tuple(dict.fromkeys(reader.notices)))
