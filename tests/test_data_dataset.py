"""The dataset, its split by song, and its batches."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import compose
import numpy as np
import pytest
import tiny

from gan.data.dataset import Dataset, rolls, split_by_song
from gan.data.stream import BatchReader, batches
from gan.errors import DataError
from gan.music.rolls import is_valid, pack, packed_size, roll_from_notes


def dataset(names: tuple[str, ...] = ("001", "009", "010"), phrases: int = 4) -> Dataset:
    count = len(names) * phrases
    music = [roll_from_notes(compose.phrase_notes(k), compose.SPEC) for k in range(count)]
    return Dataset(
        spec=compose.SPEC,
        bits=pack(np.stack(music)),
        song=np.repeat(np.arange(len(names), dtype=np.int32), phrases),
        song_names=names,
        start_bar=np.tile(np.arange(phrases, dtype=np.int32), len(names)),
        shift=np.zeros(count, dtype=np.int8),
        minor=np.zeros(count, dtype=np.bool_),
    )


def test_phrases_come_out_as_they_went_in() -> None:
    found = rolls(dataset(), [5, 0, 5])
    for roll, seed in zip(found, (5, 0, 5), strict=True):
        assert np.array_equal(roll, roll_from_notes(compose.phrase_notes(seed), compose.SPEC))
    assert rolls(dataset(), []).shape == (0, *compose.SPEC.shape)


def test_arrays_that_do_not_fit_are_refused() -> None:
    good = dataset()
    with pytest.raises(DataError, match="differ in length"):
        Dataset(
            good.spec,
            good.bits,
            good.song[:-1],
            good.song_names,
            good.start_bar,
            good.shift,
            good.minor,
        )
    with pytest.raises(DataError, match="does not name"):
        Dataset(good.spec, good.bits, good.song, ("one",), good.start_bar, good.shift, good.minor)
    with pytest.raises(DataError, match="do not fit"):
        Dataset(
            good.spec,
            good.bits[:, :5],
            good.song,
            good.song_names,
            good.start_bar,
            good.shift,
            good.minor,
        )


def test_numbered_songs_are_split_by_their_last_digit() -> None:
    train, validation = split_by_song(dataset())
    assert train.tolist() == [0, 1, 2, 3, 8, 9, 10, 11]
    assert validation.tolist() == [4, 5, 6, 7]
    _, validation = split_by_song(dataset(("POP909/019", "POP909/090", "POP909/109")))
    assert validation.tolist() == [0, 1, 2, 3, 8, 9, 10, 11]


@pytest.mark.parametrize(
    "names",
    [
        ("a.mid", "b.mid"),
        ("009", "019"),
        ("1.mid", "2.mid", "3.mid"),
        tuple(f"song {chr(97 + k)}.mid" for k in range(20)),
    ],
)
def test_other_songs_are_split_with_something_on_both_sides(names: tuple[str, ...]) -> None:
    data = dataset(names)
    train, validation = split_by_song(data)
    assert len(train) > len(validation) - 1 > 0
    assert sorted([*train, *validation]) == list(range(len(data)))
    assert not set(data.song[train]) & set(data.song[validation])
    again = split_by_song(dataset(names))
    assert np.array_equal(train, again[0])


@pytest.mark.parametrize("name", ["only.mid", "one.mid"])  # by its hash the second is held out
def test_one_song_is_all_for_training(name: str) -> None:
    train, validation = split_by_song(dataset((name,)))
    assert (len(train), len(validation)) == (4, 0)


def reader(**settings: object) -> BatchReader:
    given: dict = {"batch_size": 5, "seed": 3} | settings
    return BatchReader(dataset(), np.arange(12), **given)


def test_every_phrase_comes_once_an_epoch_and_batches_are_of_one_size() -> None:
    data = dataset()
    numbered = {data.bits[k].tobytes(): k for k in range(12)}
    read = reader()
    seen = [numbered[row.tobytes()] for k in range(12) for row in pack(read.batch(k))]
    assert len(seen) == 60
    epochs = [seen[at : at + 12] for at in range(0, 60, 12)]
    assert all(sorted(epoch) == list(range(12)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 5


def test_a_batch_depends_on_the_seed_and_its_number_only() -> None:
    first, other = reader(augment=2), reader(augment=2)
    ahead = [first.batch(k) for k in range(8)]
    for number in (7, 2, 5, 2):
        assert np.array_equal(other.batch(number), ahead[number])
    assert not np.array_equal(reader(augment=2, seed=4).batch(0), ahead[0])


def test_batches_larger_than_the_data_are_filled() -> None:
    assert reader(batch_size=30).batch(0).shape[0] == 30


def test_one_epoch_ends_with_what_is_left() -> None:
    read = reader(repeat=False)
    assert read.count == 3
    assert [len(read.batch(k)) for k in range(3)] == [5, 5, 2]


def test_other_keys_move_the_pitched_tracks_only() -> None:
    plain, moved = reader(batch_size=12), reader(batch_size=12, augment=3)
    before, after = plain.batch(0), moved.batch(0)
    assert is_valid(after, compose.SPEC)
    assert np.array_equal(before[:, 2], after[:, 2])
    shifts = set()
    for one, other in zip(before[:, 1], after[:, 1], strict=True):
        fits = [
            shift
            for shift in range(-3, 4)
            if np.array_equal(np.roll(one, shift, axis=1)[:, 3:-3], other[:, 3:-3])
        ]
        assert fits
        shifts.add(fits[0])
    assert len(shifts) > 2


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"index": []}])
def test_nothing_to_read_is_refused(wrong: dict) -> None:
    given: dict = {"index": np.arange(12), "batch_size": 5, "seed": 0} | wrong
    with pytest.raises(DataError):
        BatchReader(dataset(), given.pop("index"), **given)


def test_the_stream_gives_the_readers_batches_and_goes_on_where_it_is_told() -> None:
    read = reader(augment=1)
    given: dict = {"batch_size": 5, "seed": 3, "augment": 1}
    stream = batches(dataset(), np.arange(12), **given)
    for number, batch in enumerate(itertools.islice(stream, 5)):
        assert np.array_equal(batch, read.batch(number))
    late = batches(dataset(), np.arange(12), start_step=1_000_003, **given)
    assert np.array_equal(next(late), read.batch(1_000_003))
    once = batches(dataset(), np.arange(12), batch_size=5, seed=3, repeat=False)
    assert [len(batch) for batch in once] == [5, 5, 2]


def test_importing_the_data_layer_does_not_import_tensorflow() -> None:
    code = (
        "import sys, gan.data.ingest, gan.data.stream, gan.data.bach, gan.music.attributes;"
        "assert not {'tensorflow', 'keras', 'music21'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_set_larger_than_what_is_held_streams_in_bounded_memory(tmp_path: Path) -> None:
    """Batches of a mapped file of 400 MB are read with a fraction of that in memory."""
    import tracemalloc

    count, size = 400_000, packed_size(tiny.SPEC)
    bits = np.lib.format.open_memmap(tmp_path / "bits.npy", "w+", np.uint8, (count, size))
    rng = np.random.default_rng(0)
    some = rng.integers(0, count, 64)
    bits[some] = 255  # the rest of the file has no content and takes no disk
    song = np.zeros(count, np.int32)
    mapped = Dataset(
        tiny.SPEC, bits, song, ("one",), song, np.zeros(count, np.int8), np.zeros(count, bool)
    )
    reader = BatchReader(mapped, np.arange(count), batch_size=64, seed=0)
    reader.batch(0)  # the epoch's order is drawn once: 8 bytes a phrase
    tracemalloc.start()
    for number in range(1, 200):
        reader.batch(number)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    whole = count * size
    assert whole > 200_000_000
    assert peak < whole / 50
