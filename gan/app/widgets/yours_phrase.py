"""Four bars of the user's in the generator: encoded, put into the document, kept."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from gan.app import library
from gan.app.address import keep
from gan.app.history import Session
from gan.app.widgets.yours_shelf import ENCODED_MAX, Shelf
from gan.data.own import Arranged, Excerpt
from gan.engine import Engine, Rolls
from gan.music.compare import f1
from gan.music.edits import strokes_between
from gan.music.performance import Performance
from gan.phrase import EDITS_MAX, PhraseState
from gan.pictures import thumbnail_png
from gan.spec import ONSET

PICTURES = 8  # of the way to the phrase


@dataclass(frozen=True)
class Likeness:
    """How near what comes back is: F1 of onset and of sounding cells, 0 to 1, and the notes that
    only one side has."""

    onset: float
    sounding: float
    lost: int
    new: int


def likeness(mine: Rolls, theirs: Rolls) -> Likeness:
    """The user's roll against the generator's, both `(track, step, pitch, 2)`."""
    a, b = mine[..., ONSET] > 0, theirs[..., ONSET] > 0
    return Likeness(**f1(mine, theirs), lost=int((a & ~b).sum()), new=int((b & ~a).sum()))


def played_like(arranged: Arranged, part: Excerpt, now: Performance) -> Performance:
    """Tempo, key and instruments of the piece; the rest as it is."""
    spec = arranged.spec
    programs = tuple(
        track.program if track.is_drum or found is None else found
        for track, found in zip(spec.tracks, arranged.programs, strict=True)
    )
    usual = tuple(track.program for track in spec.tracks)
    return replace(
        now,
        tempo=round(part.tempo, 2),
        transpose=part.transpose,
        programs=None if programs == usual else programs,
    )


def is_applied(own: Shelf, weights: str, part: Excerpt) -> bool:
    """Whether the bars are what was put into the document last."""
    known = own.applied.get(weights)
    return known is not None and known[0] == _wanted(own, part)


def is_encoded(own: Shelf, weights: str, part: Excerpt) -> bool:
    """Whether the bars need not be looked for in the latent space."""
    return (weights, *_wanted(own, part)[:3]) in own.encoded


def _wanted(own: Shelf, part: Excerpt) -> tuple[object, ...]:
    return (own.current, part.bar, own.choices.get(own.current), own.keep)


def take_performance(session: Session, arranged: Arranged, part: Excerpt) -> None:
    """Play as the piece is played; the phrase that follows is the same step of the history."""
    how = played_like(arranged, part, session.document.performance)
    session.go(replace(session.document, performance=how), gesture="yours", holding=True)


def take_phrase(own: Shelf, session: Session, part: Excerpt, engine: Engine) -> None:
    """Put the bars into the document, read by the generator; a bar of progress stands there."""
    wanted, weights = _wanted(own, part), session.document.weights
    state = encoded(own, engine, part, (weights, *wanted[:3]))
    if own.keep:
        state = kept_on_top(engine, state, part.roll)
    session.phrase(state, gesture="yours")
    own.applied[weights] = wanted, state


def encoded(own: Shelf, engine: Engine, part: Excerpt, key: object) -> PhraseState:
    """The state that comes nearest to the bars; a bar of progress stands there meanwhile."""
    known = own.encoded.get(key)
    if known is not None:
        return known
    place = st.empty()
    shown = -1

    def tell(done: float, state: PhraseState) -> None:
        nonlocal shown
        if int(done * PICTURES) == shown:
            return
        shown = int(done * PICTURES)
        with place.container(horizontal=True, vertical_alignment="center"):
            st.image(thumbnail_png(engine.render(state), engine.spec), width=160)
            st.progress(done, "The generator looks for your phrase ...")

    with place.container():
        st.progress(0.0, "The generator looks for your phrase ...")
    found = engine.encode(part.roll, progress=tell)
    place.empty()
    own.encoded[key] = found
    while len(own.encoded) > ENCODED_MAX:
        own.encoded.pop(next(iter(own.encoded)))
    return found


def kept_on_top(engine: Engine, state: PhraseState, mine: Rolls) -> PhraseState:
    """The state with strokes that make its phrase the user's, as many as a phrase may have."""
    strokes = strokes_between(engine.render(replace(state, edits=())), mine, engine.spec)
    return replace(state, edits=strokes[:EDITS_MAX])


def keep_phrase(session: Session, name: str) -> str:
    """Keep the document among the user's own phrases; the name that it got."""
    return keep(session.document, name, kind=library.OWN)
