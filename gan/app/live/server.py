"""The live route: notes and sound while the user drags, over two WebSockets a session.

A page makes a `LiveSession` around its `LiveBackend`, keeps it in the session state and
hands it to the player; the browser learns its token and opens `/api/live`. Requests are
JSON text, replies are binary (see `gan.app.player.wire`):

    browser  {"type": "hello", "token": "...", "channel": "notes"}
    server   {"type": "ready"}
    browser  {"type": "move", "id": 7, "base": "...", "values": {"density": 0.4}}
    server   {"type": "notes", "id": 7, "base": "...", "counts": [...]} + notes
    browser  {"type": "sound", "id": 8, "base": "...", "values": {...}, "start": 4, "end": 20,
              "format": "flac"}
    server   {"type": "sound", "id": 8, "base": "...", ...} + stems
    server   {"type": "error", "id": 8, "message": "..."}

Each connection answers both; the player opens one for notes and another ("channel": "sound")
for sound, because notes would wait behind megabytes on a slow line. The format of the sound
is `pcm16` unless the browser asks for `flac`: it measures its line, while the server cannot
tell a tunnel from a browser on the same machine.

Moves and sounds have a worker each. A worker does one request at a time and then takes the
newest that has arrived; those in between are dropped without an answer. So memory is
bounded by one waiting request of each kind, whatever the browser sends. Rates are those of
the session: connecting again gives no new allowance.

Who may connect at all is decided in `gan.app.guard`. A connection ends with code 1008
on a wrong token or too many or too many invalid messages, 1009 on one that is too big, 1003
on a binary one, 1013 when there are too many connections, 4000 when the same session
connects again for the same channel.
"""

from __future__ import annotations

import logging
import os
import time
from typing import Any

import anyio
import anyio.to_thread
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from gan.app.live.protocol import (
    Channel,
    LiveBackend,
    LiveSession,
    MessageError,
    Meter,
    MoveRequest,
    Request,
    SoundRequest,
    Throttle,
    find_session,
    read_hello,
    read_request,
)
from gan.app.player.routes import base_path
from gan.app.player.wire import pack_message, pack_notes, pack_stems
from gan.errors import GanError

__all__ = ["LiveBackend", "LiveSession", "MoveRequest", "SoundRequest", "live_route"]

log = logging.getLogger(__name__)

MESSAGE_LIMIT = 8 * 1024
REQUESTS_PER_SECOND = 60.0
FLOOD_PER_SECOND = 200.0
STRIKES = 20
HELLO_SECONDS = 5.0
SEND_SECONDS = 20.0  # for a message to leave
CLOSE_SECONDS = 2.0
MOVERS = 32  # moves at once, most of them waiting
CONNECTIONS = 512  # two for each page

GONE = (WebSocketDisconnect, WebSocketDisconnected, OSError)
UNSUPPORTED, REFUSED, TOO_BIG, BUSY, REPLACED = 1003, 1008, 1009, 1013, 4000


class _RefusedError(Exception):
    """The peer broke the rules; the connection closes with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


async def _receive_text(socket: WebSocket) -> str | None:
    """The next text message, None when the peer has left."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        return None
    text = message.get("text")
    if text is None:
        raise _RefusedError(UNSUPPORTED, "Requests are text.")
    if len(text) > MESSAGE_LIMIT:
        raise _RefusedError(TOO_BIG, "The message is too big.")
    return str(text)


class _Line:
    """The connection below a WebSocket of uvicorn. ASGI has no words for what is asked of it.

    uvicorn writes a message into a buffer without bound, and closes a connection only when the
    peer has read all of it: one that reads nothing would keep its megabytes for ever.
    """

    def __init__(self, socket: WebSocket) -> None:
        self._protocol: Any = getattr(socket._receive, "__self__", None)

    async def drained(self) -> None:
        """Wait until nearly all that was sent has left; does not wait under other servers."""
        writable = getattr(self._protocol, "writable", None)
        if writable is not None:
            await writable.wait()

    def cut(self) -> None:
        """End the connection at once, whatever is still to be sent."""
        transport = getattr(self._protocol, "transport", None)
        if transport is not None:
            transport.abort()


class _Slot:
    """Room for one request: a newer one takes the place of an older one."""

    def __init__(self) -> None:
        self._request: Request | None = None
        self._arrived = anyio.Event()

    def put(self, request: Request) -> None:
        self._request = request
        self._arrived.set()

    async def filled(self) -> None:
        await self._arrived.wait()

    def take(self) -> Request:
        self._arrived = anyio.Event()
        request, self._request = self._request, None
        assert request is not None
        return request


class _Connection:
    """One open socket of a session."""

    def __init__(
        self,
        socket: WebSocket,
        session: LiveSession,
        limiters: dict[str, anyio.CapacityLimiter],
    ) -> None:
        self._socket, self._session, self._limiters = socket, session, limiters
        self._slots = {kind: _Slot() for kind in limiters}
        self._sending = anyio.Lock()
        session.flood = self._meter = session.flood or Meter(FLOOD_PER_SECOND)
        self._scope = anyio.CancelScope()
        self._end: _RefusedError | None = None

    def replace(self) -> None:
        """End this connection because the session has a newer one."""
        self._stop(_RefusedError(REPLACED, "A newer connection has taken over."))

    def _stop(self, end: _RefusedError | None) -> None:
        self._end = self._end or end
        self._scope.cancel()

    async def run(self) -> None:
        """Serve until the peer leaves; raises `_RefusedError` where the server ended it."""
        with self._scope:
            async with anyio.create_task_group() as group:
                for kind in self._slots:
                    group.start_soon(self._guard, self._work, kind)
                group.start_soon(self._guard, self._read)
        if self._end is not None:
            raise self._end

    async def _guard(self, task: Any, *arguments: str) -> None:
        # The first task to end, for whatever reason, ends the others.
        end: _RefusedError | None = None
        try:
            await task(*arguments)
        except _RefusedError as refused:
            end = refused
        except GONE:
            log.debug("The peer has left.", exc_info=True)
        self._stop(end)

    async def _read(self) -> None:
        await self._send(pack_message({"type": "ready"}))
        strikes = 0
        while (text := await _receive_text(self._socket)) is not None:
            if not self._meter.hit():
                raise _RefusedError(REFUSED, "Too many messages.")
            if not self._session.is_open:
                raise _RefusedError(REFUSED, "The session has ended.")
            try:
                request = read_request(text, self._session.limits)
                kind = "sound" if isinstance(request, SoundRequest) else "move"
                self._slots[kind].put(request)
            except MessageError as error:
                strikes += 1
                if strikes > STRIKES:
                    raise _RefusedError(REFUSED, "Too many invalid messages.") from error
                await self._send(pack_message({"type": "error", "message": str(error)[:200]}))

    async def _work(self, kind: str) -> None:
        slot, limiter = self._slots[kind], self._limiters[kind]
        turn = self._session.turns.setdefault(kind, Throttle(REQUESTS_PER_SECOND))
        while True:
            await slot.filled()
            # One request at a time is not enough of a limit where answers are instant.
            async with turn():
                request = slot.take()
                reply = await anyio.to_thread.run_sync(self._answer, request, limiter=limiter)
            await self._send(reply)

    def _answer(self, request: Request) -> bytes:
        """The reply to a request. Blocks; runs in a worker thread; does not raise."""
        try:
            return self._ask(request)
        except GanError as error:
            text = str(error)
        except Exception:
            log.exception("The live backend failed.")
            text = "The music could not be made; the server's log says why."
        return pack_message({"type": "error", "id": request.id, "message": text})

    def _ask(self, request: Request) -> bytes:
        started = time.perf_counter()
        header: dict[str, Any] = {"id": request.id, "base": request.base}
        if isinstance(request, SoundRequest):
            stems = self._session.backend.sound(request)
            header["ms"] = round(1000 * (time.perf_counter() - started), 2)
            return pack_stems(stems, header, sound_format=request.format)
        counts, payload = pack_notes(self._session.backend.decode(request))
        header["ms"] = round(1000 * (time.perf_counter() - started), 2)
        return pack_message({**header, "type": "notes", "counts": counts}, payload)

    async def _send(self, message: bytes) -> None:
        with anyio.move_on_after(SEND_SECONDS) as scope:
            async with self._sending:
                await self._socket.send_bytes(message)
                await _Line(self._socket).drained()
        if scope.cancelled_caught:
            raise _RefusedError(REFUSED, "The connection is too slow.")


class _LiveServer:
    """The endpoint: checks who knocks, then hands over to a `_Connection`."""

    def __init__(self) -> None:
        self._limiters: dict[str, anyio.CapacityLimiter] = {}
        self._open = 0

    async def _hello(self, socket: WebSocket) -> tuple[LiveSession, Channel]:
        with anyio.move_on_after(HELLO_SECONDS):
            text = await _receive_text(socket)
            if text is None:
                raise WebSocketDisconnect()
            try:
                hello = read_hello(text)
            except MessageError as error:
                raise _RefusedError(REFUSED, "The first message is no hello.") from error
            session = find_session(hello.token)
            if session is None:
                raise _RefusedError(REFUSED, "The session is not known; reload the page.")
            return session, hello.channel
        raise _RefusedError(REFUSED, "The hello took too long.")

    async def __call__(self, socket: WebSocket) -> None:
        await socket.accept()
        self._open += 1
        try:
            if self._open > CONNECTIONS:
                raise _RefusedError(BUSY, "Too many connections.")
            session, channel = await self._hello(socket)
            await self._serve(socket, session, channel)
        except _RefusedError as refused:
            await _close(socket, refused)
        except WebSocketDisconnect:
            log.debug("The peer left before it said hello.")
        finally:
            self._open -= 1

    async def _serve(self, socket: WebSocket, session: LiveSession, channel: Channel) -> None:
        if not self._limiters:  # Limiters belong to the event loop that serves.
            workers = max(2, min(8, os.cpu_count() or 2))
            # Moves mostly wait to be decoded together (`.batching`); sound takes a core.
            self._limiters = {
                "move": anyio.CapacityLimiter(MOVERS),
                "sound": anyio.CapacityLimiter(workers),
            }
        connection = _Connection(socket, session, self._limiters)
        if channel in session.connections:
            session.connections[channel].replace()
        session.connections[channel] = connection
        try:
            await connection.run()
        finally:
            if session.connections.get(channel) is connection:
                del session.connections[channel]


async def _close(socket: WebSocket, refused: _RefusedError) -> None:
    line = _Line(socket)
    with anyio.move_on_after(CLOSE_SECONDS) as scope:
        try:
            await socket.close(refused.code, refused.reason)
            await line.drained()
        except GONE:
            log.debug("The peer was gone before it was told why.", exc_info=True)
    if scope.cancelled_caught:
        line.cut()


def live_route() -> WebSocketRoute:
    """The route for `st.App(..., routes=[...], middleware=[Middleware(Guard)])`.

    Hosts and origins are the guard's affair, see `gan.app.guard`.
    """
    server = _LiveServer()

    async def live(websocket: WebSocket) -> None:
        await server(websocket)

    return WebSocketRoute(f"{base_path()}/api/live", live)
