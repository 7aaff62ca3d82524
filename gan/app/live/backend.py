"""What the player's live connection asks of an engine."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import TypeVar
from weakref import WeakKeyDictionary, ref

from gan.app.link_text import PLACES
from gan.app.live.batching import MicroBatcher
from gan.app.live.protocol import MoveRequest, SoundRequest
from gan.audio.play import stems_of
from gan.audio.stems import Stems
from gan.engine import SLIDER_MAX, TRUNCATION_MAX, Engine, PhraseState, Rolls
from gan.errors import LatentError
from gan.models.ability import Ability
from gan.models.sampling import TEMPERATURE_MAX, TEMPERATURE_MIN, TOP_P_MIN, Sampling
from gan.music.notes import NoteArray
from gan.music.performance import Performance
from gan.music.rolls import notes_from_roll

K = TypeVar("K")
V = TypeVar("V")

TRUNCATION, TEMPERATURE, TOP_P = "truncation", "temperature", "top_p"
FILL = "fill:"  # and the track: how unlikely a note may be


def density_id(track: str) -> str:
    """The slider of a track's density threshold."""
    return FILL + track


def _draws(name: str) -> bool:
    """Whether a slider is about how notes are drawn, and no direction."""
    return name in (TRUNCATION, TEMPERATURE, TOP_P) or name.startswith(FILL)


REMEMBERED = 8


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


def moved(point: PhraseState, values: Mapping[str, float]) -> PhraseState:
    """The point with slider values of the player taken over.

    They are rounded as a link rounds them: what it brings back is the same to the last bit.
    """
    values = {name: round(value, PLACES) for name, value in values.items()}
    sliders = dict(point.sliders)
    sliders.update({name: value for name, value in values.items() if not _draws(name)})
    now = point.sampling
    fills = [value for name, value in values.items() if name.startswith(FILL)]
    density = tuple(fills) if any(fills) else ()
    return replace(
        point,
        truncation=values.get(TRUNCATION, point.truncation),
        sampling=Sampling(
            values.get(TEMPERATURE, now.temperature),
            values.get(TOP_P, now.top_p),
            density if fills else now.density,
        ),
        sliders={name: value for name, value in sliders.items() if value},
    )


_gatherers: WeakKeyDictionary[Engine, MicroBatcher[PhraseState, Rolls]] = WeakKeyDictionary()
_gathering = Lock()


def gathered(engine: Engine) -> MicroBatcher[PhraseState, Rolls]:
    """What decodes an engine's phrases for all sessions together."""
    with _gathering:
        if engine not in _gatherers:
            # Held weakly: the engine must not live on because of its own batcher.
            known = ref(engine)

            def work(points: Sequence[PhraseState]) -> list[Rolls]:
                alive = known()
                assert alive is not None
                return alive.phrases(points)

            _gatherers[engine] = MicroBatcher(work)
        return _gatherers[engine]


class ExploreBackend:
    """`LiveBackend` of one session: phrases around the points that its page has shown."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.how = Performance()
        self.soundfont: str | None = None
        self._bases: OrderedDict[str, PhraseState] = OrderedDict()
        self._rolls: OrderedDict[tuple[object, ...], Rolls] = OrderedDict()
        self._lock = Lock()

    def show(
        self, base: str, point: PhraseState, *, how: Performance, soundfont: str | None
    ) -> None:
        """Remember what `base` stands for, and how phrases are played from now on."""
        with self._lock:
            self.how, self.soundfont = how, soundfont
            _remember(self._bases, base, point)

    def decode(self, request: MoveRequest) -> Sequence[NoteArray]:
        return notes_from_roll(self._roll(request), self.engine.spec)

    def sound(self, request: SoundRequest) -> Stems:
        with self._lock:
            how, soundfont = self.how, self.soundfont
        return stems_of(
            self._roll(request),
            self.engine.spec,
            how=how,
            soundfont=soundfont,
            start=request.start,
            end=request.end,
        )

    def _roll(self, request: MoveRequest) -> Rolls:
        key = (request.base, tuple(sorted(request.values.items())))
        with self._lock:
            point = self._bases.get(request.base)
            known = self._rolls.get(key)
        if point is None:
            raise LatentError("This phrase is no longer on the page; move a slider again.")
        if known is not None:
            return known
        roll = gathered(self.engine)(moved(point, request.values))
        with self._lock:
            _remember(self._rolls, key, roll)
        return roll


def _remember(table: OrderedDict[K, V], key: K, value: V) -> None:
    """Keep the newest entries only."""
    table[key] = value
    table.move_to_end(key)
    while len(table) > REMEMBERED:
        table.popitem(last=False)
