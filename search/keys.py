"""Ids, fingerprints and moments of articles as numbers, which are sorted and compared by the column."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

#: Stands for "no date".
UNDATED = int(np.iinfo(np.int64).max)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def ids_to_numbers(ids: Iterable[str]) -> NDArray[np.uint64]:
    """Return the ids of articles, 16 hexadecimal digits each, as numbers of the same order."""
    return np.frombuffer(bytes.fromhex("".join(ids)), ">u8").astype(np.uint64)


def numbers_to_ids(numbers: NDArray[np.uint64]) -> list[str]:
    """Undo :func:`ids_to_numbers`."""
    digits = numbers.astype(">u8").tobytes().hex()
    return [digits[at : at + 16] for at in range(0, len(digits), 16)]


def to_bytes(fingerprints: NDArray[np.uint64]) -> list[bytes]:
    """Return fingerprints as everybody else has them."""
    together = fingerprints.astype("<u8").tobytes()
    return [together[at : at + 8] for at in range(0, len(together), 8)]


class Fingerprints(Collection[bytes]):
    """Fingerprints to be looked up, one by one or by the column."""

    def __init__(self, column: NDArray[np.uint64]) -> None:
        self._sorted = np.sort(column)

    def __len__(self) -> int:
        """Count them."""
        return len(self._sorted)

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over them."""
        return iter(to_bytes(self._sorted))

    def __contains__(self, fingerprint: object) -> bool:
        """Tell whether one is there."""
        if not isinstance(fingerprint, bytes) or len(fingerprint) != self._sorted.itemsize:
            return False
        return bool(self.holds(np.frombuffer(fingerprint, "<u8"))[0])

    def holds(self, column: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Tell which of some fingerprints are there."""
        if not len(self._sorted):
            return np.zeros(len(column), bool)
        places = np.minimum(self._sorted.searchsorted(column), len(self._sorted) - 1)
        return np.asarray(self._sorted[places] == column)


def number_to_id(number: int) -> str:
    """Return the id of an article."""
    return f"{number:016x}"


def moment_to_age(moment: datetime | None) -> int:
    """Return a number that is smaller for a later moment: microseconds before 1970, less one; the largest for none.

    Articles are numbered from the newest to the oldest, so that this column is sorted.
    """
    return UNDATED if moment is None else ~((moment - EPOCH) // _MICROSECOND)


def age_to_moment(age: int) -> datetime | None:
    """Undo :func:`moment_to_age`."""
    return None if age == UNDATED else EPOCH + timedelta(microseconds=~age)
