"""The transformer a note at a time: many phrases in step, with a key-value cache, in NumPy.

Every decision takes its randomness from a place of its own: a standard normal number for the
step, track and slot at which it is taken, read as a quantile of the decision's distribution.
So while a latent moves, what it does not change stays as it is, where fresh randomness would
make another piece of every move; and a phrase that is there can be read back as the numbers
that would have written it (`read_noise`), exactly.

NumPy, because the matrices of one note are so small that a graph's bookkeeping costs more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from gan.models.blas import one_thread
from gan.models.event_decoder import FORBIDDEN, EventDecoder
from gan.models.event_reference import Reference
from gan.models.event_tilt import Seen
from gan.models.grammar import NOTHING, Grammar
from gan.models.noise_layout import NoiseLayout
from gan.models.sampling import Sampling
from gan.music.events import DECISIONS, Events

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

KEEP = 0.7  # share of phrases not over from which the others stay in the cache
RAREST = 1e-9  # share of a choice beside the likeliest
QUANTILE_LIMIT = 8.0  # of a normal number; what lies beyond is not told apart


def quantile_choice(logits: Floats, noise: Floats, sampling: Sampling) -> Ints:
    """The choice at each row's quantile: `(n, choices)`, `(n,)` standard normal -> `(n,)`."""
    share = _shares(logits, sampling)
    total = np.cumsum(share, axis=-1)
    at = ndtr(np.clip(noise, -QUANTILE_LIMIT, QUANTILE_LIMIT).astype(np.float64))
    chosen = (total <= at[:, None] * total[:, -1:]).sum(axis=-1)
    # Rounding may leave the last sum short of its own total; take the last that can be.
    last = share.shape[-1] - 1 - np.argmax(share[:, ::-1] > 0, axis=-1)
    return np.asarray(np.minimum(chosen, last), np.int64)


def noise_of_choice(logits: Floats, chosen: Ints, sampling: Sampling) -> Floats:
    """The middle of the quantiles at which `chosen` is taken; the inverse, `(n,)`."""
    share = _shares(logits, sampling)
    total = np.cumsum(share, axis=-1)
    rows = np.arange(len(chosen))
    middle = (total[rows, chosen] - 0.5 * share[rows, chosen]) / total[:, -1]
    at = np.clip(ndtri(middle), -QUANTILE_LIMIT, QUANTILE_LIMIT)
    return np.asarray(at, np.float32)


def _shares(logits: Floats, sampling: Sampling) -> NDArray[np.float64]:
    """Unnormalised probabilities; in double precision, or rare choices drown in rounding."""
    scaled = logits.astype(np.float64) / sampling.temperature
    share: NDArray[np.float64] = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    # However sharp, what can be chosen keeps a quantile of its own, or it could not be read back.
    share = np.maximum(share, RAREST)
    share[logits <= FORBIDDEN] = 0.0
    if sampling.top_p < 1.0:
        order = np.argsort(-share, axis=-1)
        ranked = np.take_along_axis(share, order, axis=-1)
        ranked /= ranked.sum(axis=-1, keepdims=True)
        outside = np.cumsum(ranked, axis=-1) - ranked >= sampling.top_p
        np.put_along_axis(share, order, np.where(outside, 0.0, ranked), axis=-1)
    return share


class EventSampler:
    """The weights of a decoder as arrays; takes them as they are when it is made.

    `temperatures` are what a temperature of 1 stands for: of the decision for a step, of that
    for a track, then of each track's pitches and of each track's durations.
    """

    def __init__(self, decoder: EventDecoder, temperatures: Floats | None = None) -> None:
        self.spec, self.config = decoder.spec, decoder.config
        tracks = len(self.spec.tracks)
        if temperatures is None:
            temperatures = np.ones(2 + 2 * tracks, np.float32)
        self.temperatures = np.split(temperatures, [1, 2, 2 + tracks])
        self.grammar, self.places = Grammar(decoder.spec), NoiseLayout(decoder.spec)
        self.begin, self.plan = _dense(decoder.begin), _dense(decoder.plan)
        self.bar, self.bar_heads = _dense(decoder.bar), _dense(decoder.bar_heads)
        self.track_heads = _dense(decoder.track_heads)
        self.tokens = [_array(layer.embeddings) for layer in decoder.tokens]
        self.decided = [_array(layer.embeddings) for layer in decoder.decided]
        self.blocks = [_Block(block) for block in decoder.blocks]
        self.norm = _norm(decoder.norm)
        self.inner = [_dense(layer) for layer in decoder.inner]
        self.outer = [_dense(layer) for layer in decoder.outer]

    def with_temperatures(self, temperatures: Floats) -> EventSampler:
        """The same arrays, with other temperatures `(2 + 2 * track,)`."""
        other = copy(self)
        other.temperatures = np.split(temperatures, [1, 2, 2 + len(self.spec.tracks)])
        return other

    def write(
        self,
        w: Floats,
        noise: Floats,
        sampling: Sampling,
        *,
        start: Events | None = None,
        watch: Callable[[int, int], None] | None = None,
    ) -> Events:
        """Phrases for w `(n, latent)` and noise `(n, places.size)`.

        `start` holds the notes that each phrase begins with, the rest is written. `watch` is
        told the furthest step of the slowest phrase, and of how many.
        """
        with one_thread():
            return Writing(self, w, noise, sampling, start).run(watch)

    def write_near(
        self, w: Floats, noise: Floats, near: Sequence[Reference]
    ) -> tuple[Events, Floats]:
        """Phrases that keep to others, and the noise `(n, places.size)` that writes them alone.

        The noise of a decision stays as it is where it would be taken so without `near`.
        """
        writing = Writing(self, w, noise.copy(), Sampling(), None, near=near)
        with one_thread():
            return writing.run(None), writing.noise

    def write_seen(self, w: Floats, noise: Floats, sampling: Sampling) -> list[Seen]:
        """Each phrase with what its decisions were taken from."""
        writing = Writing(self, w, noise, sampling, None, keeping=True)
        with one_thread():
            events = writing.run(None)
        sizes = np.cumsum([0, *self.grammar.sizes])
        found = []
        for row, count in enumerate(events.count(self.spec)):
            notes = (events.step, events.track, events.pitch, events.duration)
            taken = np.zeros((count, sizes[-1] + len(DECISIONS)), np.float32)
            for index in range(count):
                taken[index] = writing.seen[index][row]
            logits = [taken[:, sizes[k] : sizes[k + 1]] for k in range(len(DECISIONS))]
            columns = [values[row, :count].astype(np.int64) for values in notes]
            found.append(Seen(columns, logits, taken[:, sizes[-1] :]))
        return found

    def read_noise(self, w: Floats, events: Events, noise: Floats) -> Floats:
        """`noise` with the numbers in place that write exactly these events, `(n, size)`."""
        writing = Writing(self, w, noise.copy(), Sampling(), events, reading=True)
        with one_thread():
            writing.run(None)
        return writing.noise


class Writing:
    """One run: `n` phrases that go on together, each at a place of its own."""

    def __init__(
        self,
        sampler: EventSampler,
        w: Floats,
        noise: Floats,
        sampling: Sampling,
        start: Events | None,
        *,
        near: Sequence[Reference] = (),
        reading: bool = False,
        keeping: bool = False,
    ) -> None:
        self.sampler, self.sampling, self.reading = sampler, sampling, reading
        self.near = near
        # Where kept, each note's logits of its four decisions, then their noise, side by side.
        self.keeping = keeping
        self.taken: list[Floats] = []
        self.seen: list[Floats] = []
        self.noise, self.start = noise, start
        self.w = np.asarray(w, np.float32)
        count, spec, config = len(w), sampler.spec, sampler.config
        tracks_end = config.shared + config.per_track * len(spec.tracks)
        bars = self.w[:, tracks_end:].reshape(count, spec.bars, config.per_bar)
        tracks = self.w[:, config.shared : tracks_end].reshape(count, -1, config.per_track)
        self.plan = sampler.plan(self.w)
        self.bars, self.bar_heads = sampler.bar(bars), sampler.bar_heads(bars)
        self.track_heads = sampler.track_heads(tracks)
        self.given = np.zeros(count, np.int64) if start is None else start.count(spec)
        # What was last written: step, track, pitch, duration, and which note of its place.
        self.last = [np.full(count, first) for first in (0, 0, NOTHING, 1)]
        self.slot = np.zeros(count, np.int64)
        self.rows = np.arange(count)  # the phrases in the cache
        self.going = np.ones(count, bool)  # and which of them are not over
        self.written: list[list[NDArray[Any]]] = []
        heads, depth = config.heads, config.width // config.heads
        self.cache = np.zeros((len(sampler.blocks), 2, count, heads, 64, depth), np.float32)

    def run(self, watch: Callable[[int, int], None] | None) -> Events:
        spec, index = self.sampler.spec, 0
        while len(self.rows):
            if watch is not None:
                watch(int(self.last[0][self.rows[self.going]].min()), spec.steps)
            self._next(index)
            index += 1
        return self._events(index)

    def _events(self, length: int) -> Events:
        spec, count = self.sampler.spec, len(self.w)
        fills = (spec.steps, 0, 0, 1)
        arrays = [np.full((count, max(length, 1)), fill, np.int32) for fill in fills]
        for index, (rows, *values) in enumerate(self.written):
            for array, column in zip(arrays, values, strict=True):
                array[rows, index] = column
        return Events(*arrays)

    def _next(self, index: int) -> None:
        """Write note number `index` of every unfinished phrase."""
        sampler, grammar, rows = self.sampler, self.sampler.grammar, self.rows
        spec, self.taken = sampler.spec, []
        step, track, pitch, _ = before = [values[rows] for values in self.last]
        self.hidden = h = self._hidden(index, before)
        places = sampler.places.at(step, track, self.slot[rows])
        places = np.where(pitch < 0, 0, places)
        given = index < self.given[rows]
        of_step, of_track, of_pitch, of_length = sampler.temperatures
        logits = sampler.outer[0](h) / of_step
        mask = grammar.advance(step, track, pitch)
        advance = self._decide([], logits, mask, places, index, given)
        now = step + advance
        self.going &= now < spec.steps
        if not self.going.any():
            self.rows = rows[:0]
            return
        # Phrases that are over are carried along for a while: taking them out of the cache
        # costs more than a few notes that nobody writes down.
        now = np.minimum(now, spec.steps - 1)
        x = sampler.inner[0](
            h + sampler.decided[0][now] + self.bar_heads[rows, now // spec.steps_per_bar]
        )
        first = gelu(x)
        mask = grammar.track(advance, track, pitch)
        logits = sampler.outer[1](first) / of_track
        chosen = self._decide([now], logits, mask, places, index, given)
        same = (advance == 0) & (chosen == track) & (pitch >= 0)
        slot = np.where(same, self.slot[rows] + 1, 0)
        places = sampler.places.at(now, chosen, slot)
        second = gelu(
            sampler.inner[1](
                h + first + sampler.decided[1][chosen] + self.track_heads[rows, chosen]
            )
        )
        mask = grammar.pitch(advance, track, pitch, chosen)
        logits = sampler.outer[2](second) / of_pitch[chosen, None]
        note = self._decide([now, chosen], logits, mask, places, index, given)
        third = gelu(sampler.inner[2](h + second + sampler.decided[2][note]))
        mask = grammar.duration(now)
        logits = sampler.outer[3](third) / of_length[chosen, None]
        length = 1 + self._decide([now, chosen, note], logits, mask, places, index, given)
        going = self.going
        on = rows[going]
        new = [values[going] for values in (now, chosen, note, length)]
        for values, fresh in zip(self.last, new, strict=True):
            values[on] = fresh
        self.slot[on] = slot[going]
        if self.keeping:
            noise = [part[:, None] for part in self.taken[1::2]]
            note = np.concatenate([*self.taken[::2], *noise], axis=1)
            self.seen.append(np.zeros((len(self.w), note.shape[1]), np.float32))
            self.seen[-1][on] = note[going]
        self.written.append([on, *new])
        if len(on) < KEEP * len(rows):
            self.rows, self.cache = on, self.cache[:, :, going]
            self.going = np.ones(len(on), bool)

    def _decide(
        self, decided: list[Ints], logits: Floats, mask: Any, places: Ints, index: int, given: Any
    ) -> Ints:
        """One decision for every row: the given note's, or the one that the noise picks."""
        rows, start, which = self.rows, self.start, len(decided)
        logits = np.where(mask, logits, np.float32(FORBIDDEN))
        if self.keeping:
            self.taken += [logits, self.noise[rows, places + which]]
        if self.near:
            return self._near(decided, logits, places + which)
        if start is None:
            return quantile_choice(logits, self.noise[rows, places + which], self.sampling)
        at = min(index, start.step.shape[1] - 1)
        if which == 0:
            wanted = start.step[rows, at] - self.last[0][rows]
        else:
            values = (start.track, start.pitch, start.duration - 1)[which - 1]
            wanted = values[rows, at].astype(np.int64)
        if self.reading:
            on = self.going
            read = noise_of_choice(logits[on], wanted[on], self.sampling)
            self.noise[rows[on], places[on] + which] = read
            return np.asarray(wanted, np.int64)
        drawn = quantile_choice(logits, self.noise[rows, places + which], self.sampling)
        return np.asarray(np.where(given, wanted, drawn), np.int64)

    def _near(self, decided: list[Ints], logits: Floats, at: Ints) -> Ints:
        """One decision that leans to the references; its noise is at `at`."""
        rows, last = self.rows, [values[self.rows] for values in self.last[:3]]
        tilted, noise = logits, self.noise[rows, at]
        for each in self.near:
            tilted = each.tilted(tilted, rows, last, decided)
        tilted = np.where(logits > FORBIDDEN, tilted, np.float32(FORBIDDEN))
        chosen = quantile_choice(tilted, noise, self.sampling)
        moved = self.going & (chosen != quantile_choice(logits, noise, self.sampling))
        read = noise_of_choice(logits[moved], chosen[moved], self.sampling)
        self.noise[rows[moved], at[moved]] = read
        return chosen

    def _hidden(self, index: int, before: list[Ints]) -> Floats:
        """The last layer's output for the token of the note before, `(rows, width)`."""
        sampler, rows = self.sampler, self.rows
        step, track, pitch, duration = before
        if index == 0:
            x = sampler.begin(self.w[rows])
        else:
            x = sampler.tokens[0][step] + sampler.tokens[1][track]
            x = x + sampler.tokens[2][pitch] + sampler.tokens[3][duration - 1]
        x = x + self.plan[rows] + self.bars[rows, step // sampler.spec.steps_per_bar]
        if index >= self.cache.shape[4]:
            more = np.zeros((*self.cache.shape[:4], 64, self.cache.shape[5]), np.float32)
            self.cache = np.concatenate([self.cache, more], axis=4)
        for block, cache in zip(sampler.blocks, self.cache, strict=True):
            x = block(x, cache, index)
        return sampler.norm(x)


class _Block:
    """A `CausalBlock` for one new token a phrase."""

    def __init__(self, block: Any) -> None:
        self.heads = block.heads
        self.norm1, self.norm2 = _norm(block.norm1), _norm(block.norm2)
        self.qkv, self.out = _dense(block.qkv), _dense(block.out)
        self.mlp_in, self.mlp_out = _dense(block.mlp_in), _dense(block.mlp_out)

    def __call__(self, x: Floats, cache: Floats, index: int) -> Floats:
        """`x` (rows, width); `cache` (2, rows, head, token, depth), filled up to `index`."""
        count, width = x.shape
        depth = width // self.heads
        qkv = self.qkv(self.norm1(x)).reshape(count, 3, self.heads, depth)
        cache[0, :, :, index], cache[1, :, :, index] = qkv[:, 1], qkv[:, 2]
        keys, values = cache[0, :, :, : index + 1], cache[1, :, :, : index + 1]
        scores = np.matmul(keys, qkv[:, 0, :, :, None])[..., 0] * np.float32(depth**-0.5)
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed = np.matmul(scores[:, :, None], values).reshape(count, width)
        x = x + self.out(mixed)
        return np.asarray(x + self.mlp_out(gelu(self.mlp_in(self.norm2(x)))), np.float32)


def gelu(x: Floats) -> Floats:
    """GELU in the tanh form of `gan.models.layers.gelu`."""
    inner = np.float32(0.7978845608) * (x + np.float32(0.044715) * x * x * x)
    return np.asarray(np.float32(0.5) * x * (np.float32(1.0) + np.tanh(inner)), np.float32)


def _array(variable: Any) -> Floats:
    return np.asarray(variable, np.float32)


def _dense(layer: Any) -> Callable[[Floats], Floats]:
    """A Dense layer without its activation."""
    kernel = _array(layer.kernel)
    if not layer.use_bias:
        return lambda x: x @ kernel
    bias = _array(layer.bias)
    return lambda x: x @ kernel + bias


def _norm(layer: Any) -> Callable[[Floats], Floats]:
    gamma, beta, epsilon = _array(layer.gamma), _array(layer.beta), np.float32(layer.epsilon)

    def call(x: Floats) -> Floats:
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = np.square(centred).mean(axis=-1, keepdims=True)
        return np.asarray(centred / np.sqrt(variance + epsilon) * gamma + beta, np.float32)

    return call
