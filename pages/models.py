"""Models: what the generators are, how good they were measured to be, and what they write."""

from __future__ import annotations

import shlex

import numpy as np
import streamlit as st

from gan.app.escape import escape_markdown
from gan.app.session import open_page, wait_for, write_address
from gan.app.widgets import model_card as show
from gan.app.widgets.piece import Piece, show_piece
from gan.music.attributes import label_of
from gan.phrase import PhraseState
from gan.plots import leakage_figure, shares_figure, strip_figure

SHOWN = 6  # sample phrases in the strip

page = open_page()
session, info, engine = page.session, page.info, page.engine
card = show.card_of(info)
dark = st.context.theme.type == "dark"

st.subheader("All generators")
st.caption(
    "Each was measured on songs that it never saw. A share of 100% is what training songs "
    "reach against those songs; an AUC of 0.5 means that a classifier cannot tell samples "
    "from songs."
)
st.dataframe(show.overview(), hide_index=True, column_config=show.OVERVIEW_COLUMNS)

st.subheader(escape_markdown(info.title))
if card is None:
    st.info("This checkpoint has no card yet. This command measures it:")
    where = shlex.quote(f"checkpoints/{info.name}")
    st.code(
        f"python -m gan.cli.evaluate --checkpoint_dir {where} --data_dir FOLDER --write",
        language="bash",
    )
else:
    if regions := show.regions(card["figures"]):
        st.markdown("##### Wherever you go")
        st.caption(
            "The same figures at seeds and away from them: on walks between two seeds, under "
            "three sliders at once, near a seed, after another take of one part."
        )
        st.dataframe(regions, hide_index=True)
    st.markdown(show.facts(card))

st.markdown("##### What it writes")
if engine is None:
    wait_for(info)
else:
    first = st.number_input("First seed", 0, 1_000_000, 0, SHOWN, width=200, key="models:first")
    rolls = engine.render_all([PhraseState(seed=first + k) for k in range(SHOWN)])
    names = [f"seed {first + k}" for k in range(SHOWN)]
    st.plotly_chart(
        strip_figure(rolls, info.spec, labels=names, dark=dark),
        theme=None,
        key="models:strip",
        config={"displayModeBar": False},
    )
    picked = st.segmented_control("Listen to", names, default=names[0], key=f"models:seed:{first}")
    index = names.index(picked) if picked else 0
    piece = Piece(rolls[index], info.spec, f"{info.name}-seed-{first + index}")
    show_piece(session, piece, key="models:player")

if card is not None:
    figures = card["figures"]
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("##### Overlap with held-out songs, by attribute")
        st.dataframe(
            show.overlaps(figures),
            hide_index=True,
            height=420,
            column_config=show.OVERLAP_COLUMNS,
        )
    with right:
        st.markdown("##### Samples against data")
        histograms = figures.get("histograms") or {}
        if not histograms:
            st.caption("Measured without the data; give `--data_dir` to see distributions.")
        else:
            name = st.selectbox(
                "Attribute",
                sorted(histograms, key=label_of),
                format_func=label_of,
                key="models:measure",
            )
            one = histograms[name]
            st.plotly_chart(
                shares_figure(
                    np.asarray(one["edges"]),
                    {"samples": one["samples"], "held-out songs": one["data"]},
                    unit=label_of(name),
                    dark=dark,
                    height=340,
                ),
                theme=None,
                key="models:histogram",
                config={"displayModeBar": False},
            )

named = show.named_directions(info, engine)
if named:
    st.markdown("##### What each slider moves")
    st.caption(
        "One step of a slider, in standard deviations of each measure. The blue diagonal is what "
        "each slider is for; the other cells of its row move along with it."
    )
    st.plotly_chart(
        leakage_figure({each.measure: each.effects for each in named}, dark=dark),
        theme=None,
        key="models:leakage",
        config={"displayModeBar": False},
    )
    st.dataframe(show.faithfulness(named), hide_index=True, column_config=show.SLIDER_COLUMNS)

write_address(session)
