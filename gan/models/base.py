"""The contract of every generator family, and its parts that all families share.

Pages and command lines ask what a generator *can* do (`Ability`), never what it is.
Arrays in and out are NumPy; nothing outside this layer meets a tensor.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gan.errors import LatentError
from gan.models.ability import Ability
from gan.models.config import ModelConfig, latent_dim, latent_parts
from gan.models.paths import slerp
from gan.models.reranker import Budget, Reranker, resample, resample_part
from gan.models.sampling import Sampling
from gan.music.rolls import binarise
from gan.spec import RollSpec

Floats = NDArray[np.float32]
Rolls = NDArray[np.uint8]
PLAIN = Sampling()
BLOCK = 1024  # phrases whose probabilities are held at once
Progress = Callable[[float, Floats], None]
Part = slice | NDArray[np.int64]
"""Where a part of z lies: a range, or the indices of its numbers."""


class Generator(ABC):
    """A decoder of latents z to rolls, with whatever else its family can do."""

    family: ClassVar[str]
    can: ClassVar[frozenset[Ability]]
    budget: ClassVar[Budget]  # what a reranker may ask for before it settles

    def __init__(self, spec: RollSpec, config: ModelConfig) -> None:
        self.spec = spec
        self.config = config
        # Numbers that say what the music is to be; some families have noise beside them.
        self.plan_dim = latent_dim(spec, config)
        self.latent_dim = self.plan_dim
        # Found after training: probabilities from which a note begins and from which it goes
        # on, a track; for families that write note by note, temperatures of each kind of decision.
        self.onset_thresholds = np.full(len(spec.tracks), 0.5, np.float32)
        self.hold_thresholds = np.full(len(spec.tracks), 0.5, np.float32)
        self.temperatures = np.zeros(0, np.float32)
        self.reranker: Reranker | None = None
        # Attributes that decisions can be tilted towards while a phrase is decoded; the last of w.
        self.tilt_names: tuple[str, ...] = ()

    @property
    def w_dim(self) -> int:
        """Length of w, the space behind the mapping network: `[plan | noise | tilts]`.

        The tilts are 0 in what `to_w` gives, and move by directions only.
        """
        return self.latent_dim + len(self.tilt_names)

    @property
    def steered_dim(self) -> int:
        """Length of a direction: the plan, then the tilts."""
        return self.plan_dim + len(self.tilt_names)

    def along(self, direction: NDArray[np.floating]) -> Floats:
        """A direction `(..., steered_dim)` as a move in w, `(..., w_dim)`."""
        move = np.zeros((*direction.shape[:-1], self.w_dim), np.float32)
        move[..., : self.plan_dim] = direction[..., : self.plan_dim]
        move[..., self.latent_dim :] = direction[..., self.plan_dim :]
        return move

    def reach(self, track: str) -> NDArray[np.bool_]:
        """Which numbers of a direction `(steered_dim,)` move that track and no other.

        Its tilts, and its part of the plan where parts are separate.
        """
        own = [name.rpartition(".")[0] == track for name in self.tilt_names]
        plan = np.zeros(self.plan_dim, bool)
        if Ability.SEPARATE_PARTS in self.can:
            plan[self.plan_parts()[f"track:{track}"]] = True
        return np.concatenate([plan, np.array(own, bool)])

    def plan_parts(self) -> dict[str, slice]:
        """Where each part lies in the first `plan_dim` numbers of z and of w."""
        return latent_parts(self.spec, self.config)

    def latent_parts(self) -> dict[str, Part]:
        """All numbers of each part, in z and in w."""
        return dict(self.plan_parts())

    def draw_latent(self, n: int, seed: int) -> Floats:
        """`n` standard normal latents, `(n, latent_dim)`; first rows do not depend on `n`."""
        noise = np.random.default_rng(seed).standard_normal((n, self.latent_dim))
        return noise.astype(np.float32)

    def sample_latent(self, n: int, seed: int, truncation: float = 1.0) -> Floats:
        """`n` latents of phrases times `truncation`, `(n, latent_dim)`.

        With a reranker they are chosen, each among candidates of its own; without one they are
        drawn. A seed's first rows do not depend on `n`. Scaling, rather than redrawing values
        outside a bound, lets a truncation slider move a phrase smoothly.
        """
        if self.reranker is None:
            z = self.draw_latent(n, seed)
        else:
            randoms = [np.random.default_rng((seed, row)) for row in range(n)]
            z = resample(self, self.reranker, self.budget, randoms)
        return np.asarray(truncation * z, np.float32)

    def latents_of_seeds(self, seeds: Sequence[int]) -> Floats:
        """The one latent that `sample_latent(1, seed)` gives, for each seed, `(n, latent_dim)`."""
        if self.reranker is None:
            rows = [self.draw_latent(1, seed) for seed in seeds]
            return np.concatenate([np.zeros((0, self.latent_dim), np.float32), *rows])
        randoms = [np.random.default_rng((seed, 0)) for seed in seeds]
        return resample(self, self.reranker, self.budget, randoms)

    def another_take(self, z: Floats, name: str, seed: int) -> Floats:
        """`z` (latent_dim,) with the part `name` drawn anew, or chosen to go with the rest."""
        part = self.latent_parts()[name]
        if self.reranker is not None:
            rng = np.random.default_rng((seed, 1))
            return resample_part(self, self.reranker, self.budget, z, name, rng)
        z = z.copy()
        z[part] = self.draw_latent(1, seed)[0][part]
        return z

    def decode(self, z: Floats) -> Floats:
        """Probabilities `(n, track, step, pitch, channel)` in 0 to 1."""
        return self.decode_w(self.to_w(z))

    def rolls_of_z(self, z: Floats, sampling: Sampling | None = None) -> Rolls:
        """z -> valid rolls, in blocks, so that memory does not grow with probabilities."""
        z = self.check(z)
        parts = [z[k : k + BLOCK] for k in range(0, max(len(z), 1), BLOCK)]
        return np.concatenate([self.rolls_of_w(self.to_w(part), sampling) for part in parts])

    def walk(self, a: Floats, b: Floats, at: NDArray[np.floating]) -> Floats:
        """Latents on the way from each of `a` to each of `b`, both `(n, latent_dim)`.

        `at` (m,) are positions, 0 to 1; the result is `(n, m, latent_dim)`. What stands at a
        position depends on the ends and on nothing else.
        """
        ends = zip(self.check(a), self.check(b), strict=True)
        return np.stack([slerp(start, end, at) for start, end in ends])

    def near(self, z: Floats, others: Floats, share: float) -> Floats:
        """Latents a `share` of the way, 0 to 1, from z `(latent_dim,)` to each of others `(n, ..)`.

        `(n, latent_dim)`; at 0 all are z, and the further, the fewer notes of z's phrase stay.
        """
        start, ends = self.check(z)[0], self.check(others)
        return np.concatenate([slerp(start, end, np.array([share])) for end in ends])

    def rolls_of_w(self, w: Floats, sampling: Sampling | None = None) -> Rolls:
        """w -> valid rolls `(n, track, step, pitch, channel)` of 0 and 1.

        Of `sampling`, families that write note by note follow temperature and top_p,
        those with thresholds the densities.
        """
        return self.binarise(self.decode_w(w), sampling or Sampling())

    def binarise(self, probabilities: Floats, sampling: Sampling = PLAIN) -> Rolls:
        """What `decode` gives as valid rolls, by this generator's thresholds."""
        onsets = sampling.dense(self.onset_thresholds)
        return binarise(
            probabilities,
            self.spec,
            onset_threshold=onsets[None],
            hold_threshold=self.hold_thresholds[None],
        )

    def check(self, z: Floats) -> Floats:
        """`z` as float32 `(n, latent_dim)`; `LatentError` where it cannot be one."""
        return _finite(z, self.latent_dim)

    def check_w(self, w: Floats) -> Floats:
        """`w` as float32 `(n, w_dim)`; `LatentError` where it cannot be one."""
        return _finite(w, self.w_dim)

    def untilted(self, w: Floats) -> Floats:
        """Numbers behind the mapping network `(n, latent_dim)` as a w `(n, w_dim)`."""
        return np.pad(w, ((0, 0), (0, len(self.tilt_names))))

    @abstractmethod
    def to_w(self, z: Floats) -> Floats:
        """z -> w, `(n, w_dim)`."""

    @abstractmethod
    def decode_w(self, w: Floats) -> Floats:
        """w -> probabilities, as `decode`."""

    def encode(self, rolls: Rolls, progress: Progress | None = None) -> Floats:
        """Rolls -> the z that comes nearest, for families that can.

        Families that search are slow, and tell `progress` the share that is done, 0 to 1, and
        the z `(n, latent_dim)` so far.
        """
        raise NotImplementedError(f"{self.family} has no encoder")

    def continuation(
        self, rolls: Rolls, *, seed: int, sampling: Sampling | None = None
    ) -> Iterator[Rolls]:
        """The bars that follow phrases, piece after piece without end, for families that can."""
        raise NotImplementedError(f"{self.family} cannot continue a phrase")

    @abstractmethod
    def weights(self) -> dict[str, NDArray[np.float32]]:
        """All weights by a stable name."""

    @abstractmethod
    def set_weights(self, values: dict[str, NDArray[np.floating]]) -> None:
        """Take weights by name; `CheckpointError` names what is missing or misshapen."""


def _finite(rows: Floats, size: int) -> Floats:
    rows = np.atleast_2d(np.asarray(rows, dtype=np.float32))
    if rows.ndim != 2 or rows.shape[1] != size:
        raise LatentError(f"A latent of this checkpoint has {size} numbers, not {rows.shape[-1]}.")
    if not np.isfinite(rows).all():
        raise LatentError("The latent holds values that are not finite numbers.")
    return rows
