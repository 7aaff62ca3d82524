"""A checkpoint folder is one consistent set, and whatever is wrong with it is one sentence."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

from gan.errors import CheckpointError, DataError, GanError, SpecError
from gan.files import arrays_bytes, json_bytes, locked, parse_json, remove_leftovers, write_bytes
from gan.models.checkpoint import (
    CheckpointInfo,
    config_part,
    list_checkpoints,
    read_info,
    weights_part,
)
from gan.models.config import config_from_dict, least_weights
from gan.models.parts import MANIFEST, listed, path_of, read_part, read_parts, write_parts
from gan.models.reading import read_log, read_part_arrays
from gan.models.reranker import PREFIX
from gan.preview import first_phrase, read_preview
from gan.quality.card import cost_of, read_card
from gan.quality.evaluation import Reference, load_reference, reference_part
from gan.sliders.directions import Direction
from gan.sliders.store import load_directions, save_directions, usable_directions
from gan.spec import ROOT, spec_from_dict, spec_to_dict
from gan.training.claim import claimed, refuse_other

DIMENSIONS = 26  # of the plan of `tiny`
FIGURES = {
    "share_of_ceiling": 0.9,
    "overlap": {"LEAD.notes": 0.8},
    "ceiling": {"LEAD.notes": 0.9},
    "generator": {"parameters": 1000, "latent_dim": 26, "plan_dim": 26},
    "histograms": {"LEAD.notes": {"edges": [0, 1, 2], "samples": [0.5, 0.5], "data": [1.0, 0.0]}},
}


def settings(**changed: Any) -> dict[str, bytes]:
    values = {"family": "gan", "spec": tiny.SPEC, "model": tiny.MODEL}
    return config_part(**{**values, "training": {"batch_size": 8}, "data": {}, **changed})


def a_checkpoint(folder: Path) -> CheckpointInfo:
    """A folder with every part; its weights are of no network."""
    weights = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    write_parts(folder, settings() | weights_part({"decoder/000/kernel": weights}))
    info = read_info(folder)
    measures = {"step": 3, "overlap": {"LEAD.notes": 0.5}, "mean_overlap": 0.5}
    card = {"weights": info.digest, "figures": FIGURES, "intended_use": "to test"}
    card["data"] = {"name": "none", "licence": "none"}
    preview = {"weights": info.digest, "seed": 1, "notes": [[[0, 4, 60]], [], []]}
    held_out = {"LEAD.notes": np.arange(8.0)}
    parts = {"measures.json": json_bytes(measures), "card.json": json_bytes(card)}
    parts |= {"preview.json": json_bytes(preview)}
    write_parts(folder, parts | reference_part(Reference(held_out, {"LEAD.notes": 0.9}, 0.5)))
    save_directions(info, [direction(1.0)])
    (folder / "log.jsonl").write_text('{"step": 3, "minutes": 2.0}\n')
    return read_info(folder)


def direction(size: float) -> Direction:
    vector = np.full(DIMENSIONS, size, np.float32)
    return Direction("LEAD.notes", "Lead density", "More.", "named", vector, {"LEAD.notes": 1.0})


def as_before_manifests(folder: Path) -> None:
    """Give the parts their plain names, as earlier versions did."""
    parts = read_parts(folder, listed(folder))
    for name in parts:
        path_of(folder, name).unlink()
    (folder / MANIFEST).unlink(missing_ok=True)
    for name, data in parts.items():
        (folder / name).write_bytes(data)


def everything(root: Path) -> None:
    """Whatever reads checkpoints before TensorFlow is there; raises `GanError` at worst."""
    usable, _ = list_checkpoints(root)
    for info in usable:
        usable_directions(info, DIMENSIONS)
        first_phrase(info)
        read_log(info.path)
        cost_of(info)
        readers: list[Callable[[], object]] = [
            lambda info=info: load_directions(info, DIMENSIONS),  # type: ignore[misc]
            lambda info=info: read_card(info),  # type: ignore[misc]
            lambda info=info: read_preview(info),  # type: ignore[misc]
            lambda info=info: load_reference(info.path),  # type: ignore[misc]
            lambda info=info: read_part_arrays(info.path, "weights.npz"),  # type: ignore[misc]
        ]
        for read in readers:
            try:
                read()
            except GanError as error:
                assert "\n" not in str(error)


def test_every_part_is_read_back_in_both_forms(tmp_path: Path) -> None:
    info = a_checkpoint(tmp_path / "one")
    for _ in range(2):
        assert read_info(info.path) == info
        (found,) = load_directions(info, DIMENSIONS)
        assert found.vector.tolist() == direction(1.0).vector.tolist()
        assert read_card(info) is not None
        assert read_preview(info) is not None
        assert load_reference(info.path).held_out["LEAD.notes"].tolist() == list(range(8))
        assert cost_of(info) == "3 steps of 8 phrases, 2 minutes"
        as_before_manifests(info.path)


def test_a_manifest_is_made_of_a_folder_without_one(tmp_path: Path) -> None:
    info = a_checkpoint(tmp_path / "one")
    as_before_manifests(info.path)
    before = read_parts(info.path, listed(info.path))
    write_parts(info.path, {"card.json": b"{}"})
    assert read_parts(info.path, before) == before | {"card.json": b"{}"}
    assert not (info.path / "card.json").exists()  # in a file named after its digest by now
    assert (info.path / "weights.npz").exists()
    assert read_info(info.path) == info


def test_superseded_files_and_those_of_killed_writers_go(tmp_path: Path) -> None:
    info = a_checkpoint(tmp_path / "one")
    (info.path / ".weights.npz.999999999.tmp").touch()
    (info.path / "card-0123456789abcdef.json").touch()  # killed before the manifest named it
    (info.path / "card-mine.json").touch()
    write_parts(info.path, {"card.json": b"{}"})
    files = {path.name for path in info.path.iterdir()}
    parts = {part.file for part in listed(info.path).values()}
    assert files == parts | {MANIFEST, "log.jsonl", "card-mine.json"}


def test_a_writer_killed_before_the_switch_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = a_checkpoint(tmp_path / "one")
    before = read_parts(info.path, listed(info.path))

    def killed(path: Path, data: bytes) -> None:
        if path.name == MANIFEST:
            raise KeyboardInterrupt
        write_bytes(path, data)

    monkeypatch.setattr("gan.models.parts.write_bytes", killed)
    with pytest.raises(KeyboardInterrupt):
        save_directions(info, [direction(2.0), direction(3.0)])
    assert read_parts(info.path, before) == before
    assert len(load_directions(info, DIMENSIONS)) == 1


def test_readers_meet_pairs_that_fit_while_a_writer_replaces_them(tmp_path: Path) -> None:
    info = a_checkpoint(tmp_path / "one")
    code = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(ROOT / "tests")!r})
from test_checkpoint import direction
from gan.models.checkpoint import read_info
from gan.sliders.store import save_directions
info = read_info(Path({str(info.path)!r}))
print("ready", flush=True)
while True:
    for count in (1, 2, 3):
        save_directions(info, [direction(float(count))] * count)
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
        for _ in range(100):
            found = load_directions(info, DIMENSIONS)
            assert [each.vector[0] for each in found] == [len(found)] * len(found)
        writer.kill()
    assert load_directions(info, DIMENSIONS)


def test_what_is_not_needed_is_not_required(tmp_path: Path) -> None:
    info = a_checkpoint(tmp_path / "one")
    path_of(info.path, "directions.npz").unlink()
    assert read_info(info.path) == info
    assert usable_directions(info, DIMENSIONS) == []
    with pytest.raises(CheckpointError, match=r"directions-\w+\.npz is missing"):
        load_directions(info, DIMENSIONS)


def test_a_part_that_is_not_what_the_manifest_names_is_damaged(tmp_path: Path) -> None:
    info = a_checkpoint(tmp_path / "one")
    path = path_of(info.path, "config.json")
    path.write_bytes(path.read_bytes().replace(b'"gan"', b'"vae"'))
    with pytest.raises(CheckpointError, match="damaged"):
        read_info(info.path)


@pytest.mark.parametrize("file", ["../other.npz", "/etc/passwd", "weights.npz/..", "card.json"])
def test_a_manifest_names_files_of_its_folder_only(tmp_path: Path, file: str) -> None:
    info = a_checkpoint(tmp_path / "one")
    values = json.loads((info.path / MANIFEST).read_text())
    values["parts"]["weights.npz"]["file"] = file
    (info.path / MANIFEST).write_text(json.dumps(values))
    with pytest.raises(CheckpointError, match="manifest"):
        read_info(info.path)


NONSENSE: list[Any] = [None, True, -1, 10**9, 10**30, 2.5, 1e300, "", "x" * 3000, [], {}, [[[]]]]


def mutated(data: bytes, name: str, random: np.random.Generator) -> bytes:
    """A part with one thing wrong, as JSON or as bytes."""
    if name.endswith(".json") and random.random() < 0.7:
        values = json.loads(data)
        node: Any = values
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            key = keys[random.integers(len(keys))]
            inner = node[key]
            if isinstance(inner, dict | list) and inner and random.random() < 0.7:
                node = inner
                continue
            node[key] = NONSENSE[random.integers(len(NONSENSE))]
            return json.dumps(values).encode()
    where = int(random.integers(len(data)))
    return [
        data[:where],
        data[:where] + bytes(random.integers(0, 256, 8, np.uint8)) + data[where + 8 :],
        data[:where] + data[where + 1 :],
        data + data,
        b"[" * 100_000 + b"]" * 100_000,
        b"NaN",
    ][random.integers(6)]


@pytest.mark.parametrize("with_manifest", [True, False])
def test_damage_of_any_kind_is_told_and_harms_no_other(tmp_path: Path, with_manifest: bool) -> None:
    random = np.random.default_rng(14)
    good, bad = a_checkpoint(tmp_path / "good"), a_checkpoint(tmp_path / "bad")
    if not with_manifest:
        as_before_manifests(bad.path)
    files = {path: path.read_bytes() for path in bad.path.iterdir()}
    for number in range(200):
        path = list(files)[number % len(files)]
        kept = files[path]
        if random.random() < 0.05:
            path.unlink()
        else:
            path.write_bytes(mutated(kept, path.name, random))
        everything(tmp_path)
        assert good in list_checkpoints(tmp_path)[0]
        path.write_bytes(kept)
    assert read_info(bad.path) == bad


def archive(*members: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, data in members:
            file.writestr(name, data)
    return buffer.getvalue()


def npy(array: np.ndarray[Any, Any], *, shape: str | None = None) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=True)
    data = buffer.getvalue()
    if shape is None:
        return data
    # The header keeps its length.
    old = str(array.shape).encode()
    return data.replace(old + b", }" + b" " * (len(shape) - len(old)), shape.encode() + b", }")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (archive(("a.npy", npy(np.zeros(3), shape="(1000000000000,)"))), "cut short"),
        (archive(("a.npy", bytes(10_000_000)), compression=zipfile.ZIP_DEFLATED), "compressed"),
        (archive(("a.npy", npy(np.array(["x"], object)))), "no numbers"),
        (archive(("a.npy", npy(np.array(["text"])))), "no numbers"),
        (archive(("a.npy", b"")), "damaged"),
    ],
)
def test_arrays_are_sized_before_they_are_read(tmp_path: Path, data: bytes, message: str) -> None:
    write_parts(tmp_path, {"weights.npz": data})
    with pytest.raises(CheckpointError, match=message):
        read_part_arrays(tmp_path, "weights.npz")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("bars", 1_000_000_000, "4096 bars"),
        ("bars", 512, "too large"),
        ("bars", "4", "int"),
        ("bars", True, "int"),
        ("bars", None, "int"),
        ("pitches", 10**30, "int"),
        ("scheme", 3, "str"),
    ],
)
def test_integers_of_a_spec_have_types_and_limits(
    tmp_path: Path, key: str, value: Any, message: str
) -> None:
    info = a_checkpoint(tmp_path / "one")
    config = json.loads(read_part(info.path, "config.json") or b"")
    config["spec"][key] = value
    write_parts(info.path, {"config.json": json_bytes(config)})
    with pytest.raises(CheckpointError, match=message):
        read_info(info.path)


def test_specs_and_sizes_are_read_back_and_bounded() -> None:
    assert spec_from_dict(spec_to_dict(tiny.SPEC)) == tiny.SPEC
    with pytest.raises(SpecError, match="at most 4096"):
        config_from_dict({"width": 8192})
    with pytest.raises(SpecError, match="at most 64"):
        config_from_dict({"trunk_blocks": 65})
    with pytest.raises(SpecError, match="int"):
        config_from_dict({"width": "224"})


def test_a_network_larger_than_its_weights_is_refused_before_it_is_built(tmp_path: Path) -> None:
    from gan.models.checkpoint import load_generator

    info = a_checkpoint(tmp_path / "one")
    write_parts(info.path, settings(model=replace(tiny.MODEL, width=4096, trunk_blocks=64)))
    with pytest.raises(CheckpointError, match="fewer numbers"):
        load_generator(info.path)


def test_weights_that_do_not_fit_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gan.models import registry
    from gan.models.checkpoint import load_generator

    generator = registry.build("gan", tiny.SPEC, tiny.MODEL)
    monkeypatch.setattr(registry, "build", lambda *_: generator)
    right = generator.weights()
    first = next(iter(right))
    number = np.zeros(())
    wrong: list[dict[str, Any]] = [
        {first: number},
        {first: right[first].astype(bool)[..., None]},
        {first: np.full_like(right[first], np.nan)},
        {"sampler/onset_thresholds": number},
        {"sampler/onset_thresholds": np.full(3, 7.0)},
        {f"{PREFIX}middle": number},
        {f"{PREFIX}middle": np.zeros(3), f"{PREFIX}scale": np.zeros((2, 2))},
        {f"{PREFIX}weight:0": np.zeros((0, 5))},
    ]
    write_parts(tmp_path, settings())
    for change in [*wrong, None]:
        values = {**right, **change} if change else {"other": np.zeros(100_000)}
        write_parts(tmp_path, weights_part(values))
        with pytest.raises(CheckpointError) as error:
            load_generator(tmp_path)
        assert "\n" not in str(error.value)
    write_parts(tmp_path, weights_part(right))
    assert load_generator(tmp_path)[0] is generator


@pytest.mark.parametrize("family", ["gan", "transformer"])
def test_no_network_is_smaller_than_the_least(family: str) -> None:
    from gan.models.registry import build

    weights = build(family, tiny.SPEC, tiny.MODEL).weights()
    assert least_weights(tiny.SPEC, tiny.MODEL) <= sum(array.size for array in weights.values())


def test_json_that_is_deep_or_no_json_is_refused() -> None:
    assert parse_json(b'{"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}
    for text in (b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b"NaN", b"1e999", b"\xff", b""):
        with pytest.raises(ValueError):
            parse_json(text)


def test_a_claim_keeps_others_out_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "run"
    with claimed(folder, resume=False):
        with pytest.raises(CheckpointError, match="Another run"), claimed(folder, resume=True):
            pass
        assert (folder / ".run.lock").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_claim_needs_a_folder_that_is_free_and_can_be_written(tmp_path: Path) -> None:
    info = a_checkpoint(tmp_path / "one")
    with pytest.raises(CheckpointError, match="--resume"), claimed(info.path, resume=False):
        pass
    left = info.path / ".state.npz.999999999.tmp"
    left.touch()
    before = {path.name for path in info.path.iterdir()} - {left.name}
    with claimed(info.path, resume=True):
        assert not left.exists()
    assert {path.name for path in info.path.iterdir()} == before
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="file"), claimed(tmp_path / "file" / "run", resume=False):
        pass


def test_other_settings_are_told_apart(tmp_path: Path) -> None:
    info = a_checkpoint(tmp_path / "one")
    same: dict[str, Any] = {"family": "gan", "spec": tiny.SPEC, "model": tiny.MODEL}
    refuse_other(info.path, **same)
    for changed in (
        {"family": "vae"},
        {"spec": replace(tiny.SPEC, bars=3)},
        {"model": replace(tiny.MODEL, width=32)},
    ):
        with pytest.raises(CheckpointError, match="other settings"):
            refuse_other(info.path, **{**same, **changed})


def test_a_lock_waits_for_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    with locked(path), pytest.raises(BlockingIOError), locked(path, wait=False):
        pass
    with locked(path, wait=False):
        assert path.exists()
    assert not path.exists()


def test_leftovers_of_living_writers_stay(tmp_path: Path) -> None:
    (tmp_path / f".a.json.{os.getpid()}.tmp").touch()
    (tmp_path / ".a.json.999999999.tmp").touch()
    (tmp_path / ".mine.tmp").touch()
    remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f".a.json.{os.getpid()}.tmp", ".mine.tmp"}


def test_an_error_of_the_disk_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left.*x\.npz"):
        write_bytes(tmp_path / "x.npz", arrays_bytes({"x": np.zeros(1)}))
    assert list(tmp_path.iterdir()) == []
