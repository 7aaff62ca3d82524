"""Writing around notes that are given: all that begin in some cells of the phrase.

The phrase is written in its order, and a decision that would leave out the next given note, or
begin another one in a closed cell, is never taken. What is left of the choices keeps its
proportions. The chance of a step counts only the tracks that may begin a note there: else a step
at which the model wants a closed track would get a note of another one.

What the given notes cost is counted: the share of the choices that were left, and the chance of
the pitches and lengths that were given. Their product is the weight of importance sampling: of
several phrases, those that weigh more are those to which the given notes fit (sequential
importance sampling: Doucet et al. 2000).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, logsumexp

from gan.models.blas import one_thread
from gan.models.event_decoder import FORBIDDEN
from gan.models.event_sampler import EventSampler, Floats, Ints, Writing, gelu, quantile_choice
from gan.models.sampling import Sampling
from gan.music.events import Events

Bools = NDArray[np.bool_]
Doubles = NDArray[np.float64]


def write_around(
    sampler: EventSampler, w: Floats, noise: Floats, sampling: Sampling, kept: Events, closed: Bools
) -> tuple[Events, Doubles]:
    """Phrases for w `(n, latent)` and noise `(n, size)`, and their weights in nats, `(n,)`.

    `kept` holds the given notes of each phrase, which lie in cells that are `closed`
    `(track, step)`; no others begin there.
    """
    writing = _Around(sampler, w, noise, sampling, kept, closed)
    with one_thread():
        return writing.run(None), writing.weight


class _Around(Writing):
    """One run; `at` is the number of each phrase's next given note."""

    def __init__(
        self,
        sampler: EventSampler,
        w: Floats,
        noise: Floats,
        sampling: Sampling,
        kept: Events,
        closed: Bools,
    ) -> None:
        super().__init__(sampler, w, noise, sampling, None)
        # Behind a phrase's last given note stands its end, as padding does.
        columns = (kept.step, kept.track, kept.pitch, kept.duration)
        self.notes = [np.asarray(values, np.int64) for values in columns]
        self.closed = closed
        self.at = np.zeros(len(w), np.int64)
        self.weight = np.zeros(len(w))

    def _decide(
        self, decided: list[Ints], logits: Floats, mask: Any, places: Ints, index: int, given: Any
    ) -> Ints:
        del index, given  # of notes that begin a phrase
        rows, which = self.rows, len(decided)
        logits = np.where(mask, logits, np.float32(FORBIDDEN))
        noise = self.noise[rows, places + which]
        wanted = [values[rows, self.at[rows]] for values in self.notes]
        if which == 0:
            logits = self._advance(logits, wanted)
            self._weigh(self.going, logsumexp(logits.astype(np.float64), axis=1))
        elif which == 1:
            free = self._may_begin(decided[0], wanted)
            logits = np.where(free, logits, np.float32(FORBIDDEN))
        drawn = quantile_choice(logits, noise, self.sampling)
        if which < 2:
            return drawn
        of_kept = self.closed[decided[1], decided[0]] & self.going
        value = wanted[2] if which == 2 else wanted[3] - 1
        chance = log_softmax(logits.astype(np.float64), axis=1)
        self._weigh(of_kept, chance[np.arange(len(rows)), np.where(of_kept, value, drawn)])
        if which == 3:
            self.at[rows[of_kept]] += 1
        return np.asarray(np.where(of_kept, value, drawn), np.int64)

    def _weigh(self, where: Bools, nats: Doubles) -> None:
        self.weight[self.rows[where]] += nats[where]

    def _may_begin(self, now: Ints, wanted: list[Ints]) -> Bools:
        """Which tracks may begin a note on a step `(row, ...)`, `(row, ..., track)`.

        The grammar's rules come on top.
        """
        shape = (-1, *[1] * now.ndim)
        step, track = (values.reshape(shape) for values in wanted[:2])
        tracks, inside = np.arange(len(self.closed)), np.minimum(now, self.closed.shape[1] - 1)
        here = now[..., None] == step
        before = (now[..., None] < step) | (here & (tracks < track))
        return np.asarray(np.where(self.closed.T[inside], here & (tracks == track), before))

    def _advance(self, logits: Floats, wanted: list[Ints]) -> Floats:
        """Log chances of each number of steps on together with a track that may begin there."""
        sampler, rows = self.sampler, self.rows
        spec = sampler.spec
        step, track, pitch = (values[rows, None] for values in self.last[:3])
        furthest = int((wanted[0][:, None] - step).max(initial=0))
        advance = np.arange(furthest + 1)[None]
        now = step + advance
        inside = np.minimum(now, spec.steps - 1)
        bars = self.bar_heads[rows[:, None], inside // spec.steps_per_bar]
        x = sampler.inner[0](self.hidden[:, None] + sampler.decided[0][inside] + bars)
        logit = sampler.outer[1](gelu(x)) / sampler.temperatures[1]
        follows = sampler.grammar.track(np.broadcast_to(advance, now.shape), track, pitch)
        chance = log_softmax(np.where(follows, logit, FORBIDDEN).astype(np.float64), axis=2)
        free = self._may_begin(now, wanted) & follows
        mass = logsumexp(np.where(free, chance, -np.inf), axis=2)
        ends = (now == spec.steps) & (wanted[0][:, None] == spec.steps)
        mass = np.where(now < spec.steps, mass, np.where(ends, 0.0, -np.inf))
        result = np.full_like(logits, FORBIDDEN)
        found = log_softmax(logits.astype(np.float64), axis=1)[:, : furthest + 1] + mass
        open_ = np.isfinite(found) & (logits[:, : furthest + 1] > FORBIDDEN)
        result[:, : furthest + 1] = np.where(open_, found, FORBIDDEN)
        return result
