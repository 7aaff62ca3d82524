"""A run can be killed, resumed and reloaded, and says what is wrong with a folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny

from gan.errors import CheckpointError, SpecError
from gan.files import write_arrays, write_json
from gan.models import checkpoint, reading
from gan.models.parts import path_of
from gan.quality.evaluation import TEMPERATURES, _climb, evaluate, spread
from gan.training import loop, reranking, tuning
from gan.training.config import TrainConfig
from gan.training.losses import kl_divergence, profile_loss, profiles, with_free_nats
from gan.training.noise import step_noise
from gan.training.pictures import picture_grid

CONFIG = TrainConfig(
    steps=6, warmup=0.5, batch_size=8, evaluate_every=2, samples=8, r1_every=2, kl_steps=2
)


def session(folder: Path, config: TrainConfig = CONFIG, *, resume: bool = False) -> loop.Session:
    run = loop.Run(tiny.dataset(), folder, config, tiny.MODEL, resume=resume)
    return loop.begin(run)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of both stages, never interrupted."""
    folder = tmp_path_factory.mktemp("run") / "whole"
    seen: list[loop.Progress] = []
    session(folder).go(watch=seen.append)
    assert [progress.stage for progress in seen] == ["vae"] * 3 + ["gan"] * 3
    assert [progress.evaluation is not None for progress in seen] == [False, True] * 3
    return folder


def test_a_resumed_run_equals_an_unbroken_one(trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "resumed"
    # Stopped in the adversarial stage, after step 4: both optimisers have a past by then.
    first = session(folder)
    first.go(stop=lambda: first.state.step >= 4)
    again = session(folder, resume=True)
    assert again.state.step == 4
    again.go()
    whole = reading.read_arrays(trained / loop.STATE)
    resumed = reading.read_arrays(folder / loop.STATE)
    assert whole.keys() == resumed.keys()
    for name, values in whole.items():
        assert np.allclose(values, resumed[name], rtol=1e-4, atol=1e-6), name


def test_both_networks_learn_in_the_adversarial_stage(trained: Path, tmp_path: Path) -> None:
    before = session(tmp_path / "fresh").state.arrays()
    after = reading.read_arrays(trained / loop.STATE)
    for group in ("generator", "average", "discriminator"):
        name = f"{group}/000"
        assert np.mean(before[name] != after[name]) > 0.5, group


def test_a_checkpoint_loads_as_it_was_saved(trained: Path) -> None:
    generator, info = checkpoint.load_generator(trained)
    assert (info.family, info.spec, info.model) == ("gan", tiny.SPEC, tiny.MODEL)
    stored = reading.read_part_arrays(trained, "weights.npz")
    assert all(np.array_equal(stored[k], v) for k, v in generator.weights().items())
    assert 0 < info.measures["mean_overlap"] <= 1
    again, _ = checkpoint.load_generator(trained)
    z = generator.sample_latent(2, seed=0)
    assert np.array_equal(generator.decode(z), again.decode(z))


def test_training_refuses_to_overwrite(trained: Path) -> None:
    with pytest.raises(CheckpointError, match="--resume"):
        session(trained)


def test_calibration_is_stored_with_the_weights(trained: Path, tmp_path: Path) -> None:
    folder = copy_of(trained, tmp_path / "copy")
    generator, _ = checkpoint.load_generator(folder)
    assert generator.hold_thresholds.tolist() == [0.5, 0.5, 0.5]
    z = generator.sample_latent(4, seed=0)
    longer = generator.rolls_of_w(generator.to_w(z)).sum()
    generator.hold_thresholds[1] = 0.001
    checkpoint.write_weights(folder, generator.weights())
    again, _ = checkpoint.load_generator(folder)
    assert again.hold_thresholds.tolist() == pytest.approx([0.5, 0.001, 0.5], abs=1e-4)
    assert again.rolls_of_w(again.to_w(z)).sum() >= longer
    values = again.weights()
    values["sampler/hold_thresholds"] = np.array([0.5, 1.5, 0.5])
    with pytest.raises(CheckpointError, match="thresholds"):
        again.set_weights(values)


def test_climbing_a_ladder_finds_its_peak_either_way_and_tries_no_rung_twice() -> None:
    ladder = (1.0, 0.8, 0.6, 0.4, 0.2)
    for best in ladder:
        values, tried = np.array([0.5, 0.62]), []

        def score(values: np.ndarray = values, best: float = best, tried: list = tried) -> float:
            tried.append(values[1])
            return -abs(values[1] - best)

        _climb((values, 1, ladder), score)
        assert values.tolist() == [0.5, best]
        assert len(tried) == len(set(tried))


def test_finishing_calibrates_polyphonic_tracks_alone(tmp_path: Path) -> None:
    run = session(tmp_path / "run")
    run.go(stop=lambda: run.state.step >= 2)
    result = run.finish()
    generator, info = checkpoint.load_generator(tmp_path / "run")
    assert generator.hold_thresholds[[0, 2]].tolist() == [0.5, 0.5]
    assert info.measures["mean_overlap"] == result.mean


def test_a_run_that_was_judged_is_gone_on_with_as_it_was_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nearness = iter([0.4, 0.5, 0.3, 0.6])
    monkeypatch.setattr(tuning, "_nearness", lambda *_: next(nearness))
    monkeypatch.setattr(tuning, "FEW", 1)
    monkeypatch.setattr(loop, "RERANKED_FROM", 1)
    monkeypatch.setattr(tuning, "DRAWS_A_PHRASE", 3)
    monkeypatch.setattr(reranking, "BALANCED", 16)
    run = session(tmp_path / "run")
    run.go(stop=lambda: run.state.step >= 2)
    run.finish()
    generator, info = checkpoint.load_generator(tmp_path / "run")
    assert generator.reranker is not None
    plain = evaluate(generator, run.reference, n=CONFIG.samples, reranked=False).mean
    assert info.measures["plain_overlap"] == pytest.approx(plain, abs=1e-6)
    assert info.measures["mean_overlap"] != info.measures["plain_overlap"]
    # Evaluations of a run that goes on are of plain draws; a reranker's would never be passed.
    assert session(tmp_path / "run", resume=True).best == info.measures["plain_overlap"]


def test_a_run_starts_from_the_weights_of_another(trained: Path, tmp_path: Path) -> None:
    run = loop.Run(tiny.dataset(), tmp_path / "next", CONFIG, tiny.MODEL, start_from=trained)
    state = loop.begin(run).state
    stored = reading.read_part_arrays(trained, "weights.npz")
    for generator in (state.generator, state.average):
        assert all(np.array_equal(stored[name], v) for name, v in generator.weights().items())


def test_a_cooldown_is_a_line_to_zero_at_the_end_of_the_vae_stage(tmp_path: Path) -> None:
    config = replace(CONFIG, steps=40, warmup=0.5, cooldown=0.5)  # twenty steps as a VAE
    run = session(tmp_path / "run", config)
    left = []
    for step in (0, 10, 15, 19, 20, 30):
        run.state.step = step
        left.append(round(run._cooled(), 3))
    assert left == [1.0, 1.0, 0.5, 0.1, 0.0, 0.0]
    with pytest.raises(SpecError, match="cooldown"):
        replace(CONFIG, cooldown=1.5)


def test_a_rate_that_has_cooled_down_moves_nothing(tmp_path: Path) -> None:
    config = replace(CONFIG, steps=2, family="vae", cooldown=1.0)
    run = session(tmp_path / "run", config)
    run._cooled = lambda: 0.0  # type: ignore[method-assign]
    before = run.state.arrays()["generator/000"]
    run.go()
    assert np.array_equal(run.state.arrays()["generator/000"], before)


def test_a_start_of_other_sizes_is_refused(trained: Path, tmp_path: Path) -> None:
    wider = replace(tiny.MODEL, width=32)
    run = loop.Run(tiny.dataset(), tmp_path / "next", CONFIG, wider, start_from=trained)
    with pytest.raises(CheckpointError, match="--start_from"):
        loop.begin(run)
    assert not (tmp_path / "next").exists()


def test_a_state_of_another_network_is_refused(trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    other = loop.Run(
        tiny.dataset(), folder, TrainConfig(family="vae", batch_size=8), tiny.MODEL, resume=True
    )
    write_arrays(folder / loop.STATE, {"step": np.asarray(3)})
    with pytest.raises(CheckpointError, match="does not fit"):
        loop.begin(other)
    assert reading.read_arrays(folder / loop.STATE)["step"] == 3


def bytes_of(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_a_resumed_run_that_is_refused_leaves_the_folder_as_it_was(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / "copy"))
    before = bytes_of(folder)
    for config, model in (
        (replace(CONFIG, family="vae"), tiny.MODEL),
        (CONFIG, replace(tiny.MODEL, width=32)),
    ):
        run = loop.Run(tiny.dataset(), folder, config, model, resume=True)
        with pytest.raises(CheckpointError, match="other settings"):
            loop.begin(run)
        assert bytes_of(folder) == before
    full = shutil.disk_usage(folder)._replace(free=1000)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _path: full)
        with pytest.raises(CheckpointError, match="make room"):
            session(folder, resume=True)
    assert bytes_of(folder) == before
    (folder / loop.STATE).write_bytes(b"cut")
    with pytest.raises(CheckpointError, match="damaged"):
        session(folder, resume=True)
    assert bytes_of(folder) == before | {str(loop.STATE): b"cut"}


def test_a_run_that_cannot_save_says_what_is_kept(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / "copy"))
    run = session(folder, resume=True)
    before = bytes_of(folder)

    def full(path: Path, _arrays: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(loop, "write_arrays", full)
    run.best = 1.0
    with pytest.raises(CheckpointError, match=r"No space left.*state of step 6 is kept"):
        run._evaluate("gan", {})
    assert bytes_of(folder) == before


def copy_of(folder: Path, target: Path) -> Path:
    target.mkdir()
    for name in ("config.json", "weights.npz", "measures.json"):
        (target / name).write_bytes(path_of(folder, name).read_bytes())
    return target


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("weights.npz", b"", "damaged"),
        ("weights.npz", b"PK\x03\x04 not a zip", "damaged"),
        ("config.json", b"{", "cannot be read"),
        ("config.json", b"[]", "JSON object"),
        ("config.json", b'{"format": 99}', "format 99"),
        ("config.json", b'{"format": 1, "family": "gan"}', "incomplete"),
    ],
)
def test_damage_is_named(
    trained: Path, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    folder = copy_of(trained, tmp_path / "copy")
    (folder / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        checkpoint.load_generator(folder)


def test_truncated_weights_are_damaged(trained: Path, tmp_path: Path) -> None:
    folder = copy_of(trained, tmp_path / "copy")
    data = (folder / "weights.npz").read_bytes()
    (folder / "weights.npz").write_bytes(data[: len(data) // 2])
    with pytest.raises(CheckpointError, match=r"weights\.npz is damaged"):
        checkpoint.load_generator(folder)


def test_an_unknown_setting_is_named(trained: Path, tmp_path: Path) -> None:
    folder = copy_of(trained, tmp_path / "copy")
    values = json.loads((folder / "config.json").read_text())
    values["model"]["depth"] = 3
    (folder / "config.json").write_text(json.dumps(values))
    with pytest.raises(CheckpointError, match="depth"):
        checkpoint.load_generator(folder)


def test_a_missing_folder_and_a_foreign_one(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint folder"):
        checkpoint.read_info(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match=r"no config\.json"):
        checkpoint.read_info(tmp_path)


def test_one_damaged_checkpoint_leaves_the_others(trained: Path, tmp_path: Path) -> None:
    copy_of(trained, tmp_path / "good")
    (tmp_path / "bad").mkdir()
    usable, refused = checkpoint.list_checkpoints(tmp_path)
    assert [info.name for info in usable] == ["good"]
    assert "config.json" in refused["bad"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "values.json"
    write_json(path, {"old": 1})
    with pytest.raises(TypeError):
        write_json(path, {"new": object()})
    with pytest.raises(ValueError, match="Object arrays"):
        write_arrays(path, {"new": np.array([object()])})
    assert json.loads(path.read_text()) == {"old": 1}
    assert [each.name for each in tmp_path.iterdir()] == ["values.json"]


def test_a_torn_log_line_is_passed_over(trained: Path) -> None:
    log = trained / "log.jsonl"
    whole = log.read_text()
    log.write_text(whole + '{"step": 7, "overl')
    assert len(reading.read_log(trained)) == 3
    log.write_text(whole)


def test_noise_depends_on_seed_and_step_alone() -> None:
    first = step_noise(CONFIG, tiny.SPEC, latent_dim=5, step=3)
    again = step_noise(CONFIG, tiny.SPEC, latent_dim=5, step=3)
    later = step_noise(CONFIG, tiny.SPEC, latent_dim=5, step=4)
    assert all(np.array_equal(first[key], again[key]) for key in first)
    assert not np.array_equal(first["prior"], later["prior"])
    assert first["keep"].max(axis=1).min() == 1  # never everything dropped


def test_the_kl_of_draws_averages_to_the_closed_form() -> None:
    mean, log_variance = np.array([1.0, 0.0, -0.5]), np.array([0.0, np.log(4.0), -1.0])
    noise = np.random.default_rng(0).standard_normal((200_000, 3))
    draw = mean + np.exp(0.5 * log_variance) * noise
    # Two parts: the first number, and the other two. The prior is N(0, 1).
    energy = 0.5 * np.stack([draw[:, 0] ** 2, (draw[:, 1:] ** 2).sum(axis=1)], axis=1)
    spread = np.broadcast_to(log_variance, noise.shape)
    divergence = np.asarray(
        kl_divergence(energy, [spread[:, :1], spread[:, 1:]], [noise[:, :1], noise[:, 1:]])
    )
    each = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance)
    assert divergence.mean(axis=0) == pytest.approx([each[0], each[1:].sum()], abs=0.01)


def test_free_nats_are_a_floor_for_each_part() -> None:
    divergence = np.array([[0.2, 3.0], [0.4, 5.0]])
    assert float(with_free_nats(divergence, 0.0)) == pytest.approx(4.3)
    assert float(with_free_nats(divergence, 1.0)) == pytest.approx(5.0)


def test_profiles_count_onsets_by_step_of_the_bar() -> None:
    roll = tiny.phrase(np.random.default_rng(0))[None].astype(np.float32)
    by_step, by_pitch, sounding = (np.asarray(part) for part in profiles(roll, tiny.SPEC))
    assert by_step[2].tolist() == [2, 0, 0, 0] * 4  # a kick on each beat of two bars
    assert by_pitch[2, 2] == 8
    assert sounding[1].sum() == 6 * 12
    assert np.asarray(profile_loss(roll, profiles(roll, tiny.SPEC), tiny.SPEC)) == 0


def test_spread_of_equal_and_of_disjoint_phrases() -> None:
    one = tiny.phrase(np.random.default_rng(0))
    assert spread(np.stack([one, one])) == 0
    assert spread(np.stack([one, np.zeros_like(one)])) == 1


def test_a_configuration_refuses_what_cannot_be() -> None:
    with pytest.raises(SpecError, match="multiple of 8"):
        TrainConfig(batch_size=12)


def test_pictures_put_low_notes_at_the_bottom() -> None:
    roll = np.zeros((1, *tiny.SPEC.shape), np.uint8)
    roll[0, 0, 0, 0] = 1
    picture = picture_grid(roll, columns=1, scale=1)
    assert picture.shape == (26, 34, 3)
    assert picture[24, 1].max() > 100
    assert picture[1, 1].max() == 0


def test_a_transformer_learns_and_a_resumed_run_equals_an_unbroken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(CONFIG, family="transformer", steps=4, free_nats=1.0, kl_steps=1)
    # Four steps are all within the warm-up: a high rate shows in them.
    config = replace(config, learning_rate=0.3)
    model = replace(tiny.MODEL, dropout=0.2)

    def begin(name: str, *, resume: bool = False) -> loop.Session:
        run = loop.Run(tiny.dataset(), tmp_path / name, config, model, resume=resume)
        return loop.begin(run)

    seen: list[loop.Progress] = []
    begin("whole").go(watch=seen.append)
    assert {progress.stage for progress in seen} == {"transformer"}
    assert seen[-1].metrics["loss"] < 0.9 * seen[0].metrics["loss"]
    first = begin("broken")
    first.go(stop=lambda: first.state.step >= 2)
    begin("broken", resume=True).go()
    whole, resumed = (
        reading.read_arrays(tmp_path / name / loop.STATE) for name in ("whole", "broken")
    )
    # Dropout and noise too are those of the step.
    for name, values in whole.items():
        assert np.allclose(values, resumed[name], rtol=1e-4, atol=1e-6), name
    generator, info = checkpoint.load_generator(tmp_path / "whole")
    assert (info.family, info.model.dropout) == ("transformer", 0.2)
    # Calibrated when it ends; gone on with, it is measured as calibrated.
    calibrated = begin("whole", resume=True).finish()
    generator, _ = checkpoint.load_generator(tmp_path / "whole")
    tried = set(generator.temperatures.astype(float).round(2))
    assert tried <= set(TEMPERATURES)
    # Killed after that and resumed, it is not calibrated again.
    before = bytes_of(tmp_path / "whole")
    monkeypatch.setattr(loop, "tune", None)
    assert begin("whole", resume=True).finish() == calibrated
    assert bytes_of(tmp_path / "whole") == before
    again = begin("whole", resume=True)
    assert again.best == calibrated.mean
    assert again.state.average.temperatures.tolist() == generator.temperatures.tolist()
    assert generator.rolls_of_w(generator.to_w(generator.sample_latent(2, 0))).shape[0] == 2
