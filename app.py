"""What `streamlit run app.py` starts: the pages, and the player's routes beside them."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import streamlit as st

from gan.app.live.server import live_route
from gan.app.player.routes import player_routes
from gan.spec import ROOT

app = st.App(ROOT / "gan" / "ui" / "main.py", routes=[*player_routes(), live_route()])
