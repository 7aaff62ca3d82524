"""The runs of the Train page: how far they are, what they have learnt to play, what to do."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gan.app.escape import escape_markdown
from gan.app.history import Session
from gan.app.session import choose
from gan.app.widgets.piece import Piece, show_piece
from gan.errors import CheckpointError, DataError
from gan.models.checkpoint import CheckpointInfo, read_info
from gan.models.reading import read_log
from gan.plots import curves_figure, strip_figure
from gan.training import runs
from gan.training.diary import Heard, Step, read_heard, read_steps
from gan.training.runs import Run

COLLAPSED = 0.3  # of the data's diversity
COPIES = 0.1  # of the phrases
STRIP = 5  # evaluations in the strip
FINISHING = "Finishing: calibration, and what the sliders move along. This takes some minutes."


def show_run(run: Run, session: Session, usable: Mapping[str, CheckpointInfo]) -> None:
    """One run, with its buttons."""
    state = run.state
    with st.container(border=True):
        row = st.container(horizontal=True, vertical_alignment="center")
        row.markdown(f"**{escape_markdown(run.order.title)}** · {_in_words(run)}")
        steps = read_steps(run.checkpoint / "training")
        if state == "training":
            _progress(steps)
        if run.mark.sentence and state in ("failed", "stopped"):
            st.warning(escape_markdown(run.mark.sentence))
        _buttons(run, row, usable)
        log = read_log(run.checkpoint)
        for warning in warnings(log):
            st.warning(warning)
        if len(steps) > 1:
            _curves(steps, log)
        _heard(run, session)
        if text := runs.printed(run):
            with st.expander("What it printed"):
                st.code(text, language=None, height=240)


def _in_words(run: Run) -> str:
    words = {
        "waiting": "waits for the run before it",
        "training": "is learning",
        "finished": "is finished",
        "failed": "ended with an error",
        "stopped": "was stopped",
        "interrupted": "was interrupted",
    }
    return words[run.state]


def _progress(steps: list[Step]) -> None:
    if not steps:
        st.progress(0.0, "Reading the music, and compiling the networks ...")
        return
    last = steps[-1]
    if last.share >= 1.0:
        st.progress(1.0, FINISHING)
        return
    left = last.seconds * (1 - last.share) / max(last.share, 1e-6)
    rate = last.step / max(last.seconds, 1e-6)
    text = (
        f"Step {last.step:,}, {rate:.1f} a second; {_minutes(left)} to go, then it is finished off."
    )
    st.progress(last.share, text)


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"


def _buttons(run: Run, row: DeltaGenerator, usable: Mapping[str, CheckpointInfo]) -> None:
    key = run.folder.name
    if run.alive:
        stopping = (run.folder / runs.STOP).exists()
        row.button(
            "Stopping ..." if stopping else "Stop",
            key=f"stop:{key}",
            icon=":material/stop:",
            disabled=stopping,
            on_click=lambda: runs.ask_to_stop(run),
            help="What it has learnt so far is finished off and kept.",
        )
        return
    if run.state != "finished" and run.can_go_on:
        row.button(
            "Go on", key=f"go:{key}", icon=":material/play_arrow:",
            on_click=lambda: runs.start(run.folder),
        )  # fmt: skip
    if run.state == "finished" and run.mark.sentence in usable:
        info = usable[run.mark.sentence]
        if row.button("Explore it", key=f"explore:{key}", icon=":material/tune:", type="primary"):
            choose(info)
            st.switch_page("pages/explore.py")
    row.button(
        "Remove", key=f"remove:{key}", icon=":material/delete:",
        on_click=lambda: runs.remove(run),
        help="Deletes the run and its log. A finished generator stays.",
    )  # fmt: skip


def warnings(log: list[dict[str, object]]) -> list[str]:
    """What a person should know of a run's last evaluation, in words."""
    if not log:
        return []
    found, last = [], log[-1]
    diversity, copies = last.get("diversity"), last.get("copies")
    if isinstance(diversity, float) and diversity < COLLAPSED:
        found.append(
            "What it writes is all alike. Stop it, and train on more music or begin with a "
            "generator that has learnt already."
        )
    if isinstance(copies, float) and copies > COPIES:
        found.append(
            f"It knows phrases by heart: {copies:.0%} of what it writes are near copies. Stop it "
            "now, or give it more music."
        )
    return found


def _curves(steps: list[Step], log: list[dict[str, object]]) -> None:
    dark = st.context.theme.type == "dark"
    left, right = st.columns(2)
    losses = [(each.step, each.loss) for each in steps if each.loss is not None]
    left.plotly_chart(
        curves_figure({"loss": losses}, title="Loss", dark=dark),
        theme=None, config={"displayModeBar": False}, width="stretch",
    )  # fmt: skip
    figures = {
        label: [(int(line["step"]), float(line[name])) for line in log if name in line]  # type: ignore[call-overload, arg-type]
        for name, label in (("share", "overlap with held-out songs"), ("copies", "near copies"))
    }
    right.plotly_chart(
        curves_figure(figures, title="Shares", dark=dark, shares=True),
        theme=None, config={"displayModeBar": False}, width="stretch",
    )  # fmt: skip


def _heard(run: Run, session: Session) -> None:
    try:
        spec = read_info(run.checkpoint).spec
    except (CheckpointError, DataError):
        return
    heard = read_heard(run.checkpoint / "training", spec)
    if not heard:
        return
    st.caption("The same place in its space, after so many steps:")
    shown = _spread(heard)
    labels = [f"step {each.step:,}" for each in shown]
    st.plotly_chart(
        strip_figure(
            [each.rolls[0] for each in shown], spec, labels=labels,
            dark=st.context.theme.type == "dark",
        ),
        theme=None, key=f"heard:{run.folder.name}", config={"displayModeBar": False},
    )  # fmt: skip
    picked = st.segmented_control(
        "Listen to", labels, key=f"listen:{run.folder.name}", label_visibility="collapsed"
    )
    if picked:
        one = shown[labels.index(picked)]
        name = f"{run.order.name}-step-{one.step}"
        show_piece(session, Piece(one.rolls[0], spec, name), key=f"run:{run.folder.name}")


def _spread(heard: list[Heard]) -> list[Heard]:
    """At most `STRIP` of them, from the first to the last."""
    last = len(heard) - 1
    count = min(STRIP, len(heard))
    return [heard[round(last * k / max(count - 1, 1))] for k in range(count)]
