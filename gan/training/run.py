"""A training run: its inputs, what it tells, and what it begins with."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from gan.data.dataset import Dataset
from gan.errors import CheckpointError
from gan.models import checkpoint, reading
from gan.models.config import ModelConfig
from gan.models.parts import write_parts
from gan.quality import evaluation
from gan.training.config import TrainConfig


@dataclass(frozen=True)
class Progress:
    """What the loop tells whoever watches: after every step, and after an evaluation."""

    step: int
    steps: int
    stage: str
    metrics: Mapping[str, float]
    evaluation: evaluation.Evaluation | None = None


@dataclass(frozen=True)
class Run:
    """A run's inputs. `minutes`, where given, ends it early and cuts the stages to fit.

    `start_from` is a checkpoint folder whose weights a new run begins with. `distribute` is
    one of `gan.training.config.KINDS`.
    """

    dataset: Dataset
    folder: Path
    config: TrainConfig
    model: ModelConfig
    minutes: float | None = None
    resume: bool = False
    start_from: Path | None = None
    distribute: str = "none"
    data: Mapping[str, Any] | None = None


def start_weights(run: Run) -> dict[str, NDArray[Any]] | None:
    """Weights of the checkpoint that a run starts from; `CheckpointError` if they do not fit."""
    if run.start_from is None:
        return None
    info = checkpoint.read_info(run.start_from)
    same = replace(info.model, dropout=run.model.dropout) == run.model
    if info.spec != run.dataset.spec or not same:
        raise CheckpointError(
            f"{info.path} was trained on {', '.join(info.spec.track_names)} and the data has "
            f"{', '.join(run.dataset.spec.track_names)}; start from a checkpoint of the same "
            "tracks and sizes, or leave out --start_from."
        )
    return reading.read_part_arrays(info.path, checkpoint.WEIGHTS)


def write_start(
    run: Run, state: Mapping[str, NDArray[Any]], reference: evaluation.Reference
) -> None:
    """Write the configuration, and what the run is measured against, before the first step.

    `CheckpointError` where the disk has no room for `state`.
    """
    needed = sum(array.nbytes for array in state.values())
    run.folder.mkdir(parents=True, exist_ok=True)
    # A state is written beside the one before, and weights are smaller than it.
    if shutil.disk_usage(run.folder).free < 2 * needed:
        raise CheckpointError(
            f"{run.folder} is on a disk with less room than the {2 * needed >> 20} MiB that the "
            "training state takes; make room or choose another --checkpoint_dir."
        )
    config = checkpoint.config_part(
        family=run.config.family,
        spec=run.dataset.spec,
        model=run.model,
        training=asdict(run.config),
        data=run.data or {},
    )
    write_parts(run.folder, config | evaluation.reference_part(reference))
