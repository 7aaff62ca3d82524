"""Requests that come together are worked off together, and each gets its own answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest

from gan.app.live.batching import MOST, MicroBatcher


def run_all(batcher: MicroBatcher[int, int], asked: Sequence[int]) -> dict[int, object]:
    answers: dict[int, object] = {}

    def ask(number: int) -> None:
        try:
            answers[number] = batcher(number)
        except ValueError as error:
            answers[number] = error

    threads = [threading.Thread(target=ask, args=(number,)) for number in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    return answers


def test_everyone_gets_the_answer_to_the_own_request() -> None:
    batches: list[int] = []

    def work(numbers: Sequence[int]) -> list[int]:
        batches.append(len(numbers))
        time.sleep(0.01)
        return [number * number for number in numbers]

    answers = run_all(MicroBatcher(work), range(100))
    assert answers == {number: number * number for number in range(100)}
    assert sum(batches) == 100 and max(batches) <= MOST
    assert len(batches) < 50  # most of them waited, and were worked off together


def test_alone_there_is_no_waiting() -> None:
    batcher: MicroBatcher[int, int] = MicroBatcher(
        lambda numbers: [number + 1 for number in numbers]
    )
    assert [batcher(number) for number in range(5)] == [1, 2, 3, 4, 5]


def test_one_that_fails_spoils_it_for_nobody() -> None:
    def work(numbers: Sequence[int]) -> list[int]:
        time.sleep(0.005)
        if 7 in numbers:
            raise ValueError("seven")
        return list(numbers)

    batcher = MicroBatcher(work)
    answers = run_all(batcher, range(20))
    assert isinstance(answers.pop(7), ValueError)
    assert answers == {number: number for number in range(20) if number != 7}
    with pytest.raises(ValueError, match="seven"):
        batcher(7)
    assert batcher(1) == 1
