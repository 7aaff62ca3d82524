"""Checkpoint folders: JSON and arrays, no pickle.

checkpoints/NAME/
  manifest.json        which file holds which of the following (`gan.models.parts`)
  config.json          format, family, roll spec, model and training settings, data
  weights.npz          the generator, float16
  measures.json        the training's own evaluation of these weights
  reference.npz        measures of held-out phrases, to evaluate against without the data
  directions.*         what the sliders move along (`gan.sliders.store`)
  preview.json         a phrase for the first page, before TensorFlow is there
  card.json            what the model is and how good (`gan.quality.card`)
  map.npz              many phrases in a plane (`gan.space.store`)

checkpoints/NAME/
  log.jsonl            one line an evaluation of the run
  training/state.npz   everything `--resume` needs; not part of what is shipped

Files of a folder may come from anywhere: their sizes are bounded before they are read, and
whatever is wrong with them is a `CheckpointError`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from gan.errors import CheckpointError, SpecError
from gan.files import arrays_bytes, json_bytes
from gan.models.config import FAMILIES, ModelConfig, config_from_dict, least_weights
from gan.models.parts import Part, read_part, sha256_of, snapshot, write_parts
from gan.models.reading import parse_object, parse_part
from gan.spec import RollSpec, spec_from_dict, spec_to_dict

if TYPE_CHECKING:
    from gan.models.networks import Encoded

FORMAT = 1
CONFIG = "config.json"
WEIGHTS = "weights.npz"
MEASURES = "measures.json"
BARS_MAX = 64  # of a phrase
CELLS_MAX = 1 << 21  # of a phrase; a shipped one has 27,648

LARGE = 10**12
Number = (
    Annotated[int, msgspec.Meta(ge=-LARGE, le=LARGE)]
    | Annotated[float, msgspec.Meta(ge=-LARGE, le=LARGE)]
)
"""A figure that some page may show."""
Scalar = bool | Number | Annotated[str, msgspec.Meta(max_length=1000)] | None
Figures = dict[str, bool | Number | dict[str, Number]]

UNUSABLE = (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError)
"""What building networks from wrong sizes, or filling them with wrong arrays, may raise."""


class About(msgspec.Struct, frozen=True):
    """What a generator is called and good at, for people; may be written into `config.json`."""

    title: Annotated[str, msgspec.Meta(max_length=60)] = ""
    summary: Annotated[str, msgspec.Meta(max_length=200)] = ""


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
    about: About = field(default_factory=About)

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def title(self) -> str:
        """What people call it: the folder's name, where nobody has said better."""
        return self.about.title or self.name


class _Config(msgspec.Struct):
    """`config.json`."""

    family: str
    spec: dict[str, Any]
    model: dict[str, Any]
    training: dict[str, Scalar] = {}
    data: dict[str, Scalar] = {}
    about: About = About()


def config_part(
    *,
    family: str,
    spec: RollSpec,
    model: ModelConfig,
    training: Mapping[str, Any],
    data: Mapping[str, Any],
) -> dict[str, bytes]:
    """`config.json`, for `write_parts`."""
    values = {
        "format": FORMAT,
        "family": family,
        "spec": spec_to_dict(spec),
        "model": asdict(model),
        "training": dict(training),
        "data": dict(data),
    }
    return {CONFIG: json_bytes(values)}


def weights_part(weights: Mapping[str, NDArray[np.float32]]) -> dict[str, bytes]:
    """`weights.npz`, as float16: half the size, and well below what changes a phrase."""
    return {WEIGHTS: arrays_bytes({k: value.astype(np.float16) for k, value in weights.items()})}


def write_config(
    folder: Path,
    *,
    family: str,
    spec: RollSpec,
    model: ModelConfig,
    training: Mapping[str, Any],
    data: Mapping[str, Any],
) -> None:
    """Store `config_part` in a checkpoint folder."""
    part = config_part(family=family, spec=spec, model=model, training=training, data=data)
    write_parts(folder, part)


def write_weights(folder: Path, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Store `weights_part` in a checkpoint folder."""
    write_parts(folder, weights_part(weights))


def read_info(checkpoint_dir: str | Path) -> CheckpointInfo:
    """What a checkpoint says of itself, without loading TensorFlow."""
    folder = _folder(checkpoint_dir)
    parts, data = snapshot(folder, (CONFIG, MEASURES))
    return _info(folder, parts, data)


def _folder(checkpoint_dir: str | Path) -> Path:
    folder = Path(checkpoint_dir)
    if not folder.is_dir():
        raise CheckpointError(f"There is no checkpoint folder {folder}.")
    return folder


def _info(folder: Path, parts: Mapping[str, Part], data: Mapping[str, bytes]) -> CheckpointInfo:
    """The folder as one set of parts describes it."""
    if CONFIG not in data:
        raise CheckpointError(
            f"{folder} is no checkpoint: it has no {CONFIG}. Give the folder that train.py wrote."
        )
    values = parse_object(folder, CONFIG, data[CONFIG])
    if values.get("format") != FORMAT:
        raise CheckpointError(
            f"{folder}/{CONFIG} has format {str(values.get('format'))[:20]}, "
            f"but this program reads format {FORMAT}; it was written by something else."
        )
    if WEIGHTS not in parts:
        raise CheckpointError(f"{folder} holds no weights yet ({WEIGHTS} is missing).")
    try:
        config = msgspec.convert(values, _Config)
        spec, model = spec_from_dict(config.spec), config_from_dict(config.model)
        _check_size(config.family, spec)
    except msgspec.ValidationError as error:
        raise CheckpointError(f"{folder}/{CONFIG} is incomplete or damaged ({error}).") from error
    except SpecError as error:
        raise CheckpointError(f"{folder}/{CONFIG}: {error}") from error
    return CheckpointInfo(
        path=folder,
        family=config.family,
        spec=spec,
        model=model,
        training=config.training,
        data=config.data,
        measures=_measures(folder, data),
        about=config.about,
        digest=(parts[WEIGHTS].sha256 or sha256_of(_weights(folder)))[:10],
    )


def _weights(folder: Path) -> bytes:
    data = read_part(folder, WEIGHTS)
    if data is None:
        raise CheckpointError(f"{folder / WEIGHTS} is missing; train again or restore the file.")
    return data


def _check_size(family: str, spec: RollSpec) -> None:
    if family not in FAMILIES:
        raise SpecError(f"There is no family {family[:40]!r}; known are {', '.join(FAMILIES)}.")
    if spec.bars > BARS_MAX or math.prod(spec.shape) > CELLS_MAX:
        raise SpecError(
            f"a phrase of {spec.bars} bars and {math.prod(spec.shape):,} cells is too large; "
            f"{BARS_MAX} and {CELLS_MAX:,} are the most."
        )


def _measures(folder: Path, data: Mapping[str, bytes]) -> Figures:
    if MEASURES not in data:
        return {}
    try:
        return msgspec.convert(parse_object(folder, MEASURES, data[MEASURES]), Figures)
    except msgspec.ValidationError as error:
        raise CheckpointError(f"{folder / MEASURES} is damaged ({error}).") from error


def load_generator(checkpoint_dir: str | Path) -> tuple[Encoded, CheckpointInfo]:
    """Rebuild the generator of a checkpoint from its own configuration."""
    folder = _folder(checkpoint_dir)
    parts, data = snapshot(folder, (CONFIG, MEASURES, WEIGHTS))
    if WEIGHTS in data:
        parts = parts | {WEIGHTS: Part(parts[WEIGHTS].file, sha256_of(data[WEIGHTS]))}
    info = _info(folder, parts, data)
    weights = parse_part(folder, WEIGHTS, data[WEIGHTS])
    if least_weights(info.spec, info.model) > sum(array.size for array in weights.values()):
        raise CheckpointError(
            f"{folder / WEIGHTS} holds fewer numbers than the networks of {CONFIG} have; "
            "train again or restore the file."
        )
    # Here, not above: Keras takes seconds to import, and listing checkpoints must not.
    from gan.models.registry import build

    try:
        generator = build(info.family, info.spec, info.model)
    except (SpecError, *UNUSABLE) as error:
        raise CheckpointError(f"{folder}/{CONFIG}: {_one_line(error)}") from error
    try:
        generator.set_weights(weights)
    except (CheckpointError, *UNUSABLE) as error:
        raise CheckpointError(f"{folder}: {_one_line(error)}") from error
    return generator, info


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def list_checkpoints(
    root: str | Path,
) -> tuple[list[CheckpointInfo], dict[str, str]]:
    """Usable checkpoints under `root` by name, and for each damaged folder the reason."""
    usable: list[CheckpointInfo] = []
    refused: dict[str, str] = {}
    paths = Path(root).glob("[!.]*")  # a folder that begins with a dot is still being written
    folders = sorted(path for path in paths if path.is_dir())
    for folder in folders:
        try:
            usable.append(read_info(folder))
        except CheckpointError as error:
            refused[folder.name] = str(error)
    return usable, refused
