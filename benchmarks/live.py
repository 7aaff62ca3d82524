"""From a slider to eye and ear: the player against stock widgets, in a real browser.

    python -m benchmarks.live [--changes 120] [--releases 30]

One server, one browser, one run; the stock page is st.slider + st.plotly_chart + midi2audio +
st.audio. Reported are p50 and p95 in milliseconds of

* change -> pixels: from the input event to the frame that shows the new roll;
* release -> audible: from letting go to the new music leaving the sound card, at tempo 120.
  The player goes on in time, from the next sixteenth; the stock page starts again.

and for the player the updates a second while dragging at 30 changes a second.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --autoplay-policy=no-user-gesture-required"
)
READY = ".gp-player:not(.gp-loading)"

DRAG = """async (changes) => {
  const player = document.querySelector(".gp-player").player;
  const slider = document.querySelector("[data-slider=denser]");
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  player.stats.length = 0;
  player.pressed = true;
  const began = performance.now();
  for (let i = 0; i < changes; i++) {
    slider.value = 3 * Math.sin(i / 9);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await pause(33);
  }
  const seconds = (performance.now() - began) / 1000;
  player.pressed = false;
  player.commit();
  await pause(2500);
  return { seconds, stats: player.stats };
}"""

RELEASE = """async (releases) => {
  const player = document.querySelector(".gp-player").player;
  const { engine } = player;
  const slider = document.querySelector("[data-slider=denser]");
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const times = [];
  for (let i = 0; i < releases; i++) {
    player.pressed = true;
    for (const value of [2, 1 + 0.3 * (i % 5)]) {
      slider.value = i % 2 ? value : -value;
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      await pause(60);
    }
    const known = engine.log.length;
    const released = performance.now();
    player.pressed = false;
    player.commit();
    for (let swap; !swap && performance.now() < released + 8000; await pause(10)) {
      if (player.link.flying) continue;
      const { key } = player.supply.target;
      swap = engine.log.slice(known).find((entry) => entry.key === key);
      if (!swap && engine.take.key === key) swap = engine.log.findLast((e) => e.key === key);
      if (!swap) continue;
      const audible = performance.now() + 1000 * (swap.time - engine.audibleTime());
      times.push(Math.max(0, audible - released));
    }
    await pause(900 + 500 * Math.random());
  }
  return times;
}"""

STOCK = """() => {
  window.seen = { picture: 0, sound: 0, title: "" };
  addEventListener("playing", () => (seen.sound = performance.now()), true);
  const look = () => {
    const title = document.querySelector(".gtitle")?.textContent ?? "";
    if (title && title !== seen.title) {
      seen.title = title;
      const channel = new MessageChannel();
      channel.port1.onmessage = () => (seen.picture = performance.now());
      requestAnimationFrame(() => channel.port2.postMessage(0));
    }
    requestAnimationFrame(look);
  };
  look();
}"""


@contextmanager
def serving() -> Iterator[str]:
    """The address of the benchmark's app, for as long as it is needed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = str(ROOT / "benchmarks" / "live_app.py")
    command = [sys.executable, "-m", "streamlit", "run", app, "--server.port", str(port)]
    server = subprocess.Popen(
        [*command, "--server.headless", "true"], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                    break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(10)


def ours(page: Page, *, changes: int, releases: int) -> dict[str, Any]:
    page.wait_for_selector(READY, timeout=60_000)
    player = "document.querySelector('.gp-player').player"
    page.wait_for_function(f"{player}.link.state === 'live' && {player}.engine.take?.complete")
    page.click(".gp-play")
    page.wait_for_timeout(1500)
    page.evaluate(RELEASE, 3)  # Warm: the first sound of each instrument loads its samples.
    drag = page.evaluate(DRAG, changes)
    pixels = [entry["pixels"] - entry["asked"] for entry in drag["stats"] if "pixels" in entry]
    return {
        "pixels": pixels,
        "audible": page.evaluate(RELEASE, releases),
        "rate": len(pixels) / drag["seconds"],
    }


def stock(page: Page, *, releases: int) -> dict[str, Any]:
    page.wait_for_selector(".gtitle", state="attached", timeout=60_000)
    page.wait_for_selector("audio", state="attached", timeout=60_000)
    page.evaluate(STOCK)
    thumb = page.get_by_role("slider").first
    thumb.focus()
    pixels, audible = [], []
    for index in range(releases + 2):
        page.wait_for_timeout(1200)
        began = page.evaluate("() => (seen.picture = seen.sound = 0, performance.now())")
        thumb.press("ArrowRight" if index % 8 < 4 else "ArrowLeft")
        page.wait_for_function("seen.picture && seen.sound", timeout=30_000)
        seen = page.evaluate("seen")
        if index > 1:
            pixels.append(seen["picture"] - began)
            audible.append(seen["sound"] - began)
    return {"pixels": pixels, "audible": audible}


def line(name: str, values: list[float]) -> tuple[str, float]:
    p50, p95 = np.percentile(values, (50, 95))
    return f"{name:<28}{p50:8.0f}{p95:8.0f}   n={len(values)}", float(p95)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--changes", type=int, default=120)
    parser.add_argument("--releases", type=int, default=30)
    options = parser.parse_args()
    browser_path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with serving() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS.split())
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(f"{address}/?plain")
        plain = stock(page, releases=options.releases)
        page.close()
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(address)
        player = ours(page, changes=options.changes, releases=options.releases)
        browser.close()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"{'':<28}{'p50':>8}{'p95':>8}   ms")
    for what in ("pixels", "audible"):
        arrow = {"pixels": "change -> pixels", "audible": "release -> audible"}[what]
        theirs, slow = line(f"{arrow}, stock", plain[what])
        mine, fast = line(f"{arrow}, player", player[what])
        print(theirs, mine, f"p95: {fast / slow:.2f} of stock", sep="\n")
    print(f"updates while dragging: {player['rate']:.1f} a second")


if __name__ == "__main__":
    main()
