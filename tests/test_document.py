"""The document: locks, what a link and a session file hold of it, and what they refuse."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import numpy as np
import pytest
import tiny

from gan.app import library, link
from gan.app.document import Document, DocumentError, Walk, from_text, to_text
from gan.app.escape import escape_markdown
from gan.app.history import Session
from gan.app.live.backend import moved
from gan.app.scope import Scope, fitted
from gan.app.session_file import open_session, session_bytes
from gan.app.widgets.exports import midi_of
from gan.app.widgets.piece import Piece
from gan.audio.mix import Mix, TrackMix, gains, heard
from gan.audio.play import mixdown
from gan.audio.render import encode_flac
from gan.engine import Engine, load
from gan.models.checkpoint import write_config, write_weights
from gan.models.registry import build
from gan.models.sampling import Sampling
from gan.music.edits import Edit
from gan.music.feel import Feel
from gan.music.performance import Performance
from gan.phrase import PhraseState, copy_track, latent_numbers, lock, unlock
from gan.spec import RollSpec, Track

SPEC = tiny.SPEC
BAR = SPEC.steps_per_bar


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("checkpoints") / "tiny"
    generator = build("gan", SPEC, tiny.MODEL)
    write_config(folder, family="gan", spec=SPEC, model=tiny.MODEL, training={}, data={})
    write_weights(folder, tiny.lively(generator.weights(), np.random.default_rng(1)))
    return load(folder)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GAN_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


# --- Locks ------------------------------------------------------------------------------------


def another(state: PhraseState, seed: int) -> PhraseState:
    return replace(state, seed=seed, takes={}, edits=())


def test_a_lock_keeps_what_was_heard_where_track_and_bar_cross(engine: Engine) -> None:
    first = engine.render(PhraseState(1))
    state = another(lock(PhraseState(1), "bar:1", SPEC), 2)
    second = engine.render(state)
    assert np.array_equal(second[:, BAR : 2 * BAR, :, 1], first[:, BAR : 2 * BAR, :, 1])
    state = lock(state, "track:CHORDS", SPEC)
    assert np.array_equal(engine.render(state), second), "locking changes nothing"
    third = engine.render(another(state, 3))
    assert np.array_equal(third[1], second[1])
    # The bar is free again; the track's part of it was locked too, and stays.
    fourth = engine.render(another(unlock(state, "bar:1", SPEC), 4))
    assert np.array_equal(fourth[1], second[1])
    assert not np.array_equal(fourth[0], second[0])


def test_freeing_a_track_leaves_a_locked_bar_as_it_is(engine: Engine) -> None:
    state = another(lock(PhraseState(1), "track:LEAD", SPEC), 2)
    state = lock(state, "bar:0", SPEC)
    before = engine.render(state)
    freed = engine.render(another(unlock(state, "track:LEAD", SPEC), 3))
    assert np.array_equal(freed[:, :BAR], before[:, :BAR])
    assert unlock(unlock(state, "track:LEAD", SPEC), "bar:0", SPEC).locks == {}


def test_a_copied_track_sounds_as_the_favourite_does(engine: Engine) -> None:
    other = another(lock(PhraseState(1), "bar:0", SPEC), 2)
    other = another(lock(other, "track:KIT", SPEC), 5)
    theirs, mine = engine.render(other), PhraseState(9)
    for index, name in enumerate(SPEC.track_names):
        got = engine.render(copy_track(lock(mine, "bar:0", SPEC), other, name, SPEC))
        assert np.array_equal(got[index], theirs[index]), name
        others = [k for k in range(3) if k != index]
        assert np.array_equal(got[others], engine.render(mine)[others])


# --- What is heard, and the link that brings it back ------------------------------------------


def test_solo_counts_for_files_as_it_does_for_the_ear() -> None:
    tracks = {"LEAD": TrackMix(solo=True), "CHORDS": TrackMix(solo=True, mute=True)}
    mix = Mix(tracks={**tracks, "KIT": TrackMix(volume=0.5)})
    assert heard(mix, SPEC.track_names) == (True, False, False)
    assert gains(mix, SPEC.track_names) == (1, 0, 0)
    assert gains(Mix(tracks={"KIT": TrackMix(volume=0.5)}), SPEC.track_names) == (1, 1, 0.25)


def test_silence_is_as_long_as_the_music() -> None:
    muted = Mix(tracks={name: TrackMix(mute=True) for name in SPEC.track_names})
    for mix in (Mix(), muted):
        levels = gains(mix, SPEC.track_names)
        sound = mixdown(np.zeros(SPEC.shape, np.uint8), SPEC, Performance(), levels)
        assert sound.seconds == 4 and len(encode_flac(sound)) > 40


def rich(engine: Engine) -> Document:
    """A document with something of everything."""
    slider = engine.directions[0].id
    state = moved(
        PhraseState(3, z=latent_numbers(engine.z(PhraseState(4))), takes={"track:LEAD": 8}),
        {slider: 1 / 3, "truncation": 2 / 3},
        SPEC,
    )
    state = replace(state, sampling=Sampling(density=(0.25, 0.0, -0.5)))
    state = replace(lock(state, "bar:1", SPEC), edits=(Edit(0, 3, 2, 5), Edit(1, 4, 0, 4, False)))
    state = lock(state, "track:KIT", SPEC)
    return Document(
        generator="tiny",
        weights=engine.info.digest,
        phrase=state,
        performance=Performance(97.3, -2, (11, 40, 0), Feel(0.4, 0.7), "Grand"),
        mix=Mix(tracks={"LEAD": TrackMix(mute=True)}, loop_start=4, loop_end=12),
        walk=Walk(start=PhraseState(5), end=PhraseState(6), steps=3, loop=(1, 7)),
    )


def scope(engine: Engine) -> Scope:
    sliders = [direction.id for direction in engine.directions]
    return Scope(SPEC, sliders, engine.generator.latent_dim)


def opened(engine: Engine, address: str) -> tuple[Document, tuple[str, ...]]:
    weights = engine.info.digest
    query = parse_qs(address)
    return link.from_query(query, scope(engine), weights=weights, stored=library.stored)


def midi(engine: Engine, document: Document) -> bytes:
    """The bytes that the button MIDI gives."""
    return midi_of(Piece(engine.render(document.phrase), SPEC, "phrase"), document)


def test_a_link_gives_the_same_bytes_of_midi(engine: Engine) -> None:
    document = rich(engine)
    there, notices = opened(engine, urlencode(link.to_query(document)))
    assert notices == ()
    assert there == document
    assert midi(engine, there) == midi(engine, document)


def test_the_recipe_in_a_file_is_enough_to_make_it_again(engine: Engine) -> None:
    document = rich(engine)
    text = link.recipe(document)
    assert text.startswith(f"generator tiny {engine.info.digest}, seed 3: ?")
    assert opened(engine, text.partition("?")[2]) == (document, ())


def test_a_document_too_long_for_an_address_is_stored_here(engine: Engine) -> None:
    rng = np.random.default_rng(0)
    edits = tuple(
        Edit(0, int(pitch), int(start), int(start) + 1)
        for pitch, start in zip(rng.integers(0, 24, 500), rng.integers(0, 31, 500), strict=True)
    )
    document = replace(rich(engine), phrase=PhraseState(edits=edits))
    long = replace(document, walk=Walk(end=PhraseState(z=latent_numbers(rng.normal(size=900)))))
    query = link.to_query(long, library.store)
    assert len(urlencode(query)) < 100 and len(urlencode(link.to_query(long))) > link.ADDRESS_MAX
    there, notices = opened(engine, urlencode(query))
    assert there.phrase == document.phrase
    assert notices == ("Part of this link could not be used: a latent of another generator.",)
    _, notices = opened(engine, urlencode({**query, "s": "elsewhere"}))
    assert "another machine" in notices[0]


@pytest.mark.parametrize("name", ["*Drums*", "Pad~2", "A=1", "a_b=2~*", "Ä ö", "%", "![x](//y)"])
def test_strange_signs_in_track_names_survive_a_link(name: str) -> None:
    spec = RollSpec(tracks=(Track("LEAD"), Track(name)))
    part = f"track:{name}"
    state = PhraseState(1, sliders={f"{name}.notes": 1.5}, takes={part: 7})
    state = lock(state, part, spec)
    document = Document("g", "w", state, mix=Mix(tracks={name: TrackMix(solo=True)}))
    query = parse_qs(urlencode(link.to_query(document)))
    scope = Scope(spec, [f"{name}.notes"], 10)
    found = link.from_query(query, scope, weights="w", stored=library.stored)
    assert found == (document, ())


def packed(values: Any) -> str:
    data = zlib.compress(json.dumps(values).encode())
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_what_cannot_be_used_of_a_link_is_named_and_the_rest_is_kept(engine: Engine) -> None:
    values = {
        "phrase": {"seed": -1, "truncation": 1.25, "sliders": {"nonsense": 1, "x": 99}, "z": [1]},
        "performance": {"tempo": 1e9, "transpose": 3, "feel": {"swing": "much", "humanise": 0.5}},
        "mix": {"tracks": {"LEAD": {"mute": True, "volume": 7}, "NOBODY": {"solo": True}}},
        "future": "unknown",
    }
    document, notices = opened(engine, urlencode({"c": "tiny", "d": packed(values)}))
    assert document.phrase == PhraseState(truncation=1.25)
    assert document.performance == Performance(transpose=3, feel=Feel(humanise=0.5))
    assert document.mix == Mix(tracks={"LEAD": TrackMix(mute=True)})
    (notice,) = notices
    for name in ("seed", "the slider nonsense", "tempo", "swing", "volume", "another generator"):
        assert name in notice, name


BOMB = base64.urlsafe_b64encode(zlib.compress(b"[" * 40_000_000)).decode()


@pytest.mark.parametrize("text", ["", "é", "AAAA", packed([1]), packed("x"), "[" * 9999, BOMB])
def test_nonsense_is_an_empty_document_and_a_notice(text: str) -> None:
    assert from_text(text) == (Document(), ["all of it"])


def test_text_and_back() -> None:
    assert len(to_text(Document())) < 20
    assert from_text(to_text(Document("a", "b"))) == (Document("a", "b"), [])


def test_locks_inside_of_locks_are_left_out(engine: Engine) -> None:
    inner = PhraseState(2, locks={"bar:0": PhraseState(3)})
    document = Document(phrase=PhraseState(1, locks={"bar:1": inner}))
    found, _ = fitted(document, scope(engine))
    assert found.phrase.locks == {"bar:1": PhraseState(2)}


def test_words_of_others_are_not_markup() -> None:
    assert escape_markdown("![a](//b.c)") == r"\!\[a\]\(//b\.c\)"


# --- Session files ----------------------------------------------------------------------------


def full(engine: Engine) -> Session:
    session = Session(rich(engine))
    session.keep_a()
    session.phrase(PhraseState(5))
    session.change(performance=Performance(tempo=150))
    session.undo()
    session.change(mix=Mix(volume=0.4, pad=("a", "b")))
    return session


def read(data: bytes, engine: Engine, session: Session) -> None:
    open_session(data, session, {"tiny": (scope(engine), engine.info.digest)})


def contents(session: Session) -> tuple[Any, ...]:
    return session.document, session.past, session.future, session.a, session.b, session.notices


def test_a_session_file_brings_everything_back(engine: Engine) -> None:
    session, fresh = full(engine), Session()
    library.keep("Dawn", "tiny", urlencode(link.to_query(session.document)))
    data = session_bytes(session)
    library.forget(library.favourites()[0])
    read(data, engine, fresh)
    assert contents(fresh) == contents(session)
    assert [each.name for each in library.favourites()] == ["Dawn"]
    read(data, engine, fresh)
    assert [each.name for each in library.favourites()] == ["Dawn"], "the same one, once"


HOSTILE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a list": lambda good: [good],
    "another generator": lambda good: {**good, "document": {"generator": "![x](//y)"}},
    "no phrase": lambda good: {**good, "document": None},
    "a tempo out of range": lambda good: {
        **good, "document": {**good["document"], "performance": {"tempo": 1e6}}
    },
    "an unknown slider": lambda good: {
        **good, "document": {"generator": "tiny", "phrase": {"sliders": {"x": 1}}}
    },
    "a word for the past": lambda good: {**good, "past": "x"},
    "a future of words": lambda good: {**good, "future": ["x"]},
    "a word for A": lambda good: {**good, "a": "x"},
    "a newer format": lambda good: {**good, "format": 3},
    "no format": lambda good: {**good, "format": None},
    "too much": lambda good: {**good, "x": "x" * 5_000_000},
}  # fmt: skip


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_session_file_is_one_sentence(engine: Engine, change: Any) -> None:
    session = full(engine)
    before = contents(session)
    data = json.dumps(change(json.loads(session_bytes(session)))).encode()
    with pytest.raises(DocumentError) as refused:
        read(data, engine, session)
    assert len(str(refused.value)) < 250 and str(refused.value).endswith((".", "first."))
    assert contents(session) == before


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"9" * 9000, b"null"])
def test_what_is_no_json_is_one_sentence(engine: Engine, data: bytes) -> None:
    with pytest.raises(DocumentError, match="no session"):
        read(data, engine, Session())


def test_hostile_favourites_in_a_session_file_are_left_out_or_tamed(engine: Engine) -> None:
    good = {"name": "A", "checkpoint": "tiny", "query": {"p": "1"}}
    values = json.loads(session_bytes(full(engine)))
    values["favourites"] = [
        good,
        {**good, "query": {"p": "2"}},  # the same name again
        {**good, "name": "B", "saved": 10**400},
        {**good, "name": "C", "saved": float("nan")},
        {**good, "name": "\ud800"},
        {**good, "name": " D\n# E "},
        {**good, "query": 3},
        7,
    ]
    read(json.dumps(values).encode(), engine, Session())
    assert {each.name for each in library.favourites()} == {"A", "A 2", "B", "C", "?", "D # E"}
