"""The session as a file, and back."""

from __future__ import annotations

import streamlit as st

from gan.app.escape import escape_markdown
from gan.app.history import Session
from gan.app.loading import available
from gan.app.scope import scope_of
from gan.app.session_file import open_session, session_bytes
from gan.errors import GanError


def session_panel(session: Session) -> None:
    """Everything that was done here: save it, open one that was saved."""
    st.caption(
        "A session file holds this music, its history, A and B, the mix and your favourites as "
        "JSON."
    )
    left, right = st.columns(2)
    left.download_button(
        "Save the session",
        lambda: session_bytes(session),
        file_name=f"{session.document.generator}-session.json",
        mime="application/json",
        on_click="ignore",
        icon=":material/download:",
    )
    given = right.file_uploader(
        "Open a session", type="json", key="session:file", max_upload_size=4
    )
    if given is None or st.session_state.get("session:read") == given.file_id:
        return
    st.session_state["session:read"] = given.file_id
    usable, _ = available()
    scopes = {name: (scope_of(info), info.digest) for name, info in usable.items()}
    try:
        open_session(given.getvalue(), session, scopes)
    except GanError as error:
        st.error(escape_markdown(str(error)))
    else:
        st.rerun()
