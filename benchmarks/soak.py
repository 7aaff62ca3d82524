"""Whether memory stays flat while someone drags, on and on.

    python -m benchmarks.soak [--minutes 10]

The Explore page in a real browser; a slider is dragged without a pause, let go every five
seconds, while the loop plays. Printed are the memory of the server's process and of the page's
JavaScript, before, on the way and at the end, and how they grew over the second half, by when
every cache is full.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.live import FLAGS, PLAYER, browser_path, is_live, server_of

DRAG = """async (seed) => {
  const player = document.querySelector(".gp-player").player;
  const sliders = [...document.querySelectorAll("[data-slider]")];
  const slider = sliders[seed % sliders.length];
  const [low, high] = [Number(slider.min), Number(slider.max)];
  player.state.pressed = true;
  for (let i = 0; i < 120; i++) {
    slider.value = (low + high) / 2 + ((high - low) / 2) * Math.sin(i / 9 + seed);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((resolve) => setTimeout(resolve, 33));
  }
  player.state.pressed = false;
  player.commits.release();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return player.timings.all.length;
}"""


def server_megabytes(pid: int) -> float:
    """Resident memory of a process that no file backs."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("This system does not tell the memory of a process.")


def page_megabytes(page: Page) -> float:
    """The page's JavaScript heap after a collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return float(used) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=10.0)
    minutes = parser.parse_args().minutes
    rows = []
    with server_of("app.py") as (address, pid), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS.split())
        page = browser.new_page(bypass_csp=True, viewport={"width": 1280, "height": 1000})
        page.goto(address)
        is_live(page)
        page.evaluate(f"{PLAYER}.playback.toggle()")
        began, count = time.monotonic(), 0
        print(f"{'minute':>8}{'server MB':>12}{'page MB':>10}")
        while (now := (time.monotonic() - began) / 60) < minutes:
            page.evaluate(DRAG, count)
            count += 1
            if count % 6 == 1:
                rows.append((now, server_megabytes(pid), page_megabytes(page)))
                print(f"{rows[-1][0]:8.1f}{rows[-1][1]:12.0f}{rows[-1][2]:10.1f}", flush=True)
        browser.close()
    table = np.array(rows)
    late = table[table[:, 0] >= minutes / 2]
    if len(late) < 3:
        print("Too short to tell; give it more minutes.")
        return
    for name, column in (("server", 1), ("page", 2)):
        slope = np.polyfit(late[:, 0], late[:, column], 1)[0]
        print(f"{name}: {slope:+.2f} MB a minute over the second half, {count} drags in all")


if __name__ == "__main__":
    main()
