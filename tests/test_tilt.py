"""Tilts: exact where they are 0, within their track, and towards what they are named after."""

from __future__ import annotations

import numpy as np
import pytest
import tiny

from gan.errors import LatentError
from gan.models.base import Generator
from gan.models.event_tilt import Seen, tilted_rolls
from gan.models.registry import build
from gan.models.sampling import Sampling
from gan.models.statistics import UNIT, by_place, columns, statistics, tilt_names
from gan.music.attributes import measure
from gan.music.rolls import is_valid
from gan.spec import ONSET, RollSpec, Track

NAMES = tilt_names(tiny.SPEC, "gan")


@pytest.fixture(scope="module", params=["vae", "transformer"])
def generator(request: pytest.FixtureRequest) -> Generator:
    made = build(request.param, tiny.SPEC, tiny.MODEL)
    made.set_weights(tiny.lively(made.weights(), np.random.default_rng(0)))
    return made


def moved(generator: Generator, w: np.ndarray, **amounts: float) -> np.ndarray:
    """`w` with tilts by name, a `.` of which is written `_`."""
    w = w.copy()
    for name, amount in amounts.items():
        at = generator.tilt_names.index(name.replace("_", ".", 1))
        w[:, generator.latent_dim + at] += amount
    return w


def test_names_follow_what_a_track_is() -> None:
    names = tilt_names(tiny.SPEC, "gan")
    assert len(names) == len(set(names)) == columns(2, tiny.SPEC).stop
    assert "CHORDS.chords" in names[columns(1, tiny.SPEC)]
    assert (
        "LEAD.stepwise_melody" in names
        and "LEAD.melody_in_chord" in names
        and "KIT.register" not in names
    )
    alone = RollSpec(tracks=(Track("LEAD", 73, monophonic=True),))
    assert "melody_in_chord" not in statistics(alone.tracks[0], alone)
    written = tilt_names(tiny.SPEC, "transformer")
    assert set(names) - set(written) == {
        "LEAD.notes",
        "CHORDS.notes",
        "CHORDS.chords",
        "KIT.notes",
    }
    assert set(written) - set(names) == {"LEAD.range", "CHORDS.range", "CHORDS.melody_in_chord"}
    assert len(written) == columns(2, tiny.SPEC, written=True).stop


def test_statistics_of_a_place() -> None:
    def value(name: str) -> np.ndarray:
        found = by_place(name, tiny.SPEC)
        assert found is not None
        return found

    assert value("off_sixteenth")[:4].tolist() == [0, 1, 0, 1]
    assert value("on_beat")[:5].tolist() == [1, 0, 0, 0, 1]
    assert value("register")[12] - value("register")[0] == 1  # octaves
    assert (-value("in_scale")[:12]).tolist() == [0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0]
    assert by_place("pitch_classes", tiny.SPEC) is None  # hangs on what else the bar holds


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

    if "CHORDS.notes" in generator.tilt_names:
        assert effect("CHORDS_notes", "CHORDS.notes") > 0
        assert effect("CHORDS_register", "CHORDS.register") > 0.5
    assert effect("LEAD_register", "LEAD.register") > 0.5
    assert effect("CHORDS_note_length", "CHORDS.note_length") > 0
    assert effect("LEAD_off_sixteenth", "LEAD.off_sixteenth") > 0.02
    assert effect("KIT_on_beat", "KIT.on_beat") > 0.02
    assert effect("LEAD_repetition", "LEAD.repetition") >= 0


def test_a_tilt_reaches_its_own_track_only(generator: Generator) -> None:
    w = generator.to_w(generator.draw_latent(6, seed=4))
    plain = generator.rolls_of_w(w)
    tilted = generator.rolls_of_w(moved(generator, w, CHORDS_on_beat=9.0, CHORDS_in_scale=9.0))
    assert (tilted[:, [0, 2]] == plain[:, [0, 2]]).all()
    assert (tilted[:, 1] != plain[:, 1]).any()


def test_a_tilt_spares_what_it_is_not_about() -> None:
    """Tilted towards notes off the eighths, an uncertain decoder begins as many as before."""
    from gan.models.tilt import tilted

    rng = np.random.default_rng(0)
    logits = [
        rng.normal(0, 1, (4, tiny.SPEC.steps, width)).astype(np.float32) for width in (26, 48, 48)
    ]
    half = np.full(3, 0.5, np.float32)
    amounts = np.zeros((4, len(NAMES)), np.float32)
    amounts[:, NAMES.index("CHORDS.off_sixteenth")] = 2.0
    moved_logits = tilted(logits, amounts, tiny.SPEC, half, half)

    def onsets(parts: list) -> np.ndarray:
        return (np.asarray(parts[1])[..., tiny.SPEC.pitches :] > 0).sum(axis=2)

    before, after = onsets(logits), onsets(moved_logits)
    # Of a hundred notes, 2 * 8 more and some are off the eighths, and there are as many as before.
    assert UNIT == 0.08
    more = (after[:, 1::2].sum(axis=1) - before[:, 1::2].sum(axis=1)) / before.sum(axis=1)
    assert more == pytest.approx(0.18, abs=0.04)
    assert after.sum(axis=1) == pytest.approx(before.sum(axis=1), rel=0.05)
    for index in (0, 2):
        assert (np.asarray(moved_logits[index]) == logits[index]).all()


def phrase(notes: list[tuple[int, int, int, int]], wish: tuple[int, int, int]) -> Seen:
    """A phrase whose every decision is open between what it was and what `wish` says.

    Notes are step, track, pitch and duration; a wish is an advance, a pitch and a duration less 1.
    """
    columns_ = [np.array(values, np.int64) for values in zip(*notes, strict=True)]
    before = np.concatenate([[0], columns_[0][:-1]])
    was = (columns_[0] - before, None, columns_[2], columns_[3] - 1)
    logits = []
    for size, taken, other in zip((33, 3, 24, 32), was, (wish[0], 0, *wish[1:]), strict=True):
        part = np.full((len(notes), size), -9.0, np.float32)
        part[:, other] = -1.0
        if taken is not None:
            part[np.arange(len(notes)), taken] = 0.0
        logits.append(part)
    return Seen(columns_, logits, np.zeros((len(notes), 4), np.float32))


def tilted_alone(seen: Seen, **amounts: float) -> np.ndarray:
    """The notes of a phrase, tilted, as `(track, step, pitch)` of onsets."""
    names = tilt_names(tiny.SPEC, "transformer")
    tilts = np.zeros((1, len(names)), np.float32)
    for name, amount in amounts.items():
        tilts[0, names.index(name.replace("_", ".", 1))] = amount

    def likeliest(logits: np.ndarray, noise: np.ndarray) -> np.ndarray:
        return logits.argmax(axis=1)

    return np.argwhere(tilted_rolls([seen], tilts, tiny.SPEC, likeliest)[0, ..., ONSET])


def test_notes_that_are_written_move_alone() -> None:
    seen = phrase([(0, 0, 10, 2), (0, 1, 7, 4), (0, 1, 11, 4), (4, 0, 12, 2)], (5, 15, 7))
    plain = tilted_alone(seen)
    assert plain.tolist() == [[0, 0, 10], [0, 4, 12], [1, 0, 7], [1, 0, 11]]
    # Both might begin on step 5, where the higher one is heard.
    later = tilted_alone(seen, LEAD_off_sixteenth=9.0)
    assert later.tolist() == [[0, 5, 12], [1, 0, 7], [1, 0, 11]]
    assert tilted_alone(seen, LEAD_on_beat=9.0).tolist() == plain.tolist()
    # As many notes move as it takes: one for a quarter of an octave, both for three.
    higher = tilted_alone(seen, LEAD_register=3.0)
    assert higher[:2].tolist() == [[0, 0, 15], [0, 4, 12]]
    assert (tilted_alone(seen, LEAD_register=12.0)[:2, 2] > [14, 14]).all()
    assert higher[2:].tolist() == plain[2:].tolist()
    # Both notes of a chord go where its first one goes.
    chord = tilted_alone(seen, CHORDS_off_sixteenth=9.0)
    assert chord[2:].tolist() == [[1, 5, 7], [1, 5, 11]]


def test_statistics_of_written_notes_are_orthogonalised() -> None:
    """Where on-beat notes could go to an eighth or to a sixteenth, each tilt finds its own."""
    steps = tiny.SPEC.steps_per_beat
    half = steps // 2
    logits = [np.full((4, size), -30.0, np.float32) for size in (33, 3, 24, 32)]
    for k in range(4):
        for choice in (0, half, half + 1) if k == 0 else (steps, steps + half, steps + 1):
            logits[0][k, choice] = 0.0
        logits[0][k, 0 if k == 0 else steps] = 0.5
    notes = [np.arange(4) * steps, np.zeros(4, int), np.full(4, 9), np.ones(4, int)]
    seen = Seen(notes, logits, np.zeros((4, 4), np.float32))
    names = tilt_names(tiny.SPEC, "transformer")
    logits_met = []

    def recorded(logits: np.ndarray, noise: np.ndarray) -> np.ndarray:
        logits_met.append(logits)
        return logits.argmax(axis=1)

    def change(name: str, which: tuple[int, int, int]) -> np.ndarray:
        tilts = np.zeros((1, len(names)), np.float32)
        tilts[0, names.index(name)] = 1.0
        logits_met.clear()
        tilted_rolls([seen], tilts, tiny.SPEC, recorded)
        return (logits_met[1] - seen.logits[0])[1, list(which)]

    on, eighth, sixteenth = change("LEAD.on_beat", (steps, steps + half, steps + 1))
    # Not orthogonalised, neither other place would gain.
    assert on > sixteenth > eighth
    on, eighth, sixteenth = change("LEAD.off_sixteenth", (steps, steps + half, steps + 1))
    assert sixteenth > on > eighth
    assert list(seen.inverses) == [(0, 0)]


def test_what_was_written_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = build("transformer", tiny.SPEC, tiny.MODEL)
    generator.set_weights(tiny.lively(generator.weights(), np.random.default_rng(0)))
    w = moved(generator, generator.to_w(generator.draw_latent(3, seed=1)), LEAD_register=2.0)
    first = generator.rolls_of_w(w)
    monkeypatch.setattr(
        "gan.models.event_sampler.EventSampler.write_seen", lambda *_: pytest.fail("written anew")
    )
    assert (generator.rolls_of_w(w) == first).all()
    with pytest.raises(pytest.fail.Exception):
        generator.rolls_of_w(w, Sampling(temperature=0.5))
    monkeypatch.undo()
    weights = generator.weights()
    generator.set_weights({name: 0.9 * values for name, values in weights.items()})
    assert (generator.rolls_of_w(w) != first).any()
