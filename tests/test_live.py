"""The live route against honest and hostile clients, over a real server on this machine."""

from __future__ import annotations

import gc
import json
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from socket import create_connection
from typing import Any

import numpy as np
import pytest
import uvicorn
from demo_backend import CONTROLS, RATE, STEPS, DemoBackend, compose, render
from starlette.applications import Starlette
from starlette.middleware import Middleware
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.uri import parse_uri

from gan.app.guard import Guard
from gan.app.live import server as live
from gan.app.live.server import LiveSession, MoveRequest, SoundRequest, live_route
from gan.app.player.wire import unpack_message
from gan.audio.stems import Stems
from gan.errors import LatentError

VALUES = {"denser": 1.0, "higher": -0.5}


@contextmanager
def serving(**options: Any) -> Iterator[uvicorn.Server]:
    app = Starlette(routes=[live_route()], middleware=[Middleware(Guard)])
    config = uvicorn.Config(app, port=0, log_level="error", ws="websockets-sansio", **options)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    yield server
    server.should_exit = True
    thread.join(10)


def port_of(server: uvicorn.Server) -> int:
    return int(server.servers[0].sockets[0].getsockname()[1])


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving() as server:
        yield port_of(server)


def until(condition: Callable[[], object], seconds: float = 8.0) -> None:
    """Wait until the condition holds; fail if it never does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def session(backend: Any = None) -> LiveSession:
    return LiveSession(backend or DemoBackend(), controls=CONTROLS, steps=STEPS)


@contextmanager
def open_socket(
    port: int, origin: str | None = "same", **options: Any
) -> Iterator[ClientConnection]:
    origin = f"http://127.0.0.1:{port}" if origin == "same" else origin
    url = f"ws://127.0.0.1:{port}/api/live"
    with connect(url, origin=origin, max_size=2**27, compression=None, **options) as opened:
        yield opened


@contextmanager
def joined(
    port: int, session: LiveSession, channel: str | None = None, **options: Any
) -> Iterator[ClientConnection]:
    """A socket that has said hello and is ready."""
    hello = {"type": "hello", "token": session.token}
    with open_socket(port, **options) as socket:
        socket.send(json.dumps(hello if channel is None else {**hello, "channel": channel}))
        assert answer(socket)[0] == {"type": "ready"}
        yield socket


def answer(socket: ClientConnection, timeout: float = 8.0) -> tuple[dict[str, Any], bytes]:
    message = socket.recv(timeout)
    assert isinstance(message, bytes)
    return unpack_message(message)


def move(socket: ClientConnection, number: int, **values: float) -> None:
    socket.send(json.dumps({"type": "move", "id": number, "base": "b", "values": values}))


def ask_for_sound(socket: ClientConnection, number: int, **changes: Any) -> None:
    request = {"type": "sound", "id": number, "base": "", "values": {}, "start": 0, "end": STEPS}
    socket.send(json.dumps({**request, **changes}))


def closing_code(socket: ClientConnection, timeout: float = 8.0) -> int | None:
    """The code with which the server ends the connection."""
    with pytest.raises(ConnectionClosed):
        while True:
            socket.recv(timeout)
    return socket.close_code


class SlowBackend(DemoBackend):
    """Takes its time; `open_door` lets one more request through."""

    def __init__(self) -> None:
        super().__init__()
        self.door = threading.Semaphore(0)
        self.seen: list[MoveRequest] = []

    def decode(self, request: MoveRequest) -> Any:
        self.seen.append(request)
        assert self.door.acquire(timeout=8)
        return super().decode(request)


class BrokenBackend(DemoBackend):
    def decode(self, request: MoveRequest) -> Any:
        if request.values["denser"] > 0:
            raise LatentError("That point does not exist.")
        raise ZeroDivisionError

    def sound(self, request: SoundRequest) -> Stems:
        raise MemoryError


class LoudBackend(DemoBackend):
    """Gives more sound than the buffers of the network hold."""

    def sound(self, request: SoundRequest) -> Stems:
        samples = np.full((1, 4_000_000, 2), 0.1, np.float32)
        return Stems(samples, RATE, 1.0, request.start, request.end)


# --- Honest clients ---------------------------------------------------------------------------


def test_a_move_is_answered_with_its_notes(port: int) -> None:
    keep = session()
    with joined(port, keep) as socket:
        move(socket, 7, **VALUES)
        header, payload = answer(socket)
    assert (header["type"], header["id"], header["base"]) == ("notes", 7, "b")
    notes = np.frombuffer(payload, "<u2").reshape(-1, 3)
    tracks = np.split(notes, np.cumsum(header["counts"])[:-1])
    for got, wanted in zip(tracks, compose(VALUES), strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_a_window_of_sound_is_rendered_as_asked(port: int) -> None:
    keep = session()
    with joined(port, keep) as socket:
        request = {"type": "sound", "id": 8, "base": "", "values": VALUES, "start": 16, "end": 24}
        socket.send(json.dumps(request))
        header, payload = answer(socket)
    stems = render(compose(VALUES), start=16, end=24)
    assert (header["start"], header["end"], header["rate"]) == (16, 24, RATE)
    assert header["format"] == "pcm16"
    sound = np.frombuffer(payload, "<i2").reshape(4, -1, 2) / 32767
    np.testing.assert_allclose(sound, stems.samples, atol=1 / 32767)


def test_the_newest_move_wins(port: int) -> None:
    backend = SlowBackend()
    keep = session(backend)
    with joined(port, keep) as socket:
        move(socket, 0, denser=0.0)
        until(lambda: backend.seen)
        for number in range(1, 10):
            move(socket, number, denser=0.1 * number)
        # A sound request has a way of its own and passes the waiting move.
        request = {"type": "sound", "id": 99, "base": "", "values": {}, "start": 0, "end": 4}
        socket.send(json.dumps(request))
        assert answer(socket)[0]["id"] == 99
        backend.door.release(2)
        assert [answer(socket)[0]["id"] for _ in range(2)] == [0, 9]
    assert [request.id for request in backend.seen] == [0, 9]


def test_values_are_clipped_and_strangers_dropped(port: int) -> None:
    backend = SlowBackend()
    backend.door.release(1)
    keep = session(backend)
    with joined(port, keep) as socket:
        values = (
            '{"denser": 1e9, "higher": NaN, "busier": true, "longer": "2", "x": 1, "wider": -2}'
        )
        socket.send(f'{{"type": "move", "id": 1, "base": "", "values": {values}}}')
        answer(socket)
    assert backend.seen[0].values == {"denser": 3.0, "wider": -2.0}


def test_errors_reach_the_user_and_the_connection_lives(port: int) -> None:
    keep = session(BrokenBackend())
    with joined(port, keep) as socket:
        move(socket, 1, denser=1.0)
        assert answer(socket)[0] == {
            "type": "error",
            "id": 1,
            "message": "That point does not exist.",
        }
        move(socket, 2, denser=-1.0)
        header, _ = answer(socket)
        assert (header["type"], header["id"]) == ("error", 2)
        assert "ZeroDivision" not in header["message"]
        request = {"type": "sound", "id": 3, "base": "", "values": {}, "start": 0, "end": 4}
        socket.send(json.dumps(request))
        assert answer(socket)[0]["type"] == "error"


def test_a_newer_connection_takes_over(port: int) -> None:
    keep = session()
    with joined(port, keep) as old, joined(port, keep) as new:
        assert closing_code(old) == live.REPLACED
        move(new, 1, denser=1.0)
        assert answer(new)[0]["type"] == "notes"


def test_a_page_has_a_connection_for_notes_and_one_for_sound(port: int) -> None:
    keep = session()
    with joined(port, keep) as notes, joined(port, keep, "sound") as sound:
        move(notes, 1, denser=1.0)
        assert answer(notes)[0]["type"] == "notes"
        with joined(port, keep, "sound") as again:
            assert closing_code(sound) == live.REPLACED
            ask_for_sound(again, 2)
            assert answer(again)[0]["type"] == "sound"
        move(notes, 3, denser=1.0)
        assert answer(notes)[0]["id"] == 3
    until(lambda: not keep.connections)


def test_notes_do_not_wait_for_sound_that_is_on_its_way(port: int) -> None:
    keep = session()
    with joined(port, keep) as notes, joined(port, keep, "sound", max_queue=1) as sound:
        for number in range(8):  # Six megabytes each, and nobody reads them.
            ask_for_sound(sound, number)
            time.sleep(0.05)
        for number in range(5):
            move(notes, number, denser=0.1 * number)
            assert answer(notes)[0]["id"] == number
        assert "sound" in keep.connections


def test_the_browser_chooses_how_sound_travels(port: int) -> None:
    keep = session()
    with joined(port, keep, "sound") as socket:
        sizes = {}
        for number, name in enumerate(("pcm16", "flac")):
            ask_for_sound(socket, number, format=name)
            header, payload = answer(socket)
            assert header["format"] == name
            sizes[name] = len(payload)
    assert sizes["flac"] < 0.7 * sizes["pcm16"]


# --- The handshake ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:{port}.evil.example",
        "http://127.0.0.1:{port}@evil.example",
        "file://127.0.0.1:{port}",
        "http://[broken",
    ],
)
def test_a_foreign_origin_is_refused(port: int, origin: str | None) -> None:
    origin = origin and origin.replace("{port}", str(port))
    with pytest.raises(InvalidStatus) as refused, open_socket(port, origin):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "first",
    [
        '{"type": "hello", "token": "x"}',
        '{"type": "hello"}',
        '{"type": "hello", "token": ["x"]}',
        '{"type": "move", "id": 1, "values": {}}',
        "hello",
        "[]",
        "[" * 5000,
        "",
    ],
)
def test_without_a_known_token_nothing_happens(port: int, first: str) -> None:
    with open_socket(port) as socket:
        socket.send(first)
        assert closing_code(socket) == live.REFUSED


def test_a_silent_client_is_sent_away(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HELLO_SECONDS", 0.1)
    with open_socket(port) as socket:
        assert closing_code(socket) == live.REFUSED


def test_connections_are_bounded(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "CONNECTIONS", 0)
    with open_socket(port) as socket:
        assert closing_code(socket) == live.BUSY


def test_a_session_that_is_gone_opens_nothing(port: int) -> None:
    gone = session()
    token = gone.token
    del gone
    gc.collect()
    with open_socket(port) as socket:
        socket.send(json.dumps({"type": "hello", "token": token}))
        assert closing_code(socket) == live.REFUSED


def test_a_closed_session_ends_its_connection(port: int) -> None:
    keep = session()
    with joined(port, keep) as socket:
        keep.close()
        move(socket, 1, denser=1.0)
        assert closing_code(socket) == live.REFUSED


# --- Garbage ----------------------------------------------------------------------------------

GARBAGE = [
    "",
    "{",
    "null",
    "[[[",
    "[" * 8000,
    '"move"',
    "{}",
    '{"type": "hello"}',
    '{"type": "move"}',
    '{"type": "move", "id": 1.5, "values": {}}',
    '{"type": "move", "id": -1, "values": {}}',
    '{"type": "move", "id": 1' + "0" * 400 + ', "values": {}}',
    '{"type": "move", "id": 1, "values": []}',
    '{"type": "move", "id": 1, "values": {}, "base": 5}',
    '{"type": "sound", "id": 1, "values": {}}',
    '{"type": "sound", "id": 1, "values": {}, "start": 8, "end": 8}',
    '{"type": "sound", "id": 1, "values": {}, "start": 0, "end": 1000000000}',
    '{"type": "sound", "id": 1, "values": {}, "start": -1, "end": 4}',
    '{"type": "sound", "id": 1, "values": {}, "start": 0, "end": 4, "format": "mp3"}',
]


def test_garbage_is_answered_and_survived(port: int) -> None:
    assert len(GARBAGE) <= live.STRIKES
    keep = session()
    with joined(port, keep) as socket:
        for text in GARBAGE:
            socket.send(text)
            header, _ = answer(socket)
            assert header["type"] == "error" and header["message"], text[:60]
        move(socket, 1, denser=1.0)
        assert answer(socket)[0]["type"] == "notes"


def test_only_so_much_garbage(port: int) -> None:
    keep = session()
    with joined(port, keep) as socket:
        for _ in range(live.STRIKES + 1):
            socket.send("?")
        assert closing_code(socket) == live.REFUSED


@pytest.mark.parametrize("size", [live.MESSAGE_LIMIT + 1, 4 * 2**20])
def test_a_huge_message_ends_it(port: int, size: int) -> None:
    keep = session()
    with joined(port, keep) as socket:
        socket.send("x" * size)
        assert closing_code(socket) == live.TOO_BIG


def test_a_binary_message_ends_it(port: int) -> None:
    keep = session()
    with joined(port, keep) as socket:
        socket.send(b"\x00\x01")
        assert closing_code(socket) == live.UNSUPPORTED


def test_a_flood_ends_it_and_was_not_worked_off(port: int) -> None:
    backend = DemoBackend()
    keep = session(backend)
    with joined(port, keep) as socket, pytest.raises(ConnectionClosed):
        for number in range(20_000):
            move(socket, number, denser=1.0)
    assert socket.close_code in (live.REFUSED, None, 1006)
    until(lambda: not keep.connections)
    assert backend.moves < 2.5 * live.FLOOD_PER_SECOND


def test_a_fast_client_gets_its_share_and_no_more(port: int) -> None:
    backend = DemoBackend()
    keep = session(backend)
    with joined(port, keep) as socket:
        began = time.monotonic()
        for number in range(150):
            move(socket, number, denser=0.01 * number)
            time.sleep(0.006)
        while answer(socket)[0]["id"] != 149:
            pass
        spent = time.monotonic() - began
    assert backend.moves <= live.REQUESTS_PER_SECOND * spent + 2


def test_connecting_again_and_again_works_off_one_request_at_a_time(port: int) -> None:
    backend = SlowBackend()
    keep = session(backend)
    with ExitStack() as stack:
        for number in range(4):
            socket = stack.enter_context(joined(port, keep))
            move(socket, number, denser=0.1 * number)
            until(lambda: backend.seen)
        time.sleep(0.2)
        assert len(backend.seen) == 1
        backend.door.release(2)
        assert answer(socket)[0]["id"] == 3
    assert [request.id for request in backend.seen] == [0, 3]


def test_connecting_again_gives_no_new_allowance(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "FLOOD_PER_SECOND", 10.0)
    keep = session()
    codes = []
    for _ in range(3):
        with open_socket(port) as socket, suppress(ConnectionClosed):
            socket.send(json.dumps({"type": "hello", "token": keep.token}))
            for number in range(12):  # Too few for one connection to be ended.
                move(socket, number, denser=1.0)
            while answer(socket)[0].get("id") != 11:
                pass
        codes.append(socket.close_code)
    assert codes[0] == 1000
    assert live.REFUSED in codes


# --- Leaving ----------------------------------------------------------------------------------


def test_leaving_amid_a_request_frees_everything(port: int) -> None:
    backend = SlowBackend()
    keep = session(backend)
    with joined(port, keep) as socket:
        move(socket, 1, denser=1.0)
        until(lambda: backend.seen)
        connection = weakref.ref(keep.connections["notes"])
    backend.door.release()
    until(lambda: not keep.connections)
    until(lambda: gc.collect() is not None and connection() is None)
    with joined(port, keep) as again:
        backend.door.release()
        move(again, 2, denser=1.0)
        assert answer(again)[0]["id"] == 2


@contextmanager
def silent(port: int, session: LiveSession, *asked: dict[str, Any]) -> Iterator[None]:
    """A peer that says hello, asks, and then neither reads nor answers."""
    client = ClientProtocol(parse_uri(f"ws://127.0.0.1:{port}/api/live"))
    request = client.connect()
    request.headers["Origin"] = f"http://127.0.0.1:{port}"
    client.send_request(request)
    with create_connection(("127.0.0.1", port)) as line:
        line.sendall(b"".join(client.data_to_send()))
        client.receive_data(line.recv(4096))
        hello = {"type": "hello", "token": session.token}
        for message in (hello, *asked):
            client.send_text(json.dumps(message).encode())
        line.sendall(b"".join(client.data_to_send()))
        yield


def test_a_client_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SEND_SECONDS", 0.3)
    monkeypatch.setattr(live, "CLOSE_SECONDS", 0.1)
    keep = session(LoudBackend())
    everything = {"type": "sound", "id": 1, "base": "", "values": {}, "start": 0, "end": STEPS}
    with serving() as server, silent(port_of(server), keep, everything):
        until(lambda: keep.connections)
        until(lambda: not keep.connections)
        # Nor does the server keep what it could not send.
        until(lambda: not server.server_state.connections)


def test_a_half_open_connection_is_dropped() -> None:
    keep = session()
    with (
        serving(ws_ping_interval=0.2, ws_ping_timeout=0.2) as server,
        silent(port_of(server), keep),
    ):
        until(lambda: keep.connections)
        until(lambda: not keep.connections)
        until(lambda: not server.server_state.connections)


def test_many_sessions_at_once(port: int) -> None:
    sessions = [session() for _ in range(20)]
    with ExitStack() as stack:
        sockets = [stack.enter_context(joined(port, one)) for one in sessions]
        for number in range(5):
            for index, socket in enumerate(sockets):
                move(socket, number, denser=0.1 * index)
            for index, socket in enumerate(sockets):
                header, _ = answer(socket)
                wanted = compose({"denser": 0.1 * index})
                assert (header["id"], header["counts"]) == (number, [len(x) for x in wanted])
    until(lambda: all(not one.connections for one in sessions))
