"""Files of named arrays: flat, little-endian, checksummed, and mapped into memory instead of read.

::

    bytes 0-7    b"LEDEARR1"
    bytes 8-15   length of the header, unsigned, little-endian
    header       JSON: for each array its name, dtype, shape and offset; the offset counts from the end of the header
    arrays       each at a multiple of 64 bytes

Nothing in such a file is ever executed or unpickled: whoever can write to it can make a search find the wrong articles,
and no more. That its bytes are the ones that were written is for the manifest of the generation to say.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

Array = NDArray[Any]

_MAGIC = b"LEDEARR1"
_ALIGNMENT = 64
#: Kinds of dtype that a file may hold: integers, floats and booleans, never objects.
_KINDS = frozenset("iufb")


class Arrays(Mapping[str, Array]):
    """The arrays of one file, by name; read-only views of the mapped file. Safe to share between threads and forks.

    Raises:
        OSError: If the file cannot be opened, or is no such file.
    """

    def __init__(self, file: Path) -> None:
        with file.open("rb") as stream:
            if not stream.seek(0, os.SEEK_END):
                msg = f"{file.name} is empty"
                raise OSError(msg)
            self.mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        start, described = _header(self.mapped, file)
        self._views = {name: _view(self.mapped, start, *entry) for name, *entry in described}

    def __getitem__(self, name: str) -> Array:
        """Return one array."""
        return self._views[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, in the order of the file."""
        return iter(self._views)

    def __len__(self) -> int:
        """Count the arrays."""
        return len(self._views)


def forget_pages(arrays: Mapping[str, Array]) -> None:
    """Give back the memory of a file's pages, where the system can; they are read again when they are looked at."""
    if isinstance(arrays, Arrays) and hasattr(mmap, "MADV_DONTNEED"):
        arrays.mapped.madvise(mmap.MADV_DONTNEED)


def write_arrays(file: Path, arrays: Mapping[str, Array]) -> None:
    """Write a file of arrays; those of Python's objects are a mistake of the caller's."""
    described, offset = [], 0
    ready = {name: _flat(array) for name, array in arrays.items()}
    for name, array in ready.items():
        described.append([name, array.dtype.str, list(array.shape), offset])
        offset += _aligned(array.nbytes)
    header = orjson.dumps(described)
    header += b" " * (-(16 + len(header)) % _ALIGNMENT)
    with file.open("wb") as stream:
        stream.write(_MAGIC + len(header).to_bytes(8, "little") + header)
        for array in ready.values():
            stream.write(array.reshape(-1).view(np.uint8).data)
            stream.write(bytes(_aligned(array.nbytes) - array.nbytes))


def ranges(starts: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the numbers of many ranges, one after the other.

    >>> ranges(np.array([5, 9]), np.array([7, 10])).tolist()
    [5, 6, 9]
    """
    counts = ends - starts
    numbers: NDArray[np.intp] = (starts - counts.cumsum() + counts).repeat(counts)
    numbers += np.arange(len(numbers))
    return numbers


def ranks_of(rows: NDArray[np.int64], values: int) -> NDArray[np.intp]:
    """Return the place of each row among the distinct ones, in order; they are of numbers below *values*.

    Column by column, since NumPy sorts numbers ten times faster than rows.

    >>> ranks_of(np.array([[7, 3], [7, 1], [0, 9], [7, 1]]), 10).tolist()
    [2, 1, 0, 1]
    """
    ranks = np.zeros(len(rows), np.intp)
    for column in rows.T:
        ranks = np.unique(ranks * values + column, return_inverse=True)[1]
    return ranks


def _flat(array: Array) -> Array:
    if array.dtype.kind not in _KINDS:
        msg = f"an array of {array.dtype} cannot be written"
        raise TypeError(msg)
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<"))


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _header(mapped: mmap.mmap, file: Path) -> tuple[int, list[Any]]:
    if mapped[:8] != _MAGIC:
        msg = f"{file.name} is no file of arrays"
        raise OSError(msg)
    end = 16 + int.from_bytes(mapped[8:16], "little")
    described: list[Any] = orjson.loads(mapped[16:end])
    return end, described


def _view(mapped: mmap.mmap, start: int, dtype: str, shape: list[int], offset: int) -> Array:
    kind = np.dtype(dtype)
    if kind.kind not in _KINDS:
        msg = f"an array of {kind} cannot be read"
        raise OSError(msg)
    count = int(np.prod(shape))
    if not count:
        return np.empty(shape, kind)
    return np.frombuffer(mapped, kind, count, start + offset).reshape(shape)
