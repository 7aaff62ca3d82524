"""The transformer: notes as events, its grammar, its sampler, and what it can do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tiny

from gan.data.dataset import rolls
from gan.engine import Engine
from gan.errors import CheckpointError, LatentError
from gan.models import event_sampler
from gan.models.event_decoder import FORBIDDEN
from gan.models.event_reference import Reference
from gan.models.event_sampler import EventSampler, noise_of_choice, quantile_choice
from gan.models.noise_layout import NoiseLayout, full_latent_dim
from gan.models.paths import slerp
from gan.models.sampling import Sampling
from gan.models.transformer import Transformer
from gan.music.events import events_of_rolls, rolls_of_events
from gan.music.rolls import is_valid, roll_from_notes
from gan.phrase import PhraseState
from gan.spec import ONSET


@pytest.fixture(scope="module")
def generator() -> Transformer:
    made = Transformer(tiny.SPEC, tiny.MODEL)
    rng = np.random.default_rng(0)
    weights = {
        name: values
        if name.startswith(("prior/", "sampler/"))
        else rng.normal(0, 0.3, values.shape)
        for name, values in made.weights().items()
    }
    made.set_weights(weights)
    return made


def data() -> np.ndarray:
    return rolls(tiny.dataset(), np.arange(12))


def test_events_and_back_are_the_same_rolls() -> None:
    events = events_of_rolls(data(), tiny.SPEC, multiple_of=8)
    assert events.step.shape[1] % 8 == 0
    assert (events.count(tiny.SPEC) == data()[..., ONSET].sum(axis=(1, 2, 3))).all()
    assert (rolls_of_events(events, tiny.SPEC) == data()).all()


def test_an_empty_phrase_is_padding() -> None:
    empty = np.zeros((2, *tiny.SPEC.shape), np.uint8)
    events = events_of_rolls(empty, tiny.SPEC)
    assert events.step.tolist() == [[tiny.SPEC.steps]] * 2
    assert not rolls_of_events(events, tiny.SPEC).any()


def test_events_before_a_step_end_there() -> None:
    events = events_of_rolls(data(), tiny.SPEC).before(10, tiny.SPEC)
    again = rolls_of_events(events, tiny.SPEC)
    assert not again[:, :, 10:].any()
    assert (again[:, :, :10] == data()[:, :, :10]).all()


def test_every_phrase_it_writes_is_valid(generator: Transformer) -> None:
    z = generator.sample_latent(40, seed=0)
    written = generator.rolls_of_w(generator.to_w(z), Sampling(temperature=2.0))
    assert is_valid(written, tiny.SPEC)
    assert written.any()


def test_a_phrase_alone_is_the_phrase_among_others(generator: Transformer) -> None:
    w = generator.to_w(generator.sample_latent(8, seed=1))
    together = generator.rolls_of_w(w)
    alone = np.concatenate([generator.rolls_of_w(row[None]) for row in w])
    assert (together == alone).all()


def test_sampler_computes_what_was_trained(
    generator: Transformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = events_of_rolls(data(), tiny.SPEC)
    plan = generator.to_w(generator.sample_latent(12, 2))[:, : generator.plan_dim]
    arrays = [events.step, events.track, events.pitch, events.duration]
    trained = [np.asarray(part) for part in generator.decoder(plan, arrays)]
    seen: list[np.ndarray] = []

    def spy(logits: np.ndarray, chosen: np.ndarray, sampling: Sampling) -> np.ndarray:
        seen.append(logits.copy())
        return noise_of_choice(logits, chosen, sampling)

    monkeypatch.setattr(event_sampler, "noise_of_choice", spy)
    noise = np.zeros((12, generator.places.size), np.float32)
    EventSampler(generator.decoder).read_noise(plan, events, noise)
    shortest = int(events.count(tiny.SPEC).min())
    for note in range(shortest):
        for which in range(4):
            ours, theirs = seen[4 * note + which], trained[which][:, note]
            np.testing.assert_allclose(ours, theirs, atol=2e-4, rtol=1e-4)


def test_arrays_of_the_sampler_are_made_once_until_weights_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[EventSampler] = []

    class Counted(EventSampler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            made.append(self)

    monkeypatch.setattr("gan.models.transformer.EventSampler", Counted)
    generator = Transformer(tiny.SPEC, tiny.MODEL)
    z = generator.draw_latent(2, seed=0)
    for _ in range(3):
        generator.rolls_of_z(z)
    assert len(made) == 1
    weights = {name: values * 0.5 for name, values in generator.weights().items()}
    generator.set_weights(weights | generator.calibration())
    fresh = Transformer(tiny.SPEC, tiny.MODEL)
    fresh.set_weights(weights | generator.calibration())
    assert (generator.rolls_of_z(z) == fresh.rolls_of_z(z)).all()
    generator.temperatures[:] = 0.2  # in place, as calibration does
    fresh.set_calibration({"sampler/temperatures": generator.temperatures})
    assert (generator.rolls_of_z(z) == fresh.rolls_of_z(z)).all()


def test_a_phrase_read_back_is_written_again_exactly(generator: Transformer) -> None:
    written = generator.rolls_of_w(generator.to_w(generator.sample_latent(12, seed=3)))
    z = generator.encode(written)
    assert z.shape == (12, generator.latent_dim)
    assert (generator.rolls_of_w(generator.to_w(z)) == written).all()


def test_temperatures_are_of_a_decision_and_a_track(
    generator: Transformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = np.zeros((0, 3), np.int32)
    one_chord = [nothing, np.array([[0, 4, 60]], np.int32), nothing]
    events = events_of_rolls(roll_from_notes(one_chord, tiny.SPEC)[None], tiny.SPEC)

    def first_note(temperatures: np.ndarray) -> list[np.ndarray]:
        seen: list[np.ndarray] = []

        def spy(logits: np.ndarray, chosen: np.ndarray, sampling: Sampling) -> np.ndarray:
            seen.append(logits)
            return noise_of_choice(logits, chosen, sampling)

        monkeypatch.setattr(event_sampler, "noise_of_choice", spy)
        plan = np.zeros((1, generator.plan_dim), np.float32)
        noise = np.zeros((1, generator.places.size), np.float32)
        EventSampler(generator.decoder, temperatures).read_noise(plan, events, noise)
        return seen[:4]

    plain = np.ones(8, np.float32)
    cold = first_note(plain)
    # Of the step, of the track, of the pitches of track 1, of its durations.
    for which, index in enumerate((0, 1, 3, 6)):
        heat = plain.copy()
        heat[index] = 0.5
        hot = first_note(heat)
        for decision in range(4):
            can_be = cold[decision] > FORBIDDEN
            factor = 2.0 if decision == which else 1.0
            expected = factor * cold[decision][can_be]
            np.testing.assert_allclose(hot[decision][can_be], expected, rtol=1e-5)


def test_calibration_travels_with_the_weights() -> None:
    first, second = (Transformer(tiny.SPEC, tiny.MODEL) for _ in range(2))
    first.temperatures = np.linspace(0.4, 1.0, 8, dtype=np.float32)
    second.set_weights(first.weights())
    assert second.temperatures.tolist() == first.temperatures.tolist()
    z = first.encode(data())
    assert (second.rolls_of_w(second.to_w(z)) == data()).all()
    wrong = first.weights() | {"sampler/temperatures": np.zeros(8)}
    before = second.weights()
    with pytest.raises(CheckpointError, match="temperatures"):
        second.set_weights(wrong)
    assert all((before[name] == values).all() for name, values in second.weights().items())


def test_choice_and_noise_are_inverse() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (200, 9)).astype(np.float32)
    chosen = rng.integers(0, 9, 200)
    noise = noise_of_choice(logits, chosen, Sampling())
    assert (quantile_choice(logits, noise, Sampling()) == chosen).all()


def test_a_choice_is_read_back_however_sharp_the_temperature() -> None:
    logits = np.array([[0.0, -30.0, -60.0, FORBIDDEN]], np.float32).repeat(3, axis=0)
    sharp = Sampling(temperature=0.2)
    noise = noise_of_choice(logits, np.arange(3), sharp)
    assert quantile_choice(logits, noise, sharp).tolist() == [0, 1, 2]


def test_choices_are_drawn_as_often_as_their_probability_says() -> None:
    logits = np.log(np.array([[0.1, 0.6, 0.3]], np.float32)).repeat(20_000, axis=0)
    noise = np.random.default_rng(1).standard_normal(20_000).astype(np.float32)
    share = np.bincount(quantile_choice(logits, noise, Sampling())) / 20_000
    np.testing.assert_allclose(share, [0.1, 0.6, 0.3], atol=0.015)


def test_top_p_leaves_only_the_likeliest() -> None:
    logits = np.log(np.array([[0.1, 0.6, 0.3]], np.float32)).repeat(1000, axis=0)
    noise = np.random.default_rng(1).standard_normal(1000).astype(np.float32)
    assert set(quantile_choice(logits, noise, Sampling(top_p=0.7))) == {1, 2}
    assert set(quantile_choice(logits, noise, Sampling(top_p=0.5))) == {1}


@pytest.mark.parametrize("values", [{"temperature": 0.0}, {"top_p": 0.0}, {"top_p": 1.5}])
def test_sampling_out_of_range_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(LatentError):
        Sampling(**values)


def test_places_do_not_overlap_and_fill_the_noise() -> None:
    places = NoiseLayout(tiny.SPEC)
    by_track = np.concatenate([places.of_track(k) for k in range(len(tiny.SPEC.tracks))])
    by_bar = np.concatenate([places.of_bar(k) for k in range(tiny.SPEC.bars)])
    everything = np.arange(4, places.size)  # the first four begin the phrase
    assert (np.sort(by_track) == everything).all()
    assert (np.sort(by_bar) == everything).all()
    whole = full_latent_dim("transformer", tiny.SPEC, tiny.MODEL)
    assert whole == full_latent_dim("vae", tiny.SPEC, tiny.MODEL) + places.size


def test_small_moves_change_few_notes(generator: Transformer) -> None:
    z = generator.sample_latent(32, seed=4)
    step = np.zeros_like(z)
    step[:, : generator.plan_dim] = 0.02
    here, there, other = (
        generator.rolls_of_w(generator.to_w(at))[..., ONSET].astype(int)
        for at in (z, z + step, generator.sample_latent(32, seed=5))
    )
    assert np.abs(here - there).sum() < 0.5 * np.abs(here - other).sum()


def test_continue_writes_the_bars_that_follow(generator: Transformer) -> None:
    phrase = data()[:2]

    def written(seed: int) -> np.ndarray:
        pieces = generator.continuation(phrase, seed=seed)
        return np.concatenate([next(pieces) for _ in range(3)], axis=2)

    more, steps = written(1), 3 * tiny.SPEC.steps_per_bar
    assert more.shape == (2, len(tiny.SPEC.tracks), steps, tiny.SPEC.pitches, 2)
    assert (more == written(1)).all()
    assert (more != written(2)).any()


def test_another_take_of_a_track_moves_its_plan_and_noise_only(generator: Transformer) -> None:
    parts = generator.latent_parts()
    lead, bar = parts["track:LEAD"], parts["bar:1"]
    assert len(np.intersect1d(lead, parts["track:KIT"])) == 0
    assert len(np.intersect1d(lead, bar)) > 0
    engine = Engine(generator, info=None)  # type: ignore[arg-type]
    before = engine.z(PhraseState(seed=1))
    after = engine.z(PhraseState(seed=1, takes={"track:LEAD": 9}))
    changed = np.flatnonzero(before != after)
    assert set(changed) <= set(lead) and len(changed) > 0.9 * len(lead)


@pytest.mark.parametrize(("part", "inside"), [("track:CHORDS", (1,)), ("bar:0", (0, 1, 2))])
def test_another_take_of_a_part_leaves_the_rest_exactly(
    generator: Transformer, part: str, inside: tuple[int, ...]
) -> None:
    engine = Engine(generator, info=None)  # type: ignore[arg-type]
    moved = 0
    for seed in range(6):
        plain = engine.render(PhraseState(seed))
        take = engine.render(PhraseState(seed, takes={part: 40 + seed}))
        assert is_valid(take, tiny.SPEC)
        begins = plain[..., ONSET] != take[..., ONSET]
        moved += int(begins.sum())
        for index in range(len(tiny.SPEC.tracks)):
            outside = begins[index, tiny.SPEC.steps_per_bar :] if part == "bar:0" else begins[index]
            assert not outside.any() or (index in inside and part != "bar:0")
    assert moved > 0


def test_a_phrase_kept_to_is_written_by_its_own_latent_whatever_the_weight(
    generator: Transformer,
) -> None:
    sampler = EventSampler(generator.decoder)
    plan, noise = np.split(generator.draw_latent(6, 1), [generator.plan_dim], axis=1)
    plain = sampler.write(plan, noise, Sampling())
    near = [Reference(plain, weight, tiny.SPEC) for weight in (3.0, 30.0)]
    kept, read = sampler.write_near(plan, noise, near)
    assert all((getattr(plain, name) == getattr(kept, name)).all() for name in vars(plain))
    assert (read == noise).all()


def test_a_strong_reference_is_written_from_any_latent_and_read_back(
    generator: Transformer,
) -> None:
    sampler = EventSampler(generator.decoder)
    plan, noise = np.split(generator.draw_latent(12, 2), [generator.plan_dim], axis=1)
    near = [Reference(events_of_rolls(data(), tiny.SPEC), 60.0, tiny.SPEC)]
    written, read = sampler.write_near(plan, noise, near)
    assert (rolls_of_events(written, tiny.SPEC) == data()).all()
    alone = sampler.write(plan, read, Sampling())
    assert (rolls_of_events(alone, tiny.SPEC) == data()).all()


def test_a_walk_begins_and_ends_with_its_ends_and_changes_little_on_the_way(
    generator: Transformer,
) -> None:
    ends = generator.draw_latent(6, 3)
    a, b = ends[:3], ends[3:]
    z = generator.walk(a, b, np.linspace(0, 1, 17))
    assert (z[:, 0] == a).all() and (z[:, -1] == b).all()
    plans = np.stack([slerp(x, y, np.linspace(0, 1, 17)) for x, y in zip(a, b, strict=True)])
    np.testing.assert_allclose(
        z[..., : generator.plan_dim], plans[..., : generator.plan_dim], atol=1e-5
    )
    assert (z[:, 8] == plans[:, 8]).all()
    onsets = generator.rolls_of_z(z.reshape(-1, z.shape[-1]))[..., ONSET] != 0
    onsets = onsets.reshape(3, 17, -1)
    changed = 1 - _alike(onsets[:, 1:], onsets[:, :-1])
    assert changed < 0.7 * (1 - _alike(onsets[:, 0], onsets[:, -1]))


def test_a_position_of_a_walk_depends_on_the_ends_alone(generator: Transformer) -> None:
    ends = generator.draw_latent(2, 4)
    a, b = ends[:1], ends[1:]
    z = generator.walk(a, b, np.array([0.2, 0.3, 0.5, 0.75, 0.8]))
    for position, row in zip((0.2, 0.75, 0.5), z[0, [0, 3, 2]], strict=True):
        assert (generator.walk(a, b, np.array([position]))[0, 0] == row).all()
    back = generator.walk(b, a, np.array([0.25, 0.7]))
    assert (back[0] == z[0, [3, 1]]).all()


def _alike(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())
