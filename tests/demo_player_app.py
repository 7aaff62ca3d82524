"""The player on its own: `streamlit run tests/demo_player_app.py`.

Add `?plain` to the address to see it without the live connection.
"""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from gan.app.guard import Guard  # noqa: E402
from gan.app.live.server import live_route  # noqa: E402
from gan.app.player.routes import player_routes  # noqa: E402

app = st.App(
    HERE / "demo_player_page.py",
    routes=[*player_routes(), live_route()],
    middleware=[Middleware(Guard)],
)
