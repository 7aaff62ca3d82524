"""Checkpoint folders: JSON and arrays, no pickle, every file written beside and renamed.

checkpoints/NAME/
  config.json          format, family, roll spec, model and training settings, data
  weights.npz          the generator, float16
  measures.json        the training's own evaluation of these weights
  reference.npz        measures of held-out phrases, to evaluate against without the data
  directions.*         what the sliders move along (`gan.sliders.store`)
  preview.json         a phrase for the first page, before TensorFlow is there
  card.json            what the model is and how good (`gan.quality.card`)
  log.jsonl            one line an evaluation of the run
  training/state.npz   everything `--resume` needs; not part of what is shipped
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gan.errors import CheckpointError, SpecError
from gan.files import write_arrays, write_json
from gan.models.config import ModelConfig, config_from_dict
from gan.spec import RollSpec, spec_from_dict, spec_to_dict

if TYPE_CHECKING:
    from gan.models.networks import Encoded

FORMAT = 1
WEIGHTS = "weights.npz"


@dataclass(frozen=True)
class CheckpointInfo:
    """What a checkpoint folder says of itself; `digest` names its exact weights."""

    path: Path
    family: str
    spec: RollSpec
    model: ModelConfig
    training: Mapping[str, Any]
    data: Mapping[str, Any]
    measures: Mapping[str, Any]
    digest: str

    @property
    def name(self) -> str:
        return self.path.name


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Arrays of an .npz file; `CheckpointError` where it is missing or damaged."""
    try:
        # Opened here, because np.load leaves a file that is no archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing; train again or restore the file.") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise CheckpointError(
            f"{path} is damaged ({error}); train again or restore the file."
        ) from error


def write_config(
    folder: Path,
    *,
    family: str,
    spec: RollSpec,
    model: ModelConfig,
    training: Mapping[str, Any],
    data: Mapping[str, Any],
) -> None:
    """`config.json` of a checkpoint folder."""
    write_json(
        folder / "config.json",
        {
            "format": FORMAT,
            "family": family,
            "spec": spec_to_dict(spec),
            "model": asdict(model),
            "training": dict(training),
            "data": dict(data),
        },
    )


def write_weights(folder: Path, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """`weights.npz`, as float16: half the size, and well below what changes a phrase."""
    write_arrays(
        folder / WEIGHTS, {key: value.astype(np.float16) for key, value in weights.items()}
    )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(
            f"{path.parent} is no checkpoint: it has no {path.name}. "
            "Give the folder that train.py wrote."
        ) from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}).") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path} does not hold a JSON object.")
    return values


def read_info(checkpoint_dir: str | Path) -> CheckpointInfo:
    """What a checkpoint says of itself, without loading TensorFlow."""
    folder = Path(checkpoint_dir)
    if not folder.is_dir():
        raise CheckpointError(f"There is no checkpoint folder {folder}.")
    values = _read_json(folder / "config.json")
    if values.get("format") != FORMAT:
        raise CheckpointError(
            f"{folder}/config.json has format {values.get('format')!r}, "
            f"but this program reads format {FORMAT}; it was written by something else."
        )
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise CheckpointError(f"{folder} holds no weights yet (weights.npz is missing).")
    measures = folder / "measures.json"
    try:
        return CheckpointInfo(
            path=folder,
            family=str(values["family"]),
            spec=spec_from_dict(values["spec"]),
            model=config_from_dict(values["model"]),
            training=values.get("training", {}),
            data=values.get("data", {}),
            measures=_read_json(measures) if measures.is_file() else {},
            digest=hashlib.sha256(weights.read_bytes()).hexdigest()[:10],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{folder}/config.json is incomplete ({error}).") from error
    except SpecError as error:
        raise CheckpointError(f"{folder}/config.json: {error}") from error


def load_generator(checkpoint_dir: str | Path) -> tuple[Encoded, CheckpointInfo]:
    """Rebuild the generator of a checkpoint from its own configuration."""
    info = read_info(checkpoint_dir)
    weights = read_arrays(info.path / WEIGHTS)
    # Here, not above: Keras takes seconds to import, and listing checkpoints must not.
    from gan.models.registry import build

    try:
        generator = build(info.family, info.spec, info.model)
    except SpecError as error:
        raise CheckpointError(f"{info.path}/config.json: {error}") from error
    try:
        generator.set_weights(weights)
    except CheckpointError as error:
        raise CheckpointError(f"{info.path}: {error}") from error
    return generator, info


def list_checkpoints(
    root: str | Path,
) -> tuple[list[CheckpointInfo], dict[str, str]]:
    """Usable checkpoints under `root` by name, and for each damaged folder the reason."""
    usable: list[CheckpointInfo] = []
    refused: dict[str, str] = {}
    folders = sorted(path for path in Path(root).glob("*") if path.is_dir())
    for folder in folders:
        try:
            usable.append(read_info(folder))
        except CheckpointError as error:
            refused[folder.name] = str(error)
    return usable, refused
