"""Many variables seen as one vector, so that an optimiser's update is a dozen operations.

A generator has some 250 variables; an update for each, and a moving average of each, were
two thirds of the operations of a step's graph: a minute of tracing before the first step.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from gan.models.layers import Tensor


class Flat:
    """One vector that holds the values of `variables`, in their order.

    The vector is the master: `vector` is what an optimiser updates, `spread` copies it out.
    """

    def __init__(self, variables: list[Any], name: str) -> None:
        self.variables = variables
        self.shapes = [tuple(variable.shape) for variable in variables]
        self.sizes = [int(np.prod(shape)) for shape in self.shapes]
        self.vector = keras.Variable(
            np.zeros(sum(self.sizes), np.float32), trainable=True, name=name
        )
        self.collect()

    def collect(self) -> None:
        """Take the values that the variables have now."""
        values = [np.asarray(variable).ravel() for variable in self.variables]
        self.vector.assign(np.concatenate(values))

    def joined(self, tensors: list[Tensor]) -> Tensor:
        """Tensors of the variables' shapes, gradients say, as one vector."""
        return ops.concatenate([ops.reshape(each, (-1,)) for each in tensors])

    def spread(self) -> None:
        """Give each variable its share of the vector."""
        self.spread_onto(self.variables, self.vector)

    def spread_onto(self, variables: list[Any], vector: Tensor) -> None:
        """Give each of `variables`, which are like ours, its share of `vector`."""
        pieces = ops.split(vector, np.cumsum(self.sizes)[:-1].tolist())
        for variable, piece, shape in zip(variables, pieces, self.shapes, strict=True):
            variable.assign(ops.reshape(piece, shape))
