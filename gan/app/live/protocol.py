"""Sessions and requests of the live route: who may ask, and what for.

Nothing from the network is believed: messages are decoded by their schema, and what does not fit
it is refused by name. Tokens are held weakly: when
Streamlit drops a session's state, its token opens nothing any more.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol
from weakref import WeakValueDictionary

import anyio
import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta

from gan.app.player.events import clip_values
from gan.app.player.wire import SoundFormat
from gan.audio.stems import Stems
from gan.errors import GanError

# A page has a socket for notes and one for sound, so that neither waits for the other on the
# way. What is asked on which is its own affair.
Channel = Literal["notes", "sound"]


class MessageError(GanError):
    """A message from the network is not what it should be."""


Token = Annotated[str, Meta(max_length=100)]
Number = Annotated[int, Meta(ge=0, le=2**53)]
Step = Annotated[int, Meta(ge=0)]


class Hello(msgspec.Struct, tag="hello", frozen=True):
    """The first message of a socket: whose it is, and what will be asked on it."""

    token: Token
    channel: Channel = "notes"


class MoveRequest(msgspec.Struct, tag="move", frozen=True):
    """Slider values by id, on top of the state that `base` names."""

    id: Number
    values: dict[str, Any]
    base: Annotated[str, Meta(max_length=256)] = ""


class SoundRequest(msgspec.Struct, tag="sound", frozen=True):
    """A move whose steps `start` to `end` (exclusive) are about to be heard.

    `format` is how the browser wants the sound: it knows how fast its line is.
    """

    id: Number
    values: dict[str, Any]
    start: Step
    end: Step
    base: Annotated[str, Meta(max_length=256)] = ""
    format: SoundFormat = "pcm16"


Request = MoveRequest | SoundRequest


class LiveBackend(Protocol):
    """What a session can be asked for. Both calls block and run in worker threads.

    Calls of one kind come one at a time for a session, a `decode` may overlap a `sound`.
    A `GanError` reaches the user as its message.
    """

    def decode(self, request: MoveRequest) -> Sequence[npt.NDArray[np.integer[Any]]]:
        """Notes of each track, `(n, 3)`: onset step, end step (exclusive), MIDI pitch."""

    def sound(self, request: SoundRequest) -> Stems:
        """Stems that cover at least the steps asked for; more is welcome, late is not."""


@dataclass(frozen=True)
class Limits:
    controls: Mapping[str, tuple[float, float]]
    steps: int


_sessions: WeakValueDictionary[str, LiveSession] = WeakValueDictionary()


class Connection(Protocol):
    """What a session knows of its open socket."""

    def replace(self) -> None:
        """End it, because the session has a newer one."""


class LiveSession:
    """One page's right to use the live route. Keep it in `st.session_state`.

    `controls` are the sliders and their ranges, `steps` the length of the phrase; `update`
    them when another generator is loaded.
    """

    def __init__(
        self, backend: LiveBackend, *, controls: Mapping[str, tuple[float, float]], steps: int
    ) -> None:
        self.backend = backend
        self.token = secrets.token_urlsafe(24)
        self.limits = Limits(dict(controls), steps)
        self.connections: dict[Channel, Connection] = {}
        # A session's share is the same, however often its page connects again.
        self.flood: Meter | None = None
        self.turns: dict[str, Throttle] = {}
        _sessions[self.token] = self

    def update(self, *, controls: Mapping[str, tuple[float, float]], steps: int) -> None:
        """Other sliders or another length from now on."""
        self.limits = Limits(dict(controls), steps)

    def close(self) -> None:
        """Forget the token. An open connection ends with its next message."""
        _sessions.pop(self.token, None)

    @property
    def is_open(self) -> bool:
        return self.token in _sessions


def find_session(token: Any) -> LiveSession | None:
    """The living session of this token. The lookup is by hash, so its time says nothing."""
    return _sessions.get(token) if isinstance(token, str) else None


class Meter:
    """Token bucket: `rate` messages a second, bursts of twice as many."""

    def __init__(self, rate: float) -> None:
        self._rate, self._left, self._at = rate, 2.0 * rate, time.monotonic()

    def hit(self) -> bool:
        """Count one message; False if that is too many."""
        now = time.monotonic()
        self._left = min(2.0 * self._rate, self._left + (now - self._at) * self._rate)
        self._at = now
        self._left -= 1.0
        return self._left >= 0.0


class Throttle:
    """One request of a kind at a time, and no more than `rate` of them a second."""

    def __init__(self, rate: float) -> None:
        self._lock, self._pause, self._next = anyio.Lock(), 1.0 / rate, 0.0

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[None]:
        """The turn, once it comes."""
        async with self._lock:
            await anyio.sleep(max(0.0, self._next - time.monotonic()))
            self._next = time.monotonic() + self._pause
            yield


def read_hello(text: str) -> Hello:
    """The first message of a socket; `MessageError` names what is wrong."""
    hello: Hello = _read(text, Hello)
    return hello


def read_request(text: str, limits: Limits) -> Request:
    """A request, slider values within their limits; `MessageError` names what is wrong."""
    request: Request = _read(text, Request)
    if isinstance(request, SoundRequest) and not request.start < request.end <= limits.steps:
        raise MessageError(f"start and end are no steps of a phrase of {limits.steps}.")
    values = clip_values(request.values, limits.controls)
    clipped: Request = msgspec.structs.replace(request, values=values)
    return clipped


def _read(text: str, kind: Any) -> Any:
    try:
        # json rather than msgspec: a NaN among the values must not cost the others.
        return msgspec.convert(json.loads(text), kind)
    except (ValueError, RecursionError) as error:  # thousands of brackets fit the limit
        raise MessageError(f"The message is not understood: {error}.") from error
