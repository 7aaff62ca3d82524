"""The player's Python side: bytes on the wire, events from the browser, routes, the page."""

from __future__ import annotations

import base64
import io
import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import msgspec
import numpy as np
import pytest
import soundfile
import uvicorn
from demo_backend import STEPS, compose, render
from starlette.applications import Starlette
from streamlit.testing.v1 import AppTest

from gan.app.player.component import Grid, PlayerData, PlayerTrack, Slider, _payload
from gan.app.player.events import (
    Action,
    Commit,
    Play,
    clip_values,
    event_number,
    read_event,
    read_mix,
)
from gan.app.player.routes import SoundStore, asset_root, player_routes, publish_sound
from gan.app.player.wire import notes_to_json, pack_message, pack_notes, pack_stems, unpack_message
from gan.audio.mix import Mix, TrackMix
from gan.audio.stems import Stems
from gan.errors import AudioError, SpecError

HERE = Path(__file__).resolve().parent
LIMITS = {"a": (-1.0, 1.0), "b": (0.0, 2.0)}


def stems(frames: int = 100) -> Stems:
    wave = np.linspace(-1, 1, frames, dtype=np.float32)
    samples = np.stack([np.stack([wave, -wave], 1), np.zeros((frames, 2), np.float32)])
    return Stems(samples, rate=44100, step_seconds=0.125, start=4, end=8)


# --- Wire -------------------------------------------------------------------------------------


def test_notes_are_triplets_of_little_endian_words() -> None:
    tracks = [np.array([[0, 4, 60], [256, 300, 72]]), np.empty((0, 3), int), np.array([[1, 2, 3]])]
    counts, payload = pack_notes(tracks)
    assert counts == [2, 0, 1]
    assert payload == bytes([0, 0, 4, 0, 60, 0, 0, 1, 44, 1, 72, 0, 1, 0, 2, 0, 3, 0])
    assert base64.b64decode(notes_to_json(tracks)["bytes"]) == payload


def test_no_notes_are_no_bytes() -> None:
    assert pack_notes([]) == ([], b"")
    assert pack_notes([np.empty((0, 3), np.int32)]) == ([0], b"")


@pytest.mark.parametrize("notes", [[[-1, 2, 3]], [[0, 70000, 3]], [[0, 1]], [0, 1, 2]])
def test_notes_that_do_not_fit_are_refused(notes: Any) -> None:
    with pytest.raises(SpecError):
        pack_notes([np.array(notes)])


@pytest.mark.parametrize("text", ["", "x", "xy", "xyz", "♯"])
def test_a_message_comes_back_and_its_payload_is_aligned(text: str) -> None:
    message = pack_message({"type": "t", "text": text}, b"\1\2", b"\3")
    header, payload = unpack_message(message)
    assert header == {"type": "t", "text": text}
    assert payload == b"\1\2\3"
    assert (len(message) - len(payload)) % 4 == 0


def test_numbers_that_are_not_json_are_not_sent() -> None:
    with pytest.raises(ValueError, match="JSON"):
        pack_message({"ms": float("nan")})


def test_pcm_stems_keep_their_samples_and_silence_costs_nothing() -> None:
    header, payload = unpack_message(pack_stems(stems(), {"id": 3}))
    assert header["parts"] == [400, 0]
    assert (header["frames"], header["start"], header["end"], header["id"]) == (100, 4, 8, 3)
    samples = np.frombuffer(payload, "<i2").reshape(-1, 2)
    assert samples[0].tolist() == [-32767, 32767]
    assert samples[-1].tolist() == [32767, -32767]


def test_samples_beyond_full_scale_are_clipped_not_wrapped() -> None:
    loud = Stems(np.full((1, 2, 2), 1.5, np.float32), rate=8000, step_seconds=1.0, start=0, end=1)
    _, payload = unpack_message(pack_stems(loud, {}))
    assert set(np.frombuffer(payload, "<i2").tolist()) == {32767}


def test_flac_stems_can_be_read_by_any_decoder() -> None:
    header, payload = unpack_message(pack_stems(stems(), {}, sound_format="flac"))
    assert header["parts"][1] == 0
    assert header["parts"][0] % 4 == 0
    samples, rate = soundfile.read(io.BytesIO(payload[: header["parts"][0]]))
    assert rate == 44100
    np.testing.assert_allclose(samples, stems().samples[0], atol=1 / 32000)


@pytest.mark.parametrize(
    "change",
    [{"samples": np.zeros((2, 3), np.float32)}, {"start": 8}, {"start": -1}, {"rate": 0}],
)
def test_impossible_stems_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(AudioError):
        Stems(**{**vars(stems()), **change})


# --- Events -----------------------------------------------------------------------------------


def test_a_commit_is_clipped_and_cleaned() -> None:
    values = {"a": 5, "b": float("nan"), "c": 1, "d": True}
    commit = Commit.from_json({"number": 17, "values": values, "final": False}, limits=LIMITS)
    assert commit == Commit(number=17, values={"a": 1.0}, final=False)


@pytest.mark.parametrize("values", [None, [], "a", 3, {"a": None}, {"a": "1"}, {"a": 10**400}])
def test_nonsense_values_are_no_values(values: Any) -> None:
    assert clip_values(values, LIMITS) == {}


def test_a_mix_comes_back() -> None:
    mix = Mix(
        tracks={"A": TrackMix(mute=True, volume=0.25), "B": TrackMix(solo=True)},
        volume=0.5,
        loop=False,
        loop_start=4,
        loop_end=12,
        pad=("a", "b"),
    )
    sent = json.loads(json.dumps(msgspec.to_builtins(mix)))
    assert read_mix(sent, ["A", "B"]) == mix


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"tracks": [1], "volume": "loud", "loop_start": None, "pad": "ab"},
        {"tracks": {"A": 3}, "loop_end": float("inf"), "pad": [1, 2]},
        {"tracks": {"A": {"mute": 1, "volume": []}}, "loop_start": -3, "pad": ["a"]},
    ],
)
def test_a_nonsense_mix_is_the_default(event: dict[str, Any]) -> None:
    assert read_mix(event, ["A"]) == Mix()


def test_actions_name_a_track_that_exists() -> None:
    good = Action.from_json({"kind": "lock", "track": "A", "number": 4}, tracks=["A"])
    assert good == Action(kind="lock", track="A", number=4)
    for event in ({}, {"kind": "lock", "track": "B"}, {"kind": "rm", "track": "A"}):
        assert Action.from_json(event, tracks=["A"]).kind == "none"


def test_events_are_read_from_mappings_only() -> None:
    assert read_event({"commit": {"number": 1}}, "commit") == {"number": 1}
    for state in (None, [], {"commit": 3}, {"commit": None}, {}):
        assert read_event(state, "commit") is None


def test_events_of_another_session_do_not_count() -> None:
    state = {"commit": {"number": 5, "session": "old"}}
    assert read_event(state, "commit", session="new") is None
    assert event_number(read_event(state, "commit", session="new")) == 0
    assert event_number(read_event(state, "commit", session="old")) == 5
    assert event_number({"number": "nine"}) == 0


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"tempo": 96.5, "transpose": -3}, Play(96.5, -3)),
        ({"tempo": 9, "transpose": 99}, Play(40.0, 12)),
        ({"tempo": 1e9, "transpose": -99}, Play(240.0, -12)),
        ({"tempo": float("nan"), "transpose": 0}, None),
        ({"tempo": 120}, None),
        ({"tempo": "120", "transpose": True}, None),
        ({}, None),
    ],
)
def test_tempo_and_key_are_kept_within_their_limits(
    event: dict[str, Any], expected: Play | None
) -> None:
    assert Play.from_json(event) == expected


# --- Data for the component -------------------------------------------------------------------


def data(**changes: Any) -> PlayerData:
    tracks = tuple(PlayerTrack(name, "#123456") for name in ("A", "B", "C", "D"))
    return PlayerData(**{"notes": compose({}), "tracks": tracks, **changes})


def test_the_payload_is_json_and_says_what_it_knows() -> None:
    slider = Slider(id="a", label="Denser", value=0.5)
    payload = _payload(data(sliders=(slider,), pad=("a", "b")), seen={"commit": 17})
    assert payload == json.loads(json.dumps(payload))
    assert payload["seen"] == {"commit": 17}
    assert payload["sliders"][0]["value"] == 0.5
    assert payload["token"] is None and payload["sound"] is None
    assert Grid(bars=2, beats_per_bar=3, steps_per_beat=2).steps == 12


def test_each_track_needs_its_notes() -> None:
    with pytest.raises(SpecError, match="4 tracks"):
        _payload(data(notes=compose({})[:2]), seen={})


def test_the_path_of_a_sound_names_its_music() -> None:
    one = publish_sound(stems(), notes={"counts": [1]}, sound_key="x")
    assert one == publish_sound(stems, notes={"counts": [1]}, sound_key="x")
    assert one != publish_sound(stems(), notes={"counts": [2]}, sound_key="x")
    assert one != publish_sound(stems(), notes={"counts": [1]}, sound_key="y")
    assert publish_sound(None, notes={}, sound_key="") is None


def test_sounds_are_rendered_once_and_only_if_asked_for() -> None:
    calls = []
    store = SoundStore()

    def make() -> Stems:
        calls.append(1)
        return stems()

    store.publish("a", make)
    assert not calls
    assert store.get("a") == store.get("a") != b""
    assert len(calls) == 1
    assert store.get("b") is None


def test_the_store_is_bounded() -> None:
    store = SoundStore(limit=2, bytes_limit=1)
    for name in "abc":
        store.publish(name, stems)
    assert store.get("a") is None
    assert store.get("b") and store.get("c")
    assert len(store._ready) == 1


# --- Routes -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = uvicorn.Server(
        uvicorn.Config(Starlette(routes=player_routes()), port=0, log_level="error")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def fetch(url: str) -> tuple[int, Any, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=10) as reply:
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


@pytest.mark.parametrize("name", ["player.js", "player.css", "plotly.min.js"])
def test_the_front_end_is_served_for_ever(address: str, name: str) -> None:
    status, headers, body = fetch(address + asset_root() + name)
    assert status == 200 and body
    assert "immutable" in headers["cache-control"]
    assert headers["content-type"].startswith(("text/javascript", "text/css"))


def test_every_module_that_is_imported_is_served(address: str) -> None:
    root = address + asset_root().removesuffix("player/")
    wanted, seen = {"player/player.js", "recorder/recorder.js", "map/map.js"}, set()
    while wanted - seen:
        name = (wanted - seen).pop()
        seen.add(name)
        status, _, body = fetch(root + name)
        assert status == 200, name
        # Types come from data.d.ts, in comments; the browser does not ask for it.
        named = re.findall(r'^(?:import|}).* from "(\.[^"]+)";$', body.decode(), re.MULTILINE)
        wanted |= {urljoin(name, path) for path in named}
    assert {"player/engine.js", "recorder/synth.js", "map/voice.js"} <= seen
    for name in seen:
        text = fetch(root + name)[2].decode()
        assert "https://" not in text and "//cdn" not in text, f"{name} reaches out"


@pytest.mark.parametrize("name", ["nothing.js", "..%2f..%2fapp.py", "%2e%2e/player.py", "LICENSE"])
def test_nothing_else_is_served(address: str, name: str) -> None:
    assert fetch(address + asset_root() + name)[0] == 404


def test_a_sound_is_fetched_by_its_path(address: str) -> None:
    notes = compose({})
    path = publish_sound(
        lambda: render(notes, start=0, end=STEPS), notes=notes_to_json(notes), sound_key="t"
    )
    status, _, body = fetch(f"{address}{path}")
    header, payload = unpack_message(body)
    assert status == 200
    assert (header["start"], header["end"], header["format"]) == (0, STEPS, "flac")
    assert sum(header["parts"]) == len(payload)


def test_sounds_that_fail_or_do_not_exist_say_so(address: str) -> None:
    def fail() -> Stems:
        raise AudioError("Install FluidSynth.")

    path = publish_sound(fail, notes={"counts": []}, sound_key="fail")
    status, _, body = fetch(f"{address}{path}")
    assert (status, body.decode()) == (503, "Install FluidSynth.")
    assert fetch(f"{address}/api/sound/0000")[0] == 404


# --- The page ---------------------------------------------------------------------------------


def test_the_demo_page_runs_and_keeps_its_session() -> None:
    page = AppTest.from_file(str(HERE / "demo_player_page.py"), default_timeout=20).run()
    assert not page.exception
    token = page.session_state["live"].token
    page.button[0].click().run()
    assert not page.exception
    assert page.session_state["live"].token == token
    assert page.session_state["values"]["denser"] != 0
