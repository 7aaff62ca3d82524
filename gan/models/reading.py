"""Files of a checkpoint as JSON and arrays; what is wrong with them is a `CheckpointError`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from gan.errors import CheckpointError
from gan.files import JSON_MAX, parse_json
from gan.models.arrays import ARRAYS_MAX, parse_arrays
from gan.models.parts import read_part

LOG = "log.jsonl"


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Arrays of an .npz file; `CheckpointError` where it is missing or damaged."""
    try:
        if path.stat().st_size > ARRAYS_MAX:
            raise ValueError("it is too large")
        return parse_arrays(path.read_bytes())
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing; train again or restore the file.") from None
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from error


def read_part_arrays(folder: Path, name: str) -> dict[str, NDArray[Any]]:
    """Arrays of a part of a checkpoint; `CheckpointError` where it is missing or damaged."""
    data = read_part(folder, name)
    if data is None:
        raise CheckpointError(f"{folder / name} is missing; train again or restore the file.")
    return parse_part(folder, name, data)


def parse_part(folder: Path, name: str, data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays that the bytes of a part hold."""
    try:
        return parse_arrays(data)
    except ValueError as error:
        raise _damaged(folder / name, error) from error


def _damaged(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(f"{path} is damaged ({error}); train again or restore the file.")


def read_json_part(folder: Path, name: str) -> dict[str, Any] | None:
    """The JSON object of a part, None where there is none; `CheckpointError` where damaged."""
    data = read_part(folder, name)
    return None if data is None else parse_object(folder, name, data)


def parse_object(folder: Path, name: str, data: bytes) -> dict[str, Any]:
    """The JSON object that the bytes of a part hold."""
    try:
        values = parse_json(data)
    except ValueError as error:
        raise CheckpointError(f"{folder / name} cannot be read ({error}).") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{folder / name} does not hold a JSON object.")
    return values


def read_log(folder: Path) -> list[dict[str, Any]]:
    """Lines of `log.jsonl`; a torn last line, left by a kill, is passed over."""
    try:
        with (folder / LOG).open("rb") as file:
            text = file.read(JSON_MAX)
    except OSError:
        return []
    lines = []
    for line in text.splitlines():
        with suppress(ValueError):
            lines.append(parse_json(line))
    return [line for line in lines if isinstance(line, dict)]
