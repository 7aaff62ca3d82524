"""HTTP routes of the components: their front ends, Plotly, and sound for those without a socket.

* `/api/player/VERSION/...` serves `assets/player`, with `plotly.min.js` of the installed
  plotly package beside it, and the other folders of `assets`. VERSION is a hash of it all, so that
  browsers may keep them for ever.
* `/api/sound/DIGEST` serves the stems that `publish_sound` announced. They are rendered
  when first asked for and kept in a bounded cache.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from gan.app.player.wire import pack_stems
from gan.audio.stems import Stems
from gan.errors import GanError
from gan.spec import ASSETS

FOLDERS = ("player", "recorder", "map")
MEDIA_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
SOUND_LIMIT = 64
SOUND_BYTES_LIMIT = 192 * 2**20


def _plotly_file() -> Path:
    # Found without importing plotly, which takes a while.
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        raise GanError("The plotly package is not installed.")
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"


def _files() -> dict[str, Path]:
    """Served name -> file. A fixed list: a request can name nothing else."""
    own = {
        f"{folder}/{path.name}": path
        for folder in FOLDERS
        for path in sorted((ASSETS / folder).iterdir())
        if path.suffix in MEDIA_TYPES
    }
    return {**own, "player/plotly.min.js": _plotly_file()}


def _fingerprint() -> tuple[tuple[str, int, int], ...]:
    stats = ((name, path.stat()) for name, path in _files().items())
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


@lru_cache(maxsize=1)
def _version(fingerprint: tuple[tuple[str, int, int], ...]) -> str:
    return hashlib.sha256(repr(fingerprint).encode()).hexdigest()[:12]


def asset_root(folder: str = "player") -> str:
    """Path under which this version of a front end is served, with a slash at its end."""
    return f"{base_path()}/api/player/{_version(_fingerprint())}/{folder}/"


def base_path() -> str:
    """Streamlit's `server.baseUrlPath` as `/path`, or nothing."""
    from streamlit import config

    path = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


async def _asset(request: Request) -> Response:
    path = _files().get("{folder}/{name}".format_map(request.path_params))
    if path is None:
        return PlainTextResponse("There is no such file.", status_code=404)
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
    }
    client = request.client.host if request.client else ""
    if client in ("127.0.0.1", "::1"):
        # Compressing five megabytes for a reader on the same machine only costs time; the
        # gzip middleware leaves alone what already names an encoding.
        headers["Content-Encoding"] = "identity"
    return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], headers=headers)


class SoundStore:
    """Sounds by digest: announced as functions, rendered when asked for, bounded."""

    def __init__(self, *, limit: int = SOUND_LIMIT, bytes_limit: int = SOUND_BYTES_LIMIT) -> None:
        self._limit = limit
        self._bytes_limit = bytes_limit
        self._lock = threading.Lock()
        self._render: OrderedDict[str, Callable[[], Stems]] = OrderedDict()
        self._ready: OrderedDict[str, bytes] = OrderedDict()

    def publish(self, digest: str, render: Callable[[], Stems]) -> None:
        """Announce a sound; the oldest announcements are forgotten."""
        with self._lock:
            self._render[digest] = render
            self._render.move_to_end(digest)
            while len(self._render) > self._limit:
                self._render.popitem(last=False)

    def get(self, digest: str) -> bytes | None:
        """The sound message, rendered now if need be (blocking); None if unknown."""
        with self._lock:
            if digest in self._ready:
                self._ready.move_to_end(digest)
                return self._ready[digest]
            render = self._render.get(digest)
        if render is None:
            return None
        message = pack_stems(render(), {"id": 0}, sound_format="flac")
        with self._lock:
            self._ready[digest] = message
            while len(self._ready) > 1 and self._bytes() > self._bytes_limit:
                self._ready.popitem(last=False)
        return message

    def _bytes(self) -> int:
        return sum(len(message) for message in self._ready.values())


SOUNDS = SoundStore()


def publish_sound(
    sound: Stems | Callable[[], Stems] | None, *, notes: Mapping[str, Any], sound_key: str
) -> str | None:
    """Announce the sound of these notes and return its path, or None without sound.

    The path is a hash of the notes and the key, so the same music has the same path.
    """
    if sound is None:
        return None
    identity = json.dumps([notes, sound_key], sort_keys=True)
    digest = hashlib.sha256(identity.encode()).hexdigest()[:32]
    stems = sound
    SOUNDS.publish(digest, (lambda: stems) if isinstance(stems, Stems) else stems)
    return f"{base_path()}/api/sound/{digest}"


async def _sound(request: Request) -> Response:
    try:
        message = await run_in_threadpool(SOUNDS.get, request.path_params["digest"])
    except GanError as error:
        return PlainTextResponse(str(error), status_code=503)
    if message is None:
        return PlainTextResponse("There is no such sound.", status_code=404)
    headers = {
        "Cache-Control": "private, max-age=3600",
        "Content-Encoding": "identity",  # FLAC does not compress again.
        "X-Content-Type-Options": "nosniff",
    }
    return Response(message, media_type="application/octet-stream", headers=headers)


def player_routes() -> list[BaseRoute]:
    """The HTTP routes, for `st.App(..., routes=[*player_routes(), live_route()])`."""
    root = base_path()
    return [
        Route(f"{root}/api/player/{{version}}/{{folder}}/{{name}}", _asset, methods=["GET"]),
        Route(f"{root}/api/sound/{{digest}}", _sound, methods=["GET"]),
    ]
