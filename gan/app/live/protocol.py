"""Sessions and requests of the live route: who may ask, and what for.

Nothing from the network is believed: `parse_message` and `read_request` accept known fields
in known ranges and name what is wrong with anything else. Tokens are held weakly: when
Streamlit drops a session's state, its token opens nothing any more.
"""

from __future__ import annotations

import json
import math
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast
from weakref import WeakValueDictionary

import anyio
import numpy as np
import numpy.typing as npt

from gan.app.player.events import clip_values, finite
from gan.app.player.wire import SoundFormat
from gan.audio.stems import Stems
from gan.errors import GanError

ID_LIMIT = 2**53

# A page has a socket for notes and one for sound, so that neither waits for the other on the
# way. What is asked on which is its own affair.
Channel = Literal["notes", "sound"]


class MessageError(GanError):
    """A message from the network is not what it should be."""


@dataclass(frozen=True)
class MoveRequest:
    """Slider values by id, within their limits, on top of the state that `base` names."""

    id: int
    base: str
    values: dict[str, float]


@dataclass(frozen=True)
class SoundRequest(MoveRequest):
    """A move whose steps `start` to `end` (exclusive) are about to be heard.

    `format` is how the browser wants the sound: it knows how fast its line is.
    """

    start: int
    end: int
    format: SoundFormat = "pcm16"


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


def parse_message(text: str) -> dict[str, Any]:
    """The message as an object; raises `MessageError` on anything else."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:  # Thousands of brackets fit the limit.
        raise MessageError("The message is not JSON.") from error
    if not isinstance(message, dict):
        raise MessageError("The message is not an object.")
    return message


def read_channel(hello: Mapping[str, Any]) -> Channel:
    """Which of the page's sockets says hello; one that does not say is for notes."""
    return "sound" if hello.get("channel") == "sound" else "notes"


def _whole(message: Mapping[str, Any], name: str, *, low: int, high: int) -> int:
    number = finite(message.get(name))
    if number is None or number != math.floor(number) or not low <= number <= high:
        raise MessageError(f"{name} is not a whole number from {low} to {high}.")
    return int(number)


def read_request(message: Mapping[str, Any], limits: Limits) -> MoveRequest:
    """A move or sound request; raises `MessageError` that names what is wrong."""
    identity = _whole(message, "id", low=0, high=ID_LIMIT)
    base = message.get("base", "")
    if not isinstance(base, str) or len(base) > 256:
        raise MessageError("base is not a short string.")
    if not isinstance(message.get("values"), dict):
        raise MessageError("values is not an object.")
    values = clip_values(message["values"], limits.controls)
    if message.get("type") == "move":
        return MoveRequest(id=identity, base=base, values=values)
    start = _whole(message, "start", low=0, high=limits.steps - 1)
    end = _whole(message, "end", low=start + 1, high=limits.steps)
    wanted = message.get("format", "pcm16")
    if wanted not in ("pcm16", "flac"):
        raise MessageError("format is neither pcm16 nor flac.")
    return SoundRequest(
        id=identity,
        base=base,
        values=values,
        start=start,
        end=end,
        format=cast("SoundFormat", wanted),
    )
