"""From a slider to eye and ear: the player against stock widgets, in a real browser.

    python -m benchmarks.live [--changes 120] [--releases 30] [--sessions 20]

The Explore page with the shipped checkpoint, against a stock page of the same generator:
st.slider + st.plotly_chart + midi2audio + st.audio. Reported are p50 and p95 in milliseconds of

* change -> pixels: from the input event to the frame that shows the new roll;
* release -> audible: from letting go to the new music leaving the sound card, at tempo 120.
  The player goes on in time, from the next sixteenth; the stock page starts again.

and for the player the updates a second while dragging at 30 changes a second; then change ->
pixels again while so many sessions drag at once, all in one browser on this machine. Last, how
long after opening the address the phrase is drawn, and the roll finished, with the server running
and the browser's cache warm.
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
PLAYER = "document.querySelector('.gp-player').player"

DRAG = """async (changes) => {
  const player = document.querySelector(".gp-player").player;
  const slider = document.querySelector("[data-slider='PIANO.notes']");
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  player.timings.all.length = 0;
  player.state.pressed = true;
  const began = performance.now();
  for (let i = 0; i < changes; i++) {
    slider.value = 3 * Math.sin(i / 9);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await pause(33);
  }
  const seconds = (performance.now() - began) / 1000;
  player.state.pressed = false;
  player.commits.release();
  await pause(2500);
  return { seconds, stats: player.timings.all };
}"""

RELEASE = """async (releases) => {
  const player = document.querySelector(".gp-player").player;
  const { engine } = player;
  const slider = document.querySelector("[data-slider='PIANO.notes']");
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const times = [];
  for (let i = 0; i < releases; i++) {
    player.state.pressed = true;
    for (const value of [2, 1 + 0.3 * (i % 5)]) {
      slider.value = i % 2 ? value : -value;
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      await pause(60);
    }
    const known = engine.log.length;
    const released = performance.now();
    player.state.pressed = false;
    player.commits.release();
    for (let swap; !swap && performance.now() < released + 8000; await pause(10)) {
      if (player.link.flying) continue;
      const { key } = player.fetcher.target;
      swap = engine.log.slice(known).find((entry) => entry.key === key);
      if (!swap && engine.clip.key === key) swap = engine.log.findLast((e) => e.key === key);
      if (!swap) continue;
      const audible = performance.now() + 1000 * (swap.time - engine.mixer.audibleTime());
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


def browser_path() -> str | None:
    """The installed browser; None for Playwright's own."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


@contextmanager
def serving(script: str) -> Iterator[str]:
    """The address at which a script is served, for as long as it is needed."""
    with server_of(script) as (address, _):
        yield address


@contextmanager
def server_of(script: str) -> Iterator[tuple[str, int]]:
    """The same, with the number of the server's process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                    break
            except OSError:
                time.sleep(0.1)
        yield address, server.pid
    finally:
        server.terminate()
        server.wait(10)


def is_live(page: Page) -> None:
    """Wait until a page of the app has its generator and its connection."""
    page.wait_for_selector(READY, timeout=60_000)
    # Streamlit may just be replacing the player's element.
    player = PLAYER.replace(").player", ")?.player")
    page.wait_for_function(f"{player}?.link?.state === 'live'", timeout=120_000)


def ours(page: Page, *, changes: int, releases: int) -> dict[str, Any]:
    is_live(page)
    page.wait_for_function(f"{PLAYER}.engine.clip?.complete", timeout=60_000)
    page.click(".gp-play")
    page.wait_for_timeout(1500)
    page.evaluate(RELEASE, 3)  # Warm: the first sound of each instrument loads its samples.
    drag = page.evaluate(DRAG, changes)
    pixels = _pixels(drag)
    return {
        "pixels": pixels,
        "audible": page.evaluate(RELEASE, releases),
        "rate": len(pixels) / drag["seconds"],
    }


def _pixels(drag: dict[str, Any]) -> list[float]:
    return [entry["pixels"] - entry["asked"] for entry in drag["stats"] if "pixels" in entry]


def together(pages: list[Page], *, changes: int) -> list[list[float]]:
    """Change -> pixels of each page while all of them drag."""
    for page in pages:
        is_live(page)
    start = f"(window.drag = ({DRAG})({changes}), 0)"
    for page in pages:
        page.evaluate(start)
    return [_pixels(page.evaluate("window.drag")) for page in pages]


def opening(browser: Any, address: str, *, times: int = 8) -> dict[str, list[float]]:
    """Milliseconds from asking for the page to the drawn phrase and to the finished roll."""
    context = browser.new_context(bypass_csp=True, viewport={"width": 1280, "height": 860})
    roll = f"{PLAYER}?.stage.roll".replace(").player", ")?.player")
    found: dict[str, list[float]] = {"drawn": [], "finished": []}
    for _ in range(times + 1):
        page = context.new_page()
        began = time.monotonic()
        page.goto(address, wait_until="commit")
        page.wait_for_function(f"{roll}?.sketch || {roll}?.ready", timeout=60_000)
        found["drawn"].append(1000 * (time.monotonic() - began))
        page.wait_for_selector(READY, timeout=60_000)
        found["finished"].append(1000 * (time.monotonic() - began))
        page.close()
    context.close()
    # The first one fills the browser's cache.
    return {name: values[1:] for name, values in found.items()}


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
    parser.add_argument("--sessions", type=int, default=20)
    options = parser.parse_args()
    view = {"width": 1280, "height": 860}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS.split())
        with serving("benchmarks/live_page.py") as address:
            page = browser.new_page(bypass_csp=True, viewport=view)
            page.goto(address)
            plain = stock(page, releases=options.releases)
            page.close()
        with serving("app.py") as address:
            page = browser.new_page(bypass_csp=True, viewport=view)
            page.goto(address)
            player = ours(page, changes=options.changes, releases=options.releases)
            page.close()
            opened = opening(browser, address)
            pages = [
                browser.new_page(bypass_csp=True, viewport=view) for _ in range(options.sessions)
            ]
            problems: list[str] = []
            for page in pages:
                page.on("pageerror", lambda error: problems.append(str(error)))
                page.goto(address)
            crowd = together(pages, changes=options.changes) if pages else []
        browser.close()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"{'':<28}{'p50':>8}{'p95':>8}   ms")
    for what in ("pixels", "audible"):
        arrow = {"pixels": "change -> pixels", "audible": "release -> audible"}[what]
        theirs, slow = line(f"{arrow}, stock", plain[what])
        mine, fast = line(f"{arrow}, player", player[what])
        print(theirs, mine, f"p95: {fast / slow:.2f} of stock (goal 0.33)", sep="\n")
    print(f"updates while dragging: {player['rate']:.1f} a second (goal 15)")
    for name, values in opened.items():
        print(line(f"open -> {name}", values)[0])
    if crowd:
        text, slow = line(f"{len(crowd)} sessions, pixels", np.concatenate(crowd).tolist())
        _, alone = line("", player["pixels"])
        print(text, f"p95: {slow / alone:.1f} times one session's (goal 10)", sep="\n")
        print(f"errors: {problems or 'none'}")
        print(f"updates of the slowest session: {min(map(len, crowd))} of {options.changes}")


if __name__ == "__main__":
    main()
