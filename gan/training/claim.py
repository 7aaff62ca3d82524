"""A run's right to a checkpoint folder, settled before data is read; needs no TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from gan.errors import CheckpointError
from gan.files import locked, must_be_writable, remove_leftovers
from gan.models.checkpoint import CONFIG, WEIGHTS, read_info
from gan.models.config import ModelConfig
from gan.models.parts import listed
from gan.spec import RollSpec

STATE = Path("training") / "state.npz"
LOCK = ".run.lock"


@contextmanager
def claimed(folder: Path, *, resume: bool) -> Iterator[None]:
    """Keep other runs out of `folder`, in which a run begins or, with `resume`, goes on.

    Raises `CheckpointError` where it holds a checkpoint that must not be overwritten or another
    run is writing, and `DataError` where nothing can be written.
    """
    if not resume:
        refuse_taken(folder)
    must_be_writable(folder, "The checkpoint folder")
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        with locked(folder / LOCK, wait=False):
            for place in (folder, folder / STATE.parent):
                remove_leftovers(place)
            yield
    except BlockingIOError:
        raise CheckpointError(
            f"Another run is writing into {folder}; wait for it or choose another folder."
        ) from None
    finally:
        for path in missing:  # a run that wrote nothing leaves nothing
            with suppress(OSError):
                path.rmdir()


def refuse_taken(folder: Path) -> None:
    """`CheckpointError` where a folder holds a checkpoint, or the state of a run."""
    if CONFIG in listed(folder) or (folder / STATE).exists():
        raise CheckpointError(
            f"{folder} already holds a checkpoint; "
            "add --resume to go on with it or choose another --checkpoint_dir."
        )


def refuse_other(folder: Path, *, family: str, spec: RollSpec, model: ModelConfig) -> None:
    """`CheckpointError` where a folder's weights are of another family, spec or size."""
    parts = listed(folder)
    if CONFIG not in parts or WEIGHTS not in parts:
        return
    info = read_info(folder)
    differing: Mapping[str, bool] = {
        f"family {info.family}": info.family != family,
        f"tracks {', '.join(info.spec.track_names)}": info.spec != spec,
        "sizes of networks": replace(info.model, dropout=model.dropout) != model,
    }
    for what, differs in differing.items():
        if differs:
            raise CheckpointError(
                f"{folder} was trained with other settings ({what}); "
                "give the same ones or choose another --checkpoint_dir."
            )
