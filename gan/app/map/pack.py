"""A map as one binary message, sent to a browser once: hovering then asks the server nothing.

`/api/map/DIGEST` serves the maps that `publish_space` announced; browsers may keep them for ever.
"""

from __future__ import annotations

import hashlib
import threading

import numpy as np
from cachetools import LRUCache
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from gan.app.player.routes import base_path
from gan.app.player.wire import pack_message
from gan.space.space import Space

KEPT = 8  # maps, about a megabyte each

_packed: LRUCache[str, bytes] = LRUCache(KEPT)
_lock = threading.Lock()


def pack_space(space: Space) -> bytes:
    """Header and arrays of a map; `assets/map/cloud.js` is the other end.

    xy float32, seeds int32, counts uint16, notes uint16 (onset, length, pitch), codes and
    families uint8, little endian and in this order, so that each begins where it is aligned.
    """
    header = {
        "phrases": len(space),
        "tracks": len(space.spec.tracks),
        "notes": len(space.notes),
        "measures": len(space.scale.names),
    }
    arrays = (
        space.xy.astype("<f4"),
        space.seeds.astype("<i4"),
        space.counts.astype("<u2"),
        space.notes.astype("<u2"),
        space.codes,
        space.family,
    )
    return pack_message(header, *(np.ascontiguousarray(array).tobytes() for array in arrays))


def publish_space(space: Space) -> str:
    """Announce a map and return its path."""
    message = pack_space(space)
    digest = hashlib.sha256(message).hexdigest()[:32]
    with _lock:
        _packed[digest] = message
    return f"{base_path()}/api/map/{digest}"


async def _space(request: Request) -> Response:
    with _lock:
        message = _packed.get(request.path_params["digest"])
    if message is None:
        return PlainTextResponse("There is no such map.", status_code=404)
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(message, media_type="application/octet-stream", headers=headers)


def map_routes() -> list[BaseRoute]:
    """The HTTP route of maps."""
    return [Route(f"{base_path()}/api/map/{{digest}}", _space, methods=["GET"])]
