"""What was understood of a piece, and the picture in which four bars of it are chosen."""

from __future__ import annotations

import numpy as np
import streamlit as st

from gan.app.escape import escape_markdown
from gan.app.widgets.yours_figures import Overview, comparison_figure, overview_figure
from gan.app.widgets.yours_phrase import Likeness
from gan.app.widgets.yours_shelf import Shelf
from gan.data.own import Arranged, Excerpt, whole_roll
from gan.data.own_report import excerpt_words, headline, placed, sentences
from gan.engine import Rolls
from gan.spec import RollSpec

PLAIN = {"displayModeBar": False}
_PICTURE = "yours:picture"


def heading(own: Shelf, arranged: Arranged) -> None:
    """The piece's name and what it is, and a choice where there are several."""
    if len(own.pieces) > 1:
        st.session_state["yours:current"] = own.current

        def take() -> None:
            own.current = st.session_state["yours:current"]

        st.selectbox(
            "Piece", list(own.pieces), key="yours:current", on_change=take,
            format_func=escape_markdown, label_visibility="collapsed",
        )  # fmt: skip
    st.markdown(
        f"**{escape_markdown(own.current)}**  \n{escape_markdown(headline(arranged.understood))}"
    )


def overview(own: Shelf, arranged: Arranged, bar: int) -> None:
    """The whole piece; a box drawn over it chooses where the phrase begins."""
    roll, long_spec = whole_roll(arranged)
    lines = arranged.song.bar_starts
    piece = Overview(
        roll, long_spec, lines - lines[0], arranged.bars.starts, arranged.bars.inside,
        arranged.spec.bars,
    )  # fmt: skip

    def take() -> None:
        points = st.session_state[_PICTURE]["selection"]["points"]
        found = [_bar_of(point) for point in points]
        bars = sorted(each for each in found if each in arranged.bars.starts)
        if bars:
            own.bars[own.current] = bars[0]

    figure = overview_figure(piece, bar, dark=st.context.theme.type == "dark")
    st.plotly_chart(
        figure, theme=None, key=_PICTURE, on_select=take, selection_mode=("points", "box"),
        config=PLAIN,
    )  # fmt: skip
    _slider(own, arranged, bar)


def _bar_of(point: object) -> int | None:
    """The bar of a selected point: its custom data is a number, or a list with one."""
    data = point.get("customdata") if isinstance(point, dict) else None
    value = data[0] if isinstance(data, list) and data else data
    return int(value) if isinstance(value, int | float) else None


def _slider(own: Shelf, arranged: Arranged, bar: int) -> None:
    starts = [start + 1 for start in arranged.bars.starts]
    if len(starts) < 2:
        return

    def take() -> None:
        own.bars[own.current] = st.session_state["yours:bar"] - 1

    st.session_state["yours:bar"] = bar + 1
    count = arranged.spec.bars
    st.select_slider(
        "Bars", starts, key="yours:bar", on_change=take,
        format_func=lambda first: f"{first} to {first + count - 1}",
        help="Draw over the picture, or move this.",
    )  # fmt: skip


def understood_panel(arranged: Arranged) -> None:
    """How the piece was read, in words."""
    understood = arranged.understood
    lines = [
        *sentences(understood, arranged.spec),
        *(placed(one) for one in understood.instruments),
    ]
    st.markdown("\n".join(f"* {escape_markdown(each)}" for each in lines))


def comparison(
    mine: Rolls, theirs: Rolls, spec: RollSpec, *, like: Likeness, transpose: int
) -> None:
    """Yours above the generator's, and how alike they are."""
    if np.array_equal(mine, theirs):
        st.caption("The generator says it exactly as you wrote it.")
        return
    lost, new = (f"{n} note{'' if n == 1 else 's'}" for n in (like.lost, like.new))
    st.caption(
        f"{like.onset:.0%} of the notes begin alike, and {like.sounding:.0%} of what sounds is the "
        f"same (F1). {lost} only in yours, {new} only in the generator's."
    )
    figure = comparison_figure(
        mine, theirs, spec, transpose=transpose, dark=st.context.theme.type == "dark"
    )
    st.plotly_chart(figure, theme=None, key="yours:comparison", config=PLAIN)


def outside(part: Excerpt, arranged: Arranged) -> None:
    """What of these bars the generator cannot say at all."""
    if told := excerpt_words(part, arranged):
        st.caption(escape_markdown(" ".join(told)))
