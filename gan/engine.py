"""The one way from a state to notes: load a checkpoint, render, encode, interpolate, continue.

An `Engine` is one loaded checkpoint. What it gives depends on its arguments alone, so that
rolls and latents are kept by them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from gan.errors import LatentError
from gan.models.ability import Ability
from gan.models.checkpoint import CheckpointInfo, load_generator
from gan.music.edits import Edit, with_edits
from gan.music.parts import with_locks
from gan.phrase import PhraseState, latent_numbers, phrase_key
from gan.spec import RollSpec

if TYPE_CHECKING:
    from gan.models.base import Generator
    from gan.sliders.directions import Direction

Floats = NDArray[np.float32]
Rolls = NDArray[np.uint8]

ROLLS_KEPT = 512  # about 30 kB each
LATENTS_KEPT = 256  # of seeds, takes of parts, walks; a reranker's choice costs thirty phrases


class Engine:
    """One loaded checkpoint: its generator, its description, its sliders' directions."""

    def __init__(
        self, generator: Generator, info: CheckpointInfo, directions: Sequence[Direction] = ()
    ) -> None:
        self.generator = generator
        self.info = info
        self.directions = tuple(directions)
        self._moves = {each.id: generator.along(each.vector) for each in directions}
        # Values only, no functions of this engine: a reference to itself would keep it alive.
        self._rolls: LRUCache[bytes, Rolls] = LRUCache(ROLLS_KEPT)
        self._latents: LRUCache[tuple[object, ...], Floats] = LRUCache(LATENTS_KEPT)
        self._lock = Lock()

    @property
    def spec(self) -> RollSpec:
        return self.generator.spec

    @property
    def can(self) -> frozenset[Ability]:
        return self.generator.can

    def render(self, state: PhraseState) -> Rolls:
        """The phrase of a state, `(track, step, pitch, channel)`; not to be written to.

        Raises `LatentError` for sliders, parts or a z that this checkpoint does not have.
        """
        return self.render_all([state])[0]

    def render_all(self, states: Sequence[PhraseState]) -> list[Rolls]:
        """The phrases of several states; those that are not known yet are decoded together."""
        keys = [phrase_key(state) for state in states]
        with self._lock:
            known = {key: self._rolls[key] for key in keys if key in self._rolls}
        missing = {key: at for key, at in zip(keys, states, strict=True) if key not in known}
        fresh = dict(zip(missing, self._render(list(missing.values())), strict=True))
        for roll in fresh.values():
            roll.setflags(write=False)
        with self._lock:
            self._rolls.update(fresh)
        known |= fresh
        return [known[key] for key in keys]

    def _render(self, states: Sequence[PhraseState]) -> list[Rolls]:
        """The phrases of states, their locks decoded along with them."""
        every = [each for state in states for each in (state, *state.locks.values())]
        rolls = iter(self._with_takes(every))
        found = []
        for state in states:
            roll = next(rolls)
            kept = {
                name: with_edits(next(rolls), at.edits, self.spec)
                for name, at in state.locks.items()
            }
            found.append(with_edits(with_locks(roll, kept, self.spec), state.edits, self.spec))
        # A caller may keep one of many: it must not hold them all.
        return [roll.copy() for roll in found]

    def _with_takes(self, states: Sequence[PhraseState]) -> list[Rolls]:
        """The phrases of states without locks and edits, other takes of single parts in place.

        Where a part of the latent reaches beyond its own track or bar, the take is cut out of
        the phrase that it makes and put into the one without it: the rest stays as it is.
        """
        if Ability.SEPARATE_PARTS in self.can:
            return list(self._decode(states))
        every = [
            each
            for state in states
            for each in (
                replace(state, takes={}),
                *(replace(state, takes={part: seed}) for part, seed in state.takes.items()),
            )
        ]
        rolls = iter(self._decode(every))
        found = []
        for state in states:
            plain = next(rolls)
            takes = {part: next(rolls) for part in state.takes}
            found.append(with_locks(plain, takes, self.spec))
        return found

    def _decode(self, states: Sequence[PhraseState]) -> Rolls:
        """The phrases of states without locks and edits; those that are sampled alike at once."""
        result = np.zeros((len(states), *self.spec.shape), np.uint8)
        if not states:
            return result
        w = self.ws(states)
        for sampling in dict.fromkeys(state.sampling for state in states):
            rows = [k for k, state in enumerate(states) if state.sampling == sampling]
            result[rows] = self.generator.rolls_of_w(w[rows], sampling)
        return result

    def z(self, state: PhraseState) -> Floats:
        """The state's z `(latent_dim,)`, takes of parts and truncation applied."""
        z = self._base(state).copy()
        parts = self.generator.latent_parts()
        for name, seed in state.takes.items():
            if name not in parts:
                raise LatentError(f"This checkpoint's latent has no part {name!r}.")
            z[parts[name]] = self._take(state, name, seed)
        return np.asarray(state.truncation * z, np.float32)

    def ws(self, states: Sequence[PhraseState]) -> Floats:
        """The w of several states, sliders applied, `(n, w_dim)`."""
        self._draw([state.seed for state in states if state.z is None])
        w = self.generator.to_w(np.stack([self.z(state) for state in states])).copy()
        for row, state in zip(w, states, strict=True):
            for name, amount in state.sliders.items():
                if name not in self._moves:
                    raise LatentError(f"This checkpoint has no slider {name!r}.")
                if amount:
                    row += np.float32(amount) * self._moves[name]
        return w

    def _draw(self, seeds: Sequence[int]) -> None:
        """Draw the latents of seeds together: a reranker's choices are quicker in blocks."""
        with self._lock:
            missing = [seed for seed in dict.fromkeys(seeds) if (seed,) not in self._latents]
        if 1 < len(missing) <= LATENTS_KEPT:
            drawn = self.generator.latents_of_seeds(missing)
            with self._lock:
                self._latents.update(((seed,), z) for seed, z in zip(missing, drawn, strict=True))

    def _base(self, state: PhraseState) -> Floats:
        """The z `(latent_dim,)` that a state's seed stands for, or the one in its place."""
        if state.z is not None:
            return np.asarray(self.generator.check(np.asarray(state.z, np.float32))[0])

        def draw() -> Floats:
            return np.asarray(self.generator.sample_latent(1, state.seed)[0], np.float32)

        return self._kept((state.seed,), draw)

    def _take(self, state: PhraseState, name: str, seed: int) -> Floats:
        """The numbers of one part in another take of the phrase that `_base` gives."""

        def draw() -> Floats:
            part = self.generator.latent_parts()[name]
            found = self.generator.another_take(self._base(state), name, seed)
            return np.asarray(found[part], np.float32)

        return self._kept((state.seed if state.z is None else state.z, name, seed), draw)

    def _kept(self, key: tuple[object, ...], draw: Callable[[], Floats]) -> Floats:
        with self._lock:
            known = self._latents.get(key)
        if known is None:
            known = draw()
            with self._lock:
                self._latents[key] = known
        return known

    def between(self, a: PhraseState, b: PhraseState, steps: int) -> list[PhraseState]:
        """`steps` states from a to b, both included; `LatentError` for fewer than two.

        z goes the generator's way (`walk`), sliders and sampling in a straight line. What
        cannot be interpolated, locks, edits and (where parts are not separate) takes, is that
        of the nearer end.
        """
        if steps < 2:
            raise LatentError("A path needs at least two steps.")
        shares = np.linspace(0.0, 1.0, steps)
        ends = self.z(a), self.z(b)

        def walk() -> Floats:
            return np.asarray(self.generator.walk(ends[0][None], ends[1][None], shares)[0])

        path = self._kept((*(z.tobytes() for z in ends), steps), walk)
        inner = [
            self._mixed(a, b, float(share), latent_numbers(z))
            for share, z in zip(shares[1:-1], path[1:-1], strict=True)
        ]
        return [a, *inner, b]

    def _mixed(
        self, a: PhraseState, b: PhraseState, share: float, z: tuple[float, ...]
    ) -> PhraseState:
        near = a if share <= 0.5 else b
        locks = dict(near.locks)
        if Ability.SEPARATE_PARTS not in self.can:
            source = replace(near, locks={}, edits=())
            locks = dict.fromkeys(near.takes, source) | locks
        return PhraseState(
            seed=near.seed,
            z=z,
            sliders=_mixed_sliders(a.sliders, b.sliders, share),
            sampling=a.sampling.towards(b.sampling, share),
            locks=locks,
            edits=near.edits,
        )

    def encode(
        self,
        roll: Rolls,
        *,
        seed: int = 0,
        progress: Callable[[float, PhraseState], None] | None = None,
    ) -> PhraseState:
        """The state whose phrase comes nearest to a roll `(track, step, pitch, channel)`.

        For checkpoints that read phrases; `LatentError` otherwise. `seed` is only a name.
        `progress` is told the share that is done, 0 to 1, and the state so far.
        """
        if Ability.READS_PHRASES not in self.can:
            raise LatentError(f"{self.info.name} cannot read a phrase back.")

        def state(z: Floats) -> PhraseState:
            return PhraseState(seed=seed, z=latent_numbers(z[0]))

        def told(done: float, z: Floats) -> None:
            if progress is not None:
                progress(done, state(z))

        return state(self.generator.encode(roll[None], told if progress else None))

    def with_strokes(self, state: PhraseState, strokes: Sequence[Edit]) -> PhraseState:
        """The state with those strokes on top that its phrase does not have by itself."""
        roll = self.render(state)
        needed = tuple(
            stroke
            for stroke in strokes
            if not np.array_equal(with_edits(roll, [stroke], self.spec), roll)
        )
        return replace(state, edits=(*state.edits, *needed))

    def continuation(self, state: PhraseState, *, seed: int) -> Iterator[Rolls]:
        """What follows a phrase, `(track, step, pitch, channel)` after another without end.

        For checkpoints that continue; `LatentError` otherwise.
        """
        if Ability.CONTINUES not in self.can:
            raise LatentError(
                f"{self.info.name} draws a whole phrase at once and cannot continue one; "
                "a transformer can."
            )
        roll = self.render(state)
        pieces = self.generator.continuation(roll[None], seed=seed, sampling=state.sampling)
        return (np.asarray(piece[0], np.uint8) for piece in pieces)

    def continued(self, state: PhraseState, bars: int, *, seed: int) -> Rolls:
        """The `bars` bars that follow a phrase, `(track, bars * step, pitch, channel)`."""
        steps, written = bars * self.spec.steps_per_bar, 0
        pieces: list[Rolls] = []
        for piece in self.continuation(state, seed=seed):
            pieces.append(piece)
            written += piece.shape[1]
            if written >= steps:
                break
        return np.concatenate(pieces, axis=1)[:, :steps]


def _mixed_sliders(
    a: Mapping[str, float], b: Mapping[str, float], share: float
) -> dict[str, float]:
    """Amounts in a straight line; a slider that one end does not move is at 0 there."""
    names = dict.fromkeys((*a, *b))
    mixed = {name: (1 - share) * a.get(name, 0.0) + share * b.get(name, 0.0) for name in names}
    return {name: round(amount, 4) for name, amount in mixed.items() if round(amount, 4)}


def load(checkpoint_dir: str | Path, *, sliders: bool = True) -> Engine:
    """Load a checkpoint with its sliders' directions; raises `CheckpointError`.

    A checkpoint without stored directions gets principal components on the spot, unless
    `sliders` is off; then nothing of them is read.
    """
    generator, info = load_generator(checkpoint_dir)
    if not sliders:
        return Engine(generator, info)
    from gan.sliders.directions import find_directions
    from gan.sliders.store import usable_directions

    directions = usable_directions(info, generator.plan_dim, generator.tilt_names)
    if not directions:
        # Someone is waiting, and writing note by note takes a hundred times as long.
        slow = Ability.WRITES_NOTE_BY_NOTE in generator.can
        n, count = (192, 4) if slow else (768, 6)
        directions = find_directions(generator, n=n, count=count, named=False)
    return Engine(generator, info, directions)
