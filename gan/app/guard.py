"""Who may talk to the server, and what its pages may load.

A page of another site can point its own name at this machine and then read everything here as
its own (DNS rebinding). So a request is answered only under a name that is trusted: an address
(no name can be behind it), `localhost`, and the names in two settings of Streamlit:

* `server.corsAllowedOrigins`, the origins that users see in their browsers, such as
  `https://music.example.org`; their hosts are trusted too.
* `server.allowedHosts`, further hosts.

A WebSocket must come from a page of the same host or of one of those origins; with
`server.enableCORS = false` from any. The policy that goes with each page lets it load nothing
from elsewhere. See docs/proxy.md.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

REFUSAL = (
    "This server does not answer under this name. Whoever runs it can allow the name with "
    "server.corsAllowedOrigins; docs/proxy.md says how."
)


def _host_name(netloc: str) -> str:
    """The host of `host:port` in lower case; nothing where it is no more than that."""
    try:
        parts = urlsplit(f"//{netloc}")
        _ = parts.port  # raises where it is none
    except ValueError:
        return ""
    plain = parts.netloc == netloc and "@" not in netloc
    return (parts.hostname or "").rstrip(".") if plain else ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _origins() -> set[str]:
    return {origin.strip().rstrip("/") for origin in config.get_option("server.corsAllowedOrigins")}


def host_is_trusted(netloc: str) -> bool:
    """Whether requests with this Host header are answered."""
    name = _host_name(netloc)
    if not name:
        return False
    trusted = {"localhost", *(urlsplit(origin).hostname for origin in _origins())}
    if name in trusted or _is_address(name):
        return True
    patterns = [
        host.strip().lower().rstrip(".") for host in config.get_option("server.allowedHosts")
    ]
    return any(
        pattern in ("*", name) or (pattern.startswith("*.") and name.endswith(pattern[1:]))
        for pattern in patterns
    )


def origin_is_trusted(origin: str, netloc: str) -> bool:
    """Whether a page of this origin may open a WebSocket to this Host. Browsers always say."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return False
    if not config.get_option("server.enableCORS"):
        return True
    return parts.netloc.lower() == netloc.lower() or origin in _origins()


@lru_cache(maxsize=1)
def content_policy() -> str:
    """The Content-Security-Policy of every page."""
    page = Path(streamlit.__file__).parent / "static" / "index.html"
    scripts = re.findall(r"<script>(.*?)</script>", page.read_text(encoding="utf-8"), re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()) for text in scripts]
    own = " ".join(f"'sha256-{digest.decode()}'" for digest in digests)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' blob: {own}",  # Streamlit's components are blobs.
            "style-src 'self' 'unsafe-inline'",  # Streamlit and Plotly write style elements.
            "font-src 'self' data:",
            "img-src 'self' data: blob:",
            "media-src 'self' data: blob:",
            "connect-src 'self'",
            "manifest-src 'self'",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def _as_same_origin(scope: Scope, netloc: str) -> Scope:
    """The scope of a WebSocket whose origin is trusted, as if it were the host's own.

    Otherwise Streamlit asks a server on the internet for this machine's address, and all
    sessions wait, before it looks at the origins that are allowed.
    """
    own = (b"origin", f"{scope['scheme'].replace('ws', 'http')}://{netloc}".encode("latin-1"))
    others = [header for header in scope["headers"] if header[0] != b"origin"]
    return {**scope, "headers": [*others, own]}


class Guard:
    """Middleware for `st.App`: refuses strangers, and adds the policy to what others get."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        trusted = len(hosts) == 1 and host_is_trusted(hosts[0])
        if scope["type"] == "websocket":
            trusted = trusted and len(origins) == 1 and origin_is_trusted(origins[0], hosts[0])
            if not trusted:
                await receive()
                await send({"type": "websocket.close", "code": 1008})  # a 403, before accept
                return
            await self._app(_as_same_origin(scope, hosts[0]), receive, send)
            return

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer["Content-Security-Policy"] = content_policy()
                answer["X-Content-Type-Options"] = "nosniff"
                answer["Referrer-Policy"] = "same-origin"
            await send(message)

        app = self._app if trusted else PlainTextResponse(REFUSAL, status_code=403)
        await app(scope, receive, send_with_policy)
