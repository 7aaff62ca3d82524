"""The first way in: MIDI files by drop or picker."""

from __future__ import annotations

import streamlit as st

from gan.app.widgets.yours_shelf import bring, shelf, take_away
from gan.data.folder import SUFFIXES

MEGABYTES = 32
_KEY = "yours:files"


def midi_files() -> None:
    """A place to drop MIDI files, or zip archives of them."""
    st.file_uploader(
        "MIDI files",
        type=[*(ending.removeprefix(".") for ending in SUFFIXES), "zip"],
        accept_multiple_files=True,
        key=_KEY,
        on_change=_take,
        max_upload_size=MEGABYTES,
        label_visibility="collapsed",
    )


def _take() -> None:
    """Read what is new; forget what was taken off the list of files."""
    own = shelf()
    own.refused = []
    given = {file.file_id: file for file in st.session_state[_KEY]}
    known: dict[str, list[str]] = st.session_state.setdefault("yours:read", {})
    for file_id in [each for each in known if each not in given]:
        for name in known.pop(file_id):
            take_away(name)
    for file_id, file in given.items():
        if file_id not in known:
            known[file_id] = bring(file.getvalue(), file.name)
