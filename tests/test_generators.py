"""Every action of the pages with every generator in the box.

Families differ in what their latents are made of, and so does what may go wrong: a generator
with a reranker, or one that writes note by note, takes another way through the same call.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gan.accompany import accompany
from gan.app.document import Document
from gan.app.live.backend import controls, moved
from gan.app.scope import fitted, scope_of
from gan.app.widgets.exports import midi_of, stems_zip
from gan.app.widgets.piece import Piece
from gan.app.widgets.sliders import pad_axes, sliders_of
from gan.audio.play import mixdown
from gan.engine import Engine, load
from gan.models.ability import ABILITIES, Ability
from gan.music.attributes import measure
from gan.music.edits import Edit
from gan.music.performance import Performance
from gan.music.rolls import is_valid
from gan.music.score import musicxml
from gan.phrase import PhraseState, lock
from gan.pictures import roll_png, thumbnail_png
from gan.preview import first_phrase, read_preview
from gan.sliders.directions import KEPT
from gan.spec import CHECKPOINTS, ONSET

SHIPPED = sorted(path.parent.name for path in CHECKPOINTS.glob("*/config.json"))


@pytest.fixture(scope="module", params=SHIPPED)
def engine(request: pytest.FixtureRequest) -> Engine:
    return load(CHECKPOINTS / request.param)


@pytest.fixture
def state(engine: Engine) -> PhraseState:
    return first_phrase(engine.info)


def parts(engine: Engine) -> list[str]:
    return scope_of(engine.info).parts


def test_the_first_phrase_is_the_stored_one(engine: Engine, state: PhraseState) -> None:
    stored = read_preview(engine.info)
    assert stored is not None
    # Notes may fall otherwise on another processor, but not many of them.
    same = stored[..., ONSET] == engine.render(state)[..., ONSET]
    assert same.mean() > 0.99


def test_every_part_has_another_take(engine: Engine, state: PhraseState) -> None:
    plain = engine.render(state)
    takes = [replace(state, takes={part: 5}) for part in parts(engine)]
    for part, roll in zip(parts(engine), engine.render_all(takes), strict=True):
        assert is_valid(roll, engine.spec), part
        kind, _, name = part.partition(":")
        if kind == "track":
            others = [k for k, each in enumerate(engine.spec.track_names) if each != name]
            assert np.array_equal(roll[others], plain[others]), part


def test_every_part_can_be_locked(engine: Engine, state: PhraseState) -> None:
    plain, spec = engine.render(state), engine.spec
    locked = [replace(lock(state, part, spec), seed=state.seed + 1) for part in parts(engine)]
    for part, roll in zip(parts(engine), engine.render_all(locked), strict=True):
        kind, _, name = part.partition(":")
        if kind == "track":
            kept = spec.track_names.index(name)
            assert np.array_equal(roll[kept], plain[kept]), part
        else:
            span = slice(int(name) * spec.steps_per_bar, (int(name) + 1) * spec.steps_per_bar)
            assert (roll[:, span, :, ONSET] <= plain[:, span, :, ONSET]).all(), part


def test_every_slider_moves_to_both_ends(engine: Engine, state: PhraseState) -> None:
    shown = {slider.id: slider for slider in sliders_of(engine, state)}
    assert set(shown) <= set(controls(engine)) and pad_axes(engine) is not None
    ends = [
        moved(state, {name: end}, engine.spec)
        for name, slider in shown.items()
        for end in (slider.minimum, slider.maximum)
    ]
    assert all(is_valid(roll, engine.spec) for roll in engine.render_all(ends))
    document, ignored = fitted(Document(phrase=ends[-1]), scope_of(engine.info))
    assert document.phrase == ends[-1] and not ignored


def test_a_slider_of_a_track_moves_no_other(engine: Engine, state: PhraseState) -> None:
    spec = engine.spec
    own = [slider for slider in sliders_of(engine, state) if slider.track in spec.track_names]
    of = {direction.id: direction for direction in engine.directions}
    own = [slider for slider in own if slider.id in of]
    assert {slider.track for slider in own} == set(spec.track_names)
    states = [replace(state, seed=seed) for seed in (0, 1)]
    for plain, start in zip(engine.render_all(states), states, strict=True):
        moves = [(slider, end) for slider in own for end in (slider.minimum, slider.maximum)]
        ends = [replace(start, sliders={slider.id: end}) for slider, end in moves]
        for (slider, _), roll in zip(moves, engine.render_all(ends), strict=True):
            others = [k for k, name in enumerate(spec.track_names) if name != slider.track]
            assert np.array_equal(roll[others], plain[others]), slider.id
    assert all((of[slider.id].kept or 0.0) >= KEPT for slider in own)


def test_an_end_of_a_slider_is_more_of_its_attribute(engine: Engine) -> None:
    states = [PhraseState(seed) for seed in range(16)]
    for each in engine.directions:
        if each.kind != "named" or not each.owner:
            continue
        ends = [
            replace(state, sliders={each.id: amount})
            for amount in (each.low, each.low / 2, 0.0, each.high / 2, each.high)
            for state in states
        ]
        measures = measure(np.stack(engine.render_all(ends)), engine.spec)[each.measure]
        means = np.nanmean(measures.reshape(5, -1), axis=1)
        assert means[0] < means[2] < means[4], (each.id, means)
        assert (np.diff(means) > -0.2 * np.ptp(means)).all(), (each.id, means)


def test_what_is_drawn_stays_when_the_generator_takes_it_in(
    engine: Engine, state: PhraseState
) -> None:
    assert Ability.READS_PHRASES in engine.can
    roll = engine.render(state)
    strokes = tuple(Edit(0, 40 + k, 4 * k, 4 * k + 2) for k in range(4))
    drawn = replace(state, edits=strokes)
    fresh = engine.with_strokes(engine.encode(engine.render(drawn)), strokes)
    after = engine.render(fresh)
    assert is_valid(after, engine.spec)
    for stroke in strokes:
        assert after[0, stroke.start, stroke.pitch, ONSET], stroke
    assert (after[..., ONSET] != roll[..., ONSET]).any()


def test_the_melody_is_kept_and_the_rest_is_written_to_it(
    engine: Engine, state: PhraseState
) -> None:
    plain, name = engine.render(state), engine.spec.track_names[0]
    (answer,) = accompany(engine, state, [name], 1)
    roll = engine.render(answer.state)
    assert np.array_equal(roll[0], plain[0]) and is_valid(roll, engine.spec)
    assert roll[1:, ..., ONSET].any() and not np.array_equal(roll[1:], plain[1:])


def test_a_way_to_another_phrase(engine: Engine, state: PhraseState) -> None:
    other = replace(lock(PhraseState(state.seed + 1), "bar:0", engine.spec), truncation=0.7)
    rolls = engine.render_all(engine.between(state, other, 3))
    assert all(is_valid(roll, engine.spec) for roll in rolls)


def test_those_that_can_go_on_do(engine: Engine, state: PhraseState) -> None:
    assert engine.can == ABILITIES[engine.info.family]
    if Ability.CONTINUES in engine.can:
        piece = next(engine.continuation(state, seed=1))
        assert piece[..., ONSET].any() and is_valid(
            piece, replace(engine.spec, bars=piece.shape[1] // engine.spec.steps_per_bar)
        )


def test_every_export(engine: Engine, state: PhraseState) -> None:
    roll, spec = engine.render(state), engine.spec
    document = Document(engine.info.name, engine.info.digest, state)
    piece = Piece(roll, spec, "phrase", ((0, "Phrase"),))
    assert midi_of(piece, document)[:4] == b"MThd"
    assert midi_of(piece, document, only=0)[:4] == b"MThd"
    sound = mixdown(roll, spec, Performance())
    assert sound.seconds >= 8 and 0.1 < np.abs(sound.samples).max() < 1
    assert stems_zip(piece, document)[:2] == b"PK"
    assert b"score-partwise" in musicxml(roll, spec)
    assert roll_png(roll, spec)[1:4] == thumbnail_png(roll, spec)[1:4] == b"PNG"
