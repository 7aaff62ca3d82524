"""Several devices or machines that train one model: each takes its rows of every batch.

Networks and optimisers are plain variables, alike everywhere. `tf.distribute` computes the
gradients of each replica's rows and their mean over all; everybody then applies that mean, so
what was alike stays alike. Batch and noise are functions of the seed and the step, so nobody
has to send data to anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gan.errors import SpecError


class Workers:
    """The replicas of a run; without a strategy there is one, this process."""

    def __init__(self, strategy: Any = None, *, chief: bool = True) -> None:
        self.strategy = strategy
        self.chief = chief

    @property
    def count(self) -> int:
        return 1 if self.strategy is None else int(self.strategy.num_replicas_in_sync)

    def share_of(self, batch_size: int) -> int:
        """Rows of a batch that each replica takes; `SpecError` if they do not come out even."""
        if batch_size % (8 * self.count):
            raise SpecError(
                f"A batch of {batch_size} cannot be shared by {self.count} replicas: "
                f"batch_size must be a multiple of {8 * self.count}."
            )
        return batch_size // self.count

    def mean(self, function: Callable[..., Any], rows: Any, *rest: Any) -> Any:
        """The mean over replicas of `function(rows of the replica, *rest)`.

        `rows` is a structure of tensors with the batch on axis 0; what `function` returns is a
        structure of tensors.
        """
        strategy = self.strategy
        if strategy is None:
            return function(rows, *rest)

        def replica(rows: Any, *rest: Any) -> Any:
            context = tf.distribute.get_replica_context()
            own = tf.nest.map_structure(lambda t: self._own(t, context), rows)
            return context.all_reduce(tf.distribute.ReduceOp.MEAN, function(own, *rest))

        found = strategy.run(replica, args=(rows, *rest))
        return tf.nest.map_structure(lambda v: strategy.experimental_local_results(v)[0], found)

    def _own(self, tensor: Any, context: Any) -> Any:
        size = tf.shape(tensor)[0] // self.count
        start = tf.cast(context.replica_id_in_sync_group, tf.int32) * size
        return tensor[start : start + size]


def workers(kind: str) -> Workers:
    """The replicas that the command line asks for.

    "mirrored" is all graphics cards of this machine; "multiworker" the processes that
    `TF_CONFIG` names, as TensorFlow documents it. Must come before TensorFlow does anything
    else. The chief alone writes files.
    """
    if kind == "none":
        return Workers()
    if kind == "mirrored":
        return Workers(tf.distribute.MirroredStrategy())
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    if not resolver.cluster_spec().jobs:
        raise SpecError(
            "--distribute multiworker needs TF_CONFIG with the addresses of all workers and this "
            "one's index; see TensorFlow's guide to multi-worker training."
        )
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    chief = resolver.task_type == "chief" or (
        resolver.task_type == "worker"
        and resolver.task_id == 0
        and "chief" not in resolver.cluster_spec().jobs
    )
    return Workers(strategy, chief=chief)
