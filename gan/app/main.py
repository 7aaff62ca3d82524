"""The router: page config, and navigation over the files in pages/."""

import streamlit as st

from gan.spec import ASSETS, ROOT

st.set_page_config(
    page_title="Latent Music Explorer",
    page_icon=str(ASSETS / "icon.png"),
    layout="wide",
)

# Streamlit leaves six empty lines above a page; an instrument wants to be in sight whole. The
# keys of buttons stand in their tooltips: on a phone they would take a row, and say nothing.
st.html(
    "<style>.stMainBlockContainer { padding-top: 4.25rem; padding-bottom: 2rem; }"
    ".stButton kbd { display: none; }"
    # A score is black ink: it needs paper under it on a dark page.
    "[class*='st-key-score-page'] img { background: white; border-radius: 0.5rem; }</style>"
)

PAGES = ROOT / "pages"
st.navigation(
    [
        st.Page(PAGES / "explore.py", title="Explore", icon=":material/tune:", default=True),
        st.Page(PAGES / "your_music.py", title="Your music", icon=":material/library_music:"),
        st.Page(PAGES / "map.py", title="Map", icon=":material/map:"),
        st.Page(PAGES / "interpolate.py", title="Interpolate", icon=":material/multiple_stop:"),
        st.Page(PAGES / "compose.py", title="Compose", icon=":material/music_note_add:"),
        st.Page(PAGES / "train.py", title="Train", icon=":material/school:"),
        st.Page(PAGES / "models.py", title="Models", icon=":material/analytics:"),
    ],
    position="top",
).run()
