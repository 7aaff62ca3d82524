"""How fast a map opens, places phrases, moves and answers the pointer; how alike neighbours are.

    python -m benchmarks.map [--checkpoint_dir checkpoints/pop-transformer] [--make 64]

What the browser does is measured with 4,000 points, the map's own ones many times over, in
Chromium without a graphics card. `--make` also times the drawing of so many phrases.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from benchmarks.live import browser_path
from gan.app.map.component import MapData, payload
from gan.app.map.pack import pack_space
from gan.models.checkpoint import read_info
from gan.music.performance import Performance
from gan.space.nearby import distances, rarest
from gan.space.paths import along, changes
from gan.space.space import Space
from gan.space.store import load_space
from gan.space.words import family_names
from gan.spec import ASSETS, ONSET

POINTS = 4000

MEASURE = """async () => {
  const { Controller } = await import("/map/controller.js");
  const data = await (await fetch("/data.json")).json();
  const host = document.body.appendChild(document.createElement("div"));
  const told = { key: "map", parentElement: host, data, setStateValue() {} };
  const opened = performance.now();
  const map = new Controller(told);
  host.append(map.root);
  Object.assign(map.stage.style, { position: "relative", width: "1100px", height: "600px" });
  Object.assign(map.canvas.style, { width: "100%", height: "100%" });
  await map.update(told);
  const frame = () => new Promise(requestAnimationFrame);
  while (!map.timings.length) await frame();
  const open = performance.now() - opened;
  map.timings = [];
  for (let k = 0; k < 90; k++) {
    map.camera.zoomAt(k < 30 ? 1.03 : 1, [500, 300]);
    map.pointer.handlers.pan(k % 20 < 10 ? 6 : -6, 2);
    await frame();
  }
  const frames = map.timings;
  const roll = [], sound = [];
  map.voice.wake();
  for (let k = 0; k < 40; k++) {
    const begun = performance.now();
    map.hover((k * 97) % map.cloud.size);
    roll.push(performance.now() - begun);
    while (!map.voice.sounding) await frame();
    sound.push(performance.now() - begun);
  }
  return { open: [open], frames, roll, sound };
}"""


def milliseconds(work: Callable[[], object], times: int = 5) -> float:
    """The median of some runs."""
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        found.append(1000 * (time.perf_counter() - begun))
    return float(np.median(found))


def many(space: Space, n: int) -> Space:
    """A map of `n` phrases: those of a smaller one again and again, a little apart."""
    rounds = -(-n // len(space))
    rng = np.random.default_rng(0)
    xy = np.concatenate([space.xy] * rounds) + rng.normal(0, 0.02, (rounds * len(space), 2))
    arrays = {
        name: np.concatenate([getattr(space, name)] * rounds)
        for name in ("family", "codes", "chroma", "counts", "notes")
    }
    seeds = np.arange(rounds * len(space), dtype=np.int32)
    return replace(space, seeds=seeds, xy=np.clip(xy, -1, 1).astype(np.float32), **arrays)


def alike(space: Space) -> None:
    """Whether neighbours on the map sound alike, against any two of its phrases."""
    onsets = np.stack([space.roll_of(k)[..., ONSET].reshape(-1) for k in range(len(space))])
    changed, sound = changes(onsets), distances(space.features, space.features)
    order = np.argsort(distances(space.xy, space.xy), axis=1)[:, 1:6]
    rows = np.arange(len(space))[:, None]
    for name, gaps in (("in measures and chroma", sound), ("in notes that change", changed)):
        others = gaps[~np.eye(len(space), dtype=bool)].mean()
        print(f"  5 neighbours {name}: {gaps[rows, order].mean():.2f}, any two: {others:.2f}")
    rng, steps = np.random.default_rng(0), []
    for _ in range(20):
        found = along(space, rng.uniform(-0.9, 0.9, (3, 2)), 8)
        if len(found) > 3:
            ways = np.array([changed[a, b] for a, b in itertools.pairwise(found)])
            steps.append(np.abs(ways / ways.mean() - 1).mean())
    print(f"  steps of a path of 8 are off their mean by {np.mean(steps):.0%}")


def in_browser(space: Space) -> None:
    data = MapData(space, "/map.bin", tuple(family_names(space)), Performance())
    files = {
        "/data.json": json.dumps(payload(data, session="")).encode(),
        "/map.bin": pack_space(space),
        "/": b"<!doctype html><body></body>",
    }

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path not in files:
                super().do_GET()
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(files[self.path])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(ASSETS))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    flags = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=browser_path(), args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        found = page.evaluate(MEASURE)
        browser.close()
    server.shutdown()
    for name, label in (
        ("open", "fetched and drawn"),
        ("frames", "one picture while panning and zooming"),
        ("roll", "pointer to roll"),
        ("sound", "pointer to sound, 150 of them on purpose"),
    ):
        middle, late = np.quantile(found[name], [0.5, 0.95])
        print(f"  {label}: {middle:.1f} / {late:.1f} ms (p50 / p95)")


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast a map is.")
    parser.add_argument("--checkpoint_dir", type=Path, default="checkpoints/pop-transformer")
    parser.add_argument("--make", type=int, default=0, help="phrases to draw and lay out")
    args = parser.parse_args()
    info = read_info(args.checkpoint_dir)
    space = load_space(info)
    if space is None:
        parser.error(f"{info.name} has no map: python -m gan.cli.map makes one.")
    print(f"{info.name}: {len(space):,} phrases")
    print(f"  read: {milliseconds(lambda: load_space(info)):.0f} ms")
    print(f"  packed for the browser: {milliseconds(lambda: pack_space(space)):.0f} ms, "
          f"{len(pack_space(space)) / 1e6:.2f} MB")  # fmt: skip
    rolls = [space.roll_of(index) for index in range(24)]
    print(f"  24 phrases placed: {milliseconds(lambda: space.place(rolls)):.0f} ms")
    print(f"  the rarest found: {milliseconds(lambda: rarest(space.features, 8)):.0f} ms")
    line = np.array([[-0.8, -0.8], [0.8, 0.8]])
    print(f"  a path of 8 found: {milliseconds(lambda: along(space, line, 8)):.0f} ms")
    alike(space)
    print(f"In the browser, {POINTS:,} points:")
    in_browser(many(space, POINTS))
    if args.make:
        from gan.engine import load
        from gan.space.making import make

        engine = load(info.path, sliders=False)
        begun = time.perf_counter()
        make(engine, args.make)
        print(f"{args.make} phrases drawn and laid out: {time.perf_counter() - begun:.1f} s")


if __name__ == "__main__":
    main()
