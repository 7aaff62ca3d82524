"""What a run is made of: music, what it is read into, and what learns from it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import streamlit as st

from gan.app.escape import escape_markdown
from gan.app.history import Session
from gan.app.music_in import Wanted, copy_without, keep_files
from gan.app.widgets.piece import Piece, show_piece
from gan.data.dataset import Dataset, rolls
from gan.data.folder import SUFFIXES
from gan.data.ingest import Report
from gan.data.report import report_text
from gan.errors import DataError
from gan.files import must_be_writable
from gan.models.checkpoint import CheckpointInfo
from gan.models.config import FAMILIES
from gan.spec import CHECKPOINTS
from gan.training import runs
from gan.training.runs import Order

NOTHING = ""  # to begin with
SCHEMES = {
    "auto": "as the files suggest",
    "named": "by the names that the files share",
    "band": "a band, by instruments",
    "piano": "all in one track",
}
WORDS = {
    "gan": "GAN: draws a phrase at once; quick sliders",
    "vae": "VAE: draws a phrase at once; the safest to train",
    "transformer": "Transformer: writes note by note; the nearest to the music",
}
LITTLE = 5000  # phrases, below which beginning with a trained generator is better
LEAST = 20  # phrases


def choose_music(usable: Mapping[str, CheckpointInfo], first: str) -> Wanted | None:
    """The music to read, and into which tracks; None until there is some.

    `first` is the generator that is offered to begin with.
    """
    where = st.segmented_control(
        "Music", ["Files", "A folder on this machine"], default="Files", key="train:where"
    )
    data_dir = ""
    if where == "Files":
        files = st.file_uploader(
            "MIDI files",
            type=[suffix.lstrip(".") for suffix in SUFFIXES],
            accept_multiple_files=True,
            key="train:files",
            help="Twenty songs are enough to begin with a generator that has learnt already.",
        )
        if files:
            try:
                data_dir = str(keep_files((each.name, each.getvalue()) for each in files))
            except (DataError, OSError) as error:
                st.error(escape_markdown(str(error)))
    else:
        data_dir = st.text_input(
            "Folder", key="train:folder", placeholder="~/Music/MIDI",
            help="Folders in it are read too.",
        ).strip()  # fmt: skip
    left, right = st.columns(2)
    start = left.selectbox(
        "Begin with",
        [*usable, NOTHING],
        index=list(usable).index(first),
        key="train:start",
        format_func=lambda name: usable[name].title if name in usable else "nothing",
        help="A generator that has learnt already needs little music and little time, and the "
        "music is read into its tracks. From nothing, thousands of phrases and hours are needed.",
    )
    scheme = "auto"
    if start == NOTHING:
        scheme = right.selectbox(
            "Tracks", list(SCHEMES), key="train:scheme", format_func=SCHEMES.__getitem__
        )
    else:
        names = ", ".join(usable[start].spec.track_names)
        right.text_input("Tracks", names, disabled=True, key=f"train:tracks:{start}")
    if not data_dir:
        return None
    if start == NOTHING:
        return Wanted(data_dir, scheme)
    return Wanted(data_dir, like=usable[start].spec)


def show_report(dataset: Dataset, report: Report, session: Session) -> Sequence[str]:
    """What was taken and what was refused; returns the names of songs to leave out."""
    refused = len(report.refused)
    taken = f"**{report.songs:,} of {report.files:,} files** gave {report.phrases:,} phrases"
    st.markdown(taken + (f"; {refused:,} were refused." if refused else "."))
    for name, reason in list(report.refused.items())[:5]:
        st.caption(escape_markdown(f"{name}: {reason}"))
    with st.expander("The whole report"):
        st.code(report_text(report), language=None, height=300)
    if not len(dataset):
        return ()
    with st.expander("Listen to phrases, as the generator will see them"):
        at = st.slider("Phrase", 1, max(2, len(dataset)), 1, key="train:phrase") - 1
        at = min(at, len(dataset) - 1)
        song = dataset.song_names[int(dataset.song[at])]
        st.caption(escape_markdown(song))
        piece = Piece(rolls(dataset, [at])[0], dataset.spec, "phrase")
        show_piece(session, piece, key="train:player")
    return st.multiselect(
        "Leave out", list(dataset.song_names), key="train:left out", placeholder="nothing"
    )


def order_form(
    wanted: Wanted,
    dataset: Dataset,
    left_out: Sequence[str],
    usable: Mapping[str, CheckpointInfo],
) -> None:
    """What learns, for how long, and under which name; the last button starts the run."""
    start = st.session_state["train:start"]
    if len(dataset) < LEAST:
        st.warning(
            f"{len(dataset)} phrases are too few to learn from: give at least {LEAST}, some three "
            "songs."
        )
        return
    if start == NOTHING and len(dataset) < LITTLE:
        st.info(
            f"{len(dataset):,} phrases are few to begin from nothing. Begin with a generator "
            "instead, and it learns to play like your music in a quarter of an hour."
        )
    left, middle, right = st.columns([3, 2, 2])
    title = left.text_input("Its name", key="train:title", max_chars=60, placeholder="My songs")
    if start == NOTHING:
        family = middle.selectbox(
            "What learns", list(FAMILIES), key="train:family",
            format_func=lambda name: WORDS.get(name, name),
        )  # fmt: skip
    else:
        family = usable[start].family
        middle.text_input("What learns", WORDS[family].split(":")[0], disabled=True,
                          key=f"train:family:{family}")  # fmt: skip
    minutes = right.number_input(
        "Minutes", 1, runs.MINUTES_MAX, 15 if start != NOTHING else 240, key="train:minutes",
        help="Of learning. Finishing it off takes some minutes more.",
    )  # fmt: skip
    name = runs.free_name(title, {path.name: None for path in CHECKPOINTS.glob("*")})
    if title and name != runs.free_name(title, {}):
        st.caption(f"There is a generator of that name: this one goes into the folder {name}.")
    if st.button("Train", type="primary", icon=":material/school:", disabled=not title.strip()):
        order = Order(
            title=title.strip(),
            name=name,
            data_dir=wanted.data_dir,
            family=family,
            minutes=float(minutes),
            scheme=wanted.scheme,
            start_from=str(usable[start].path) if start != NOTHING else None,
            asked=time.time(),
        )
        try:
            _order(order, left_out)
        except (DataError, OSError) as error:
            st.error(escape_markdown(str(error)))
        else:
            st.rerun()


def _order(order: Order, left_out: Sequence[str]) -> None:
    """Place a run; its music is copied where it was dropped, or songs of a folder are left out."""
    must_be_writable(CHECKPOINTS, "The folder of generators")
    source = Path(order.data_dir).expanduser()
    with runs.new_run() as folder:
        if source.parent == runs.runs_folder() or left_out:
            goal = folder / runs.MUSIC
            if left_out:
                copy_without(source, left_out, goal)
            else:
                shutil.copytree(source, goal)
            order = msgspec.structs.replace(order, data_dir=str(goal))
        runs.place(folder, order)
