"""States, locks, links of the first version, and the command line that writes phrases."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import tiny

from gan.app import library, link
from gan.app.document import Document
from gan.app.scope import Scope
from gan.audio.mix import Mix
from gan.cli import generate
from gan.engine import Engine, load
from gan.errors import LatentError
from gan.files import json_bytes
from gan.models.checkpoint import (
    load_generator,
    read_info,
    write_config,
    write_weights,
)
from gan.models.parts import path_of, read_part, write_parts
from gan.models.reading import read_json_part
from gan.models.registry import build
from gan.models.sampling import Sampling
from gan.models.statistics import tilt_names
from gan.music.edits import Edit
from gan.music.midi import roll_from_midi
from gan.music.parts import concatenated, with_locks
from gan.music.rolls import is_valid
from gan.phrase import PhraseState, latent_numbers, lock
from gan.preview import first_phrase, prepare, read_preview, store_preview
from gan.sliders.directions import Direction
from gan.spec import ONSET, SOUNDING

VECTOR = np.random.default_rng(0).standard_normal(28).astype(np.float32)
TILTED = np.concatenate(
    [VECTOR, np.linspace(-1, 1, len(tilt_names(tiny.SPEC, "gan")), dtype=np.float32)]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of an untrained generator, made lively by larger weights."""
    path = tmp_path_factory.mktemp("checkpoints") / "tiny-gan"
    generator = build("gan", tiny.SPEC, tiny.MODEL)
    rng = np.random.default_rng(1)
    weights = tiny.lively(generator.weights(), rng)
    write_config(path, family="gan", spec=tiny.SPEC, model=tiny.MODEL, training={}, data={})
    write_weights(path, weights)
    return path


@pytest.fixture(scope="module")
def engine(folder: Path) -> Engine:
    generator, info = load_generator(folder)
    return Engine(generator, info, [Direction("up", "Up", "", "named", TILTED, {"up": 1.0})])


def test_a_state_is_a_phrase(engine: Engine) -> None:
    roll = engine.render(PhraseState(seed=3))
    assert roll.shape == tiny.SPEC.shape
    assert is_valid(roll, tiny.SPEC)
    assert roll.sum() > 0
    assert np.array_equal(roll, engine.render(PhraseState(seed=3)))
    assert not np.array_equal(roll, engine.render(PhraseState(seed=4)))
    by_z = PhraseState(seed=99, z=latent_numbers(engine.z(PhraseState(seed=3))))
    assert np.array_equal(roll, engine.render(by_z))


def test_sliders_move_w_along_their_direction(engine: Engine) -> None:
    still, moved = engine.ws([PhraseState(1), PhraseState(1, sliders={"up": 2.0})])
    assert np.allclose(moved - still, 2 * TILTED, atol=1e-5)
    with pytest.raises(LatentError, match="'down'"):
        engine.render(PhraseState(sliders={"down": 1.0}))


def test_rerolling_a_track_leaves_the_others(engine: Engine) -> None:
    one, two = (
        engine.render(PhraseState(1)),
        engine.render(PhraseState(1, takes={"track:CHORDS": 5})),
    )
    assert np.array_equal(one[[0, 2]], two[[0, 2]])
    assert not np.array_equal(one[1], two[1])
    with pytest.raises(LatentError, match="'track:BASS'"):
        engine.render(PhraseState(takes={"track:BASS": 5}))


def test_a_lock_keeps_its_cells_while_everything_else_moves(engine: Engine) -> None:
    held = PhraseState(1, sliders={"up": 0.5})
    locked = PhraseState(7, locks={"track:LEAD": held})
    assert np.array_equal(engine.render(locked)[0], engine.render(held)[0])
    assert np.array_equal(engine.render(locked)[1:], engine.render(PhraseState(7))[1:])


def test_a_locked_bar_is_cut_at_its_edges() -> None:
    held = np.zeros(tiny.SPEC.shape, np.uint8)
    ringing = np.zeros(tiny.SPEC.shape, np.uint8)
    ringing[1, 14, 3, ONSET] = 1
    ringing[1, 14:20, 3, SOUNDING] = 1
    inside = with_locks(held, {"bar:1": ringing}, tiny.SPEC)
    assert inside.sum() == 0  # only the tail of a note lay in the locked bar
    before = with_locks(held, {"bar:0": ringing}, tiny.SPEC)
    assert before[1, :, 3, SOUNDING].nonzero()[0].tolist() == [14, 15]
    with pytest.raises(LatentError, match="bar:9"):
        with_locks(held, {"bar:9": ringing}, tiny.SPEC)


def test_rendering_is_a_function_of_the_state(engine: Engine) -> None:
    states = [PhraseState(1), PhraseState(2), PhraseState(1)]
    one, two, again = engine.render_all(states)
    assert one is again and one is engine.render(PhraseState(1)), "decoded once"
    assert not np.array_equal(one, two)
    with pytest.raises(ValueError, match="read-only"):
        one[:] = 0


def test_between_is_a_path_of_whole_states(engine: Engine) -> None:
    a = lock(PhraseState(1, sliders={"up": 1.0}), "track:LEAD", tiny.SPEC)
    b = PhraseState(2, 0.5, edits=(Edit(1, 4, 0, 4),), sampling=Sampling(density=(0.5, 0.0, 0.0)))
    path = engine.between(a, b, 5)
    assert (path[0], path[-1]) == (a, b)
    assert [state.sliders.get("up", 0.0) for state in path] == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert [state.sampling.density[:1] for state in path[1:]] == [
        (0.125,),
        (0.25,),
        (0.375,),
        (0.5,),
    ]
    # What cannot be interpolated is that of the nearer end.
    assert [set(state.locks) for state in path] == [{"track:LEAD"}] * 3 + [set()] * 2
    assert [len(state.edits) for state in path] == [0, 0, 0, 1, 1]
    rolls = engine.render_all(path)
    assert np.array_equal(rolls[2][0], rolls[0][0]), "locked"
    joined, spec = concatenated(rolls, tiny.SPEC)
    assert joined.shape == spec.shape == (3, 160, 24, 2)
    with pytest.raises(LatentError, match="two steps"):
        engine.between(a, b, 1)


@pytest.mark.parametrize("b", [PhraseState(1), PhraseState(z=tuple([0.0] * 28)), "opposite"])
def test_between_equal_opposite_and_zero_ends(engine: Engine, b: PhraseState | str) -> None:
    z = engine.z(PhraseState(1))
    end = b if isinstance(b, PhraseState) else PhraseState(z=latent_numbers(-z))
    path = engine.between(PhraseState(1), end, 3)
    assert np.isfinite(engine.z(path[1])).all()
    assert all(is_valid(roll, tiny.SPEC) for roll in engine.render_all(path))


def test_a_checkpoint_without_directions_gets_components(folder: Path) -> None:
    loaded = load(folder)
    assert [each.kind for each in loaded.directions] == ["component"] * 6
    before = read_part(folder, "weights.npz")
    prepare(folder, n=256, count=2)
    assert read_part(folder, "weights.npz") == before
    assert len(load(folder).directions) >= 2
    info = read_info(folder)
    preview = read_preview(info)
    assert preview is not None
    assert np.array_equal(preview, loaded.render(first_phrase(info)))


def test_the_first_phrase_is_one_in_which_every_track_plays(folder: Path) -> None:
    loaded = load(folder, sliders=False)
    store_preview(loaded)
    point = first_phrase(loaded.info)

    def sounding(roll: np.ndarray) -> int:
        return int(roll[..., SOUNDING].reshape(3, tiny.SPEC.bars, -1).any(axis=2).sum())

    best = max(sounding(loaded.render(PhraseState(seed=seed))) for seed in range(32))
    assert sounding(loaded.render(point)) == best
    stored = read_json_part(folder, "preview.json")
    assert stored is not None
    assert stored["seed"] == point.seed
    for nonsense in ({"seed": "x"}, {"seed": -5}, {"weights": "other"}, {"seed": None}):
        write_parts(folder, {"preview.json": json_bytes(stored | nonsense)})
        assert first_phrase(loaded.info) == PhraseState()
    path_of(folder, "preview.json").unlink()
    assert first_phrase(loaded.info) == PhraseState()


SCOPE = Scope(tiny.SPEC, ["up", "PIANO.note_length"], 28)


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"p": "minus~1~~"}, "seed"),
        ({"p": "-4"}, "seed"),
        ({"p": "9" * 5000}, "seed"),
        ({"p": "1~nan"}, "truncation"),
        ({"p": "1~1~up=1e999"}, "up"),
        ({"p": "1~1~gone=1"}, "gone"),
        ({"p": "1~1~~bar:9=1"}, "bar:9"),
        ({"p": "1~1~~~AAAA"}, "latent"),
        ({"p": "1~1~~~!!"}, "latent"),
        ({"p": "~" * 50}, "too long"),
        ({"p": "1" + "~" * 3 + "~" + "A" * 99999}, "too long"),
        ({"p": "1~1~~~~9"}, "temperature"),
        ({"p": "1~1~~~~~~1_0"}, "densities"),
        ({"p": "1~1~~~~~~~9.1.0.4.1"}, "outside of the roll"),
        ({"p": "1~1~~~~~~~1.1.0"}, "edits"),
        ({"p": "1~1~~~~~~~" + "_".join(["0.1.0.4.1"] * 600)}, "edits"),
        ({"sw": "2"}, "swing"),
        ({"l": "track:GONE*1"}, "GONE"),
        ({"bpm": "fast"}, "tempo"),
        ({"bpm": "9999"}, "tempo"),
        ({"tr": "1.5"}, "transpose"),
        ({"prog": "1.2"}, "instruments"),
        ({"prog": "1.2.999"}, "programs"),
        ({"vol": "1.2.101"}, "volume"),
        ({"v": "other"}, "other weights"),
    ],
)
def test_nonsense_in_an_old_link_falls_back_and_is_named(query: dict[str, str], word: str) -> None:
    given = {name: [value] for name, value in query.items()}
    document, notices = link.from_query(given, SCOPE, weights="abc", stored=library.stored)
    assert any(word in notice for notice in notices)
    assert replace(document.phrase, seed=0) == PhraseState()
    kept = replace(document, phrase=PhraseState(), mix=Mix(), weights="")
    assert kept == Document()


@pytest.mark.parametrize("loop", ["9-4", "0-9999", "-"])
def test_a_loop_that_does_not_fit_is_the_whole_phrase(loop: str) -> None:
    document, _ = link.from_query({"loop": [loop]}, SCOPE, weights="", stored=library.stored)
    assert document.mix == Mix()


def run(folder: Path, out: Path, *options: str) -> int:
    return generate.main(["--checkpoint_dir", str(folder), "--output_dir", str(out), *options])


def test_generate_writes_the_same_bytes_for_the_same_seed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, tmp_path / "a", "--num_samples", "3", "--seed", "5", "--save_z") == 0
    printed = capsys.readouterr().out.split()
    assert all(Path(line).is_absolute() and Path(line).is_file() for line in printed)
    assert len(printed) == 6
    assert run(folder, tmp_path / "b", "--num_samples", "1", "--seed", "7") == 0
    name = "tiny-gan-seed-000007.mid"
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    midi = pretty_midi.PrettyMIDI(str(tmp_path / "a" / name))
    assert [each.name for each in midi.instruments] == list(tiny.SPEC.track_names)
    assert midi.get_tempo_changes()[1].tolist() == [120.0]


def test_generate_decodes_a_latent_that_it_saved(folder: Path, tmp_path: Path) -> None:
    run(folder, tmp_path, "--num_samples", "1", "--seed", "5", "--save_z", "--truncation", "0.5")
    saved = tmp_path / "tiny-gan-seed-000005.json"
    assert len(json.loads(saved.read_text())["z"]) == 28
    assert run(folder, tmp_path, "--z", str(saved)) == 0
    notes = [
        [
            (n.start, n.end, n.pitch)
            for i in pretty_midi.PrettyMIDI(str(path)).instruments
            for n in i.notes
        ]
        for path in (tmp_path / "tiny-gan-seed-000005.mid", tmp_path / "tiny-gan-z-0000.mid")
    ]
    assert notes[0] == notes[1]


def test_generate_interpolates(folder: Path, tmp_path: Path) -> None:
    assert run(folder, tmp_path, "--interpolate", "1", "2", "--steps", "3", "--tempo", "60") == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"tiny-gan-seed-1-to-2{tail}.mid" for tail in ("-000", "-001", "-002", "")]
    whole = pretty_midi.PrettyMIDI(str(tmp_path / "tiny-gan-seed-1-to-2.mid"))
    assert 16 < whole.get_end_time() <= 24


def test_generate_varies_a_phrase_and_writes_to_its_tracks(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def lead(name: str) -> list[tuple[float, float, int]]:
        track = pretty_midi.PrettyMIDI(str(tmp_path / f"tiny-gan-{name}.mid")).instruments[0]
        assert track.name == "LEAD"
        return [(note.start, note.end, note.pitch) for note in track.notes]

    two = ["--seed", "5", "--num_samples", "2"]
    assert run(folder, tmp_path, *two) == 0
    assert run(folder, tmp_path, *two, "--keep", "lead") == 0
    assert run(folder, tmp_path, *two, "--vary", "0.9") == 0
    own, varied = lead("seed-000005"), lead("seed-000005-varied-000")
    assert own == lead("seed-000005-kept-000") == lead("seed-000005-kept-001") != varied
    assert run(folder, tmp_path, *two, "--vary", "0.9", "--keep", "LEAD") == 0
    assert lead("seed-000005-varied-000") == own
    assert run(folder, tmp_path, *two, "--keep", "FLUTE") == 2
    assert "no track FLUTE to keep: choose among LEAD, CHORDS" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [("[1, 2]", "has 28 numbers, not 2"), ("{", "no latent"), ('{"y": 1}', "no latent")],
)
def test_generate_says_what_is_wrong_with_a_latent(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, message: str
) -> None:
    (tmp_path / "z.json").write_text(content)
    assert run(folder, tmp_path, "--z", str(tmp_path / "z.json")) == 2
    assert message in capsys.readouterr().err


def test_generate_names_a_missing_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "nowhere", tmp_path) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transformer's checkpoint."""
    folder = tmp_path_factory.mktemp("writer") / "writer"
    made = build("transformer", tiny.SPEC, tiny.MODEL)
    write_config(
        folder, family="transformer", spec=tiny.SPEC, model=tiny.MODEL, training={}, data={}
    )
    write_weights(folder, made.weights())
    return folder


def test_generate_goes_on_for_more_bars(writer: Path, tmp_path: Path) -> None:
    options = ("--num_samples", "1", "--temperature", "1.5", "--top_p", "0.9")
    assert run(writer, tmp_path / "short", *options) == 0
    assert run(writer, tmp_path / "long", *options, "--bars", "4") == 0
    short, long = (
        roll_from_midi(str(next((tmp_path / name).glob("*.mid"))), spec)
        for name, spec in (
            ("short", tiny.SPEC),
            ("long", replace(tiny.SPEC, bars=tiny.SPEC.bars + 4)),
        )
    )
    # A note that lasts to the end of the phrase is cut there or goes on; begins are the same.
    assert (long[:, : tiny.SPEC.steps, :, 1] == short[..., 1]).all()
    assert long[:, tiny.SPEC.steps :].any()


def test_generate_exports(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, tmp_path / "out", "--export", str(tmp_path / "served")) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "served" / "1")
    assert (tmp_path / "served" / "1" / "saved_model.pb").is_file()
    assert not (tmp_path / "out").exists()


def test_generate_says_that_a_gan_cannot_go_on(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, tmp_path / "out", "--num_samples", "1", "--bars", "4") == 2
    assert "cannot continue" in capsys.readouterr().err
