"""Compile a function of tensors into one of NumPy arrays, on whichever backend runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


def _traced(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A TensorFlow graph, traced at the first call, for one phrase and for many."""
    import tensorflow as tf

    graphs: list[Any] = []

    def call(values: Any) -> Any:
        if not graphs:
            shape = tf.TensorSpec((None, *values.shape[1:]), tf.float32)
            graphs.append(tf.function(function, input_signature=[shape], autograph=False))
        return graphs[0](values)

    return call


def compiled(function: Callable[[Any], Any]) -> Callable[[NDArray[Any]], NDArray[np.float32]]:
    """`function` as a graph that is traced once for any batch size.

    Input: one float32 array with a free leading axis. Output: one float32 array.
    """
    if keras.backend.backend() == "jax":
        import jax

        staged = jax.jit(function)
    else:
        staged = _traced(function)

    def call(values: NDArray[Any]) -> NDArray[np.float32]:
        return np.asarray(staged(keras.ops.convert_to_tensor(values)), np.float32)

    return call
