"""The whole way a user goes: the real app, in a browser, with a tiny checkpoint."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import msgspec
import numpy as np
import pretty_midi
import pytest
import tiny
from player_tools import PLAYER, READY, Demo, free_port, stop, wait_for
from playwright.sync_api import Page, expect

from gan.app.document import Document, from_text
from gan.app.player.routes import asset_root
from gan.cli import map as map_command
from gan.models.checkpoint import write_config, write_weights
from gan.models.registry import build
from gan.music.edits import Edit
from gan.music.take import Quantise, Take, take_to_edits
from gan.phrase import PhraseState
from gan.spec import ROOT

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
    assert map_command.main(["--checkpoint_dir", str(root / "checkpoints" / NAME),
                             "--phrases", "40"]) == 0  # fmt: skip
    port, log = free_port(), root / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with log.open("w") as output:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                "GAN_CHECKPOINTS": str(root / "checkpoints"),
                "GAN_DATA": str(root / "data"),
            },
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/_stcore/health", server, log)
        yield url
    finally:
        stop(server)


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
    app.until("location.search.includes('d=')")
    # The page was built for the stored phrase, which cannot be locked.
    expect(app.page.locator(".gp-strip .gp-lock")).to_have_count(len(tiny.SPEC.tracks))
    expect(app.page.locator(".gp-bar .gp-lock")).to_have_count(tiny.SPEC.bars)
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


def document_of(url: str) -> Document:
    """The document of an address."""
    query = parse_qs(urlsplit(url).query)
    return from_text(query["d"][0])[0] if "d" in query else Document()


def phrase_of(url: str) -> PhraseState:
    return document_of(url).phrase


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
    app.settled()
    assert app.cells() != before
    app.page.wait_for_url(lambda url: url != link)

    app.until(f"{PLAYER}.engine.clip?.complete", LOADING)
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


def test_back_forward_and_reload_keep_to_the_address(app: Demo, address: str) -> None:
    visit(app, address)
    first = phrase_of(app.page.url)
    seed = app.page.get_by_role("spinbutton", name="Seed")
    for number in (41, 42):
        seed.fill(str(number))
        seed.press("Enter")
        app.page.wait_for_url(lambda url, number=number: phrase_of(url).seed == number)
    app.page.wait_for_timeout(2500)  # an address that was left just now is no wish to go back
    app.page.go_back()
    expect(seed).to_have_value("41")
    app.page.go_back()
    expect(seed).to_have_value(str(first.seed))
    app.page.wait_for_timeout(2500)
    app.page.go_forward()
    expect(seed).to_have_value("41")
    app.page.get_by_role("link", name="Models").click()
    app.page.wait_for_url(lambda url: "/models" in url and phrase_of(url).seed == 41)
    app.page.reload()
    # Streamlit asks for its own files beside a page first, and then above it.
    expect(app.page.get_by_role("spinbutton", name="First seed")).to_be_visible(timeout=LOADING)
    app.problems.clear()
    app.page.get_by_role("link", name="Explore").click()
    expect(seed).to_have_value("41", timeout=LOADING)


NOTES = f"{PLAYER}.stage.roll.notes.map((track) => Array.from(track))"


def notes_of_bar(app: Demo, bar: int) -> list[list[list[int]]]:
    """Notes that begin in a bar, `[onset, pitch]`, a track."""
    first = bar * tiny.SPEC.steps_per_bar
    found = []
    for track in app.page.evaluate(NOTES):
        rows = [track[i : i + 3] for i in range(0, len(track), 3)]
        inside = [row for row in rows if first <= row[0] < first + tiny.SPEC.steps_per_bar]
        found.append([[row[0], row[2]] for row in inside])
    return found


def test_a_locked_bar_stays_while_the_rest_moves(app: Demo, address: str) -> None:
    visit(app, address)
    kept, other = notes_of_bar(app, 1), notes_of_bar(app, 0)
    app.page.get_by_label("Keep bar 2 while the rest moves").click()
    expect(app.page.get_by_label("Keep bar 2 while the rest moves")).to_have_attribute(
        "aria-pressed", "true"
    )
    app.page.wait_for_url(lambda url: "bar:1" in phrase_of(url).locks)
    before = app.page.evaluate(NOTES)
    app.page.get_by_role("button", name="New phrase").click()
    app.page.wait_for_function(f"(old) => JSON.stringify({NOTES}) !== JSON.stringify(old)",
                               arg=before)  # fmt: skip
    assert notes_of_bar(app, 1) == kept
    assert notes_of_bar(app, 0) != other


def test_a_note_is_drawn_and_erased_by_hand(app: Demo, address: str) -> None:
    visit(app, address)
    before = app.page.evaluate(NOTES)
    app.page.get_by_role("button", name="Draw notes").click()
    app.page.get_by_label("Track to draw in").select_option("1")
    # Where nothing is: found on the roll itself.
    step, pitch = app.page.evaluate(
        f"""() => {{
          const roll = {PLAYER}.stage.roll;
          const [low, high] = roll.view.y;
          for (let pitch = Math.ceil(low) + 1; pitch < high - 1; pitch++)
            for (let step = 2; step < 20; step++)
              if (!roll.notes.some((list) => list.some((_, i) =>
                  i % 3 === 0 && list[i + 2] === pitch
                  && list[i] < step + 5 && step - 1 < list[i + 1]))) return [step, pitch];
        }}"""
    )
    # The page around the roll may still be growing: the pointer aims once it stands.
    app.page.wait_for_function(
        """() => new Promise((resolve) => {
          const place = () => JSON.stringify(
            document.querySelector(".gp-pen").getBoundingClientRect());
          const before = place();
          setTimeout(() => resolve(place() === before), 400);
        })"""
    )
    app.page.locator(".gp-pen").scroll_into_view_if_needed()
    box = app.page.locator(".gp-pen").bounding_box()
    assert box is not None

    def at(x: float) -> tuple[float, float]:
        return (
            box["x"] + app.page.evaluate(f"{PLAYER}.stage.roll.x({x})"),
            box["y"] + app.page.evaluate(f"{PLAYER}.stage.roll.y({pitch}) + 2"),
        )

    app.page.mouse.move(*at(step + 0.3))
    app.page.mouse.down()
    app.page.mouse.move(*at(step + 2.6), steps=3)
    app.page.mouse.up()
    row = f"[{step}, {step + 3}, {pitch}]"
    has = f"JSON.stringify({NOTES}[1]).includes('{row[1:-1].replace(' ', '')}')"
    app.until(has)
    edit = Edit(1, pitch - tiny.SPEC.pitch_min, step, step + 3)
    app.page.wait_for_url(lambda url: phrase_of(url).edits == (edit,))
    expect(app.page.get_by_text("1 note drawn or erased by hand.")).to_be_visible()
    app.page.mouse.move(*at(step + 1.5))
    app.page.mouse.down()
    app.page.mouse.up()
    app.page.wait_for_function(f"(old) => JSON.stringify({NOTES}) === JSON.stringify(old)",
                               arg=before)  # fmt: skip
    expect(app.page.get_by_text("2 notes drawn or erased by hand.")).to_be_visible()


def test_notes_are_drawn_with_the_keyboard(app: Demo, address: str) -> None:
    visit(app, address)
    before = counts(app)
    app.page.locator(".gp-ruler").focus()
    for key in ("d", "ArrowRight", "ArrowUp", "ArrowUp", "Shift+ArrowRight"):
        app.page.keyboard.press(key)
    label = app.page.locator(".gp-pen").get_attribute("aria-label") or ""
    assert "Bar 1, beat 1" in label
    app.page.keyboard.press("Enter")
    one = app.page.get_by_text("1 note drawn or erased by hand.")
    expect(one).to_be_visible()
    assert counts(app) != before
    app.page.keyboard.press("Escape")
    expect(app.page.locator(".gp-pen")).to_be_hidden()
    app.page.keyboard.press("Control+z")
    expect(one).to_have_count(0)
    app.page.wait_for_function(
        f"(before) => {PLAYER}.stage.roll.notes.every((list, k) => list.length === 3 * before[k])",
        arg=before,
    )


def open_panel(app: Demo, name: str) -> None:
    app.page.get_by_role("radio", name=name).click()


def test_a_favourite_is_there_in_another_visit_and_gives_a_track(app: Demo, address: str) -> None:
    visit(app, address)
    kept = app.page.evaluate(NOTES)
    open_panel(app, "Favourites")
    app.page.get_by_label("Keep this phrase as").fill("Slow *dawn*")
    app.page.get_by_role("button", name="Keep", exact=True).click()
    expect(app.page.get_by_text("Slow *dawn*", exact=True)).to_be_visible()

    visit(app, address)
    app.page.get_by_role("button", name="New phrase").click()
    app.page.wait_for_function(
        f"(notes) => JSON.stringify({NOTES}) !== JSON.stringify(notes)", arg=kept
    )
    other = app.page.evaluate(NOTES)
    open_panel(app, "Favourites")
    app.page.get_by_role("radio", name="+ Chords").click()
    app.page.wait_for_function(
        f"([notes]) => JSON.stringify({NOTES}[1]) === JSON.stringify(notes)", arg=[kept[1]]
    )
    assert app.page.evaluate(NOTES) == [other[0], kept[1], other[2]]
    app.page.get_by_role("button", name="Go", exact=True).click()
    app.page.wait_for_function(
        f"(notes) => JSON.stringify({NOTES}) === JSON.stringify(notes)", arg=kept
    )


def test_the_score_is_engraved_and_taken_away(app: Demo, address: str, tmp_path: Path) -> None:
    visit(app, address)
    open_panel(app, "Take away")
    app.page.get_by_text("Show the score").click()
    score = app.page.locator(".stImage img").first
    expect(score).to_be_visible(timeout=LOADING)
    app.page.wait_for_function(
        "() => [...document.querySelectorAll('.stImage img')].every((image) => "
        "image.complete && image.naturalWidth > 100)"
    )
    with app.page.expect_download() as waiting:
        app.page.get_by_role("button", name="MusicXML").click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    parts = [part.findtext("part-name") for part in ElementTree.parse(path).iter("score-part")]
    assert [name.upper() for name in parts if name] == list(tiny.SPEC.track_names)


def test_interpolate_opens_with_a_strip_and_a_player(app: Demo, address: str) -> None:
    visit(app, address)
    app.page.get_by_role("link", name="Interpolate").click()
    app.page.wait_for_selector(".stPlotlyChart .main-svg", state="attached", timeout=LOADING)
    app.until(f"{PLAYER}?.data?.sliders.length === 0")
    app.page.wait_for_selector(READY)
    assert app.get("data.grid.bars") == 8 * tiny.SPEC.bars
    expect(app.page.locator(".stException, .stAlert")).to_have_count(0)


# --- Playing ----------------------------------------------------------------------------------

RECORDER = "document.querySelector('.gr-recorder').recorder"

# One keyboard, as Web MIDI shows it; `midi(144, 60, 90)` plays on it.
MIDI_KEYBOARD = """
const input = { id: "one", name: "Test keys", state: "connected", onmidimessage: null };
const access = { inputs: new Map([[input.id, input]]), onstatechange: null };
navigator.requestMIDIAccess = async () => access;
window.midi = (...data) =>
  input.onmidimessage({ data: Uint8Array.from(data), timeStamp: performance.now() });
window.unplug = () => { input.state = "disconnected"; access.onstatechange(); };
"""


def test_what_is_played_is_recorded_and_put_on_the_phrase(app: Demo, address: str) -> None:
    app.page.add_init_script(MIDI_KEYBOARD)
    visit(app, address)
    page = app.page
    page.get_by_role("radio", name="Play").click()
    expect(page.locator(".gr-key")).to_have_count(25)
    page.get_by_role("button", name="Count-in").click()
    page.get_by_role("combobox", name="Track", exact=True).select_option("1")

    page.get_by_role("button", name="MIDI keyboard").click()
    page.get_by_role("button", name="Learn").click()
    page.evaluate("() => { midi(0x92, 60, 80); midi(0x82, 60, 0); }")
    expect(page.get_by_label("MIDI channel")).to_have_value("3")
    expect(page.get_by_label("MIDI device")).to_have_value("one")

    page.get_by_role("button", name="Record", exact=True).click()
    base = page.evaluate(f"{RECORDER}.session.base")
    page.keyboard.down("a")
    page.keyboard.press("d")  # not the player's pen
    page.evaluate("() => { midi(0x92, 67, 80); midi(0x93, 65, 80); }")
    expect(page.locator(".gr-key.gr-down")).to_have_count(2)
    page.keyboard.up("a")
    page.evaluate("unplug()")  # and lets go of its keys
    expect(page.locator(".gr-key.gr-down")).to_have_count(0)
    page.keyboard.press("Space")  # not the player's
    expect(page.get_by_role("button", name="Record", exact=True)).to_be_visible()
    assert app.get("engine.state") != "playing" and app.get("state.drawing") is False

    told = page.evaluate(f"{RECORDER}.session.event")
    assert [row[:2] for row in told["notes"]] == [[1, base + 4], [1, base], [1, 67]]
    take = msgspec.convert(told, Take)
    assert take.quantise == Quantise("1/16", 1.0)
    page.get_by_role("button", name="Put it on top").click()
    page.wait_for_url(lambda url: len(phrase_of(url).edits) == 3)
    assert phrase_of(page.url).edits == take_to_edits(take, tiny.SPEC)


LAYERS = """async (root) => {
  const { Take } = await import(root + "take.js");
  const { quantised } = await import(root + "quantise.js");
  const take = new Take(8);
  const play = (pitch, onset, end) => take.add({ track: 0, pitch, onset, end, velocity: 90 });
  const early = [play(60, -0.2, 0.5), play(61, -2, -1)];
  take.layer();
  play(62, 15.9, 16.4);  // the second round
  const heard = take.notes[1].after;
  const moved = take.notes.map((note) => quantised(note, { grid: "1/16", strength: 1 }, 8).onset);
  const both = take.rows;
  take.undo();
  const one = take.rows.length;
  take.clear();
  take.undo();
  return { early, heard, moved, both, one, again: take.rows.length };
}"""


def test_takes_are_layers_that_can_be_undone(app: Demo, address: str) -> None:
    root = address + asset_root("recorder")
    app.page.goto(root + "recorder.css")
    assert app.page.evaluate(LAYERS, root) == {
        "early": [True, False],
        "heard": 19.9,
        "moved": [0, 0],
        "both": [[0, 60, 0, 0.5, 90], [0, 62, 7.9, 8.4, 90]],
        "one": 1,
        "again": 1,
    }


MAP = "document.querySelector('.gm-map').map"


def point(app: Demo, index: int) -> tuple[float, float]:
    """Where a phrase of the map is on the screen."""
    x, y = app.page.evaluate(
        f"""(index) => {{
          const box = {MAP}.canvas.getBoundingClientRect();
          const [x, y] = {MAP}.camera.pixels({MAP}.cloud.at(index));
          return [box.left + x, box.top + y];
        }}""",
        index,
    )
    return x, y


def test_the_map_is_seen_heard_and_taken_from(app: Demo, address: str) -> None:
    visit(app, address)
    app.page.get_by_role("link", name="Map").click()
    app.page.wait_for_selector(".gm-map:not(.gm-loading)", timeout=LOADING)
    app.page.wait_for_selector(READY)
    app.page.locator(".gm-stage").scroll_into_view_if_needed()
    app.page.mouse.move(*point(app, 7))
    app.until(f"{MAP}.hovered >= 0 && {MAP}.voice.sounding")
    seed = app.page.evaluate(f"{MAP}.cloud.seeds[{MAP}.hovered]")
    expect(app.page.locator(".gm-card-title")).to_have_text(f"Seed {seed}")
    notes = app.page.evaluate(f"{MAP}.cloud.notesOf({MAP}.hovered).length")

    app.page.mouse.down()
    app.page.mouse.up()
    app.page.wait_for_url(lambda url: phrase_of(url) == PhraseState(seed=seed))
    app.page.wait_for_function(
        f"(notes) => {PLAYER}.stage.roll.notes.reduce((sum, list) => sum + list.length / 3, 0)"
        " === notes",
        arg=notes,
    )
    before = app.page.evaluate(f"{MAP}.hovered")
    app.page.keyboard.press("ArrowLeft")
    app.page.keyboard.press("ArrowRight")
    assert app.page.evaluate(f"{MAP}.hovered") != before

    app.page.keyboard.press("Escape")
    app.page.keyboard.down("Shift")
    app.page.mouse.move(*point(app, 0))
    app.page.mouse.down()
    app.page.mouse.move(*point(app, 21), steps=4)
    app.page.mouse.up()
    app.page.keyboard.up("Shift")
    app.page.wait_for_url(lambda url: len(document_of(url).journey.seeds) > 1)
    ends = document_of(app.page.url).journey.seeds
    at = [app.page.evaluate(f"{MAP}.cloud.seeds[{index}]") for index in (0, 21)]
    assert [ends[0], ends[-1]] == at
    expect(app.page.get_by_role("heading", name="The path")).to_be_visible()
