"""Three sentences for someone who is here for the first time."""

from __future__ import annotations

import streamlit as st

from gan.files import user_folder, write_json


def first_visit_hint() -> None:
    """Shown until it is put away, on this machine for good."""
    if st.session_state.get("hint:seen") or (user_folder() / "hint-seen.json").is_file():
        return
    with st.container(border=True):
        words, button = st.columns([8, 1], vertical_alignment="center")
        words.markdown(
            "Press play, then drag a slider: the phrase changes under your finger and you hear it "
            "at the next beat. Lock what you like, a track or a bar, and roll the dice for the "
            "rest. Keep phrases under *Favourites*, and take them with you as MIDI, sound or score."
        )
        button.button("Got it", on_click=_put_away, width="stretch")


def _put_away() -> None:
    st.session_state["hint:seen"] = True
    try:
        write_json(user_folder() / "hint-seen.json", {"seen": True})
    except OSError:
        return  # then it comes again; nothing is lost
