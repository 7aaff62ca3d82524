"""Paths at their ends and directions that do what they say."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tiny

from gan.app.player.component import Slider
from gan.app.widgets.sliders import EARLIER, sliders_of
from gan.errors import CheckpointError
from gan.models.checkpoint import read_info, write_config, write_weights
from gan.models.parts import write_parts
from gan.models.paths import lerp, slerp
from gan.models.registry import build
from gan.music.attributes import measure
from gan.music.rolls import binarise
from gan.phrase import PhraseState
from gan.sliders import directions as found
from gan.sliders import ranges
from gan.sliders.narrow import narrowed
from gan.sliders.probes import kept_share
from gan.sliders.store import load_directions, save_directions

T = np.array([0.0, 0.5, 1.0], np.float32)


def test_lerp_by_hand() -> None:
    path = lerp(np.array([0.0, 4.0]), np.array([2.0, 0.0]), T)
    assert path.tolist() == [[0, 4], [1, 2], [2, 0]]


def test_slerp_of_a_right_angle() -> None:
    path = slerp(np.array([1.0, 0.0]), np.array([0.0, 3.0]), T)
    assert np.allclose(path, [[1, 0], [2**0.5, 2**0.5], [0, 3]], atol=1e-6)


@pytest.mark.parametrize(
    ("a", "b"),
    [([1, 2], [1, 2]), ([1, 2], [-1, -2]), ([0, 0], [1, 0]), ([0, 0], [0, 0])],
    ids=["equal", "opposite", "from zero", "zero"],
)
def test_slerp_where_no_circle_is_defined(a: list[float], b: list[float]) -> None:
    path = slerp(np.array(a, float), np.array(b, float), T)
    assert np.isfinite(path).all()
    assert np.allclose(path[[0, 2]], [a, b])


class Knobs:
    """A generator whose first two numbers are the lead's height and the number of chords."""

    spec = tiny.SPEC
    latent_dim = w_dim = plan_dim = steered_dim = 6
    can = frozenset()
    own = 0.0  # chords that the fourth number adds

    tilt_names = ()

    def reach(self, track: str) -> np.ndarray:
        """The fourth number moves the chords alone, and adds to the second."""
        return np.arange(6) == (3 if track == "CHORDS" else -1)

    def along(self, direction: np.ndarray) -> np.ndarray:
        return direction.astype(np.float32)

    def sample_latent(self, n: int, seed: int, truncation: float = 1.0) -> np.ndarray:
        return np.random.default_rng(seed).standard_normal((n, 6)).astype(np.float32) * truncation

    draw_latent = sample_latent

    def to_w(self, z: np.ndarray) -> np.ndarray:
        return z

    def decode_w(self, w: np.ndarray) -> np.ndarray:
        out = np.zeros((len(w), *tiny.SPEC.shape), np.float32)
        height = np.clip(np.round(8 + 2.5 * w[:, 0] + 0.3 * w[:, 2]), 0, 23).astype(int)
        many = 8 + 3 * w[:, 1] + w[:, 0] + self.own * w[:, 3]
        # From 26 chords on, more is fewer.
        count = np.clip(np.round(np.where(many > 26, 52 - many, many)), 0, 32).astype(int)
        for row in range(len(w)):
            out[row, 0, ::4, height[row]] = 1
            out[row, 1, : count[row], [0, 4]] = 1
        return out

    def binarise(self, probabilities: np.ndarray) -> np.ndarray:
        return binarise(probabilities, tiny.SPEC)

    def rolls_of_w(self, w: np.ndarray) -> np.ndarray:
        return self.binarise(self.decode_w(w))


def test_a_named_direction_moves_its_measure_by_one_deviation_and_no_other() -> None:
    knobs = Knobs()
    samples = found.draw(knobs, 600, seed=0)
    named = {each.id: each for each in found.named_directions(knobs, samples, samples.w)}
    assert {"LEAD.register", "CHORDS.notes"} <= named.keys()
    # The first knob moves both measures; the directions part them again.
    assert named["LEAD.register"].effects["LEAD.register"] == pytest.approx(1, abs=0.1)
    assert named["LEAD.register"].effects["CHORDS.notes"] == pytest.approx(0, abs=0.1)
    assert named["CHORDS.notes"].effects["CHORDS.notes"] == pytest.approx(1, abs=0.1)
    assert named["CHORDS.notes"].effects["LEAD.register"] == pytest.approx(0, abs=0.1)
    # And on phrases that were not used to find it.
    w = knobs.sample_latent(200, seed=9)
    before = measure(knobs.decode_w(w).astype(np.uint8), tiny.SPEC)["LEAD.register"]
    moved = knobs.decode_w(w + named["LEAD.register"].vector).astype(np.uint8)
    after = measure(moved, tiny.SPEC)["LEAD.register"]
    change = (after - before).mean() / samples.measures["LEAD.register"].std()
    assert change == pytest.approx(1, abs=0.15)


class OwnKnobs(Knobs):
    own = 2.0


def test_a_slider_of_a_track_moves_that_track_alone() -> None:
    knobs = OwnKnobs()
    samples = found.draw(knobs, 160, seed=0)
    named = {each.id: each for each in found.named_directions(knobs, samples, samples.w)}
    assert named["CHORDS.notes"].vector.nonzero()[0].tolist() == [3]
    # Nothing moves the lead alone, so its height stays a slider of the whole phrase.
    assert named["LEAD.register"].vector[0] != 0
    chords, height = ranges.measured(knobs, [named["CHORDS.notes"], named["LEAD.register"]])
    assert (chords.track, chords.owner, chords.kept) == ("CHORDS", "CHORDS", pytest.approx(1.0))
    assert (height.track, height.owner, height.offered) == ("", "", True)


def test_what_reached_other_tracks_stays_for_links() -> None:
    knobs = OwnKnobs()
    vector = np.array([0, 1, 0, 0.5, 0, 0], np.float32)
    old = found.Direction("CHORDS.notes", "", "", "named", vector, {"CHORDS.notes": 1.0}, 0.9)
    both = narrowed(knobs, [old])
    assert [each.id for each in both] == ["CHORDS.notes", "CHORDS.notes@track"]
    assert both[0] is old and both[1].vector.nonzero()[0].tolist() == [3]
    assert narrowed(knobs, both) == both, "once is enough"
    first, second = ranges.measured(knobs, both)
    assert (first.offered, second.offered, second.owner) == (False, True, "CHORDS")


def test_a_slider_ends_where_more_is_fewer() -> None:
    vector = np.array([0, 3, 0, 0, 0, 0], np.float32)  # nine chords a step, from eight or so
    one = found.Direction("CHORDS.notes", "", "", "named", vector, {})
    (usual,) = ranges.measured(Knobs(), [one], ranges_of(-100, 1000))
    assert usual.high == 2.0 and usual.low == -2.0  # they turn, or there are none left
    # And before that where it has more chords than songs ever have.
    (fewer,) = ranges.measured(Knobs(), [one], ranges_of(0, 20))
    assert fewer.high == 0.5


def ranges_of(low: float, high: float) -> dict[str, np.ndarray]:
    """Measures of songs that have between so many and so many chords."""
    return {"CHORDS.notes": np.linspace(low, high, 101)}


def test_what_is_kept_by_hand() -> None:
    before = np.zeros((1, 4, 3, 2), np.uint8)
    before[0, [0, 1, 2, 3], 1] = 1
    after = np.roll(before, 1, axis=2)
    after[0, :3] = before[0, :3]
    assert kept_share(before, after) == 0.75 and kept_share(before * 0, after) == 1.0


def test_what_is_unusual_tells() -> None:
    songs = {"a": np.arange(101.0), "b": np.full(101, 2.0)}
    known = ranges.usual(songs)
    assert known.names == ("a",) and (known.low[0], known.high[0]) == (1.0, 99.0)
    away = known.strangeness({"a": np.array([50.0, 99.0, 99 + 2 * songs["a"].std(), np.nan])})
    assert away.tolist() == pytest.approx([0, 0, 2, 1])
    assert ranges.told(np.zeros(4), np.zeros(4)) == 0.5
    assert ranges.told(np.array([0.0, 0.0]), np.array([0.0, 3.0])) == 0.75


def test_what_is_shown_of_a_slider() -> None:
    one = found.Direction(
        "LEAD.notes", "Lead density", "More.", "named", np.zeros(1, np.float32),
        {"LEAD.notes": 1.0, "LEAD.register": 0.4, "CHORDS.notes": 0.1},
    )  # fmt: skip
    own = replace(one, track="LEAD", kept=0.834, low=-1.5, high=2.0)
    wide = replace(one, id="LEAD.notes@track", attribute="LEAD.notes", kept=0.2)

    def shown(amount: float, direction: found.Direction) -> list[Slider]:
        engine = SimpleNamespace(can=frozenset(), spec=tiny.SPEC, directions=(direction,))
        sliders = {direction.id: amount} if amount else {}
        return list(sliders_of(engine, PhraseState(sliders=sliders)))[1:]

    old, new, all_tracks = (shown(0.0, each)[0] for each in (one, own, wide))
    assert (old.track, old.minimum, old.maximum) == ("LEAD", -3.0, 3.0), "not measured"
    assert (new.track, new.short, new.minimum, new.maximum) == ("LEAD", "Density", -1.5, 2.0)
    assert new.also == (
        "At 1 it keeps 83% of the notes of lead; the other tracks stay as they are. "
        "Also: lead higher."
    )
    assert (all_tracks.track, all_tracks.group) == ("", "All tracks")
    assert all_tracks.also.startswith("At 1 it keeps 20% of the notes of all tracks.")
    # A link may move it further, or may move one that is no longer offered.
    (far,) = shown(2.35, own)
    assert (far.value, far.minimum, far.maximum) == (2.35, -1.5, 2.5)
    hidden = replace(one, offered=False)
    assert shown(0.0, hidden) == [] and shown(1.0, hidden)[0].group == EARLIER


def test_components_are_labelled_by_what_they_move_most() -> None:
    knobs = Knobs()
    first = found.components(knobs, found.draw(knobs, 400, seed=0), 2)[0]
    assert first.kind == "component"
    most = max(first.effects, key=lambda name: abs(first.effects[name]))
    assert abs(first.effects[most]) > 0.5
    used = np.abs(first.vector)
    assert used[:2].max() > 3 * used[3:].max()


def test_directions_are_stored_with_the_weights_they_belong_to(tmp_path) -> None:
    generator = build("vae", tiny.SPEC, tiny.MODEL)
    write_config(tmp_path, family="vae", spec=tiny.SPEC, model=tiny.MODEL, training={}, data={})
    write_weights(tmp_path, generator.weights())
    info = read_info(tmp_path)
    assert load_directions(info, 28) == []
    one = found.Direction("a", "A", "does a", "named", np.arange(28, dtype=np.float32), {"x": 1.0})
    save_directions(info, [one])
    (loaded,) = load_directions(info, 28)
    assert loaded.vector.tolist() == list(range(28))
    assert (loaded.id, loaded.effects) == ("a", {"x": 1.0})
    assert (loaded.low, loaded.high, loaded.kept, loaded.offered) == (-3.0, 3.0, None, True)
    measured = replace(
        one, attribute="LEAD.notes", track="LEAD", kept=0.8, low=-1.5, high=2.0, offered=False
    )
    save_directions(info, [measured])
    (loaded,) = load_directions(info, 28)
    assert replace(loaded, vector=one.vector, label="A", help="does a") == measured
    assert (loaded.label, loaded.owner) == ("Lead density", "LEAD")
    save_directions(info, [one])
    with pytest.raises(CheckpointError, match="do not fit"):
        load_directions(info, 27)
    # Of a checkpoint from before there were tilts: its sliders use none.
    (loaded,) = load_directions(info, 28, ("LEAD.notes",))
    assert loaded.vector.tolist() == [*range(28), 0]
    # Behind the plan stand amounts of tilts by name, and names may come to stand elsewhere.
    save_directions(info, [one], ("LEAD.notes", "LEAD.on_beat"))
    (loaded,) = load_directions(info, 26, ("LEAD.on_beat", "KIT.notes", "LEAD.notes"))
    assert loaded.vector.tolist() == [*range(26), 27, 0, 26]
    assert load_directions(info, 26, ("LEAD.on_beat",)) == []
    # Tilts had names of their own once, and two of them went the other way.
    save_directions(info, [one], ("LEAD.beats", "LEAD.black"))
    (loaded,) = load_directions(info, 26, ("LEAD.in_scale", "LEAD.on_beat"))
    assert loaded.vector.tolist() == [*range(26), -27, 26]
    # Labels and help are those of the table, whatever they were.
    height = replace(one, id="LEAD.register")
    save_directions(info, [height])
    (loaded,) = load_directions(info, 28)
    assert (loaded.label, loaded.help) == ("Lead height", "Lead: higher.")
    save_directions(info, [one], ("LEAD.notes", "LEAD.on_beat"))
    # Other weights: sliders of the old ones would lie.
    write_weights(tmp_path, {k: v + 1 for k, v in generator.weights().items()})
    assert load_directions(read_info(tmp_path), 26, ("LEAD.notes", "LEAD.on_beat")) == []
    write_parts(tmp_path, {"directions.json": b"{"})
    with pytest.raises(CheckpointError, match="damaged"):
        load_directions(read_info(tmp_path), 28)


def test_the_command_stores_what_it_finds(tmp_path, monkeypatch, capsys) -> None:
    from gan.cli import sliders

    assert sliders.main(["--checkpoint_dir", str(tmp_path / "none")]) == 2
    assert "no checkpoint folder" in capsys.readouterr().err
    generator = build("vae", tiny.SPEC, tiny.MODEL)
    write_config(tmp_path, family="vae", spec=tiny.SPEC, model=tiny.MODEL, training={}, data={})
    write_weights(tmp_path, generator.weights())
    vector = np.arange(generator.steered_dim, dtype=np.float32)
    effects = {"LEAD.register": 0.98, "LEAD.notes": -0.25}
    one = found.Direction("LEAD.register", "", "", "named", vector, effects, 0.93)
    monkeypatch.setattr(sliders, "find_directions", lambda *_, **__: [one])
    assert sliders.main(["--checkpoint_dir", str(tmp_path)]) == 0
    words = capsys.readouterr().out.splitlines()[1].split()
    assert [*words[:4], words[-1]] == ["LEAD.register", "0.93", "0.98", "-0.25", "LEAD.notes"]
    info = read_info(tmp_path)
    (loaded,) = load_directions(info, generator.plan_dim, generator.tilt_names)
    assert loaded.vector.tolist() == vector.tolist()
    assert loaded.kept is not None
    # Measured again, it is what it was.
    monkeypatch.delattr(sliders, "find_directions")
    assert sliders.main(["--checkpoint_dir", str(tmp_path), "--measure"]) == 0
    first, *_ = load_directions(info, generator.plan_dim, generator.tilt_names)
    assert first.vector.tolist() == vector.tolist() and first.kept == loaded.kept
    others = {k: v if k.startswith("sampler/") else v + 1 for k, v in generator.weights().items()}
    write_weights(tmp_path, others)
    assert sliders.main(["--checkpoint_dir", str(tmp_path), "--measure"]) == 2
    assert "leave out --measure" in capsys.readouterr().err
