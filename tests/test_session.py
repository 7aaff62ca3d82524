"""The desk of the Explore page: locks, undo, what is heard, links, session files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

from gan.app import library, link
from gan.app.desk import Desk, Place
from gan.app.escape import plain
from gan.app.link_player import Playing
from gan.app.live.backend import moved
from gan.app.locks import lend, lock, unlock
from gan.app.player.events import Mix, TrackMix
from gan.app.session import known_of, query_of
from gan.app.session_file import SessionFileError, open_session, session_bytes
from gan.app.widgets import panels
from gan.audio.render import encode_flac
from gan.engine import Engine, PhraseState, load
from gan.models.checkpoint import write_config, write_weights
from gan.models.registry import build
from gan.models.sampling import Sampling
from gan.music.edits import Edit
from gan.music.feel import Feel
from gan.music.midi import midi_bytes
from gan.music.performance import Performance, perform

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


def another(point: PhraseState, seed: int) -> PhraseState:
    return replace(point, seed=seed, part_seeds={}, edits=())


def test_a_lock_keeps_what_was_heard_where_track_and_bar_cross(engine: Engine) -> None:
    first = engine.roll(PhraseState(1))
    point = another(lock(PhraseState(1), "bar:1", SPEC), 2)
    second = engine.roll(point)
    assert np.array_equal(second[:, BAR : 2 * BAR, :, 1], first[:, BAR : 2 * BAR, :, 1])
    point = lock(point, "track:CHORDS", SPEC)
    assert np.array_equal(engine.roll(point), second), "locking changes nothing"
    third = engine.roll(another(point, 3))
    assert np.array_equal(third[1], second[1])
    # The bar is free again; the track's part of it was locked too, and stays.
    fourth = engine.roll(another(unlock(point, "bar:1", SPEC), 4))
    assert np.array_equal(fourth[1], second[1])
    assert not np.array_equal(fourth[0], second[0])


def test_freeing_a_track_leaves_a_locked_bar_as_it_is(engine: Engine) -> None:
    point = another(lock(PhraseState(1), "track:LEAD", SPEC), 2)
    point = lock(point, "bar:0", SPEC)
    heard = engine.roll(point)
    freed = engine.roll(another(unlock(point, "track:LEAD", SPEC), 3))
    assert np.array_equal(freed[:, :BAR], heard[:, :BAR])
    assert unlock(unlock(point, "track:LEAD", SPEC), "bar:0", SPEC).locks == {}


def test_a_lent_track_sounds_as_the_favourite_does(engine: Engine) -> None:
    lender = another(lock(PhraseState(1), "bar:0", SPEC), 2)
    lender = another(lock(lender, "track:KIT", SPEC), 5)
    theirs, mine = engine.roll(lender), PhraseState(9)
    for index, name in enumerate(SPEC.track_names):
        got = engine.roll(lend(lock(mine, "bar:0", SPEC), lender, name, SPEC))
        assert np.array_equal(got[index], theirs[index]), name
        others = [k for k in range(3) if k != index]
        assert np.array_equal(got[others], engine.roll(mine)[others])


# --- What is heard, and the link that brings it back ------------------------------------------


def test_solo_counts_for_files_as_it_does_for_the_ear() -> None:
    tracks = {"LEAD": TrackMix(solo=True), "CHORDS": TrackMix(solo=True, mute=True)}
    desk = Desk(mix=Mix(tracks={**tracks, "KIT": TrackMix(volume=0.5)}))
    assert desk.heard(SPEC.track_names) == (True, False, False)
    assert panels.heard(desk, SPEC).include == (True, False, False)
    assert panels.gains(Desk(mix=Mix(tracks={"KIT": TrackMix(volume=0.5)})), SPEC,
                        Performance()) == [1, 1, 0.25]  # fmt: skip


def test_silence_is_a_file_too(engine: Engine) -> None:
    muted = {name: TrackMix(mute=True) for name in SPEC.track_names}
    for desk in (Desk(), Desk(mix=Mix(tracks=muted))):
        how = panels.heard(desk, SPEC)
        sound = panels.mixed(perform(np.zeros(SPEC.shape, np.uint8), SPEC, how), desk, SPEC, how)
        assert sound.seconds == 4 and len(encode_flac(sound)) > 40


def rich(engine: Engine) -> Desk:
    """A desk with something of everything that a link holds."""
    slider = engine.directions[0].id
    z = tuple(float(np.float32(value)) for value in engine.z(PhraseState(4)))
    point = moved(
        PhraseState(3, z=z, part_seeds={"track:LEAD": 8}), {slider: 1 / 3, "truncation": 2 / 3}
    )
    point = replace(point, sampling=Sampling(density=(0.25, 0.0, -0.5)))
    point = replace(lock(point, "bar:1", SPEC), edits=(Edit(0, 3, 2, 5), Edit(1, 4, 0, 4, False)))
    point = lock(point, "track:KIT", SPEC)
    how = Performance(97.3, -2, (11, 40, 0), feel=Feel(0.4, 0.7))
    mix = Mix(tracks={"LEAD": TrackMix(mute=True), "CHORDS": TrackMix(), "KIT": TrackMix()})
    return Desk(Place(point, how), mix=mix)


def midi(engine: Engine, desk: Desk) -> bytes:
    """The bytes that the button MIDI gives."""
    text = link.recipe(query_of(engine.info, desk))
    how = panels.heard(desk, SPEC)
    return midi_bytes(perform(engine.roll(desk.point), SPEC, how, text))


def opened(engine: Engine, query: link.Query) -> Desk:
    lists = {name: value if isinstance(value, list) else [value] for name, value in query.items()}
    desk = Desk()
    desk.open(link.from_query(lists, engine.info.digest, known_of(engine.info, engine)))
    return desk


def test_a_link_gives_the_same_bytes_of_midi(engine: Engine) -> None:
    desk = rich(engine)
    there = opened(engine, query_of(engine.info, desk))
    assert there.notices == ()
    assert there.point == desk.point
    assert midi(engine, there) == midi(engine, desk)


def test_the_recipe_in_a_file_is_enough_to_make_it_again(engine: Engine) -> None:
    from urllib.parse import parse_qs

    desk = rich(engine)
    text = link.recipe(query_of(engine.info, desk))
    assert text.startswith(f"checkpoint tiny {engine.info.digest}, seed 3: ?")
    query: link.Query = dict(parse_qs(text.partition("?")[2]))
    assert midi(engine, opened(engine, query)) == midi(engine, desk)


def test_a_soundfont_that_is_not_here_is_named(engine: Engine) -> None:
    shared = link.Shared(playing=Playing(soundfont="Grand"))
    desk = Desk()
    desk.open(shared)
    assert desk.soundfont is None
    assert "Grand is not on this machine" in desk.notices[0]
    desk.go(PhraseState(2))
    assert desk.notices == (), "they were about another phrase"


def test_words_of_others_are_not_markup() -> None:
    assert plain("![a](//b.c)") == r"\!\[a\]\(//b\.c\)"


# --- Undo and A/B -----------------------------------------------------------------------------


def test_undo_takes_back_how_it_is_played_too() -> None:
    desk = Desk()
    desk.go(PhraseState(1))
    desk.play(Performance(tempo=80))
    desk.undo()
    assert desk.place == Place(PhraseState(1), Performance())
    desk.undo()
    desk.redo()
    desk.redo()
    assert desk.place == Place(PhraseState(1), Performance(tempo=80))


def test_a_drag_without_a_socket_is_one_step_of_the_history() -> None:
    desk = Desk()
    for seed in (1, 2, 3):
        desk.drag(PhraseState(seed))
    desk.go(PhraseState(4))
    assert [place.point.seed for place in desk.past] == [0]
    desk.drag(PhraseState(5))
    desk.undo()
    assert (desk.point.seed, [place.point.seed for place in desk.future]) == (4, [5])
    desk.drag(PhraseState(6))
    desk.go(PhraseState(4))
    assert [place.point.seed for place in desk.past] == [0], "back where it began"


def test_a_and_b_change_sides() -> None:
    desk = Desk()
    desk.keep()
    desk.go(PhraseState(7))
    desk.compare()
    assert (desk.point.seed, desk.side) == (0, "A")
    desk.compare()
    assert (desk.point.seed, desk.side) == (7, "B")


# --- Session files ----------------------------------------------------------------------------


def full(engine: Engine) -> Desk:
    desk = rich(engine)
    desk.keep()
    desk.go(PhraseState(5))
    desk.play(Performance(tempo=150))
    desk.undo()
    desk.mix = replace(desk.mix, volume=0.4, loop_start=4, loop_end=12, pad=("a", "b"))
    return desk


def test_a_session_file_brings_everything_back(engine: Engine) -> None:
    desk, fresh = full(engine), Desk()
    library.add("Dawn", "tiny", query_of(engine.info, desk))
    data = session_bytes(engine, desk)
    library.remove("Dawn", "tiny")
    open_session(data, engine, fresh)
    assert fresh == desk
    assert [each.name for each in library.read()] == ["Dawn"]


HOSTILE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a list": lambda good: [good],
    "another generator": lambda good: {**good, "checkpoint": "![x](//y)"},
    "no phrase": lambda good: {**good, "now": None},
    "numbers": lambda good: {**good, "now": {"p": [1]}},
    "a word for the past": lambda good: {**good, "past": "x"},
    "a future of words": lambda good: {**good, "future": ["x"]},
    "half a surrogate pair": lambda good: {**good, "now": {"p": "1", "sf": "\ud800"}},
    "a word for A": lambda good: {**good, "kept": "x"},
    "too much": lambda good: {**good, "x": "x" * 2_000_000},
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_session_file_is_one_sentence(engine: Engine, change: Any) -> None:
    desk = full(engine)
    before = replace(desk)
    data = json.dumps(change(json.loads(session_bytes(engine, desk)))).encode()
    with pytest.raises(SessionFileError) as refused:
        open_session(data, engine, desk)
    assert str(refused.value).count(".") == 1 and len(str(refused.value)) < 200
    assert desk == before


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"9" * 9000, b"null"])
def test_what_is_no_json_is_one_sentence(engine: Engine, data: bytes) -> None:
    with pytest.raises(SessionFileError, match="no session"):
        open_session(data, engine, Desk())


def test_hostile_favourites_in_a_session_file_are_left_out_or_tamed(engine: Engine) -> None:
    good = {"name": "A", "checkpoint": "tiny", "query": {"p": "1"}}
    values = json.loads(session_bytes(engine, full(engine)))
    values["favourites"] = [
        good,
        {**good, "query": {"p": "2"}},  # the same name again
        {**good, "name": "B", "saved": 10**400},
        {**good, "name": "C", "saved": float("nan")},
        {**good, "name": "\ud800"},
        {**good, "name": " D\n# E "},
        {**good, "query": {"p": [[]]}},
        7,
    ]
    values["mix"] = {"tracks": {"LEAD": 5}, "volume": 1e999, "loop_end": 10**400, "pad": [1, 2]}
    desk = Desk()
    open_session(json.dumps(values).encode(), engine, desk)
    assert [each.name for each in library.read()] == ["A", "B", "C", "D # E"]
    assert library.read()[0].query == {"p": ["1"]}
    assert desk.mix.volume == 0.8 and desk.mix.loop_end is None
