"""The whole way a user goes: the real app, in a browser, with a tiny checkpoint."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import tiny
from player_tools import PLAYER, READY, Demo, free_port, wait_for
from playwright.sync_api import Page, expect

from gan.models.registry import build
from gan.spec import ROOT
from gan.training.checkpoint import write_config, write_weights

# pytest-playwright's own fixtures are written in a way that pytest 9 warns of.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestRemovedIn10Warning")

# TensorFlow is imported meanwhile, on a machine that may be busy.
LOADING = 80_000
NAME = "tiny-gan"


def write_checkpoint(folder: Path) -> None:
    """A generator with random weights: noise, but noise that the latent moves."""
    generator = build("gan", tiny.SPEC, tiny.MODEL)
    weights = tiny.lively(generator.weights(), np.random.default_rng(1))
    write_config(folder, family="gan", spec=tiny.SPEC, model=tiny.MODEL, training={}, data={})
    write_weights(folder, weights)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on a port of its own, with a checkpoint folder of its own."""
    root = tmp_path_factory.mktemp("app")
    write_checkpoint(root / "checkpoints" / NAME)
    port, log = free_port(), root / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with log.open("w") as output:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "GAN_CHECKPOINTS": str(root / "checkpoints")},
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/_stcore/health", server, log)
        yield url
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def app(page: Page, address: str) -> Iterator[Demo]:
    app = Demo(page, address)
    yield app
    assert not app.problems, app.problems


def visit(app: Demo, url: str) -> Demo:
    """Open a page and wait until its sliders are live and its sound is there."""
    app.page.goto(url)
    app.page.wait_for_selector(READY, timeout=LOADING)
    app.until(f"{PLAYER}.link?.state === 'live'", LOADING)
    app.until("location.search.includes('p=')")
    # The page was built for the stored phrase, which cannot be locked.
    expect(app.page.locator(".gp-lock")).to_have_count(len(tiny.SPEC.tracks))
    return app


def drag(app: Demo, slider: int) -> None:
    """Move a slider by its thumb to the right and let go."""
    handle = app.page.locator("[data-slider]").nth(slider)
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    app.page.mouse.move(x, y)
    app.page.mouse.down()
    app.page.mouse.move(x + box["width"] * 0.4, y, steps=4)
    app.page.mouse.up()


def counts(app: Demo) -> list[int]:
    """Notes that the roll shows, a track."""
    return list(app.page.evaluate(f"{PLAYER}.stage.roll.notes.map((track) => track.length / 3)"))


def download(app: Demo, folder: Path) -> pretty_midi.PrettyMIDI:
    with app.page.expect_download() as waiting:
        app.page.get_by_role("button", name="MIDI").click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    assert path.name.startswith(f"{NAME}-seed-")
    return pretty_midi.PrettyMIDI(str(path))


def test_from_a_slider_to_the_midi_file(app: Demo, address: str, tmp_path: Path) -> None:
    visit(app, address)
    before, link = app.cells(), app.page.url
    drag(app, 1)
    app.until(f"{PLAYER}.data.echo === {PLAYER}.lastCommit && {PLAYER}.lastCommit > 0")
    assert app.cells() != before
    app.page.wait_for_url(lambda url: url != link)

    app.until(f"{PLAYER}.engine.take?.complete", LOADING)
    app.play().record()
    app.page.wait_for_timeout(800)
    assert max(app.recording()["peaks"]) > 0.01

    midi = download(app, tmp_path)
    assert [track.name for track in midi.instruments] == list(tiny.SPEC.track_names)
    assert [len(track.notes) for track in midi.instruments] == counts(app)
    assert sum(counts(app)) > 0


def test_a_new_phrase_has_a_link_that_brings_it_back(app: Demo, address: str) -> None:
    visit(app, address)
    before, link = app.cells(), app.page.url
    app.page.get_by_role("button", name="New phrase").click()
    app.page.wait_for_url(lambda url: url != link)
    rows = "document.querySelector('.gp-plot').data[0].z.map((row) => row.join('')).join(' ')"
    app.page.wait_for_function(f"(before) => {rows} !== before", arg=before)
    phrase, link = app.cells(), app.page.url
    visit(app, link)
    app.page.wait_for_function(f"(phrase) => {rows} === phrase", arg=phrase)
    assert app.page.url == link


def test_interpolate_opens_with_a_strip_and_a_player(app: Demo, address: str) -> None:
    visit(app, address)
    app.page.get_by_role("link", name="Interpolate").click()
    app.page.wait_for_selector(".stPlotlyChart .main-svg", state="attached", timeout=LOADING)
    app.until(f"{PLAYER}?.data?.sliders.length === 0")
    app.page.wait_for_selector(READY)
    assert app.get("data.grid.bars") == 8 * tiny.SPEC.bars
    expect(app.page.locator(".stException, .stAlert")).to_have_count(0)
