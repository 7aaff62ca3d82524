"""Weights of Keras models as arrays under stable names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan.errors import CheckpointError


def _named_variables(models: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """Each variable with `model/NNN/name`; the order of creation makes names unique."""
    for model in models:
        for index, variable in enumerate(model.weights):
            yield f"{model.name}/{index:03d}/{variable.name}", variable


def named_weights(models: Sequence[Any]) -> dict[str, NDArray[np.float32]]:
    """All weights of the models, which must be built."""
    return {
        name: np.asarray(variable.numpy(), np.float32)
        for name, variable in _named_variables(models)
    }


def set_named_weights(models: Sequence[Any], values: Mapping[str, NDArray[np.floating]]) -> None:
    """Assign `named_weights`; nothing is assigned unless all of it fits."""
    variables = list(_named_variables(models))
    for name, variable in variables:
        if name not in values:
            raise CheckpointError(f"The weights lack {name}.")
        if tuple(values[name].shape) != tuple(variable.shape):
            raise CheckpointError(
                f"The weights hold {name} as {tuple(values[name].shape)}, "
                f"but this configuration needs {tuple(variable.shape)}."
            )
        if not np.isfinite(values[name]).all():
            raise CheckpointError(f"The weights of {name} are not finite numbers.")
    for name, variable in variables:
        variable.assign(np.asarray(values[name], np.float32))
