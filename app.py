"""What `streamlit run app.py` starts: the pages, and the player's routes beside them."""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware

from gan.app.guard import Guard
from gan.app.live.server import live_route
from gan.app.loading import load_first
from gan.app.map.pack import map_routes
from gan.app.player.routes import player_routes
from gan.cli.environment import set_environment
from gan.spec import ROOT

set_environment()
app = st.App(
    ROOT / "gan" / "app" / "main.py",
    routes=[*player_routes(), *map_routes(), live_route()],
    middleware=[Middleware(Guard)],
)
load_first()
