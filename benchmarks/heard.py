"""What leaves the sound card while one drags: gaps, clicks, clipping, and where the playhead is.

    python -m benchmarks.heard [--seconds 20]

The Explore page in a real browser, its output recorded. First the loop plays undisturbed, then
while a slider is dragged without a pause and let go every two seconds. Music has rests of its
own, so the longest silence of the one stands beside that of the other. Then clicks on the beats
take the place of the music: when each is heard, the playhead that is drawn should stand on it.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.live import FLAGS, PLAYER, browser_path, is_live, serving

BLOCK = 5.0  # milliseconds of a recorder's block
SILENT = 1e-4  # of full scale, -80 dB
ALLOWED = 25.0  # milliseconds from the sound to the playhead

RECORDER = (Path(__file__).parent / "recorder.js").read_text(encoding="utf-8")
# As it is heard: after the limiter.
RECORD = f"""async () => {{
  const {{ engine }} = {PLAYER};
  const master = engine.mixer.graph.limiter.output;
  window.heard = await ({RECORDER})({{ context: engine.context, master }});
}}"""

DRAG = """async (seconds) => {
  const player = document.querySelector(".gp-player").player;
  const slider = document.querySelector("[data-slider]");
  const [low, high] = [Number(slider.min), Number(slider.max)];
  const until = performance.now() + 1000 * seconds;
  for (let i = 1; performance.now() < until; i++) {
    player.state.pressed = true;
    slider.value = (low + high) / 2 + ((high - low) / 2) * Math.sin(i / 9);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((resolve) => setTimeout(resolve, 33));
    if (i % 60) continue;
    player.state.pressed = false;
    player.commits.release();
  }
  player.state.pressed = false;
  player.commits.release();
}"""

CLICKS = """async (seconds) => {
  const player = document.querySelector(".gp-player").player;
  const { engine } = player;
  const { stepSeconds, steps } = player.state;
  const { Clip } = await import(player.data.assets + "clip.js");
  const { RATE } = await import(player.data.assets + "mixer.js");
  const buffer = engine.context.createBuffer(2, Math.round(steps * stepSeconds * RATE), RATE);
  const beat = player.data.grid.steps_per_beat * stepSeconds;
  for (const channel of [0, 1]) {
    const data = buffer.getChannelData(channel);
    for (let i = 0; i < data.length; i++) data[i] = (i / RATE) % beat < 0.002 ? 0.8 : 0;
  }
  const clip = new Clip("clicks", 1e9, stepSeconds, steps);
  clip.add({ start: 0, end: steps, buffers: [buffer] });
  engine.mixer.setLevels([1]);
  engine.offer(clip);
  await new Promise((resolve) => setTimeout(resolve, 3000)); // The last notes die away.
  heard.clear();
  const drawn = [];
  const until = performance.now() + 1000 * seconds;
  const look = (now) => {
    const { step } = player.stage.overlay;
    // When this frame's sound time is heard, on the clock of the recording.
    drawn.push([engine.mixer.audibleTime(), step]);
    if (performance.now() < until) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds + 300));
  const { first, rate, all } = heard.samples();
  const clicks = [];
  for (let i = 1; i < all.length; i++) {
    if (all[i] > 0.1 && all[i - 1] <= 0.1) clicks.push(first + i / rate);
  }
  return { drawn, clicks, stepSeconds, beat: player.data.grid.steps_per_beat, steps };
}"""


def listen(page: Page, seconds: float, *, drag: bool) -> dict[str, float]:
    """Longest silence in milliseconds, loudest peak, steepest step of so many seconds."""
    page.evaluate("heard.clear()")
    if drag:
        page.evaluate(DRAG, seconds)
    else:
        page.wait_for_timeout(1000 * seconds)
    got = page.evaluate("heard.take()")
    silent = np.asarray(got["peaks"]) < SILENT
    edges = np.flatnonzero(np.diff(np.concatenate([[0], silent.astype(int), [0]])))
    runs = edges[1::2] - edges[::2]
    return {
        "silence": BLOCK * float(runs.max(initial=0)),
        "peak": max(got["peaks"]),
        "step": got["jump"],
    }


def playhead_errors(got: dict[str, Any]) -> list[float]:
    """Milliseconds between each click and the moment at which the playhead stands on its beat."""
    drawn = np.asarray(got["drawn"])
    errors = []
    for time in got["clicks"]:
        at = int(np.searchsorted(drawn[:, 0], time))
        if not 0 < at < len(drawn):
            continue
        (before, low), (after, high) = drawn[at - 1], drawn[at]
        if high < low:  # It came round between these two frames.
            high += got["steps"]
        step = low + (high - low) * (time - before) / max(after - before, 1e-9)
        off = step / got["beat"] - round(step / got["beat"])
        errors.append(abs(1000 * off * got["beat"] * got["stepSeconds"]))
    return errors


def report(calm: dict[str, float], dragged: dict[str, float], errors: list[float]) -> None:
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"{'':<28}{'undisturbed':>14}{'while dragging':>16}")
    for name, label in (
        ("silence", "longest silence, ms"),
        ("peak", "loudest peak"),
        ("step", "steepest step"),
    ):
        print(f"{label:<28}{calm[name]:14.3g}{dragged[name]:16.3g}")
    gap = dragged["silence"] > calm["silence"] + 2 * BLOCK
    print(f"gap: {'look into it' if gap else 'none'}; clipped: {dragged['peak'] >= 1.0}")
    p50, p95 = np.percentile(errors, [50, 95])
    print(
        f"playhead off the sound: {p50:.1f} ms (p95 {p95:.1f} ms, goal {ALLOWED:g} ms) "
        f"on {len(errors)} beats"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=20.0)
    seconds = parser.parse_args().seconds
    with serving("app.py") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS.split())
        page = browser.new_page(bypass_csp=True, viewport={"width": 1280, "height": 860})
        page.goto(address)
        is_live(page)
        page.wait_for_function(f"{PLAYER}.engine.clip?.complete", timeout=60_000)
        page.click(".gp-play")
        page.wait_for_function(f"{PLAYER}.engine.state === 'playing'")
        page.evaluate(RECORD)
        calm = listen(page, seconds, drag=False)
        dragged = listen(page, seconds, drag=True)
        page.wait_for_timeout(3000)
        errors = playhead_errors(page.evaluate(CLICKS, seconds))
        browser.close()
    report(calm, dragged, errors)


if __name__ == "__main__":
    main()
