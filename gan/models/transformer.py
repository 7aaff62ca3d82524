"""The autoregressive family: a transformer writes the phrase note by note from a latent.

z = [plan | noise]. The plan is a latent like that of the other families, learnt by an encoder
(a variational autoencoder with an autoregressive decoder: Bowman et al. 2016; Roberts et al.
2018, MusicVAE). The noise holds a number for every decision that may have to be taken; it is
kept as it is while the plan moves. Together they are one long vector of N(0, 1), and every
phrase can be read back as one that writes it again exactly.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from keras import ops

from gan.errors import LatentError
from gan.models.base import Floats, Part, Rolls
from gan.models.compiled import compiled
from gan.models.config import ModelConfig
from gan.models.event_decoder import EventDecoder
from gan.models.event_sampler import EventSampler
from gan.models.judge import Budget
from gan.models.networks import Encoded
from gan.models.places import Places
from gan.models.sampling import Sampling
from gan.models.statistics import tilt_names
from gan.music.events import events_of_rolls, rolls_of_events
from gan.spec import RollSpec

BATCH = 256  # phrases written together at most; bounds memory
SMALL = 64  # fewer are not shared among threads
WORKERS = 4  # blocks at once, at most; of one thread each
UNREAD_SEED = 11  # of the noise of decisions that a phrase which is read back never takes


class Transformer(Encoded):
    """Encoder, flow, and a decoder that writes notes."""

    family = "transformer"
    can = frozenset({"encode", "continue", "temperature", "lock_tracks", "lock_bars"})
    budget = Budget(whole=6)

    def __init__(self, spec: RollSpec, config: ModelConfig) -> None:
        super().__init__(spec, config)
        self.places = Places(spec)
        self.latent_dim = self.plan_dim + self.places.size
        self.decoder = EventDecoder(spec, config, name="decoder")
        nothing = ops.zeros((1, 2), "int32")
        self.decoder(ops.zeros((1, self.plan_dim)), [nothing, nothing, nothing, nothing + 1])
        # Of the decision for a step, for a track, and for each track's pitches and durations.
        self.temperatures = np.ones(2 + 2 * len(spec.tracks), np.float32)
        self.tilt_names = tilt_names(spec)
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
        if not len(w):
            return np.zeros((0, *self.spec.shape), np.uint8)
        sampler = EventSampler(self.decoder, self.temperatures)
        workers = min(WORKERS, os.cpu_count() or 1)
        size = min(BATCH, max(SMALL, -(-len(w) // workers)))

        def block(start: int) -> Rolls:
            rows = w[start : start + size]
            plan, noise, tilts = np.split(rows, [self.plan_dim, self.latent_dim], axis=1)
            events = sampler.write(plan, noise, sampling or Sampling(), tilts=tilts)
            return rolls_of_events(events, self.spec)

        with ThreadPoolExecutor(workers) as pool:
            return np.concatenate(list(pool.map(block, range(0, len(w), size))))

    def encode(self, rolls: Rolls) -> Floats:
        """The z `(n, latent_dim)` that writes these very rolls."""
        if not len(rolls):
            return np.zeros((0, self.latent_dim), np.float32)
        normal = self.first_guess(rolls)
        plan = self._plan(normal)
        unread = np.random.default_rng(UNREAD_SEED).standard_normal(self.places.size)
        noise = np.repeat(unread.astype(np.float32)[None], len(rolls), axis=0)
        events = events_of_rolls(np.asarray(rolls, np.uint8), self.spec)
        noise = EventSampler(self.decoder, self.temperatures).read_noise(plan, events, noise)
        return np.concatenate([normal, noise], axis=1)

    def continue_(
        self,
        rolls: Rolls,
        bars: int,
        *,
        seed: int,
        sampling: Sampling | None = None,
        watch: Callable[[int, int], None] | None = None,
    ) -> Rolls:
        """The `bars` bars that follow each phrase, `(n, track, bars * step, pitch, channel)`.

        A window moves over the music: its first half is what has been written last, its
        second half is written anew, with the plan of the phrase that began it. `watch` is
        told how many steps are done, and of how many.
        """
        spec, half = self.spec, max(self.spec.bars // 2, 1)
        if not len(rolls) or bars < 1:
            raise LatentError("To continue takes a phrase, and at least one bar to write.")
        sampler = EventSampler(self.decoder, self.temperatures)
        plan = self._plan(self.first_guess(rolls))
        kept = (spec.bars - half) * spec.steps_per_bar
        random = np.random.default_rng(seed)
        window, written, total = np.asarray(rolls, np.uint8), [], bars * spec.steps_per_bar
        done = 0
        while done < total:
            moved = np.zeros_like(window)
            moved[:, :, :kept] = window[:, :, -kept:] if kept else moved[:, :, :0]
            start = events_of_rolls(_begun_inside(moved), spec).before(kept, spec)
            noise = random.standard_normal((len(rolls), self.places.size)).astype(np.float32)
            base = done

            def told(step: int, _steps: int, base: int = base) -> None:
                if watch is not None:
                    watch(min(base + max(step - kept, 0), total), total)

            events = sampler.write(plan, noise, sampling or Sampling(), start=start, watch=told)
            window = rolls_of_events(events, spec)
            written.append(window[:, :, kept:])
            done += spec.steps - kept
        if watch is not None:
            watch(total, total)
        return np.concatenate(written, axis=2)[:, :, :total]


def _begun_inside(rolls: Rolls) -> Rolls:
    """Rolls cut out of longer ones: notes that ring in from before begin on the first step."""
    result = rolls.copy()
    result[:, :, 0, :, 1] = result[:, :, 0, :, 0]
    return result
