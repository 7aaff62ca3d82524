"""The autoregressive family: a transformer writes the phrase note by note from a latent.

z = [plan | noise]. The plan is a latent like that of the other families, learnt by an encoder
(a variational autoencoder with an autoregressive decoder: Bowman et al. 2016; Roberts et al.
2018, MusicVAE). The noise holds a number for every decision that may have to be taken; it is
kept as it is while the plan moves. Together they are one long vector of N(0, 1), and every
phrase can be read back as one that writes it again exactly.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

import numpy as np
from keras import ops
from numpy.typing import NDArray

from gan.errors import LatentError
from gan.models.ability import ABILITIES
from gan.models.base import Floats, Part, Progress, Rolls
from gan.models.compiled import compiled
from gan.models.config import ModelConfig
from gan.models.event_decoder import EventDecoder
from gan.models.event_keep import write_around
from gan.models.event_reference import Reference
from gan.models.event_sampler import EventSampler, quantile_choice
from gan.models.event_tilt import Seen, tilted_rolls
from gan.models.event_walk import walk
from gan.models.networks import Encoded
from gan.models.noise_layout import NoiseLayout
from gan.models.reranker import Budget
from gan.models.sampling import Sampling
from gan.models.statistics import tilt_names
from gan.music.events import Events, begun_in, columns_of, events_of_rolls, rolls_of_events
from gan.spec import RollSpec

T = TypeVar("T")

BATCH = 256  # phrases written together at most; bounds memory
SMALL = 64  # fewer are not shared among threads
WORKERS = 4  # blocks at once, at most; of one thread each
REMEMBERED = 768  # phrases with their decisions, some 80 KB each
NEAR = 1.0  # nats to the notes of the phrase that is varied, times -log of how far
ROUNDS = 2  # of writing around given notes
UNREAD_SEED = 11  # of the noise of decisions that a phrase which is read back never takes


class Transformer(Encoded):
    """Encoder, flow, and a decoder that writes notes."""

    family = "transformer"
    can = ABILITIES["transformer"]
    budget = Budget(whole=6)

    def __init__(self, spec: RollSpec, config: ModelConfig) -> None:
        super().__init__(spec, config)
        self.places = NoiseLayout(spec)
        self.latent_dim = self.plan_dim + self.places.size
        self.decoder = EventDecoder(spec, config, name="decoder")
        nothing = ops.zeros((1, 2), "int32")
        self.decoder(ops.zeros((1, self.plan_dim)), [nothing, nothing, nothing, nothing + 1])
        # Of the decision for a step, for a track, and for each track's pitches and durations.
        self.temperatures = np.ones(2 + 2 * len(spec.tracks), np.float32)
        self.tilt_names = tilt_names(spec, self.family)
        self._seen: OrderedDict[bytes, Seen] = OrderedDict()
        self._seeing = Lock()
        self._arrays: EventSampler | None = None
        self._plan = compiled(self.prior.to_latent)

    def latent_parts(self) -> dict[str, Part]:
        """A track's part is its part of the plan and all its noise; so is a bar's."""
        parts: dict[str, Part] = dict(self.plan_parts())
        for index, name in enumerate(self.spec.track_names):
            parts[f"track:{name}"] = self._with_noise(
                self.plan_parts()[f"track:{name}"], self.places.of_track(index)
            )
        for bar in range(self.spec.bars):
            parts[f"bar:{bar}"] = self._with_noise(
                self.plan_parts()[f"bar:{bar}"], self.places.of_bar(bar)
            )
        return parts

    def _with_noise(self, plan: slice, places: np.ndarray) -> np.ndarray:
        return np.concatenate([np.arange(plan.start, plan.stop), self.plan_dim + places])

    def to_w(self, z: Floats) -> Floats:
        """The plan taken through the flow; the noise stays as it is."""
        z = self.check(z)
        plan = self._plan(z[:, : self.plan_dim])
        return self.untilted(np.concatenate([plan, z[:, self.plan_dim :]], axis=1))

    def decode_w(self, w: Floats) -> Floats:
        """Notes are decided as they are written: every probability is 0 or 1."""
        return self.rolls_of_w(w).astype(np.float32)

    def rolls_of_w(self, w: Floats, sampling: Sampling | None = None) -> Rolls:
        w = self.check_w(w)
        sampling = sampling or Sampling()
        sampler = self._sampler()
        rolls = np.zeros((len(w), *self.spec.shape), np.uint8)
        steered = w[:, self.latent_dim :].any(axis=1)

        def plain(rows: Floats) -> Rolls:
            plan, noise = np.split(rows[:, : self.latent_dim], [self.plan_dim], axis=1)
            return rolls_of_events(sampler.write(plan, noise, sampling), self.spec)

        def choose(logits: Floats, noise: Floats) -> np.ndarray:
            return quantile_choice(logits, noise, sampling)

        def tilted(rows: Floats) -> Rolls:
            z, tilts = np.split(rows, [self.latent_dim], axis=1)
            return tilted_rolls(self._written(z, sampling), tilts, self.spec, choose)

        for which, work in ((~steered, plain), (steered, tilted)):
            if which.any():
                rolls[which] = np.concatenate(_in_blocks(work, w[which]))
        return rolls

    def walk(self, a: Floats, b: Floats, at: NDArray[np.floating]) -> Floats:
        """Latents of phrases that keep to each other on the way; see `gan.models.event_walk`.

        Their plans lie on the great circle, their noise nearly.
        """
        sampler = self._sampler()

        def write(z: Floats, near: Sequence[Reference]) -> tuple[Events, Floats]:
            normal, noise = np.split(z, [self.plan_dim], axis=1)
            events, noise = sampler.write_near(self._plan(normal), noise, near)
            return events, np.concatenate([normal, noise], axis=1)

        def pairs(rows: Floats) -> Floats:
            start, end = np.split(rows, 2, axis=1)
            return walk(write, start, end, at, self.spec)

        ends = np.concatenate([self.check(a), self.check(b)], axis=1)
        return np.concatenate(_in_blocks(pairs, ends))

    def near(self, z: Floats, others: Floats, share: float) -> Floats:
        """Written anew, but keeping to the notes of z's phrase, ever less the further it goes."""
        found = super().near(z, others, share)
        if share <= 0.0:
            return found
        sampler = self._sampler()
        normal, noise = np.split(found, [self.plan_dim], axis=1)
        start = self.check(z)
        plan = self._plan(start[:, : self.plan_dim])
        own = sampler.write(plan, start[:, self.plan_dim :], Sampling())
        same = Events(*(np.repeat(v, len(found), axis=0) for v in columns_of(own)))
        near = [Reference(same, -NEAR * float(np.log(share)), self.spec)]
        _, noise = sampler.write_near(self._plan(normal), noise, near)
        return np.concatenate([normal, noise], axis=1)

    def write_around(
        self, roll: Rolls, closed: NDArray[np.bool_], n: int, *, seed: int, sampling: Sampling
    ) -> tuple[Rolls, NDArray[np.float64]]:
        """`n` phrases with a roll's notes in closed cells `(track, step)`, and no others there.

        `(n, track, step, pitch, channel)`, and how well the given notes fit each, in nats. The
        plan is drawn first, and then read from what was written to it: so plan and notes come to
        go with what is given (Gibbs sampling of what is missing: Rezende et al. 2014).
        """
        spec, sampler = self.spec, self._sampler()
        given = begun_in(events_of_rolls(np.asarray(roll, np.uint8)[None], spec), closed, spec)
        given = Events(*(np.repeat(values, n, axis=0) for values in columns_of(given)))
        random = np.random.default_rng(seed)
        normal = random.standard_normal((n, self.plan_dim)).astype(np.float32)
        for _ in range(ROUNDS):
            noise = random.standard_normal((n, self.places.size)).astype(np.float32)
            events, weights = write_around(
                sampler, self._plan(normal), noise, sampling, given, closed
            )
            rolls = rolls_of_events(events, spec)
            normal = self.first_guess(rolls)
        return rolls, weights

    def _written(self, z: Floats, sampling: Sampling) -> list[Seen]:
        """Phrases as they are written; those that were written lately are remembered."""
        how = f"{sampling}{self.temperatures.tolist()}".encode()
        keys = [row.tobytes() + how for row in z]
        with self._seeing:
            known = {key: self._seen[key] for key in keys if key in self._seen}
        missing = [k for k, key in enumerate(keys) if key not in known]
        if missing:
            sampler = self._sampler()
            plan, noise = np.split(z[missing], [self.plan_dim], axis=1)
            found = sampler.write_seen(plan, noise, sampling)
            known |= {keys[k]: each for k, each in zip(missing, found, strict=True)}
        with self._seeing:
            for key in keys:
                self._seen[key] = known[key]
                self._seen.move_to_end(key)
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return [known[key] for key in keys]

    def _sampler(self) -> EventSampler:
        """The sampler with the temperatures of now; its arrays are kept until weights change."""
        if self._arrays is None:
            self._arrays = EventSampler(self.decoder)
        return self._arrays.with_temperatures(self.temperatures)

    def weights_changed(self) -> None:
        self._arrays = None
        with self._seeing:
            self._seen.clear()

    def encode(self, rolls: Rolls, progress: Progress | None = None) -> Floats:
        """The z `(n, latent_dim)` that writes these very rolls."""
        if not len(rolls):
            return np.zeros((0, self.latent_dim), np.float32)
        normal = self.first_guess(rolls)
        plan = self._plan(normal)
        unread = np.random.default_rng(UNREAD_SEED).standard_normal(self.places.size)
        noise = np.repeat(unread.astype(np.float32)[None], len(rolls), axis=0)
        events = events_of_rolls(np.asarray(rolls, np.uint8), self.spec)
        noise = self._sampler().read_noise(plan, events, noise)
        z = np.concatenate([normal, noise], axis=1)
        if progress is not None:
            progress(1.0, z)
        return z

    def continuation(
        self, rolls: Rolls, *, seed: int, sampling: Sampling | None = None
    ) -> Iterator[Rolls]:
        """The bars that follow each phrase, without end, `(n, track, step, pitch, channel)`.

        Each piece is half a phrase long. A window moves over the music: its first half is what
        has been written last, its second half is written anew, with the plan of the phrase
        that began it.
        """
        spec, half = self.spec, max(self.spec.bars // 2, 1)
        if not len(rolls):
            raise LatentError("To continue takes a phrase.")
        sampler = self._sampler()
        plan = self._plan(self.first_guess(rolls))
        kept = (spec.bars - half) * spec.steps_per_bar
        random = np.random.default_rng(seed)
        window = np.asarray(rolls, np.uint8)
        while True:
            moved = np.zeros_like(window)
            moved[:, :, :kept] = window[:, :, -kept:] if kept else moved[:, :, :0]
            start = events_of_rolls(_begun_inside(moved), spec).before(kept, spec)
            noise = random.standard_normal((len(rolls), self.places.size)).astype(np.float32)
            events = sampler.write(plan, noise, sampling or Sampling(), start=start)
            window = rolls_of_events(events, spec)
            yield window[:, :, kept:]


def _in_blocks(work: Callable[[Floats], T], rows: Floats) -> list[T]:
    """`work` on blocks of rows, side by side."""
    workers = min(WORKERS, os.cpu_count() or 1)
    size = min(BATCH, max(SMALL, -(-len(rows) // workers)))
    blocks = [rows[start : start + size] for start in range(0, len(rows), size)]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, blocks))


def _begun_inside(rolls: Rolls) -> Rolls:
    """Rolls cut out of longer ones: notes that ring in from before begin on the first step."""
    result = rolls.copy()
    result[:, :, 0, :, 1] = result[:, :, 0, :, 0]
    return result
