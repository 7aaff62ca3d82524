"""Compile a function of tensors into one of NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Arrays = NDArray[Any]
Compiled = Callable[..., NDArray[np.float32]]


def _traced(function: Callable[..., Any]) -> Callable[..., Any]:
    """A TensorFlow graph, traced at the first call, for one phrase and for many."""
    import tensorflow as tf

    graphs: list[Any] = []

    def call(*values: Any) -> Any:
        if not graphs:
            shapes = [tf.TensorSpec((None, *value.shape[1:]), tf.float32) for value in values]
            graphs.append(tf.function(function, input_signature=shapes, autograph=False))
        return graphs[0](*values)

    return call


def _gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    """The gradient of TensorFlow's `function` by its first argument."""
    import tensorflow as tf

    def gradient(first: Any, *others: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(first)
            value = function(first, *others)
        return tape.gradient(value, first)

    return gradient


def compiled(function: Callable[..., Any]) -> Compiled:
    """`function` as a graph that is traced once for any batch size.

    Input: float32 arrays with a free leading axis. Output: one float32 array.
    """
    staged = _traced(function)

    def call(*values: Arrays) -> NDArray[np.float32]:
        tensors = [keras.ops.convert_to_tensor(value) for value in values]
        return np.asarray(staged(*tensors), np.float32)

    return call


def compiled_gradient(function: Callable[..., Any]) -> Compiled:
    """The gradient by the first argument of a `function` that gives one number, compiled."""
    return compiled(_gradient(function))
