"""The player as a user meets it, in a browser, over the demo backend."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from player_tools import PLAYER, Demo, demo, demo_address, free_port, serving_demo
from playwright.sync_api import Page, expect

__all__ = ["demo", "demo_address"]

# pytest-playwright's own fixtures are written in a way that pytest 9 warns of.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestRemovedIn10Warning")

SILENT = 1e-4

TOO_WIDE = """() => {
  const edge = document.querySelector(".gp-player").getBoundingClientRect().right;
  return [...document.querySelectorAll(".gp-player *")].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width && box.right > edge + 1 && !element.closest(".gp-roll, .gp-bubble");
  }).map((element) => element.className);
}"""


def drag(demo: Demo, selector: str, *offsets: tuple[float, float]) -> None:
    """Press on the middle of an element and move by these offsets; the button stays down."""
    x, y, _ = demo.centre(selector)
    demo.page.mouse.move(x, y)
    demo.page.mouse.down()
    for right, down in offsets:
        demo.page.mouse.move(x + right, y + down)
        demo.page.wait_for_timeout(40)


def test_nothing_is_fetched_from_elsewhere(demo: Demo) -> None:
    demo.open().live()
    strangers = [url for url in demo.requests if not url.startswith((demo.address, "blob:"))]
    assert strangers == []
    assert any(url.endswith("/plotly.min.js") for url in demo.requests)


def test_the_roll_follows_the_drag_and_the_release_is_committed(demo: Demo) -> None:
    demo.open().live()
    before = demo.cells()
    drag(demo, '[data-slider="denser"]', (30, 0), (60, 0), (80, 0))
    demo.until(f"{PLAYER}.timings.all.length > 0 && {PLAYER}.timings.all.at(-1).pixels")
    while_down = demo.cells()
    assert while_down != before
    expect(demo.page.get_by_text("Commits: 0")).to_be_visible()
    demo.page.mouse.up()
    expect(demo.page.get_by_text("Commits: 1")).to_be_visible()
    value = demo.get("state.values.denser")
    assert value > 1
    expect(demo.page.get_by_text(f"denser={value:.2f}")).to_be_visible()
    demo.settled()
    assert demo.cells() == while_down


def test_dragging_out_and_back_still_ends_the_drag(demo: Demo) -> None:
    demo.open().live()
    drag(demo, '[data-slider="wider"]', (40, 0), (0, 0))
    demo.page.mouse.up()
    demo.until(f"!{PLAYER}.state.dragging")


def test_the_plot_is_updated_in_place_and_zoom_is_kept(demo: Demo) -> None:
    demo.open().live()
    demo.page.evaluate("document.querySelector('.gp-plot .main-svg').dataset.mark = 'same'")
    demo.page.evaluate(f"Plotly.relayout({PLAYER}.stage.roll.host, {{'xaxis.range': [16, 32]}})")
    drag(demo, '[data-slider="higher"]', (50, 0))
    demo.page.mouse.up()
    demo.settled()
    assert demo.page.locator(".gp-plot .main-svg[data-mark=same]").count() == 1
    assert demo.get("stage.roll.view.x") == [16, 32]
    demo.page.get_by_role("button", name="Show all").click()
    demo.until(f"{PLAYER}.stage.roll.view.x[0] === 0")


def test_playing_moves_the_playhead_and_sounds(demo: Demo) -> None:
    demo.open().live()
    demo.play().record()
    first = demo.page.locator(".gp-playhead").bounding_box()
    demo.page.wait_for_timeout(700)
    second = demo.page.locator(".gp-playhead").bounding_box()
    assert first and second and second["x"] > first["x"] + 20
    recording = demo.recording()
    assert max(recording["peaks"]) > 0.02
    assert max(recording["peaks"]) <= 1.0
    demo.page.keyboard.press("Space")
    demo.until(f"{PLAYER}.engine.state === 'stopped'")


def test_mute_solo_and_volume_are_heard(demo: Demo) -> None:
    demo.open().live().play()
    for name in ("Melody", "Bridge", "Piano", "Bass"):
        demo.page.get_by_role("button", name=f"Mute {name}").click()
    demo.page.wait_for_timeout(250)
    demo.record()
    demo.page.wait_for_timeout(300)
    assert max(demo.recording()["peaks"]) < SILENT
    demo.page.get_by_role("button", name="Mute Piano").click()
    demo.page.get_by_role("button", name="Solo Piano").click()
    demo.page.wait_for_timeout(250)
    demo.record()
    demo.page.wait_for_timeout(300)
    loud = max(demo.recording()["peaks"])
    assert loud > 0.01
    assert demo.get("state.audible") == [False, False, True, False]
    expect(demo.page.get_by_role("button", name="Solo Piano")).to_have_attribute(
        "aria-pressed", "true"
    )


@pytest.mark.realtime
def test_no_gap_while_dragging(demo: Demo) -> None:
    demo.open().live().play()
    demo.page.wait_for_timeout(200)
    demo.record()
    drag(demo, '[data-slider="denser"]', *[(80 * (-1) ** i, 0) for i in range(40)])
    swaps = demo.get("engine.log")
    demo.page.mouse.up()
    demo.page.wait_for_timeout(900)
    recording = demo.recording()
    assert len(recording["peaks"]) > 300
    assert min(recording["peaks"]) > SILENT
    assert swaps, "no new sound came in"
    assert all(abs(swap["step"] / 4 - round(swap["step"] / 4)) < 1e-6 for swap in swaps)
    demo.until(f"{PLAYER}.engine.clip.complete")
    assert demo.get("engine.clip.key").startswith(demo.get("state.committed"))


def test_the_loop_region_is_drawn_on_the_ruler(demo: Demo) -> None:
    demo.open().live()
    x, y, width = demo.centre(".gp-ruler")
    demo.page.mouse.move(x - width / 4 + 4, y)
    demo.page.mouse.down()
    demo.page.mouse.move(x - 30, y, steps=4)
    demo.page.mouse.up()
    assert demo.get("state.region") == [16, 32]
    demo.play()
    demo.page.wait_for_timeout(400)
    assert 16 <= demo.get("engine.position()") < 32
    demo.page.mouse.dblclick(x, y)
    demo.until(f"{PLAYER}.state.region[0] === 0 && {PLAYER}.state.region[1] === 64")


def test_a_click_on_the_roll_moves_there(demo: Demo) -> None:
    demo.open().live()
    x, y, width = demo.centre(".gp-roll")
    demo.page.mouse.click(x + width / 4, y)
    step = demo.get("engine.step")
    assert 46 < step < 52
    expect(demo.page.locator(".gp-where")).to_have_text(re.compile(r"[34]\.[1-4]"))


def test_hover_names_the_note(demo: Demo) -> None:
    demo.open().live()
    box = demo.page.evaluate(
        f"""() => {{ const {{ roll, area }} = {PLAYER}.stage;
        const at = area.getBoundingClientRect();
        const [onset, , pitch] = roll.notes[0];
        return [at.left + 46 + roll.x(onset) + 6, at.top + roll.y(pitch) + 3]; }}"""
    )
    demo.page.mouse.move(*box)
    expect(demo.page.locator(".gp-tip")).to_contain_text("Melody")
    expect(demo.page.locator(".gp-tip")).to_contain_text("Bar 1, beat 1")


def test_the_pad_moves_two_sliders_and_its_axes_can_be_chosen(demo: Demo) -> None:
    demo.open().live()
    demo.page.get_by_label("Horizontal axis").select_option("wider")
    drag(demo, ".gp-pad", (60, -40))
    demo.page.mouse.up()
    expect(demo.page.get_by_text("Commits: 1")).to_be_visible()
    values = demo.get("state.values")
    assert values["wider"] > 0.5 and values["higher"] > 0.5
    assert values["denser"] == 0
    # The choice is part of the mix and survives a new run of the script.
    demo.until(f"{PLAYER}.data.mix.pad?.[0] === 'wider'")


def test_keys_and_double_clicks(demo: Demo) -> None:
    demo.open().live()
    slider = demo.page.locator('[data-slider="longer"]')
    slider.focus()
    for _ in range(3):
        demo.page.keyboard.press("ArrowRight")
    assert demo.get("state.values.longer") == pytest.approx(0.15)
    expect(demo.page.get_by_text("longer=0.15")).to_be_visible()  # in as many commits as it took
    slider.dblclick()
    expect(demo.page.get_by_text("longer=0.00")).to_be_visible()
    demo.page.locator(".gp-pad").focus()
    demo.page.keyboard.press("ArrowUp")
    expect(demo.page.get_by_text("higher=0.10")).to_be_visible()
    demo.page.keyboard.press("l")
    assert demo.get("engine.loop") is False
    demo.page.locator(".gp-ruler").focus()
    demo.page.keyboard.press("ArrowRight")
    assert demo.get("engine.step") == 4
    demo.page.keyboard.press("Space")
    demo.until(f"{PLAYER}.engine.state === 'playing'")


def test_what_python_sets_is_shown(demo: Demo) -> None:
    demo.open().live()
    before = demo.cells()
    demo.page.get_by_role("button", name="Surprise me").click()
    demo.until(f"{PLAYER}.state.values.denser !== 0")
    demo.page.wait_for_timeout(300)
    assert demo.cells() != before
    demo.page.get_by_role("button", name="Reset", exact=True).click()
    demo.until(f"{PLAYER}.state.values.denser === 0")
    demo.page.wait_for_timeout(300)
    assert demo.cells() == before


def test_locks_reach_the_page(demo: Demo) -> None:
    demo.open().live()
    button = demo.page.get_by_role("button", name="Keep Melody while the rest moves")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")


def test_what_is_kept_has_no_dice_and_says_why(demo: Demo) -> None:
    demo.open().live()
    dice = demo.page.get_by_role("button", name="Another take of Melody")
    expect(dice).to_be_enabled()
    demo.page.get_by_role("button", name="Keep Melody while the rest moves").click()
    expect(dice).to_be_disabled()
    expect(dice).to_have_attribute("title", re.compile("unlock it"))
    expect(demo.page.locator(".gp-strip.gp-locked")).to_have_count(1)


def test_an_empty_phrase_says_what_to_do(demo: Demo) -> None:
    demo.open().live()
    empty = demo.page.locator(".gp-empty")
    expect(empty).to_be_hidden()
    demo.page.evaluate(f"{PLAYER}.stage.show({PLAYER}.state.shown.map(() => new Uint16Array()))")
    expect(empty).to_be_visible()
    demo.page.get_by_role("button", name="Surprise me").click()
    expect(empty).to_be_hidden()


def test_added_and_removed_notes_flash(demo: Demo) -> None:
    demo.open().live()
    demo.page.evaluate(
        f"""() => {{ const {{ overlay }} = {PLAYER}.stage, flash = overlay.flash.bind(overlay);
        window.flashed = [0, 0];
        overlay.flash = (added, removed, how) => {{
          [added, removed].forEach((lists, k) => (flashed[k] += lists.flat().length));
          flash(added, removed, how);
        }}; }}"""
    )
    drag(demo, '[data-slider="higher"]', (60, 0))
    demo.page.mouse.up()
    demo.until("flashed[0] > 0 && flashed[1] > 0")
    demo.settled()
    before = demo.page.evaluate("flashed[0]")
    demo.page.get_by_role("button", name="Surprise me").click()
    demo.page.wait_for_function("(before) => flashed[0] > before", arg=before)


def test_the_space_bar_plays_after_a_click_and_presses_where_arrows_led(demo: Demo) -> None:
    demo.open().live()
    demo.page.get_by_role("button", name="Reset", exact=True).click()
    demo.page.keyboard.press("Space")
    demo.until(f"{PLAYER}.engine.state !== 'stopped'")
    demo.page.keyboard.press("Space")
    demo.until(f"{PLAYER}.engine.state === 'stopped'")
    demo.page.locator(".gp-play").focus()
    demo.page.keyboard.press("ArrowRight")
    demo.page.keyboard.press("ArrowRight")
    assert demo.get("engine.loop") is True
    demo.page.keyboard.press("Space")
    assert demo.get("engine.loop") is False, "the loop button has the focus"


def test_without_a_socket_the_plain_way_takes_over(demo: Demo) -> None:
    demo.page.route_web_socket("**/api/live", lambda socket: socket.close())
    demo.open()
    notice = demo.page.locator(".gp-notice")
    expect(notice).to_contain_text("no live connection", timeout=10_000)
    before = demo.cells()
    drag(demo, '[data-slider="denser"]', *[(2.0 * i, 0) for i in range(1, 40)])
    demo.page.wait_for_timeout(400)
    assert demo.cells() != before, "the roll does not follow the drag"
    demo.page.mouse.up()
    value = demo.get("state.values.denser")
    expect(demo.page.get_by_text(f"denser={value:.2f}")).to_be_visible()
    demo.play().record()
    demo.page.wait_for_timeout(400)
    assert max(demo.recording()["peaks"]) > 0.02


def test_a_page_without_live_connection_works(demo: Demo) -> None:
    demo.open("?plain").play().record()
    demo.page.wait_for_timeout(400)
    assert max(demo.recording()["peaks"]) > 0.02


def test_no_width_scrolls_sideways(demo: Demo) -> None:
    demo.open()
    for width in (1280, 720, 390):
        demo.page.set_viewport_size({"width": width, "height": 800})
        demo.until(f"{PLAYER}.stage.roll.width < {width}")
        demo.page.wait_for_timeout(200)
        assert demo.page.evaluate(TOO_WIDE) == [], width


def test_every_control_has_a_name(demo: Demo) -> None:
    demo.open().live()
    nameless = demo.page.evaluate(
        """() => [...document.querySelectorAll(":is(button, input, select, [tabindex])")]
             .filter((element) => element.closest(".gp-player"))
             .filter((element) => !element.hidden && !(element.getAttribute("aria-label")
               || element.textContent.trim() || element.labels?.length))
             .map((element) => element.outerHTML.slice(0, 80))"""
    )
    assert nameless == []


AGAIN = """async (stay) => {
  const old = document.querySelector(".gp-player").player;
  const { component } = old.reports;
  const { mount } = await import(component.data.assets + "player.js");
  const host = document.createElement("div");
  document.body.append(host);
  const here = { ...component, parentElement: host, key: "test" };
  const leave = await mount(here);
  const { player } = host.querySelector(".gp-player");
  await player.engine.play();
  leave();
  host.remove();
  await new Promise((resolve) => setTimeout(resolve, stay));
  const other = document.createElement("div");
  document.body.append(other);
  const bye = await mount({ ...here, parentElement: other });
  const same = other.querySelector(".gp-player").player === player;
  const state = player.engine.state;
  bye();
  other.remove();
  return [same, state];
}"""


def test_the_player_moves_to_the_element_that_replaces_its_own(demo: Demo) -> None:
    """As Streamlit does where a run of the script interrupts another."""
    demo.open("?plain")
    same, state = demo.page.evaluate(AGAIN, 50)
    assert same and state != "stopped"
    assert demo.page.evaluate(AGAIN, 900) == [True, "stopped"], "silent after a while"


def test_leaving_ends_the_sound_and_the_connection(demo: Demo) -> None:
    demo.open().live().play()
    demo.page.evaluate(f"window.old = {PLAYER}")
    demo.page.evaluate("old.destroy()")
    assert demo.page.evaluate("old.engine.mixer.started") is False
    assert demo.page.evaluate("old.link.notes.socket") is None
    demo.page.wait_for_timeout(200)


# --- The keyboard -----------------------------------------------------------------------------

FOCUS = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"


def test_tab_goes_from_group_to_group(demo: Demo) -> None:
    demo.open().live()
    demo.page.get_by_role("button", name="Reset", exact=True).focus()
    stops = []
    while len(stops) < 60 and "End of the player" not in stops:
        demo.page.keyboard.press("Tab")
        if not demo.page.evaluate("document.activeElement.closest('.gp-player') !== null"):
            break
        stops.append(demo.page.evaluate(FOCUS))
    assert stops[:4] == [
        "Skip to the sliders",
        "Play",
        "Tempo in beats a minute",
        "Key: semitones up or down",
    ]
    # Strips have a row of buttons and a column of sliders each.
    assert [stop for stop in stops if "Melody" in stop][:2] == ["Mute Melody", "Volume of Melody"]
    assert len(stops) < 25, stops


def test_the_skip_links_lead_to_the_sliders_and_past_the_player(demo: Demo) -> None:
    demo.open().live()
    demo.page.get_by_role("button", name="Skip to the sliders").focus()
    demo.page.keyboard.press("Enter")
    assert demo.page.evaluate(FOCUS) == "Denser piano"
    demo.page.get_by_role("button", name="Skip to the sliders").focus()
    demo.page.keyboard.press("ArrowRight")
    demo.page.keyboard.press("Enter")
    assert demo.page.evaluate(FOCUS) == "End of the player"


def test_arrows_walk_down_the_sliders_and_change_them_sideways(demo: Demo) -> None:
    demo.open().live()
    demo.page.locator('[data-slider="denser"]').focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft"):
        demo.page.keyboard.press(key)
    assert demo.page.evaluate(FOCUS) == "Higher melody"
    values = demo.get("state.values")
    assert (values["denser"], values["higher"], values["busier"]) == (0, -0.05, 0.05)
    # Tab comes back to where one was.
    demo.page.keyboard.press("Tab")
    demo.page.keyboard.press("Shift+Tab")
    assert demo.page.evaluate(FOCUS) == "Higher melody"


def test_no_key_press_is_lost_and_a_run_of_them_is_one_commit(demo: Demo) -> None:
    demo.open().live()
    demo.page.locator('[data-slider="longer"]').focus()
    for _ in range(40):
        demo.page.keyboard.press("ArrowRight")
    demo.page.keyboard.press("ArrowLeft")
    expect(demo.page.get_by_text("longer=1.95")).to_be_visible()
    assert demo.page.evaluate(FOCUS) == "Longer notes"
    commits = demo.page.get_by_text("Commits: ").inner_text()
    assert int(commits.split()[-1]) <= 3, "one for each pause between key presses"


def test_the_keys_are_explained(demo: Demo) -> None:
    demo.open().live()
    demo.page.locator(".gp-play").focus()
    demo.page.keyboard.press("?")
    expect(demo.page.get_by_role("dialog", name="Keys")).to_be_visible()
    demo.page.keyboard.press("Escape")
    expect(demo.page.get_by_role("dialog", name="Keys")).to_be_hidden()


# --- Tempo, key, metronome ----------------------------------------------------------------------


def test_tempo_and_key_are_set_in_the_transport(demo: Demo) -> None:
    demo.open().live()
    tempo = demo.page.get_by_label("Tempo in beats a minute")
    tempo.focus()
    for _ in range(4):
        demo.page.keyboard.press("ArrowUp")
    expect(demo.page.get_by_text("Play: 124, +0")).to_be_visible()
    demo.page.get_by_label("Key: semitones").select_option("-3")
    expect(demo.page.get_by_text("Play: 124, -3")).to_be_visible()
    tempo.fill("999")
    tempo.press("Enter")
    expect(tempo).to_have_value("124")
    demo.page.mouse.move(*demo.centre(".gp-number-field")[:2])
    demo.page.mouse.down()
    x, y, _ = demo.centre(".gp-number-field")
    demo.page.mouse.move(x + 40, y, steps=4)
    demo.page.mouse.up()
    expect(demo.page.get_by_text("Play: 134, -3")).to_be_visible()
    demo.until(f"Math.abs({PLAYER}.engine.clip?.stepSeconds - 60 / 134 / 4) < 1e-9")


def test_the_metronome_is_off_until_it_is_wanted(demo: Demo) -> None:
    demo.open().live()
    button = demo.page.get_by_role("button", name="Metronome")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert demo.get("engine.metronome.on") is True


# --- Drawing ------------------------------------------------------------------------------------


def test_quick_strokes_arrive_once_each_and_are_acknowledged(demo: Demo) -> None:
    demo.open().live()
    before = demo.get("state.shown[0].length")
    draw = f"""(strokes) => strokes.forEach((stroke) => {PLAYER}.stage.pen.onStroke(
        {{ track: 0, start: 2 * stroke, end: 2 * stroke + 2, pitch: 90, on: true }}))"""
    demo.page.evaluate(draw, [0, 1, 2])
    demo.page.evaluate(draw, [3, 4])
    assert demo.get("state.shown[0].length") == before + 15
    expect(demo.page.get_by_text("Strokes: 5")).to_be_visible()
    demo.until(f"{PLAYER}.state.untold.length === 0")
    assert demo.get("state.shown[0].length") == before + 15
    # What comes later does not bring them again.
    demo.page.evaluate(draw.replace("true", "false"), [0])
    expect(demo.page.get_by_text("Strokes: 6")).to_be_visible()
    demo.until(f"{PLAYER}.state.untold.length === 0")
    assert demo.get("state.shown[0].length") == before + 12


# --- Sound on the line --------------------------------------------------------------------------


SENT = """() => {
  const send = WebSocket.prototype.send;
  window.formats = [];
  WebSocket.prototype.send = function (data) {
    const { type, format } = typeof data === "string" ? JSON.parse(data) : {};
    if (type === "sound") formats.push(format);
    return send.call(this, data);
  };
}"""


def test_sound_is_compressed_until_the_line_has_shown_that_it_is_fast(demo: Demo) -> None:
    demo.page.add_init_script(f"({SENT})()")
    demo.open().live()
    demo.until("formats.length > 0")
    assert demo.page.evaluate("formats[0]") == "flac"
    demo.page.evaluate(f"{PLAYER}.link.format = 'pcm16'")
    before = demo.page.evaluate("formats.length")
    drag(demo, '[data-slider="denser"]', (60, 0))
    demo.page.mouse.up()
    demo.page.wait_for_function("(before) => formats.length > before", arg=before)
    assert demo.page.evaluate("formats.includes('pcm16')")


# --- A server that goes -------------------------------------------------------------------------


def test_a_preview_does_not_replace_the_phrase(demo: Demo) -> None:
    demo.open().live()
    before = demo.get("state.shown.map((list) => Array.from(list))")
    demo.page.evaluate(
        f"""() => {{
        const {{ component }} = {PLAYER}.reports;
        const notes = {{ counts: [0, 0, 0, 0], bytes: "" }};
        const data = {{ ...component.data, notes, sliders: [], token: null, preview: true }};
        window.real = component;
        return {PLAYER}.update({{ ...component, data }});
        }}"""
    )
    assert demo.get("state.shown.map((list) => Array.from(list))") == before
    expect(demo.page.locator("[data-slider]")).to_have_count(6)
    expect(demo.page.locator(".gp-notice")).to_contain_text("Your phrase is kept")
    demo.page.evaluate(f"{PLAYER}.update(real)")
    demo.live()
    expect(demo.page.locator(".gp-notice")).to_be_hidden()


def test_the_page_survives_a_restart_of_the_server(page: Page, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "server.log"
    crashes: list[str] = []  # The console tells of each try to connect.
    page.on("pageerror", lambda error: crashes.append(str(error)))
    with serving_demo(port, log) as address:
        demo = Demo(page, address).open("?keep=").live()
        page.locator('[data-slider="denser"]').focus()
        for _ in range(20):
            page.keyboard.press("ArrowRight")
        expect(page.get_by_text("denser=1.00")).to_be_visible()
        page.get_by_role("button", name="Mute Bass").click()
        demo.until(f"{PLAYER}.data.mix.tracks.BASS?.mute")
    expect(page.locator(".gp-notice")).to_contain_text("The server does not answer", timeout=20_000)
    expect(page.locator(".gp-status")).to_have_text("No server")
    notes = demo.get("state.shown.map((list) => Array.from(list))")
    # What is done meanwhile counts when it is back.
    page.locator('[data-slider="denser"]').press("ArrowRight")
    assert demo.get("state.values.denser") == pytest.approx(1.05)
    page.wait_for_timeout(1500)
    expect(page.locator("[data-testid=stDialog]")).to_have_count(0)
    with serving_demo(port, log):
        demo.until(f"{PLAYER}.link.state === 'live'", 60_000)
        expect(page.get_by_text("denser=1.05")).to_be_visible(timeout=20_000)
        expect(page.locator(".gp-notice")).to_be_hidden()
        assert demo.get("state.shown.map((list) => Array.from(list))") == notes
        expect(page.get_by_role("button", name="Mute Bass")).to_have_attribute(
            "aria-pressed", "true"
        )
    assert crashes == []
