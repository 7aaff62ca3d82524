"""The map of a generator: features, places, paths, its file, and the command that makes it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny

from gan.app.map.component import read_line, read_seed
from gan.app.map.pack import pack_space
from gan.app.player.wire import unpack_message
from gan.cli import map as command
from gan.engine import load
from gan.errors import CheckpointError
from gan.files import arrays_bytes
from gan.models.checkpoint import read_info, write_config, write_weights
from gan.models.parts import path_of, write_parts
from gan.models.reading import read_part_arrays
from gan.models.registry import build
from gan.music.rolls import roll_from_notes
from gan.phrase import PhraseState
from gan.space.features import UNKNOWN, Scale, chroma_of, scale_of
from gan.space.nearby import alike, places, rarest
from gan.space.paths import along, changes, evenly
from gan.space.space import Space
from gan.space.store import MAP, load_space
from gan.space.words import family_names
from gan.spec import RollSpec, Track

PHRASES = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny generator with a map, made by the command."""
    path = tmp_path_factory.mktemp("checkpoints") / "tiny"
    generator = build("gan", tiny.SPEC, tiny.MODEL)
    write_config(path, family="gan", spec=tiny.SPEC, model=tiny.MODEL, training={}, data={})
    write_weights(path, tiny.lively(generator.weights(), np.random.default_rng(1)))
    assert command.main(["--checkpoint_dir", str(path), "--phrases", str(PHRASES)]) == 0
    return path


@pytest.fixture(scope="module")
def space(folder: Path) -> Space:
    found = load_space(read_info(folder))
    assert found is not None
    return found


def test_the_map_holds_what_the_engine_renders(folder: Path, space: Space) -> None:
    engine = load(folder, sliders=False)
    rolls = engine.render_all([PhraseState(seed=seed) for seed in range(PHRASES)])
    assert len(space) == PHRASES and space.seeds.tolist() == list(range(PHRASES))
    for index, roll in enumerate(rolls):
        np.testing.assert_array_equal(space.roll_of(index), roll)
    assert np.abs(space.xy).max(axis=0).tolist() == [1.0, 1.0]
    assert len(family_names(space)) == space.family.max() + 1


def test_a_phrase_of_the_map_is_placed_where_it_is(space: Space) -> None:
    rolls = [space.roll_of(index) for index in (3, 11)]
    same = [np.flatnonzero((space.features == space.features[k]).all(axis=1))[0] for k in (3, 11)]
    np.testing.assert_array_equal(space.place(rolls), space.xy[same])


def test_a_new_phrase_is_placed_alike_alone_or_with_others(space: Space) -> None:
    before = space.xy.copy()
    one, two = (tiny.phrase(np.random.default_rng(k)) for k in (5, 6))
    together = space.place([one, two])
    np.testing.assert_array_equal(space.place([two])[0], together[1])
    np.testing.assert_array_equal(space.xy, before)
    assert np.abs(together).max() <= 1.0


def test_places_are_weighted_by_nearness() -> None:
    features = np.array([[0.0], [3.0], [100.0]], np.float32)
    xy = np.array([[0.0, 0.0], [0.3, 0.0], [0.9, 0.9]], np.float32)
    # 1 from the first and 2 from the second: weights 1 and 1/4. The third lies far off on the map.
    found = places(np.array([[1.0], [3.0]], np.float32), features, xy)
    np.testing.assert_allclose(found, [[0.06, 0.0], [0.3, 0.0]], atol=1e-6)


def test_alike_and_rare() -> None:
    points = np.array([[0.0], [1.0], [1.5], [9.0]], np.float32)
    assert alike(points[1], points, 2).tolist() == [2, 0]
    assert rarest(points, 1).tolist() == [3]


def test_measures_survive_as_bytes_to_a_part_in_254() -> None:
    values = np.append(np.linspace(10.0, 20.0, 500), np.nan)
    scale = scale_of({"a": values, "flat": np.full(501, 3.0)}, ("a", "flat"))
    codes = scale.codes({"a": values, "flat": np.full(501, 3.0)})
    back = scale.values(codes)[:-1, 0]
    assert codes[-1, 0] == UNKNOWN and codes[0, 0] == 0 and codes[-2, 0] == 254
    assert np.abs(back - np.clip(values[:-1], scale.low[0], scale.high[0])).max() <= 10 / 254 / 2
    assert (scale.codes({"a": values})[:, 1] == UNKNOWN).all()  # one that the table has no more
    assert scale.high[1] > scale.low[1]


def test_chroma_counts_time_by_pitch_class_without_drums() -> None:
    spec = RollSpec(tracks=(Track("A"), Track("KIT", is_drum=True)), bars=1, pitch_min=48)
    notes = [np.array([[0, 3, 60], [4, 5, 49]], np.int32), np.array([[0, 1, 50]], np.int32)]
    chroma = chroma_of(roll_from_notes(notes, spec)[None], spec)
    assert chroma.tolist() == [[191, 64, *[0] * 10]]  # three steps of C and one of C sharp


def test_steps_of_a_path_are_even() -> None:
    at = np.array([0.0, 0.1, 0.2, 1.0, 1.1, 2.0, 2.9, 3.0])
    gaps = np.abs(at[:, None] - at[None])
    assert evenly(gaps, 4) == [0, 3, 5, 7]
    assert evenly(gaps, 2) == [0, 7] and evenly(gaps, 99) == list(range(8))


def test_changes_are_a_share_of_the_notes() -> None:
    onsets = np.array([[1, 1, 0, 0], [1, 0, 1, 1], [0, 0, 0, 0]], np.uint8)
    # Three of the five notes of the first two are in one of them only.
    np.testing.assert_allclose(changes(onsets), [[0, 0.6, 1], [0.6, 0, 1], [1, 1, 0]])


def test_a_path_begins_and_ends_where_the_line_does(space: Space) -> None:
    line = space.xy[[2, 9, 17]].astype(np.float64)
    found = along(space, line, 5)
    assert found[0] == 2 and found[-1] == 17 and 2 <= len(found) <= 5
    assert along(space, line[[0, 0]], 5) == [2]


def test_a_map_of_other_weights_is_none(folder: Path) -> None:
    info = read_info(folder)
    assert load_space(replace(info, digest="0123456789")) is None


@pytest.mark.parametrize(
    "change",
    [
        {"xy": np.zeros((3, 2), np.float32)},
        {"xy": np.full((PHRASES, 2), np.nan, np.float32)},
        {"seeds": np.full(PHRASES, -1, np.int32)},
        {"counts": np.zeros((PHRASES, 3), np.uint16)},
        {"about": np.frombuffer(b"nonsense", np.uint8)},
        {"codes": np.zeros((PHRASES, 1), np.uint8)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_damaged_map_is_named(folder: Path, change: dict[str, np.ndarray]) -> None:
    info = read_info(folder)
    whole = path_of(folder, MAP).read_bytes()
    try:
        write_parts(folder, {MAP: arrays_bytes(read_part_arrays(folder, MAP) | change)})
        with pytest.raises(CheckpointError, match=re.escape(MAP) + r" is damaged \(.+make the map"):
            load_space(info)
    finally:
        write_parts(folder, {MAP: whole})


def test_a_browser_gets_all_of_it_aligned(space: Space) -> None:
    header, payload = unpack_message(pack_space(space))
    n, tracks = header["phrases"], header["tracks"]
    np.testing.assert_array_equal(np.frombuffer(payload, "<f4", 2 * n), space.xy.reshape(-1))
    at = 12 * n + 2 * n * tracks
    notes = np.frombuffer(payload, "<u2", 3 * header["notes"], at)
    np.testing.assert_array_equal(notes, space.notes.reshape(-1))
    assert len(payload) == at + notes.nbytes + n * header["measures"] + n


def test_what_a_browser_tells_is_not_believed() -> None:
    assert read_seed({"seed": 7}) == 7
    assert [read_seed(event) for event in (None, {}, {"seed": -1}, {"seed": "7"})] == [None] * 4
    line = read_line({"points": [[0, 5], [-0.5, 0.25]]})
    assert line is not None and line.tolist() == [[0.0, 1.0], [-0.5, 0.25]]
    for points in (None, [], [[0, 0]], [[0, 0], [1]], [[0, 0], [0, float("nan")]], [[0, 0], 3]):
        assert read_line({"points": points}) is None


def test_the_command_says_in_one_sentence_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--checkpoint_dir", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.startswith("gan.cli.map: There is no checkpoint folder")
    with pytest.raises(SystemExit):
        command.main(["--checkpoint_dir", str(tmp_path), "--phrases", "3"])


def test_a_measure_keeps_its_range_in_the_scale() -> None:
    scale = Scale(("a",), np.array([1.0]), np.array([3.0]))
    codes = scale.codes({"a": np.array([0.0, 1.0, 2.0, 3.0, 9.0])})[:, 0]
    assert codes.tolist() == [0, 0, 127, 254, 254]
