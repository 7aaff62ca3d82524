"""Figures of quality: what they say of sets that are alike, and of sets that are not."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
import tiny

from gan.cli import evaluate
from gan.data.dataset import must_fit, rolls, split_by_song
from gan.errors import CheckpointError, DataError
from gan.models.checkpoint import read_info, write_config, write_weights
from gan.models.parts import write_parts
from gan.models.registry import build
from gan.music.attributes import measure
from gan.music.compare import f1
from gan.quality import card, copies, latent, regions, two_sample
from gan.quality.evaluation import reference, save_reference


@pytest.fixture(scope="module")
def phrases() -> np.ndarray:
    dataset = tiny.dataset(songs=20, phrases=8)
    return rolls(dataset, np.arange(len(dataset)))


SONGS = np.repeat(np.arange(10, dtype=np.int32), 8)


def test_trees_cannot_tell_data_from_data_but_from_noise(phrases: np.ndarray) -> None:
    ours, theirs = measure(phrases[:80], tiny.SPEC), measure(phrases[80:], tiny.SPEC)
    assert two_sample.trees_auc(ours, theirs, SONGS, SONGS) < 0.75
    sparse = phrases[:80].copy()
    sparse[:, :, 16:] = 0
    assert two_sample.trees_auc(measure(sparse, tiny.SPEC), theirs, SONGS) > 0.95


def test_network_cannot_tell_data_from_data_but_from_noise(phrases: np.ndarray) -> None:
    assert two_sample.network_auc(phrases[:80], phrases[80:], SONGS, SONGS) < 0.75
    sparse = phrases[:80].copy()
    sparse[:, :, 16:] = 0
    assert two_sample.network_auc(sparse, phrases[80:], SONGS) > 0.9


def test_density_and_coverage_of_the_data_itself_and_of_one_point() -> None:
    rng = np.random.default_rng(0)
    theirs = {"a": rng.normal(size=200), "b": rng.normal(size=200)}
    same = two_sample.density_and_coverage(theirs, theirs)
    assert same["coverage"] == 1.0
    fresh = {name: rng.normal(size=200) for name in theirs}
    alike = two_sample.density_and_coverage(fresh, theirs)
    assert alike["density"] == pytest.approx(1.0, abs=0.2) and alike["coverage"] > 0.9
    point = {name: np.zeros(200) for name in theirs}
    assert two_sample.density_and_coverage(point, theirs)["coverage"] < 0.2
    far = {name: np.full(200, 50.0) for name in theirs}
    assert two_sample.density_and_coverage(far, theirs) == {"density": 0.0, "coverage": 0.0}


def test_a_copy_is_found(phrases: np.ndarray) -> None:
    nearest = copies.onset_overlap(phrases[:3], phrases)
    assert nearest.tolist() == [1.0, 1.0, 1.0]
    assert copies.onset_overlap(phrases[:3], phrases[:0]).tolist() == [0.0, 0.0, 0.0]


def test_f1_by_hand(phrases: np.ndarray) -> None:
    assert f1(phrases, phrases) == {"onset": 1.0, "sounding": 1.0}
    half = phrases[:1].copy()
    half[:, :, 16:] = 0
    kept, whole = half[..., 1].sum(), phrases[:1, ..., 1].sum()
    assert f1(half, phrases[:1])["onset"] == pytest.approx(2 * kept / (kept + whole))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint") / "small"
    made = build("transformer", tiny.SPEC, tiny.MODEL)
    write_config(
        folder,
        family="transformer",
        spec=tiny.SPEC,
        model=tiny.MODEL,
        training={"steps": 1},
        data={"folder": "songs", "phrases": 48, "songs": 6},
    )
    write_weights(folder, made.weights())
    dataset = tiny.dataset()
    train, held_out = split_by_song(dataset)
    save_reference(folder, reference(dataset, train, held_out, n=16))
    return folder


def test_a_card_is_written_and_read_and_speaks_of_its_weights_only(
    checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        evaluate.main(
            ["--checkpoint_dir", str(checkpoint), "--samples", "24", "--regions", "0", "--write"]
        )
        == 0
    )
    assert "share of the ceiling" in capsys.readouterr().out
    info = read_info(checkpoint)
    found = card.read_card(info)
    assert found is not None
    assert found["data"]["songs"] == 6 and found["family"] == "transformer"
    assert 0.0 <= found["figures"]["share_of_ceiling"] <= 1.2
    assert found["figures"]["generator"]["latent_dim"] > found["figures"]["generator"]["plan_dim"]
    weights = build("transformer", tiny.SPEC, tiny.MODEL).weights()
    write_weights(checkpoint, {name: values + 0.01 for name, values in weights.items()})
    assert card.read_card(read_info(checkpoint)) is None


def test_figures_against_songs(checkpoint: Path) -> None:
    generator = build("vae", tiny.SPEC, tiny.MODEL)
    dataset = tiny.dataset(songs=120, phrases=2)
    songs = evaluate.Songs(dataset, 80)
    samples = generator.rolls_of_w(generator.to_w(generator.sample_latent(80, 0)))
    found = evaluate.against_songs(generator, samples, songs)
    assert found["classifier_auc"]["trees"] > found["classifier_auc_of_training_songs"]["trees"]
    assert found["nearest_training_phrase"]["held_out_mean"] > 0.2
    assert set(found["reconstruction_f1"]) == {"onset", "sounding"}
    assert found["histograms"].keys() <= measure(samples, tiny.SPEC).keys()


def test_other_tracks_are_refused() -> None:
    with pytest.raises(DataError, match="trained on"):
        must_fit(tiny.dataset(), tiny_with_two_tracks())


def tiny_with_two_tracks():
    from dataclasses import replace

    return replace(tiny.SPEC, tracks=tiny.SPEC.tracks[:2])


def test_a_broken_card_is_one_sentence(checkpoint: Path) -> None:
    write_parts(checkpoint, {"card.json": b"{"})
    with pytest.raises(CheckpointError, match="cannot be read"):
        card.read_card(read_info(checkpoint))


def test_regions_of_a_space_are_measured(phrases: np.ndarray) -> None:
    generator = build("transformer", tiny.SPEC, tiny.MODEL)
    generator.set_weights(tiny.lively(generator.weights(), np.random.default_rng(0)))
    moves = np.zeros((4, generator.w_dim), np.float32)
    moves[:, :4] = 3 * np.eye(4)
    found = regions.region_rolls(generator, moves, 6)
    assert set(found) >= {"seeds", "midpoints", "quarter points", "takes", "sliders"}
    for rolls_ in found.values():
        assert rolls_.shape == (6, *tiny.SPEC.shape)
        measure(rolls_, tiny.SPEC)
    lead = found["takes"][0, 0] != found["seeds"][0, 0]
    assert lead.any() and (found["takes"][0, 1:] == found["seeds"][0, 1:]).all()
    kept = found["takes"][3, ..., 1] == found["seeds"][3, ..., 1]
    assert kept[:, 16:].all() and not kept[:, :16].all()  # bar:0, after the three tracks
    assert "sliders" not in regions.region_rolls(generator, moves[:0], 2)


def test_the_worst_region_is_held_against_seeds(
    phrases: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(two_sample, "network_auc", lambda *_: 0.5)  # tested above, and slow
    against = measure(phrases[80:], tiny.SPEC)
    songs = SimpleNamespace(held_out=phrases[80:], held_out_songs=SONGS)
    sparse = phrases[:80].copy()
    sparse[:, :, 16:] = 0
    found = regions.region_figures(
        {"seeds": phrases[:80], "midpoints": sparse}, against, tiny.SPEC, songs
    )
    assert found["seeds"]["overlap"] > found["midpoints"]["overlap"]
    space = {"phrases": 80, "regions": found, "worst_above_seeds": regions.above_seeds(found)}
    msgspec.convert(json.loads(json.dumps(space)), card.Space)
    above = regions.above_seeds(found)
    assert above["trees"] > 0.2 and above["network"] == 0.0
    assert regions.above_seeds(regions.region_figures({"seeds": sparse}, against, tiny.SPEC)) == {}


def test_moves_of_several_sliders_stay_within_reach() -> None:
    moves = regions._random_moves(np.eye(7, dtype=np.float32), 50, np.random.default_rng(0))
    assert ((moves != 0).sum(axis=1) == regions.SLIDERS).all()
    assert 1.0 < np.abs(moves).max() <= regions.REACH


def test_a_neighbourhood_is_a_tenth_of_the_length_away() -> None:
    z = np.random.default_rng(1).normal(size=(5, 30)).astype(np.float32)
    moved = np.linalg.norm(latent.nearby(z, np.random.default_rng(2)) - z, axis=1)
    np.testing.assert_allclose(moved, 0.1 * np.linalg.norm(z, axis=1), rtol=1e-5)
