"""A run as TensorBoard sees it: scalars, and rolls of a fixed grid of z."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import tensorflow as tf

from gan.quality.evaluation import sample_rolls
from gan.training.pictures import picture_grid
from gan.training.state import TrainState

if TYPE_CHECKING:
    from gan.training.run import Progress

log = logging.getLogger(__name__)
EVERY = 10  # steps between scalars
GRID = 16  # phrases in the picture; the same z every time


class Board:
    """Writes event files into a folder; call it with each `Progress`."""

    def __init__(self, folder: Path, state: TrainState) -> None:
        self.state, self.failed = state, False
        self.writer = tf.summary.create_file_writer(str(folder))

    def __call__(self, progress: Progress) -> None:
        result = progress.evaluation
        if self.failed or (progress.step % EVERY and result is None):
            return
        try:
            self._write(progress)
        except tf.errors.OpError as error:
            # As on a full disk; the run is not to end for it.
            log.warning("TensorBoard gets no more of this run: %s", error.message)
            self.failed = True

    def _write(self, progress: Progress) -> None:
        result = progress.evaluation
        with self.writer.as_default(step=progress.step):
            for name, value in progress.metrics.items():
                tf.summary.scalar(f"{progress.stage}/{name}", value)
            if result is None:
                return
            tf.summary.scalar("evaluation/mean_overlap", result.mean)
            tf.summary.scalar("evaluation/share_of_ceiling", result.share)
            tf.summary.scalar("evaluation/diversity", result.diversity)
            for name, value in result.overlap.items():
                tf.summary.scalar(f"overlap/{name}", value)
            picture = picture_grid(sample_rolls(self.state.average, GRID, seed=0))
            tf.summary.image("rolls", picture[None])
        self.writer.flush()

    def close(self) -> None:
        self.writer.close()
