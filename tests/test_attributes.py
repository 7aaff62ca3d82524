"""Musical attributes: measures against values worked out by hand, and one table for all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import compose
import numpy as np
import pytest

from gan.errors import SpecError
from gan.music.attributes import (
    ATTRIBUTES,
    OfTrack,
    attribute_of,
    change_of,
    definition_of,
    label_of,
    measure,
    measure_blocks,
    measure_names,
    measuring,
)
from gan.music.notes import as_notes, no_notes
from gan.music.rolls import roll_from_notes, transpose_roll
from gan.spec import RollSpec, Track

BAND = compose.SPEC  # LEAD (monophonic), KEYS, KIT (drums): 4 bars of 16 steps
VOICES = RollSpec(
    scheme="bach", tracks=tuple(Track(name, monophonic=True) for name in ("S", "A", "B"))
)
Rows = Sequence[tuple[int, int, int]]


def values(
    lead: Rows = (), keys: Rows = (), kit: Rows = (), *, spec: RollSpec = BAND
) -> dict[str, float]:
    """The measures of one phrase of these notes (onset, end, pitch)."""
    tracks = [as_notes(rows) if rows else no_notes() for rows in (lead, keys, kit)]
    found = measure(roll_from_notes(tracks, spec)[None], spec)
    assert all(value.shape == (1,) for value in found.values())
    return {name: float(value[0]) for name, value in found.items()}


def test_four_neighbouring_semitones_are_four_pitch_classes_and_an_octave_is_one() -> None:
    chromatic = values(keys=[(0, 1, 60), (1, 2, 61), (2, 3, 62), (3, 4, 63)])
    assert chromatic["KEYS.pitch_classes"] == 4
    octave = values(keys=[(0, 1, 60), (1, 2, 72), (2, 3, 48)])
    assert octave["KEYS.pitch_classes"] == 1


@pytest.mark.parametrize("pitch_min", [24, 21, 35])
def test_pitch_classes_do_not_depend_on_where_the_range_begins(pitch_min: int) -> None:
    spec = RollSpec(tracks=(Track("KEYS"),), pitch_min=pitch_min, pitches=60)
    notes = as_notes([(0, 1, 60), (0, 1, 72), (0, 1, 64), (16, 17, 61)])
    found = measure(roll_from_notes([notes], spec)[None], spec)
    assert found["KEYS.pitch_classes"][0] == 1.5  # C and E in one bar, C# in another
    assert found["in_scale"][0] == 0.75


def test_pitch_classes_are_of_bars_that_are_not_empty_and_count_held_notes() -> None:
    # Bar 0: C, E; bar 1: E held from bar 0, G; bars 2 and 3: empty.
    found = values(keys=[(0, 4, 60), (8, 20, 64), (24, 26, 67)])
    assert found["KEYS.pitch_classes"] == 2
    assert found["KEYS.empty_bars"] == 0.5


def test_notes_register_range_and_length() -> None:
    found = values(lead=[(0, 1, 60), (4, 8, 64), (10, 13, 71)])
    assert found["LEAD.notes"] == 3
    assert found["LEAD.register"] == 65
    assert found["LEAD.range"] == 11
    assert found["LEAD.note_length"] == pytest.approx(8 / 3)
    assert found["LEAD.qualified"] == pytest.approx(2 / 3)


def test_a_repeated_note_is_not_a_long_one() -> None:
    repeated = values(keys=[(0, 1, 60), (1, 2, 60), (2, 4, 60)])
    assert repeated["KEYS.notes"] == 3
    assert repeated["KEYS.qualified"] == pytest.approx(1 / 3)
    assert repeated["KEYS.note_length"] == pytest.approx(4 / 3)


def test_polyphony_is_over_the_steps_that_sound() -> None:
    # Steps 0 and 1: two notes; 2 and 3: one; the rest are silent.
    found = values(keys=[(0, 4, 60), (0, 2, 64)])
    assert found["KEYS.polyphony"] == 1.5


def test_chords_are_three_notes_begun_together() -> None:
    triad = [(0, 4, 60), (0, 4, 64), (0, 4, 67)]
    # A chord, a third, and one note below which two others still sound.
    found = values(keys=[*triad, (4, 8, 60), (4, 8, 64), (6, 8, 72)])
    assert found["KEYS.chords"] == pytest.approx(1 / 3)


def test_where_notes_begin_in_the_beat() -> None:
    found = values(lead=[(step, step + 1, 60) for step in (0, 4, 6, 9, 20)], kit=[(0, 1, 36)])
    assert found["LEAD.on_beat"] == pytest.approx(3 / 5)
    assert found["LEAD.off_sixteenth"] == pytest.approx(1 / 5)
    kit = values(kit=[(0, 1, 36), (2, 3, 42), (3, 4, 42)])
    assert kit["KIT.on_beat"] == pytest.approx(1 / 3)
    assert kit["KIT.drum_grid"] == pytest.approx(2 / 3)


def test_repetition_of_bars() -> None:
    figure = [(0, 2, 60), (4, 6, 64)]

    def at(bar: int, up: int = 0) -> list[tuple[int, int, int]]:
        return [(on + 16 * bar, end + 16 * bar, pitch + up) for on, end, pitch in figure]

    same = values(lead=[*at(0), *at(1), *at(2), *at(3)])
    assert same["LEAD.repetition"] == 1
    assert same["LEAD.rhythm_repetition"] == 1
    sequence = values(lead=[*at(0), *at(1, 1), *at(2, 2), *at(3, 3)])
    assert sequence["LEAD.repetition"] == 0
    assert sequence["LEAD.rhythm_repetition"] == 1
    # Bars 0 and 2 share one of their two onsets: 2 * 1 / 4. Bars 1 and 3 are empty, so five
    # pairs count, four of them likeness 0.
    half = values(lead=[*at(0), (32, 34, 60), (40, 42, 64)])
    assert half["LEAD.repetition"] == pytest.approx(0.5 / 5)


def test_scale_and_entropy() -> None:
    found = values(lead=[(0, 1, 60), (1, 2, 62), (2, 3, 66)], keys=[(0, 8, 72)])
    assert found["in_scale"] == 0.75
    # C twice, D and F sharp once of four notes: 0.5 * 1 + 2 * 0.25 * 2 bits.
    assert found["pitch_class_entropy"] == pytest.approx(1.5)
    assert values(lead=[(0, 1, 60)], keys=[(0, 8, 72)])["pitch_class_entropy"] == 0
    every = [(step, step + 1, 60 + step) for step in range(12)]
    assert values(keys=every)["pitch_class_entropy"] == pytest.approx(math.log2(12))


def test_drums_have_no_part_in_harmony() -> None:
    music = {"lead": [(0, 4, 60)], "keys": [(0, 4, 64)]}
    plain, drummed = values(**music), values(**music, kit=[(0, 1, 37), (5, 6, 42)])
    for name in ("in_scale", "pitch_class_entropy", "semitone_clashes", "bass_motion"):
        assert drummed[name] == plain[name] or math.isnan(plain[name]), name


def test_minorness_tells_a_minor_from_c_major() -> None:
    c_major = values(keys=[(0, 32, 60), (0, 16, 64), (0, 16, 67)])
    a_minor = values(keys=[(0, 32, 57), (0, 16, 60), (0, 16, 64)])
    assert c_major["minorness"] < -0.2
    assert a_minor["minorness"] > 0.2


def test_melody_in_chord_counts_steps_and_folds_octaves() -> None:
    # The chord C E sounds over steps 0 to 7. The melody: E above (in), D (out), then a note
    # that no chord accompanies.
    found = values(lead=[(0, 2, 76), (2, 8, 74), (8, 10, 60)], keys=[(0, 8, 48), (0, 8, 52)])
    assert found["melody_in_chord"] == pytest.approx(2 / 8)


def test_clashes_are_minor_seconds_and_ninths_in_pitch_not_in_name() -> None:
    second = values(lead=[(0, 4, 72)], keys=[(0, 8, 71)])
    assert second["semitone_clashes"] == 0.5
    ninth = values(lead=[(0, 4, 73)], keys=[(0, 4, 60)])
    assert ninth["semitone_clashes"] == 1
    seventh = values(lead=[(0, 4, 71)], keys=[(0, 4, 60)])
    assert seventh["semitone_clashes"] == 0


def test_bass_motion_is_from_beat_to_beat_below_the_melody() -> None:
    # Beats 0, 1 and 3 have a lowest note: 48, 55, 53. Beat 2 is silent but for the melody.
    found = values(lead=[(0, 16, 40)], keys=[(0, 4, 48), (0, 4, 60), (4, 8, 55), (12, 16, 53)])
    assert found["bass_motion"] == pytest.approx((7 + 2) / 2)


def test_stepwise_melody_leaves_repeats_out() -> None:
    line = [60, 60, 62, 63, 67, 67, 65]  # repeat, 2, 1, leap of 4, repeat, 2
    found = values(lead=[(2 * at, 2 * at + 2, pitch) for at, pitch in enumerate(line)])
    assert found["stepwise_melody"] == pytest.approx(3 / 4)


def test_silence_is_nan_but_for_counts() -> None:
    found = values()
    for name, value in found.items():
        if name.endswith(".notes"):
            assert value == 0
        elif name.endswith(".empty_bars"):
            assert value == 1
        else:
            assert math.isnan(value), name


def test_what_the_kind_of_track_fixes_is_left_out() -> None:
    names = set(values())
    assert not names & {"LEAD.polyphony", "LEAD.chords", "KIT.register", "KIT.note_length"}
    assert {"KEYS.polyphony", "KEYS.chords", "LEAD.register"} <= names
    assert "voice_crossing" not in names


def test_one_track_has_no_melody_in_chord_and_drums_alone_no_harmony() -> None:
    piano = RollSpec(tracks=(Track("Piano"),))
    found = measure(np.zeros((2, *piano.shape), dtype=np.uint8), piano)
    assert "in_scale" in found
    assert "melody_in_chord" not in found
    kit = RollSpec(tracks=(Track("Kit", is_drum=True),))
    found = measure(np.zeros((2, *kit.shape), dtype=np.uint8), kit)
    assert all(name.startswith("Kit.") for name in found)


def test_voices_that_cross() -> None:
    # S and A: 4 steps right, 2 crossed. A and B: 4 steps right of those where both sound.
    found = values([(0, 6, 72)], [(0, 4, 67), (4, 6, 74)], [(0, 4, 48)], spec=VOICES)
    assert found["voice_crossing"] == pytest.approx(2 / 10)
    # Between the upper voices only: 5 semitones for four steps, -2 for two.
    assert found["spacing"] == pytest.approx((4 * 5 - 2 * 2) / 6)


def test_parallels_need_two_moves_in_one_direction() -> None:
    fifths = values([(0, 4, 67), (4, 8, 69)], [(0, 4, 60), (4, 8, 62)], spec=VOICES)
    assert fifths["parallels"] == 1
    repeated = values([(0, 4, 67), (4, 8, 67)], [(0, 4, 60), (4, 8, 60)], spec=VOICES)
    assert repeated["parallels"] == 0
    contrary = values([(0, 4, 67), (4, 8, 62)], [(0, 4, 60), (4, 8, 67)], spec=VOICES)
    assert contrary["parallels"] == 0  # a fifth and a fourth, and moves against each other
    octaves = values([(0, 4, 72), (4, 8, 74)], [], [(0, 4, 48), (4, 8, 50)], spec=VOICES)
    assert octaves["parallels"] == 1
    fourths = values([(0, 4, 65), (4, 8, 67)], [(0, 4, 60), (4, 8, 62)], spec=VOICES)
    assert fourths["parallels"] == 0


def test_a_batch_is_measured_phrase_by_phrase() -> None:
    rolls = np.stack([roll_from_notes(compose.phrase_notes(seed), BAND) for seed in range(6)])
    together = measure(rolls, BAND)
    for index in range(6):
        alone = measure(rolls[index : index + 1], BAND)
        for name, value in alone.items():
            np.testing.assert_array_equal(value[0], together[name][index])


def test_an_octave_up_moves_the_register_only() -> None:
    roll = roll_from_notes([as_notes([(0, 2, 60), (4, 5, 65)]), no_notes(), no_notes()], BAND)
    low = measure(roll[None], BAND)
    high = measure(transpose_roll(roll, 12)[None], BAND)
    assert high.pop("LEAD.register")[0] - low.pop("LEAD.register")[0] == 12
    for name, value in low.items():
        np.testing.assert_array_equal(value, high[name], err_msg=name)


def test_no_phrases_and_wrong_shapes() -> None:
    found = measure(np.zeros((0, *BAND.shape), dtype=np.uint8), BAND)
    assert set(found) == set(values())
    assert all(value.shape == (0,) for value in found.values())
    with pytest.raises(SpecError, match="do not fit"):
        measure(np.zeros((1, *VOICES.shape), dtype=np.uint8)[:, :2], BAND)


@pytest.mark.parametrize("n", [0, 3, 7])
def test_phrases_made_block_by_block_measure_the_same(
    n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = RollSpec(bars=1, tracks=(Track("LEAD", 73, monophonic=True),))
    rolls = np.random.default_rng(0).integers(0, 2, (n, *spec.shape), np.uint8)
    monkeypatch.setattr(measuring, "BLOCK", 3)
    made: list[slice] = []

    def block(some: slice) -> np.ndarray:
        made.append(some)
        return rolls[some]

    found, whole = measure_blocks(block, n, spec), measure(rolls, spec)
    assert [each.stop - each.start for each in made] == {0: [0], 3: [3], 7: [3, 3, 1]}[n]
    assert found.keys() == whole.keys()
    for name, values in found.items():
        np.testing.assert_array_equal(values, whole[name])


def test_every_attribute_is_described_and_measured_somewhere() -> None:
    measured = {name.rpartition(".")[2] for name in (*measure_names(BAND), *measure_names(VOICES))}
    assert measured == set(ATTRIBUTES)
    for name, row in ATTRIBUTES.items():
        assert row.id == name
        assert row.label and row.unit and row.definition.endswith(".")
        assert row.more != row.less
    labels = [label_of(name) for name in measure_names(BAND)]
    assert len(set(labels)) == len(labels)


def test_a_measure_is_called_by_its_track_and_attribute() -> None:
    row, track = attribute_of("PIANO.register")
    assert (row.id, row.unit, track) == ("register", "MIDI pitch", "PIANO")
    assert attribute_of("minorness")[1] is None
    assert attribute_of("Pad.2.notes")[1] == "Pad.2"
    for name in ("PIANO.minorness", "register", "PIANO.", "nothing", ""):
        with pytest.raises(SpecError, match="no attribute"):
            attribute_of(name)
    assert label_of("MELODY.off_sixteenth") == "Melody: syncopation"
    assert label_of("semitone_clashes") == "Friction"
    assert change_of("PIANO.register", -0.5) == "piano lower"
    assert change_of("minorness", 0.5) == "more minor"
    assert definition_of("KIT.drum_grid").endswith("After DP of MuseGAN (Dong et al. 2018)")
    # An older card may speak of what is measured no more.
    assert label_of("PIANO.left_hand") == "Piano: left hand"
    assert change_of("PIANO.left_hand", 1) == "piano more left hand"
    assert definition_of("PIANO.left_hand") == ""


def test_an_attribute_is_added_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row makes it a measure, a slider's candidate, and words in tooltips and on the page."""
    from gan.app.widgets.effects import moves_too
    from gan.app.widgets.model_card import faithfulness, overlaps
    from gan.music.compare import overlaps as compared
    from gan.plots import leakage_figure
    from gan.sliders.directions import Direction, candidates, words_of

    row = OfTrack(
        id="last_step",
        label="end",
        more="ends later",
        less="ends sooner",
        unit="steps",
        definition="Last step on which the track sounds.",
        slider=True,
        measure=lambda part: np.array(
            [max(np.flatnonzero(each), default=np.nan) for each in part.sounding.any(axis=2)]
        ),
    )
    monkeypatch.setitem(ATTRIBUTES, row.id, row)
    found = values(lead=[(0, 10, 60)])
    assert found["LEAD.last_step"] == 9 and math.isnan(found["KEYS.last_step"])
    assert list(found) == measure_names(BAND)
    assert "LEAD.last_step" in candidates(BAND)
    assert words_of("LEAD.last_step") == ("Lead end", "Lead: ends later.")
    slider = Direction(
        "LEAD.notes", "", "", "named", np.zeros(1), {"LEAD.notes": 1.0, "LEAD.last_step": -0.5}
    )
    assert moves_too(slider) == "Also: lead ends sooner."
    assert faithfulness([slider])[0]["moves most beside it"] == "Lead: end"
    assert "Lead: end" in leakage_figure({slider.id: slider.effects}).layout.xaxis.ticktext
    rolls = roll_from_notes(compose.phrase_notes(1), BAND)[None]
    ours = measure(rolls, BAND)
    shown = overlaps({"overlap": compared(ours, ours), "ceiling": {}})
    (shown_row,) = [each for each in shown if each["attribute"] == "Lead: end"]
    assert shown_row["how it is measured"] == row.definition


def test_an_attribute_with_a_value_of_place_is_tilted_towards_by_its_row_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from gan.models.statistics import by_place, decision_of, tilt_names
    from gan.music.attributes import Tilt

    row = replace(
        ATTRIBUTES["notes"],
        id="late",
        tilt=Tilt(
            drawn=lambda track, spec: track.is_drum,
            decides="step",
            value=lambda spec: np.arange(spec.steps) / spec.steps,
        ),
    )
    monkeypatch.setitem(ATTRIBUTES, row.id, row)
    assert [name for name in tilt_names(BAND, "gan") if name.endswith("late")] == ["KIT.late"]
    assert not [name for name in tilt_names(BAND, "transformer") if name.endswith("late")]
    value = by_place("late", BAND)
    assert decision_of("late") == "step" and value is not None and value[32] == 0.5
