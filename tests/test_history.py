"""Undo, drags, A and B: operations on documents."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gan.app import history
from gan.app.document import Document
from gan.app.history import Session
from gan.audio.mix import Mix
from gan.music.performance import Performance
from gan.phrase import PhraseState


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(history.time, "monotonic", lambda: now[0])
    return now


def seeds(documents: list[Document]) -> list[int]:
    return [document.phrase.seed for document in documents]


def test_undo_takes_back_how_it_is_played_and_mixed_too() -> None:
    session = Session()
    session.phrase(PhraseState(1))
    session.change(performance=Performance(tempo=80, soundfont="Grand"))
    session.change(mix=Mix(loop=False))
    session.undo()
    assert session.document == Document(
        phrase=PhraseState(1), performance=Performance(tempo=80, soundfont="Grand")
    )
    session.undo()
    session.undo()
    assert session.document == Document() and not session.past
    for _ in range(3):
        session.redo()
    assert session.document.mix == Mix(loop=False) and not session.future


def test_a_drag_is_one_step_however_long_it_takes(clock: list[float]) -> None:
    session = Session()
    for seed in (1, 2, 3):
        session.phrase(PhraseState(seed), gesture="sliders", holding=True)
        clock[0] += 60
    session.phrase(PhraseState(3), gesture="sliders")  # let go where it was
    assert seeds(session.past) == [0]
    clock[0] += 60
    session.phrase(PhraseState(4), gesture="sliders", holding=True)
    assert seeds(session.past) == [0, 3], "the next drag is another step"
    session.undo()
    assert session.document.phrase.seed == 3 and seeds(session.future) == [4]


def test_a_run_of_key_presses_is_one_step(clock: list[float]) -> None:
    session = Session()
    for tempo in range(121, 171):
        session.change(performance=Performance(tempo=tempo), gesture="tempo")
        clock[0] += 0.3
    assert len(session.past) == 1
    session.change(performance=Performance(tempo=170, transpose=1), gesture="key")
    assert len(session.past) == 2, "another control is another step"
    clock[0] += 5
    session.change(performance=Performance(tempo=170, transpose=2), gesture="key")
    assert len(session.past) == 3, "so is the same one after a pause"


def test_presses_of_a_button_are_a_step_each() -> None:
    session = Session()
    for seed in (1, 2, 3):
        session.phrase(PhraseState(seed))
    session.phrase(PhraseState(3))
    assert seeds(session.past) == [0, 1, 2]


def test_history_is_bounded_and_travels() -> None:
    session = Session()
    for seed in range(1, history.HISTORY_MAX + 11):
        session.phrase(PhraseState(seed))
    assert seeds(session.past) == list(range(10, history.HISTORY_MAX + 10))
    session.travel(3)
    assert session.document.phrase.seed == 13 and len(session.past) == 3
    session.travel(999)
    assert session.document.phrase.seed == 13
    session.notices = ("about this",)
    session.phrase(PhraseState(7))
    assert not session.future and session.notices == ()


def test_a_stays_a_until_it_is_replaced() -> None:
    session = Session()
    assert session.side == ""
    session.compare()
    session.keep_a()
    assert session.side == "A"
    session.phrase(PhraseState(7))
    assert session.side == "B"
    session.compare()
    assert (session.document.phrase.seed, session.side) == (0, "A")
    session.compare()
    assert (session.document.phrase.seed, session.side) == (7, "B")
    # What is done while A is heard makes another B.
    session.compare()
    session.phrase(PhraseState(8))
    assert session.side == "B" and session.a == Document()
    session.compare()
    session.compare()
    assert session.document == replace(Document(), phrase=PhraseState(8))
