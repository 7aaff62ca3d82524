"""The player's engine on its own: tones of known level, recorded and measured.

No page of Streamlit is needed, only an origin to load the module from.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from player_tools import RECORDER, demo_address
from playwright.sync_api import Page

from gan.app.player.routes import asset_root

__all__ = ["demo_address"]

# pytest-playwright's own fixtures are written in a way that pytest 9 warns of.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestRemovedIn10Warning")

# A phrase of 16 steps in two seconds, of a sine with whole periods: where it loops or changes
# over to the same sine at another level, the phase goes on, so that every gap or jump is the
# engine's own.
SETUP = """
async (root) => {
  const { Engine } = await import(root + "engine.js");
  const { Clip } = await import(root + "clip.js");
  const { RATE } = await import(root + "mixer.js");
  const STEP = 0.125;
  const states = [];
  const engine = new Engine({ onState: (state) => states.push(state) });
  engine.steps = 16;
  engine.region = [0, 16];
  engine.mixer.setVolume(1);
  engine.mixer.setLevels([1]);
  let order = 0;
  const fill = (seconds, at) => {
    const buffer = engine.context.createBuffer(2, Math.round(seconds * RATE), RATE);
    for (let channel = 0; channel < 2; channel++) {
      const data = buffer.getChannelData(channel);
      for (let i = 0; i < data.length; i++) data[i] = at(i / RATE);
    }
    return buffer;
  };
  const piece = (level, start = 0, end = 16) => ({
    start, end,
    buffers: [fill((end - start) * STEP, (t) =>
      level * Math.sin(2 * Math.PI * 220 * (t + start * STEP)))],
  });
  const tone = (level, start, end) => {
    const clip = new Clip(`tone ${level}`, ++order, STEP, 16);
    clip.add(piece(level, start, end));
    return clip;
  };
  const clicks = () => {
    const clip = new Clip("clicks", ++order, STEP, 16);
    clip.add({ start: 0, end: 16, buffers: [fill(2, (t) => (t % 0.5 < 0.002 ? 0.8 : 0))] });
    return clip;
  };
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const recorder = await (RECORDER)(engine.mixer);
  Object.assign(window, { engine, tone, piece, clicks, pause, recorder, states });
}
"""


@pytest.fixture
def engine(page: Page, demo_address: str) -> Iterator[Page]:
    root = demo_address + asset_root()
    page.goto(root + "player.css")
    page.evaluate(SETUP.replace("(RECORDER)", f"({RECORDER})"), root)
    yield page
    page.evaluate("engine.destroy()")


def run(page: Page, script: str) -> dict[str, Any]:
    """Run the script after recording has begun; the recording and what the script returns."""
    result = page.evaluate(f"async () => {{ recorder.clear(); {script} }}")
    recording = page.evaluate("recorder.take()")
    return {**recording, "peaks": np.array(recording["peaks"]), "result": result}


def sounding(recording: dict[str, Any]) -> np.ndarray:
    """Peaks from a little after the first sound on."""
    first = int(np.argmax(recording["peaks"] > 0.01))
    assert recording["peaks"].max() > 0.01
    return np.asarray(recording["peaks"][first + 2 : -1])


# A sine of 220 Hz at level 0.5 rises by at most this much between two samples.
SLOPE = 0.5 * 2 * np.pi * 220 / 44100


@pytest.mark.realtime
def test_a_loop_has_neither_gap_nor_click(engine: Page) -> None:
    got = run(engine, "engine.offer(tone(0.5)); await engine.play(); await pause(4700);")
    peaks = sounding(got)
    assert len(peaks) > 700
    assert peaks.min() > 0.49 and peaks.max() < 0.51
    assert got["jump"] < 1.2 * SLOPE


def test_a_new_clip_comes_in_on_the_beat_without_gap_or_click(engine: Page) -> None:
    got = run(
        engine,
        """engine.offer(tone(0.5)); await engine.play(); await pause(600);
        engine.offer(tone(0.25)); await pause(1500);
        return { swaps: engine.log, start: engine.voices[0]?.t0 ?? 0 };""",
    )
    peaks = sounding(got)
    assert peaks.min() > 0.24 and peaks.max() < 0.51
    assert got["jump"] < 1.5 * SLOPE
    (swap,) = got["result"]["swaps"]
    assert swap["step"] % 4 == 0
    # The level changes once, and a whole number of beats after the sound began.
    loud = peaks > 0.375
    assert np.count_nonzero(np.diff(loud.astype(int))) == 1
    beats = (np.argmin(loud) + 2) * 0.005 / 0.5
    assert abs(beats - round(beats)) < 0.03


def test_a_clip_that_is_replaced_before_its_turn_is_never_heard(engine: Page) -> None:
    got = run(
        engine,
        """const clips = [0.5, 0.9, 0.9, 0.9, 0.9, 0.25].map((level) => tone(level));
        engine.offer(clips.shift()); await engine.play(); await pause(300);
        for (const clip of clips) engine.offer(clip);
        await pause(1200);""",
    )
    peaks = sounding(got)
    assert peaks.max() < 0.51 and peaks[-1] == pytest.approx(0.25, abs=0.01)


def test_what_adds_up_to_more_than_full_scale_is_not_clipped(engine: Page) -> None:
    """Two tracks in phase: quiet sums pass as they are, loud ones stay under full scale."""
    peaks = engine.evaluate(
        """async () => {
        const both = (level) => {
          const clip = tone(level);
          clip.pieces[0].buffers.push(clip.pieces[0].buffers[0]);
          return clip;
        };
        engine.mixer.setLevels([1, 1]);
        const { context, limiter } = engine.mixer.graph;
        const after = await (RECORDER)({ context, master: limiter.output });
        engine.offer(both(0.3)); await engine.play(); await pause(250);
        after.clear(); await pause(300);
        const quiet = after.take();
        engine.offer(both(0.9)); await pause(900);
        after.clear(); await pause(300);
        return [quiet, after.take()].map(({ peaks }) => Math.max(...peaks));
        }""".replace("RECORDER", RECORDER.replace('"recorder"', '"again"'))
    )
    assert peaks[0] == pytest.approx(0.6, abs=1e-3)
    assert 0.9 < peaks[1] < 1.0


def test_where_the_new_clip_ends_the_old_one_goes_on(engine: Page) -> None:
    got = run(
        engine,
        """engine.offer(tone(0.5)); await engine.play(); await pause(100);
        engine.offer(tone(0.25, 3, 8)); await pause(1700);""",
    )
    peaks = sounding(got)
    assert peaks.min() > 0.24
    changes = np.count_nonzero(np.diff((peaks > 0.375).astype(int)))
    assert changes == 2, "in at step 4, out at step 8"
    assert got["jump"] < 1.5 * SLOPE


def test_the_rest_of_a_clip_joins_without_a_seam(engine: Page) -> None:
    got = run(
        engine,
        """engine.offer(tone(0.5)); await engine.play(); await pause(100);
        const clip = tone(0.25, 3, 8); engine.offer(clip); await pause(200);
        clip.add(piece(0.25)); engine.offer(clip); await pause(2600);""",
    )
    peaks = sounding(got)
    assert np.count_nonzero(np.diff((peaks > 0.375).astype(int))) == 1
    assert peaks[-100:].max() < 0.26
    assert got["jump"] < 1.5 * SLOPE


def test_a_region_loops_without_a_gap(engine: Page) -> None:
    got = run(
        engine,
        """engine.setRegion([4, 8], true); engine.step = 4;
        engine.offer(tone(0.5)); await engine.play();
        const seen = [];
        for (let i = 0; i < 60; i++) { await pause(25); seen.push(engine.position()); }
        return seen;""",
    )
    # Half a second of 220 Hz is 110 periods, so the phase goes on here as well.
    peaks = sounding(got)
    assert peaks.min() > 0.45
    steps = [step for step in got["result"] if step is not None]
    assert min(steps) >= 4 and max(steps) < 8
    assert min(np.diff(steps)) < -2, "it has come round"


def test_without_loop_it_ends(engine: Page) -> None:
    got = run(
        engine,
        """engine.setRegion([0, 16], false); engine.step = 12;
        engine.offer(tone(0.5)); await engine.play(); await pause(1200);
        return [engine.state, engine.step];""",
    )
    assert got["result"] == ["stopped", 0]
    assert got["peaks"][-20:].max() < 1e-4
    assert 0.4 < 0.005 * np.count_nonzero(got["peaks"] > 0.1) < 0.6


def test_play_waits_for_sound(engine: Page) -> None:
    got = run(
        engine,
        """await engine.play(); const before = engine.state;
        engine.offer(tone(0.5)); await pause(300);
        return [before, engine.state];""",
    )
    assert got["result"] == ["waiting", "playing"]
    assert sounding(got).min() > 0.4


def test_pause_and_seek(engine: Page) -> None:
    got = run(
        engine,
        """engine.offer(tone(0.5)); await engine.play(); await pause(400);
        engine.seek(12); await pause(150);
        const there = engine.position();
        engine.pause(); await pause(200);
        return [there, engine.step, engine.state];""",
    )
    there, stopped, state = got["result"]
    assert 12 <= there < 14.5 and 12 <= stopped < 14.5 and state == "stopped"
    assert got["peaks"][-15:].max() < 1e-4
    assert got["jump"] < 3 * SLOPE


def test_the_metronome_clicks_on_the_beats_and_stops(engine: Page) -> None:
    got = run(
        engine,
        """engine.offer(tone(0)); engine.setMetronome(true);
        await engine.play(); await pause(300);
        const first = engine.voices[0];
        engine.offer(tone(0)); await pause(1300);
        const { first: begin, rate, all } = recorder.samples();
        const found = [];
        let quiet = 1e9;
        for (let i = 0; i < all.length; i++, quiet++) {
          if (Math.abs(all[i]) < 0.02) continue;
          if (quiet > 0.1 * rate) found.push(begin + i / rate);
          quiet = 0;
        }
        engine.setMetronome(false); await pause(250); recorder.clear(); await pause(700);
        return found.map((time) => first.stepAt(time));""",
    )
    steps = np.array(got["result"])
    assert len(steps) >= 3
    assert np.diff(np.round(steps / 4)).tolist() == [1] * (len(steps) - 1), "each beat once"
    assert 0.125 * np.abs(steps - 4 * np.round(steps / 4)).max() < 0.025
    assert got["peaks"].max() < 1e-4


def test_a_sleeping_page_plays_on(engine: Page) -> None:
    got = run(
        engine,
        """engine.offer(tone(0.5)); await engine.play(); await pause(200);
        const until = performance.now() + 900; while (performance.now() < until);
        await pause(300);""",
    )
    assert sounding(got).min() > 0.49


def test_the_playhead_is_where_the_sound_is(engine: Page) -> None:
    """Clicks on the beats: at the time at which each is played, the step is a beat."""
    got = run(
        engine,
        """engine.offer(clicks()); await engine.play(); await pause(600);
        const first = engine.voices[0];
        await pause(1200);
        const { first: begin, rate, all } = recorder.samples();
        const found = [];
        for (let i = 1; i < all.length; i++) {
          if (all[i] > 0.4 && all[i - 1] <= 0.4) found.push(begin + i / rate);
        }
        return found.map((time) => first.s0 + (time - first.t0) / first.clip.stepSeconds);""",
    )
    steps = np.array(got["result"])
    assert len(steps) >= 3
    seconds = 0.125 * np.abs(steps - 4 * np.round(steps / 4))
    assert seconds.max() < 0.025


def test_the_position_allows_for_the_way_to_the_loudspeaker(engine: Page) -> None:
    got = run(
        engine,
        """engine.offer(tone(0.5)); await engine.play(); await pause(500);
        const late = [];
        for (let i = 0; i < 20; i++) {
          await pause(10); late.push(engine.context.currentTime - engine.mixer.audibleTime());
        }
        return late;""",
    )
    assert min(got["result"]) > -0.02 and max(got["result"]) < 0.3
