"""Variants, and what is written to a part that is kept, with generators that train in no time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tiny

from gan.accompany import accompany, recast
from gan.engine import Engine
from gan.errors import LatentError
from gan.models.checkpoint import read_info, write_config, write_weights
from gan.models.registry import build
from gan.models.sampling import Sampling
from gan.models.transformer import Transformer
from gan.music.edits import Edit, strokes_between, with_edits
from gan.music.events import begun_in, events_of_rolls, rolls_of_events
from gan.music.recast import with_pitches_of, with_rhythm_of
from gan.music.rolls import is_valid, notes_from_roll, roll_from_notes
from gan.phrase import PhraseState, copy_track, lock
from gan.spec import ONSET
from gan.vary import variants

FAMILIES = ("gan", "vae", "transformer")


@pytest.fixture(scope="module", params=FAMILIES)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    family = request.param
    generator = build(family, tiny.SPEC, tiny.MODEL)
    generator.set_weights(tiny.lively(generator.weights(), np.random.default_rng(3)))
    folder = tmp_path_factory.mktemp(family)
    write_config(folder, family=family, spec=tiny.SPEC, model=tiny.MODEL, training={}, data={})
    write_weights(folder, generator.weights())
    return Engine(generator, read_info(folder))


def changed(engine: Engine, state: PhraseState, distance: float) -> float:
    """Mean share of onsets that a phrase and its variants do not have in common."""
    own = engine.render(state)[..., ONSET] != 0
    shares = []
    for other in engine.render_all(variants(engine, state, distance, 6, seed=4)):
        both = own & (other[..., ONSET] != 0)
        shares.append(1 - 2 * both.sum() / (own.sum() + (other[..., ONSET] != 0).sum()))
    return float(np.mean(shares))


def test_a_greater_distance_changes_more_notes(engine: Engine) -> None:
    state = PhraseState(7)
    near, middle, far = (changed(engine, state, distance) for distance in (0.1, 0.4, 1.0))
    assert 0 <= near < middle < far
    assert variants(engine, state, 0.0, 3) == [state] * 3
    again = variants(engine, state, 0.4, 6, seed=4)
    assert again == variants(engine, state, 0.4, 6, seed=4)
    assert len({each.z for each in again}) == 6
    with pytest.raises(LatentError, match="between 0 and 1"):
        variants(engine, state, 1.1)


def test_variants_keep_locks_and_let_go_of_drawn_notes_one_by_one(engine: Engine) -> None:
    spec = engine.spec
    strokes = tuple(Edit(1, 3 + k, 2 * k, 2 * k + 2) for k in range(8))
    state = lock(PhraseState(7), "track:LEAD", spec)
    lead = engine.render(state)[0]
    drawn = replace(state, edits=strokes)
    left = []
    for distance in (0.1, 0.5, 1.0):
        found = variants(engine, drawn, distance, 4, seed=1)
        assert all(np.array_equal(roll[0], lead) for roll in engine.render_all(found))
        left.append([set(each.edits) for each in found])
    if engine.info.family == "transformer":  # it takes them in
        assert not any(kept for row in left for kept in row)
    else:
        near, middle, far = left
        assert all(a >= b >= c for a, b, c in zip(near, middle, far, strict=True))
        assert any(near) and not any(far)


@pytest.mark.parametrize("keep", [["LEAD"], ["CHORDS", "KIT"]])
def test_what_is_kept_stays_bit_for_bit(engine: Engine, keep: list[str]) -> None:
    spec = engine.spec
    # Another phrase's lead is locked, and a note is drawn over it.
    state = copy_track(PhraseState(7), PhraseState(8), "LEAD", spec)
    state = replace(state, edits=(Edit(0, 5, 6, 9), Edit(1, 2, 0, 4)))
    roll = engine.render(state)
    answers = accompany(engine, state, keep, 3, seed=2)
    assert [each.score for each in answers] == sorted((a.score for a in answers), reverse=True)
    assert answers == accompany(engine, state, keep, 3, seed=2)
    rows = [spec.track_names.index(name) for name in keep]
    rolls = engine.render_all([each.state for each in answers])
    for found in rolls:
        assert is_valid(found, spec)
        assert np.array_equal(found[rows], roll[rows])
    assert 0 < len(rolls) == len({found.tobytes() for found in rolls}) <= 3
    moved = replace(answers[0].state, z=None, seed=99)
    assert np.array_equal(engine.render(moved)[rows], roll[rows]), "sliders and seeds leave it too"


def test_all_or_nothing_cannot_be_kept(engine: Engine) -> None:
    for keep in ([], list(engine.spec.track_names)):
        with pytest.raises(LatentError, match="at least one"):
            accompany(engine, PhraseState(), keep)
    with pytest.raises(LatentError, match="no track FLUTE to keep: choose among LEAD"):
        accompany(engine, PhraseState(), ["FLUTE"])


def test_notes_of_closed_cells_are_given_and_no_others_begin_there() -> None:
    generator = build("transformer", tiny.SPEC, tiny.MODEL)
    generator.set_weights(tiny.lively(generator.weights(), np.random.default_rng(3)))
    assert isinstance(generator, Transformer)
    spec, rng = tiny.SPEC, np.random.default_rng(0)
    roll = tiny.phrase(rng)
    for closed in (
        np.array([[True], [False], [False]]).repeat(spec.steps, 1),  # a track
        np.arange(spec.steps)[None].repeat(3, 0) >= 16,  # the second bar
        rng.random((3, spec.steps)) < 0.5,
    ):
        own = generator.write_around(roll, closed, 5, seed=1, sampling=Sampling())
        given = begun_in(events_of_rolls(roll[None], spec), closed, spec)
        wanted = rolls_of_events(given, spec)[0, ..., ONSET]
        for found in own[0]:
            assert is_valid(found, spec)
            assert np.array_equal(found[..., ONSET] * closed[..., None], wanted)
        assert np.isfinite(own[1]).all() and (own[1] < 0).all()


def test_a_phrase_weighs_what_its_notes_cost_where_all_is_given() -> None:
    """Then nothing is left to choose, and the weight is the log likelihood of the phrase."""
    generator = build("transformer", tiny.SPEC, tiny.MODEL)
    generator.set_weights(tiny.lively(generator.weights(), np.random.default_rng(3)))
    assert isinstance(generator, Transformer)
    roll, spec = tiny.phrase(np.random.default_rng(0)), tiny.SPEC
    closed = np.ones((3, spec.steps), bool)
    rolls, weights = generator.write_around(roll, closed, 2, seed=1, sampling=Sampling())
    assert all(np.array_equal(found, roll) for found in rolls)
    # The last round's plan is what was read from the first round's phrase, this one.
    plan = generator._plan(generator.first_guess(roll[None]))
    events = events_of_rolls(roll[None], spec)
    columns = [events.step, events.track, events.pitch, events.duration]
    logits = generator.decoder(plan, columns)
    count, cost = int(events.count(spec)[0]), 0.0
    chosen = [np.diff(events.step[0], prepend=0), *(each[0] for each in columns[1:])]
    chosen[3] = chosen[3] - 1
    for which, part in enumerate(logits):
        values = np.asarray(part)[0].astype(np.float64)
        top = values.max(axis=1, keepdims=True)  # what is ruled out stands far below
        chance = values - top - np.log(np.exp(values - top).sum(axis=1, keepdims=True))
        decisions = count + 1 if which == 0 else count  # the last advance ends the phrase
        cost += chance[np.arange(decisions), chosen[which][:decisions]].sum()
    assert weights == pytest.approx([cost, cost], rel=1e-4)


def onsets_and_ends(roll: np.ndarray) -> list[list[tuple[int, int]]]:
    """Of each track, when its notes begin and end, whatever their pitches."""
    return [sorted(map(tuple, notes[:, :2].tolist())) for notes in notes_from_roll(roll, tiny.SPEC)]


def chords(roll: np.ndarray, track: int) -> list[tuple[int, ...]]:
    onset = roll[track, ..., ONSET]
    return [tuple(np.flatnonzero(row)) for row in onset if row.any()]


def test_the_rhythm_or_the_pitches_are_kept(engine: Engine) -> None:
    state = PhraseState(7, edits=(Edit(1, 2, 0, 12), Edit(1, 9, 4, 6), Edit(0, 5, 6, 9)))
    roll = engine.render(state)
    for keep in ("rhythm", "pitches"):
        answers = recast(engine, state, keep, 2, seed=1)
        assert answers
        for found in engine.render_all([each.state for each in answers]):
            assert is_valid(found, tiny.SPEC) and not np.array_equal(found, roll)
            assert np.array_equal(found[2], roll[2]), "drums stay"
            if keep == "rhythm":
                assert onsets_and_ends(found) == onsets_and_ends(roll)
            else:
                assert [chords(found, k) for k in (0, 1)] == [chords(roll, k) for k in (0, 1)]


def test_strokes_make_one_phrase_of_another() -> None:
    rng = np.random.default_rng(1)
    ours, theirs = tiny.phrase(rng), tiny.phrase(rng)
    strokes = strokes_between(ours, theirs, tiny.SPEC)
    assert np.array_equal(with_edits(ours, strokes, tiny.SPEC), theirs)
    assert strokes and strokes_between(ours, ours, tiny.SPEC) == ()


def test_pitches_and_rhythm_by_hand() -> None:
    def rolled(lead: list[tuple[int, int, int]], chord: list[tuple[int, int, int]]) -> np.ndarray:
        tracks = [np.array(notes, np.int32).reshape(-1, 3) for notes in (lead, chord, [])]
        return roll_from_notes(tracks, tiny.SPEC)

    roll = rolled([(0, 4, 60), (4, 6, 62)], [(0, 8, 48), (0, 8, 52)])
    other = rolled([(2, 5, 67), (5, 7, 65)], [(0, 16, 50), (0, 16, 53), (0, 16, 57)])
    # The lead's steps 0 and 4 are nearest to where 67 sounds; two of three notes of a chord.
    assert np.array_equal(
        with_pitches_of(roll, other, tiny.SPEC),
        rolled([(0, 4, 67), (4, 6, 67)], [(0, 8, 50), (0, 8, 57)]),
    )
    # 60 lasts until the next note again, 62 keeps its length; the chord begins where it did.
    assert np.array_equal(
        with_rhythm_of(roll, other, tiny.SPEC),
        rolled([(2, 5, 60), (5, 7, 62)], [(0, 8, 48), (0, 8, 52)]),
    )
