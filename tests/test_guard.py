"""Who is answered: hosts, origins, and the policy that goes with a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message
from starlette.websockets import WebSocket
from streamlit import config

from gan.app.guard import Guard, content_policy, host_is_trusted, origin_is_trusted

SITE = "https://music.example.org"


@pytest.fixture
def setting() -> Iterator[Any]:
    """Set an option of Streamlit for one test."""
    before: dict[str, Any] = {}

    def put(name: str, value: Any) -> None:
        before.setdefault(name, config.get_option(name))
        config.set_option(name, value)

    yield put
    for name, value in before.items():
        config.set_option(name, value)


async def hello(_: Any) -> PlainTextResponse:
    return PlainTextResponse("hello")


async def accept(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


def answers(kind: str, path: str, headers: dict[str, str]) -> list[Message]:
    """What a guarded app sends in answer to one request."""
    app = Starlette(
        routes=[Route("/", hello), WebSocketRoute("/api/live", accept)],
        middleware=[Middleware(Guard)],
    )
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": kind,
        "scheme": "ws",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": raw,
    }
    first = {"type": "websocket.connect"} if kind == "websocket" else {"type": "http.request"}
    sent: list[Message] = []

    async def receive() -> Message:
        return first

    async def send(message: Message) -> None:
        sent.append(message)

    async def ask() -> None:
        await app(scope, receive, send)

    anyio.run(ask)
    return sent


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8501", "localhost.", "127.0.0.1:8501", "[::1]:8501", "192.168.1.7"],
)
def test_this_machine_and_addresses_are_trusted(host: str) -> None:
    assert host_is_trusted(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8501",
        "localhost.evil.example",
        "evil-localhost",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "evil.example@localhost",
        "localhost:port",
        "localhost/path",
        "[::1",
        "localhost#",
    ],
)
def test_other_names_are_not(host: str) -> None:
    assert not host_is_trusted(host)


def test_an_allowed_origin_and_its_host_are_trusted(setting: Any) -> None:
    assert not host_is_trusted("music.example.org")
    assert not origin_is_trusted(SITE, "127.0.0.1:8501")
    setting("server.corsAllowedOrigins", [SITE])
    assert host_is_trusted("music.example.org") and host_is_trusted("localhost")
    assert origin_is_trusted(SITE, "127.0.0.1:8501")
    assert not origin_is_trusted("http://music.example.org", "127.0.0.1:8501")
    assert not origin_is_trusted(f"{SITE}.evil.example", "127.0.0.1:8501")


def test_allowed_hosts_are_trusted(setting: Any) -> None:
    setting("server.allowedHosts", ["music.example.org", "*.example.net"])
    assert host_is_trusted("music.example.org:443") and host_is_trusted("a.example.net")
    assert not host_is_trusted("example.org") and not host_is_trusted("example.net")


def test_without_cors_protection_every_origin_is_let_in_but_no_other_host(setting: Any) -> None:
    setting("server.enableCORS", False)
    assert origin_is_trusted("http://elsewhere.example", "localhost")
    assert not origin_is_trusted("null", "localhost")
    assert not host_is_trusted("elsewhere.example")


def test_a_page_under_a_strange_name_is_refused() -> None:
    start, body = answers("http", "/", {"host": "evil.example"})
    assert start["status"] == 403
    assert b"docs/proxy.md" in body["body"] and b"hello" not in body["body"]


def test_a_page_brings_the_policy() -> None:
    start, body = answers("http", "/", {"host": "localhost"})
    assert (start["status"], body["body"]) == (200, b"hello")
    headers = dict(start["headers"])
    assert headers[b"content-security-policy"].decode() == content_policy()
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert "frame-ancestors 'none'" in content_policy()
    assert "http" not in content_policy() and "unsafe-eval" not in content_policy()


@pytest.mark.parametrize(
    ("host", "origin", "let_in"),
    [
        ("localhost:8501", "http://localhost:8501", True),
        ("localhost:8501", "https://LOCALHOST:8501", True),
        ("evil.example", "http://evil.example", False),
        ("localhost:8501", "http://evil.example", False),
        ("localhost:8501", "http://localhost:3000", False),
        ("localhost:8501", None, False),
    ],
)
def test_a_socket_needs_a_trusted_host_and_origin(
    host: str, origin: str | None, let_in: bool
) -> None:
    headers = {"host": host} | ({} if origin is None else {"origin": origin})
    first = answers("websocket", "/api/live", headers)[0]
    assert first["type"] == ("websocket.accept" if let_in else "websocket.close")
