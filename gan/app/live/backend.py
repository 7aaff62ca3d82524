"""What the player's live connection asks of an engine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Lock
from weakref import WeakKeyDictionary, ref

from cachetools import LRUCache

from gan.app.live.batching import MicroBatcher
from gan.app.live.protocol import MoveRequest, Request, SoundRequest
from gan.audio.play import play
from gan.audio.stems import Stems
from gan.engine import Engine, Rolls
from gan.errors import LatentError
from gan.models.ability import Ability
from gan.models.sampling import TEMPERATURE_MAX, TEMPERATURE_MIN, TOP_P_MIN, Sampling
from gan.music.notes import NoteArray
from gan.music.performance import Performance
from gan.music.rolls import notes_from_roll
from gan.phrase import SLIDER_MAX, TRUNCATION_MAX, PhraseState, phrase_key
from gan.spec import RollSpec

TRUNCATION, TEMPERATURE, TOP_P = "truncation", "temperature", "top_p"
DENSITY = "fill:"  # and the track: how unlikely a note may be
DECIMALS = 4  # of a slider's value, so that a link brings back the same to the last bit
BASES_KEPT = 8


def density_id(track: str) -> str:
    """The slider of a track's density threshold."""
    return DENSITY + track


def controls(engine: Engine) -> dict[str, tuple[float, float]]:
    """Every slider of the player and its range."""
    ranges = {TRUNCATION: (0.0, TRUNCATION_MAX)}
    if Ability.WRITES_NOTE_BY_NOTE in engine.can:
        ranges[TEMPERATURE] = (TEMPERATURE_MIN, TEMPERATURE_MAX)
        ranges[TOP_P] = (TOP_P_MIN, 1.0)
    if Ability.HAS_THRESHOLDS in engine.can:
        ranges |= {density_id(name): (-1.0, 1.0) for name in engine.spec.track_names}
    directions = {direction.id: (-SLIDER_MAX, SLIDER_MAX) for direction in engine.directions}
    return {**ranges, **directions}


def moved(state: PhraseState, values: Mapping[str, float], spec: RollSpec) -> PhraseState:
    """The state with slider values of the player taken over."""
    values = {name: round(value, DECIMALS) for name, value in values.items()}
    now = state.sampling
    before = now.density or (0.0,) * len(spec.tracks)
    density = tuple(
        values.pop(density_id(name), amount)
        for name, amount in zip(spec.track_names, before, strict=True)
    )
    sampling = Sampling(
        values.pop(TEMPERATURE, now.temperature),
        values.pop(TOP_P, now.top_p),
        density if any(density) else (),
    )
    truncation = values.pop(TRUNCATION, state.truncation)
    sliders = {name: value for name, value in {**state.sliders, **values}.items() if value}
    return replace(state, truncation=truncation, sampling=sampling, sliders=sliders)


def base_name(state: PhraseState) -> str:
    """A short name of everything in a state but what the player's sliders move."""
    still = replace(state, sliders={}, truncation=1.0, sampling=Sampling())
    return hashlib.sha256(phrase_key(still)).hexdigest()[:16]


_batchers: WeakKeyDictionary[Engine, MicroBatcher[PhraseState, Rolls]] = WeakKeyDictionary()
_batching = Lock()


def batched(engine: Engine) -> MicroBatcher[PhraseState, Rolls]:
    """What renders an engine's phrases for all sessions together."""
    with _batching:
        if engine not in _batchers:
            # Held weakly: the engine must not live on because of its own batcher.
            known = ref(engine)

            def work(states: Sequence[PhraseState]) -> list[Rolls]:
                alive = known()
                assert alive is not None
                return alive.render_all(states)

            _batchers[engine] = MicroBatcher(work)
        return _batchers[engine]


class ExploreBackend:
    """`LiveBackend` of one session: phrases around the states that its page has shown."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._performance = Performance()
        self._bases: LRUCache[str, PhraseState] = LRUCache(BASES_KEPT)
        self._lock = Lock()

    def show(self, state: PhraseState, performance: Performance) -> str:
        """Take in what the page shows and how it is played; returns the name of its base."""
        name = base_name(state)
        with self._lock:
            self._performance = performance
            self._bases[name] = state
        return name

    def decode(self, request: MoveRequest) -> Sequence[NoteArray]:
        return notes_from_roll(self._roll(request), self.engine.spec)

    def sound(self, request: SoundRequest) -> Stems:
        roll = self._roll(request)
        with self._lock:
            performance = self._performance
        return play(roll, self.engine.spec, performance, start=request.start, end=request.end)

    def _roll(self, request: Request) -> Rolls:
        with self._lock:
            state = self._bases.get(request.base)
        if state is None:
            raise LatentError("This phrase is no longer on the page; move a slider again.")
        return batched(self.engine)(moved(state, request.values, self.engine.spec))
