"""From a key to the sound: how late the recorder's voice is, in a real browser.

    python -m benchmarks.playing [--presses 30]

Keys of the computer are pressed while the output of the synthesiser is watched sample by sample.
Reported are p50 and p95 in milliseconds of

* event -> call: from the time stamp of the key event to the end of the call that starts the voice;
* event -> sample: from the same time stamp to the first sample that is not silent, on the clock of
  the audio context; this is all that the recorder itself can be blamed for;

and what the browser reports for the way from there to the ear (baseLatency, outputLatency), which
depends on the machine and its sound card. Beside it stands a voice that takes the way through the
server: `fetch` of 100 ms of sound from the same machine, decoded and started, as soon as it can be.
"""

from __future__ import annotations

import argparse
import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import soundfile
import uvicorn
from playwright.sync_api import sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.live import FLAGS, browser_path
from gan.app.player.routes import asset_root, player_routes

MOUNT = """async (root) => {
  const { mount } = await import(root + "recorder.js");
  const host = document.body.appendChild(document.createElement("div"));
  const track = { name: "A", colour: "#3d8bd4", is_drum: false, low: 24, high: 95 };
  const data = { assets: root, session: "s", tracks: [track], bars: 4, beats_per_bar: 4,
    steps_per_beat: 4, tempo: 120, armed: 0, backing: [], take: [], use: "Use it" };
  await mount({ key: "k", parentElement: host, data, setStateValue() {} });
  const { recorder } = host.querySelector(".gr-recorder");
  const { context, master } = recorder.synth.graph;
  const code = `registerProcessor("onsets", class extends AudioWorkletProcessor {
    quiet = 0;
    process([[samples]]) {
      if (!samples) this.quiet += 128; // Nothing is connected that sounds.
      for (let i = 0; samples && i < samples.length; i++) {
        if (Math.abs(samples[i]) < 1e-5) this.quiet++;
        else {
          if (this.quiet > 2048) this.port.postMessage((currentFrame + i) / sampleRate);
          this.quiet = 0;
        }
      }
      return true;
    }
  })`;
  const script = new Blob([code], { type: "text/javascript" });
  await context.audioWorklet.addModule(URL.createObjectURL(script));
  const node = new AudioWorkletNode(context, "onsets");
  master.connect(node).connect(context.destination);
  const events = [], onsets = [];
  node.port.onmessage = ({ data }) => onsets.push(data);
  window.addEventListener("keydown", (event) => events.push({
    waited: performance.now() - event.timeStamp, at: context.currentTime,
  }), { capture: true });
  Object.assign(window, { recorder, events, onsets });
  recorder.root.focus();
}"""

# The buffered start of what the server sends: the least that a voice from there can take.
FETCHED = """async (presses) => {
  const { context } = recorder.synth;
  const times = [];
  for (let i = 0; i < presses; i++) {
    const began = performance.now();
    const reply = await fetch("/voice?" + i);
    const buffer = await context.decodeAudioData(await reply.arrayBuffer());
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(context.destination);
    source.start();
    times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return times;
}"""


async def _voice(_: Request) -> Response:
    """A tenth of a second of a tone, written anew as a server would have to."""
    wave = np.sin(2 * np.pi * 440 * np.arange(4410) / 44100) * 0.3
    buffer = io.BytesIO()
    soundfile.write(buffer, wave, 44100, format="WAV")
    return Response(buffer.getvalue(), media_type="audio/wav")


@contextmanager
def serving() -> Iterator[str]:
    app = Starlette(routes=[*player_routes(), Route("/voice", _voice)])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def line(name: str, values: list[float]) -> str:
    low, high = np.percentile(values, [50, 95])
    return f"{name:<28} p50 {low:6.1f}   p95 {high:6.1f} ms"


def main(presses: int) -> None:
    with serving() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS.split())
        page = browser.new_page()
        root = address + asset_root("recorder")
        page.goto(root + "recorder.css")
        page.evaluate(MOUNT, root)
        page.keyboard.press("z")  # wakes the audio context, and is no note
        page.wait_for_function("recorder.synth.context.state === 'running'")
        page.wait_for_timeout(500)
        page.evaluate("events.length = 0")
        for index in range(presses):
            page.keyboard.press("asdfghjk"[index % 8], delay=60)
            page.wait_for_timeout(900)
        events, onsets = page.evaluate("[events, onsets]")
        calls = page.evaluate("recorder.timings")
        fetched = page.evaluate(FETCHED, presses)
        base, output = page.evaluate(
            "[recorder.synth.context.baseLatency, recorder.synth.context.outputLatency]"
        )
        browser.close()
    assert len(events) == len(onsets), f"{len(events)} keys, {len(onsets)} sounds"
    heard = [
        event["waited"] + 1000 * (onset - event["at"])
        for event, onset in zip(events, onsets, strict=True)
    ]
    print(line("event -> call", calls))
    print(line("event -> sample", heard))
    print(f"reported by the browser      base {1000 * base:.1f}, output {1000 * output:.1f} ms")
    print(line("by fetch from the server", fetched))
    ratio = np.median(fetched) / np.median(calls)
    print(f"{'ratio, fetch / own voice':<28} {ratio:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presses", type=int, default=30)
    main(parser.parse_args().presses)
