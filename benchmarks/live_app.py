"""Serves benchmarks/live_page.py with the player's routes; started by benchmarks/live.py."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests")]

from gan.ui.live import live_route  # noqa: E402
from gan.ui.player_routes import player_routes  # noqa: E402

app = st.App(HERE / "live_page.py", routes=[*player_routes(), live_route()])
