"""Arrays from .npz files that nobody vouches for.

Sizes are read from the headers before any data, so that a small file cannot ask for much memory.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

ARRAYS_MAX = 2 << 30  # bytes of all arrays of a file
KINDS = "biuf"  # truth values, integers, floating-point numbers


def parse_arrays(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file; `ValueError` where it is damaged or holds something else."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            # As np.savez writes them: not compressed, so no larger than the file itself.
            if any(member.compress_type != zipfile.ZIP_STORED for member in members):
                raise ValueError("it is compressed")
            if sum(member.file_size for member in members) > min(len(data), ARRAYS_MAX):
                raise ValueError("its arrays are larger than the file")
            return {
                member.filename.removesuffix(".npy"): _parse_array(archive, member)
                for member in members
            }
    except (
        OSError,
        EOFError,
        KeyError,
        RuntimeError,  # encrypted, or of a kind that zipfile does not know
        SyntaxError,
        TypeError,
        ValueError,
        OverflowError,
        RecursionError,
        MemoryError,
        UnicodeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ValueError(" ".join(str(error).split())[:200] or "cut short") from error


def _parse_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(member) as file:
        shape, dtype = _header(file)
        if dtype.kind not in KINDS:
            raise ValueError(f"{member.filename} holds no numbers")
        if math.prod(shape) * dtype.itemsize > member.file_size:
            raise ValueError(f"{member.filename} is cut short")
    with archive.open(member) as file:
        array = npy.read_array(file, allow_pickle=False)
    return np.asarray(array)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    if any(size < 0 for size in shape):
        raise ValueError("an array has a negative size")
    return shape, dtype
