"""Compile a function of tensors into one of NumPy arrays, on whichever backend runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


def compiled(function: Callable[[Any], Any]) -> Callable[[NDArray[Any]], NDArray[np.float32]]:
    """`function` as a graph that is traced once for any batch size.

    Input: one float32 array with a free leading axis. Output: one float32 array.
    """
    if keras.backend.backend() == "jax":
        import jax

        staged = jax.jit(function)
    else:
        import tensorflow as tf

        # Relaxed shapes: one trace serves one phrase and a batch of them.
        staged = tf.function(function, reduce_retracing=True, autograph=False)

    def call(values: NDArray[Any]) -> NDArray[np.float32]:
        return np.asarray(staged(keras.ops.convert_to_tensor(values)), np.float32)

    return call
