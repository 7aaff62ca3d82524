"""What the browser tests of the player share: a server, a page, a recorder of its sound."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from gan.spec import ROOT

TESTS = Path(__file__).resolve().parent.parent
READY = ".gp-player:not(.gp-loading)"
PLAYER = "document.querySelector('.gp-player').player"

RECORDER = (ROOT / "benchmarks" / "recorder.js").read_text(encoding="utf-8")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def demo_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demo page of the player on a port of its own."""
    with serving_demo(free_port(), tmp_path_factory.mktemp("demo") / "server.log") as address:
        yield address


@contextmanager
def serving_demo(port: int, log: Path) -> Iterator[str]:
    """The demo page of the player, at the address that this gives."""
    command = [sys.executable, "-m", "streamlit", "run", str(TESTS / "demo_player_app.py")]
    options = {"server.port": port, "server.headless": "true", "browser.gatherUsageStats": "false"}
    flags = [f"--{name}={value}" for name, value in options.items()]
    with log.open("w") as output:
        server = subprocess.Popen(
            [*command, *flags],
            cwd=TESTS.parent,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(TESTS.parent)},
        )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/_stcore/health", server, log)
        yield address
    finally:
        stop(server)


def stop(server: subprocess.Popen[bytes]) -> None:
    """End a server; one that is in the midst of something, on a busy machine, for certain."""
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(20)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"The demo page does not start:\n{log.read_text()}")


class Demo:
    """The demo page in a browser. `problems` are errors that the page has reported."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.problems: list[str] = []
        self.requests: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda line: line.type == "error" and self.problems.append(line.text))
        page.on("request", lambda request: self.requests.append(request.url))

    def open(self, query: str = "") -> Demo:
        self.page.goto(f"{self.address}/{query}")
        self.page.wait_for_selector(READY, timeout=30_000)
        self.page.wait_for_function(f"{PLAYER}.stage.roll.notes.length === 4")
        return self

    def live(self) -> Demo:
        self.until(f"{PLAYER}.link.state === 'live'")
        return self

    def get(self, expression: str) -> Any:
        """A value of the player: `get("engine.state")`."""
        return self.page.evaluate(f"{PLAYER}.{expression}")

    def until(self, expression: str, timeout: float = 15_000) -> None:
        # Streamlit may just be replacing the player's element.
        tried = f"() => {{ try {{ return {expression}; }} catch {{ return false; }} }}"
        self.page.wait_for_function(tried, timeout=timeout)

    def settled(self) -> None:
        """Wait until Python has answered the last commit."""
        self.until(f"{PLAYER}.state.last.commit > 0 && !{PLAYER}.state.stale")

    def cells(self) -> str:
        """A fingerprint of the heatmap as Plotly holds it."""
        rows = "document.querySelector('.gp-plot').data[0].z.map((row) => row.join(''))"
        return str(self.page.evaluate(f"{rows}.join(' ')"))

    def play(self) -> Demo:
        self.page.click(".gp-play")
        self.until(f"{PLAYER}.engine.state === 'playing'")
        return self

    def record(self) -> None:
        """Record from now on; `recording()` gives it."""
        begin = f"window.recorder ??= await ({RECORDER})({PLAYER}.engine.mixer)"
        self.page.evaluate(f"async () => {{ {begin}; recorder.clear(); }}")

    def recording(self) -> dict[str, Any]:
        return dict(self.page.evaluate("recorder.take()"))

    def centre(self, selector: str) -> tuple[float, float, float]:
        """Middle of an element on the page and its width."""
        locator = self.page.locator(selector)
        locator.scroll_into_view_if_needed()
        box = locator.bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"]


@pytest.fixture
def demo(page: Page, demo_address: str) -> Iterator[Demo]:
    demo = Demo(page, demo_address)
    yield demo
    assert not demo.problems, demo.problems
