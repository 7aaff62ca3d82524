"""Train: a generator that learns one's own music, and is heard while it does."""

from __future__ import annotations

import streamlit as st

from gan.app.escape import escape_markdown
from gan.app.music_in import Reading, read
from gan.app.session import open_page, write_address
from gan.app.widgets.runs import show_run
from gan.app.widgets.teaching import choose_music, order_form, show_report
from gan.errors import DataError
from gan.training import runs

page = open_page()
session = page.session


def show_runs() -> None:
    for run in runs.list_runs():
        show_run(run, session, page.usable)


st.caption(
    "A generator learns from a folder of MIDI files, on this machine. It goes on when this page is "
    "closed, and when the app is; the new generator then stands among the others."
)
known = runs.list_runs()
if known:
    st.subheader("Runs")
    working = any(run.alive for run in known)
    st.fragment(show_runs, run_every=2.0 if working else None)()
    st.subheader("Another one")

wanted = choose_music(page.usable, page.info.name)
reading: Reading | None = st.session_state.get("train:reading")
if wanted is not None and (reading is None or reading.wanted != wanted):
    reading = st.session_state["train:reading"] = read(wanted)


@st.fragment(run_every=0.5)
def wait_for_reading(reading: Reading) -> None:
    work = reading.work
    if work.future.done():
        st.rerun()
    st.progress(work.share, f"Reading: {work.done} of {work.total or '?'} files ...")


if wanted is not None and reading is not None:
    if not reading.work.future.done():
        wait_for_reading(reading)
    else:
        try:
            dataset, report = reading.work.future.result()
        except DataError as error:
            st.error(escape_markdown(str(error)))
        else:
            left_out = show_report(dataset, report, session)
            if len(dataset):
                order_form(wanted, dataset, left_out, page.usable)

write_address(session)
