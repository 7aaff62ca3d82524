"""The facade that pages and command lines call: load, sample, decode, move, export.

A `PhraseState` says where a phrase lies and is all that a link has to carry: the same point of
the same checkpoint gives the same roll. A `Performance` says how it is played.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gan.errors import CheckpointError, LatentError, SpecError
from gan.files import write_json
from gan.models.ability import Ability
from gan.models.checkpoint import CheckpointInfo, list_checkpoints, load_generator
from gan.models.sampling import Sampling
from gan.music.edits import Edit, with_edits
from gan.music.parts import with_locks
from gan.music.rolls import notes_from_roll, roll_from_notes
from gan.spec import CHECKPOINTS, SOUNDING, RollSpec

if TYPE_CHECKING:
    from gan.models.base import Generator
    from gan.sliders.directions import Direction

Floats = NDArray[np.float32]
Rolls = NDArray[np.uint8]

SEED_MAX = 2**31 - 1
GREETINGS = 32  # seeds among which the first phrase is chosen
LATENTS_KEPT = 256  # of seeds, and takes of parts; a few megabytes
SLIDER_MAX = 3.0
TRUNCATION_MAX = 1.5


@dataclass(frozen=True)
class PhraseState:
    """Where a phrase lies in latent space.

    `seed` draws z, scaled by `truncation` (0 to 1.5); `sliders` moves w along directions,
    by id, in their units. `part_seeds` re-rolls parts of z ("track:PIANO", "bar:2") from
    seeds of their own. `z`, where given, stands in for the seed. `locks` keeps the cells of
    a track or bar ("track:MELODY", "bar:0") as they are at another point, which has no
    locks itself; where the two cross, the track's lock counts, unless that bar of that track
    has one of its own ("track:MELODY@0"). `sampling` is how
    a generator draws its decisions. `edits` are notes written or erased by hand, in their
    order; they stay on top of whatever the latent gives.
    """

    seed: int = 0
    truncation: float = 1.0
    sliders: Mapping[str, float] = field(default_factory=dict)
    part_seeds: Mapping[str, int] = field(default_factory=dict)
    z: tuple[float, ...] | None = None
    locks: Mapping[str, PhraseState] = field(default_factory=dict)
    sampling: Sampling = field(default_factory=Sampling)
    edits: tuple[Edit, ...] = ()


def checkpoints(root: Path = CHECKPOINTS) -> tuple[list[CheckpointInfo], dict[str, str]]:
    """Usable checkpoints and, for each damaged folder, the reason. Loads no TensorFlow."""
    return list_checkpoints(root)


class Engine:
    """One loaded checkpoint."""

    def __init__(
        self, generator: Generator, info: CheckpointInfo, directions: Sequence[Direction] = ()
    ) -> None:
        self.generator = generator
        self.info = info
        self.directions = tuple(directions)
        self._moves = {each.id: generator.along(each.vector) for each in directions}
        # Kept, since a reranker's choice takes as long as some thirty phrases.
        self._drawn = lru_cache(LATENTS_KEPT)(self._draw)
        self._taken = lru_cache(LATENTS_KEPT)(self._take)

    @property
    def spec(self) -> RollSpec:
        return self.generator.spec

    @property
    def can(self) -> frozenset[Ability]:
        return self.generator.can

    def _draw(self, seed: int) -> Floats:
        return np.asarray(self.generator.sample_latent(1, seed)[0], np.float32)

    def _base(self, seed: int, z: tuple[float, ...] | None) -> Floats:
        """The z `(latent_dim,)` that a seed stands for, or the one that stands in for it."""
        if z is None:
            return self._drawn(seed)
        return np.asarray(self.generator.check(np.asarray(z, np.float32))[0], np.float32)

    def _take(self, seed: int, z: tuple[float, ...] | None, name: str, take: int) -> Floats:
        """The numbers of one part in another take of the phrase that `_base` gives."""
        part = self.generator.latent_parts()[name]
        found = self.generator.another_take(self._base(seed, z), name, take)
        return np.asarray(found[part], np.float32)

    def z(self, point: PhraseState) -> Floats:
        """The point's z `(latent_dim,)`, part seeds and truncation applied."""
        z = self._base(point.seed, point.z).copy()
        parts = self.generator.latent_parts()
        for name, seed in point.part_seeds.items():
            if name not in parts:
                raise LatentError(f"This checkpoint's latent has no part {name!r}.")
            z[parts[name]] = self._taken(point.seed, point.z, name, seed)
        return np.asarray(point.truncation * z, np.float32)

    def w(self, point: PhraseState) -> Floats:
        """The point's w `(w_dim,)`, sliders applied."""
        return np.asarray(self.ws([point])[0], np.float32)

    def ws(self, points: Sequence[PhraseState]) -> Floats:
        """The w of several points, `(n, w_dim)`."""
        w = self.generator.to_w(np.stack([self.z(point) for point in points])).copy()
        for row, point in zip(w, points, strict=True):
            for name, amount in point.sliders.items():
                if name not in self._moves:
                    raise LatentError(f"This checkpoint has no direction {name!r}.")
                if amount:
                    row += np.float32(amount) * self._moves[name]
        return w

    def roll(self, point: PhraseState) -> Rolls:
        """The phrase at a point, `(track, step, pitch, channel)`."""
        return self.phrases([point])[0]

    def phrases(self, points: Sequence[PhraseState]) -> list[Rolls]:
        """The phrases at several points, locks and edits applied, decoded together."""
        every = [each for point in points for each in (point, *point.locks.values())]
        rolls = iter(self._with_takes(every))
        found = []
        for point in points:
            roll = next(rolls)
            kept = {
                name: with_edits(next(rolls), at.edits, self.spec)
                for name, at in point.locks.items()
            }
            found.append(with_edits(with_locks(roll, kept, self.spec), point.edits, self.spec))
        return found

    def _with_takes(self, points: Sequence[PhraseState]) -> list[Rolls]:
        """The phrases at points without locks and edits, other takes of single parts in place.

        Where a part of the latent reaches beyond its own track or bar, the take is cut out of
        the phrase that it makes and put into the one without it: the rest stays as it is.
        """
        if Ability.SEPARATE_PARTS in self.can:
            return list(self.rolls(points))
        every = [
            each
            for point in points
            for each in (
                replace(point, part_seeds={}),
                *(
                    replace(point, part_seeds={part: seed})
                    for part, seed in point.part_seeds.items()
                ),
            )
        ]
        rolls = iter(self.rolls(every))
        found = []
        for point in points:
            plain = next(rolls)
            takes = {part: next(rolls) for part in point.part_seeds}
            found.append(with_locks(plain, takes, self.spec))
        return found

    def rolls_of_z(self, z: Floats, sampling: Sampling | None = None) -> Rolls:
        """Phrases `(n, track, step, pitch, channel)` of latents `(n, latent_dim)`, in blocks."""
        return self.generator.rolls_of_z(z, sampling)

    def rolls(self, points: Sequence[PhraseState]) -> Rolls:
        """The phrases at some points without locks and edits; those that are alike at once."""
        w = self.ws(points)
        result = np.zeros((len(points), *self.spec.shape), np.uint8)
        for sampling in dict.fromkeys(point.sampling for point in points):
            rows = [k for k, point in enumerate(points) if point.sampling == sampling]
            result[rows] = self.generator.rolls_of_w(w[rows], sampling)
        return result

    def sample(
        self, n: int, seed: int, truncation: float = 1.0, sampling: Sampling | None = None
    ) -> tuple[Floats, Rolls]:
        """`n` phrases of seeds `seed, seed + 1, ...` with their z.

        One seed a phrase, so that phrase k of a call is what the app shows at that seed.
        """
        z = np.float32(truncation) * self.generator.latents_of_seeds(range(seed, seed + n))
        return z, self.rolls_of_z(z, sampling)

    def between(self, a: PhraseState, b: PhraseState, steps: int) -> tuple[Floats, Rolls]:
        """`steps` phrases on the way from a to b, ends included; with their z."""
        if steps < 2:
            raise LatentError("A path needs at least two steps.")
        ends = self.z(a)[None], self.z(b)[None]
        z = self.generator.walk(*ends, np.linspace(0.0, 1.0, steps))[0]
        return z, self.rolls_of_z(z)

    def encode(self, rolls: Rolls) -> Floats:
        """Latents of phrases, for checkpoints that can."""
        return self.generator.encode(rolls)

    def continue_(
        self,
        roll: Rolls,
        bars: int,
        *,
        seed: int,
        sampling: Sampling | None = None,
        watch: Callable[[int, int], None] | None = None,
    ) -> Rolls:
        """The bars that follow one phrase, `(track, bars * step, pitch, channel)`.

        For checkpoints that can "continue"; `LatentError` otherwise. `watch` is told how many
        steps are written, and of how many.
        """
        if Ability.CONTINUES not in self.can:
            raise LatentError(
                f"{self.info.name} draws a whole phrase at once and cannot continue one; "
                "a transformer can."
            )
        written = self.generator.continue_(
            roll[None], bars, seed=seed, sampling=sampling, watch=watch
        )
        return np.asarray(written[0], np.uint8)


def concatenated(rolls: Rolls, spec: RollSpec) -> tuple[Rolls, RollSpec]:
    """Phrases one after another as one long roll, with the spec of that length."""
    joined = np.concatenate(list(rolls), axis=1)
    return joined, replace(spec, bars=spec.bars * len(rolls))


def load(checkpoint_dir: str | Path, *, sliders: bool = True) -> Engine:
    """Load a checkpoint with its directions; raises `CheckpointError`.

    A checkpoint without stored directions gets principal components on the spot, unless
    `sliders` is off.
    """
    from gan.sliders.directions import find_directions
    from gan.sliders.store import load_directions

    generator, info = load_generator(checkpoint_dir)
    directions = load_directions(info, generator.plan_dim, generator.tilt_names)
    if not directions and sliders:
        # One that writes note by note is a hundred times slower, and someone is waiting.
        slow = Ability.WRITES_NOTE_BY_NOTE in generator.can
        n, count = (192, 4) if slow else (768, 6)
        directions = find_directions(generator, n=n, count=count, named=False)
    return Engine(generator, info, directions)


def prepare(checkpoint_dir: str | Path, *, n: int = 4096, count: int = 8) -> None:
    """Store what the app shows of a checkpoint: directions, and a phrase for the first page.

    Run after training; the weights are not touched.
    """
    from gan.sliders.directions import find_directions
    from gan.sliders.store import save_directions

    generator, info = load_generator(checkpoint_dir)
    directions = find_directions(generator, n=n, count=count)
    save_directions(info, directions, generator.tilt_names)
    greet(Engine(generator, info, directions))


def greet(engine: Engine) -> None:
    """Choose and store the phrase that a newcomer meets first: one in which every slider has
    something to move, the first of some seeds with the most bars of tracks that sound.
    """
    points = [PhraseState(seed=seed) for seed in range(GREETINGS)]
    rolls = engine.rolls(points)
    spec = engine.spec
    bars = rolls[..., SOUNDING].reshape(len(rolls), len(spec.tracks), spec.bars, -1)
    sounding = bars.any(axis=3).sum(axis=(1, 2))
    best = int(sounding.argmax())
    notes = [track.tolist() for track in notes_from_roll(rolls[best], spec)]
    preview = {"weights": engine.info.digest, "seed": points[best].seed, "notes": notes}
    write_json(engine.info.path / "preview.json", preview)


def first_point(info: CheckpointInfo) -> PhraseState:
    """Where a newcomer begins; seed 0 unless a greeting is stored for these very weights."""
    try:
        stored = json.loads((info.path / "preview.json").read_text(encoding="utf-8"))
        if stored["weights"] == info.digest:
            return PhraseState(seed=min(max(int(stored["seed"]), 0), GREETINGS - 1))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return PhraseState()


def read_preview(info: CheckpointInfo) -> Rolls | None:
    """The stored phrase of `first_point`, None where there is none; loads no TensorFlow."""
    path = info.path / "preview.json"
    if not path.is_file():
        return None
    try:
        notes = json.loads(path.read_text(encoding="utf-8"))["notes"]
        tracks = [np.asarray(track, np.int32).reshape(-1, 3) for track in notes]
        return roll_from_notes(tracks, info.spec)
    except (OSError, ValueError, KeyError, TypeError, SpecError) as error:
        raise CheckpointError(f"{path} is damaged ({error}).") from error
