"""Tilts: exact where they are 0, within their track, and towards what they are named after."""

from __future__ import annotations

import numpy as np
import pytest
import tiny

from gan.errors import LatentError
from gan.models.base import Generator
from gan.models.registry import build
from gan.models.statistics import by_place, columns, statistics, tilt_names
from gan.music.measures import measure
from gan.music.rolls import is_valid
from gan.spec import RollSpec, Track


@pytest.fixture(scope="module", params=["vae", "transformer"])
def generator(request: pytest.FixtureRequest) -> Generator:
    made = build(request.param, tiny.SPEC, tiny.MODEL)
    made.set_weights(tiny.lively(made.weights(), np.random.default_rng(0)))
    return made


def moved(generator: Generator, w: np.ndarray, **amounts: float) -> np.ndarray:
    """`w` with tilts by name, a `.` of which is written `_`."""
    w = w.copy()
    for name, amount in amounts.items():
        at = generator.tilt_names.index(name.replace("_", "."))
        w[:, generator.latent_dim + at] += amount
    return w


def test_names_follow_what_a_track_is() -> None:
    names = tilt_names(tiny.SPEC)
    assert len(names) == len(set(names)) == columns(2, tiny.SPEC).stop
    assert names[columns(1, tiny.SPEC)][-1] == "CHORDS.chords"
    assert "LEAD.smooth" in names and "LEAD.chord" in names and "KIT.height" not in names
    alone = RollSpec(tracks=(Track("LEAD", 73, monophonic=True),))
    assert "chord" not in statistics(alone.tracks[0], alone)


def test_statistics_of_a_place() -> None:
    sixteenths, beats = (by_place(name, tiny.SPEC) for name in ("sixteenths", "beats"))
    assert sixteenths is not None and sixteenths[:4, 0].tolist() == [0, 1, 0, 1]
    assert beats is not None and beats[:5, 0].tolist() == [1, 0, 0, 0, 1]
    height, black = (by_place(name, tiny.SPEC) for name in ("height", "black"))
    assert height is not None and height[12] - height[0] == 1  # octaves
    assert black is not None and black[:12].tolist() == [0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0]
    assert by_place("reuse", tiny.SPEC) is None


def test_no_tilt_changes_nothing(generator: Generator) -> None:
    z = generator.draw_latent(6, seed=1)
    w = generator.to_w(z)
    assert w.shape == (6, generator.w_dim) and not w[:, generator.latent_dim :].any()
    plain = generator.rolls_of_w(w)
    # Beside a row that is tilted, the others go the long way and come out the same.
    w[0, -1] = 1.0
    assert (generator.rolls_of_w(w)[1:] == plain[1:]).all()
    with pytest.raises(LatentError, match="numbers, not"):
        generator.rolls_of_w(w[:, :-1])


def test_tilted_rolls_are_valid(generator: Generator) -> None:
    w = generator.to_w(generator.draw_latent(8, seed=2))
    w[:, generator.latent_dim :] = np.random.default_rng(0).normal(
        0, 2, (8, len(generator.tilt_names))
    )
    rolls = generator.rolls_of_w(w)
    assert is_valid(rolls, tiny.SPEC)
    alone = np.concatenate([generator.rolls_of_w(row[None]) for row in w])
    assert (rolls == alone).all()


def test_a_tilt_moves_what_it_is_named_after(generator: Generator) -> None:
    w = generator.to_w(generator.draw_latent(48, seed=3))

    def effect(name: str, of: str) -> float:
        up, down = (
            measure(generator.rolls_of_w(moved(generator, w, **{name: amount})), tiny.SPEC)[of]
            for amount in (2.0, -2.0)
        )
        return float(np.nanmean(up - down))

    assert effect("CHORDS_notes", "CHORDS.notes") > 0
    assert effect("CHORDS_height", "CHORDS.register") > 0.5
    assert effect("CHORDS_length", "CHORDS.note_length") > 0
    assert effect("LEAD_sixteenths", "LEAD.off_sixteenth") > 0.02
    assert effect("KIT_beats", "KIT.on_beat") > 0.02
    assert effect("LEAD_same", "LEAD.repetition") >= 0


def test_a_tilt_reaches_its_own_track_only() -> None:
    generator = build("gan", tiny.SPEC, tiny.MODEL)
    generator.set_weights(tiny.lively(generator.weights(), np.random.default_rng(1)))
    w = generator.to_w(generator.draw_latent(6, seed=4))
    plain = generator.rolls_of_w(w)
    tilted = generator.rolls_of_w(moved(generator, w, CHORDS_notes=3.0, CHORDS_black=-2.0))
    assert (tilted[:, [0, 2]] == plain[:, [0, 2]]).all()
    assert (tilted[:, 1] != plain[:, 1]).any()


def test_a_tilt_spares_what_it_is_not_about() -> None:
    """Leaning towards notes off the eighths, a decoder in doubt begins as many as before."""
    from gan.models.tilt import tilted

    rng = np.random.default_rng(0)
    logits = [
        rng.normal(0, 1, (4, tiny.SPEC.steps, width)).astype(np.float32) for width in (26, 48, 48)
    ]
    half = np.full(3, 0.5, np.float32)
    amounts = np.zeros((4, len(tilt_names(tiny.SPEC))), np.float32)
    amounts[:, tilt_names(tiny.SPEC).index("CHORDS.sixteenths")] = 8.0
    moved_logits = tilted(logits, amounts, tiny.SPEC, half, half)

    def onsets(parts: list) -> np.ndarray:
        chance = 1 / (1 + np.exp(-np.asarray(parts[1])))
        return chance[..., tiny.SPEC.pitches :].sum(axis=2)

    before, after = onsets(logits), onsets(moved_logits)
    assert (after[:, 1::2].sum(axis=1) > 1.1 * before[:, 1::2].sum(axis=1)).all()
    assert after.sum(axis=1) == pytest.approx(before.sum(axis=1), rel=0.05)
    for index in (0, 2):
        assert (np.asarray(moved_logits[index]) == logits[index]).all()


def test_a_transformers_tilts_heed_what_is_written() -> None:
    from gan.models.event_tilt import EventTilts

    amounts = np.zeros((1, len(tilt_names(tiny.SPEC))), np.float32)
    names = tilt_names(tiny.SPEC)
    for name in ("LEAD.smooth", "LEAD.chord", "CHORDS.same", "CHORDS.steady"):
        amounts[0, names.index(name)] = 1.0
    tilts = EventTilts(amounts, tiny.SPEC)
    rows = np.array([0])

    def wrote(step: int, track: int, pitch: int, length: int) -> None:
        tilts.wrote(rows, *(np.array([value]) for value in (step, track, pitch, length)))

    wrote(0, 0, 12, 2)
    wrote(0, 1, 7, 8)
    lead = tilts.pitch(rows, np.array([4]), np.array([0]))[0]
    # No leap and no chord tone; a fifth down in the chord; an octave up and no chord tone.
    assert lead[[12, 7, 23]] == pytest.approx([0, -5 / 12 + 1, -11 / 12])
    assert lead[19] == pytest.approx(-7 / 12 + 1)  # the chord tone's octave
    again = tilts.pitch(rows, np.array([tiny.SPEC.steps_per_bar]), np.array([1]))[0]
    assert again[7] == 1 and again.sum() == 1
    at = tilts.track(rows, np.array([tiny.SPEC.steps_per_bar]), np.array([-1]))[0]
    assert at.tolist() == [0, 1, 0]
    assert not tilts.track(rows, np.array([2]), np.array([-1])).any()
