"""How the live route holds up when many drag at once: the server alone, without browsers.

    python -m benchmarks.sessions [--checkpoint pop-gan] [--sessions 20] [--seconds 10]

A client a session sends 30 moves a second over a WebSocket, as a dragged slider does, and takes
what comes; a move that a newer one has overtaken is never answered. Reported are the time from
the sending of a move to its answer (p50 and p95 in milliseconds) and the answers a second, for
one session and for many on the same machine, and the ratio of their p95.
"""

from __future__ import annotations

import argparse
import json
import os
import threading
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import uvicorn
from starlette.applications import Starlette
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from gan.app.live.backend import ExploreBackend, controls
from gan.app.live.protocol import LiveSession
from gan.app.live.server import live_route
from gan.app.player.wire import unpack_message
from gan.engine import Engine, load
from gan.music.performance import Performance
from gan.phrase import PhraseState
from gan.spec import CHECKPOINTS

RATE = 30  # moves a second


def session_of(engine: Engine, seed: int) -> tuple[LiveSession, str]:
    """A session as the Explore page makes one, on a phrase of its own, and its base."""
    backend = ExploreBackend(engine)
    base = backend.show(PhraseState(seed=seed), Performance())
    return LiveSession(backend, controls=controls(engine), steps=engine.spec.steps), base


def drag(
    port: int, session: LiveSession, base: str, slider: str, seconds: float, found: list[float]
) -> None:
    """One client; the times from sending to answer go into `found`."""
    with connect(
        f"ws://127.0.0.1:{port}/api/live",
        origin=f"http://127.0.0.1:{port}",  # type: ignore[arg-type]
        compression=None,
        max_size=2**24,
    ) as socket:
        socket.send(json.dumps({"type": "hello", "token": session.token}))
        socket.recv(10)
        sent: dict[int, float] = {}

        def listen() -> None:
            try:
                while True:
                    header, _ = unpack_message(bytes(socket.recv()))
                    if header.get("type") == "notes":
                        found.append(time.perf_counter() - sent[header["id"]])
            except ConnectionClosed:
                return

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        for number in range(int(seconds * RATE)):
            values = {slider: 2.0 * np.sin(number / 9)}
            sent[number] = time.perf_counter()
            socket.send(json.dumps({"type": "move", "id": number, "base": base, "values": values}))
            time.sleep(1 / RATE)
        time.sleep(1.0)
    listener.join(5)


def measured(port: int, engine: Engine, count: int, seconds: float) -> tuple[float, float]:
    """p50 and p95 in milliseconds of `count` sessions at once; printed with the rate."""
    slider = engine.directions[0].id
    sessions = [session_of(engine, seed) for seed in range(count)]
    times: list[list[float]] = [[] for _ in sessions]
    threads = [
        threading.Thread(target=drag, args=(port, session, base, slider, seconds, found))
        for (session, base), found in zip(sessions, times, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    silent = sum(not found for found in times)
    together = 1000 * np.concatenate([np.asarray(found) for found in times])
    p50, p95 = np.percentile(together, [50, 95])
    rate = len(together) / seconds
    print(
        f"{count:3} sessions: answer after {p50:6.0f} / {p95:6.0f} ms (p50/p95), "
        f"{rate:.0f} answers a second in all, {silent} sessions without an answer"
    )
    return float(p50), float(p95)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--checkpoint", default="pop-gan")
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10.0)
    args = parser.parse_args()
    engine = load(CHECKPOINTS / args.checkpoint)
    engine.render(PhraseState())
    app = Starlette(routes=[live_route()])
    config = uvicorn.Config(app, port=0, log_level="error", ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    _, alone = measured(port, engine, 1, args.seconds)
    _, together = measured(port, engine, args.sessions, args.seconds)
    print(f"p95 of {args.sessions} sessions is {together / alone:.1f} times that of one (goal 10)")
    server.should_exit = True
    thread.join(10)


if __name__ == "__main__":
    main()
