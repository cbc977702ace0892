"""Ids, fingerprints and moments of articles as numbers, which are sorted and compared by the column."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property

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


def to_column(fingerprints: Iterable[bytes]) -> NDArray[np.uint64]:
    """Undo :func:`to_bytes`."""
    return np.frombuffer(b"".join(fingerprints), "<u8")


def look_up(wanted: NDArray[np.uint64], column: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the places of numbers in a sorted column, and which of them are there; other places mean nothing."""
    places = np.zeros(len(wanted), np.intp)
    if not len(column):
        return places, np.zeros(len(wanted), bool)
    # Looked up one by one in no order, each would wait for memory.
    order = np.argsort(wanted)
    places[order] = np.minimum(column.searchsorted(wanted[order]), len(column) - 1)
    return places, column[places] == wanted


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
        return fingerprint in self._known

    def holds(self, column: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Tell which of some fingerprints are there."""
        return look_up(column, self._sorted)[1]

    @cached_property
    def _known(self) -> frozenset[bytes]:
        # Whoever looks up one looks up many.
        return frozenset(self)


#: Of no articles.
NO_FINGERPRINTS = Fingerprints(np.empty(0, np.uint64))


class Marks(Mapping[str, bytes]):
    """The fingerprints of articles, by id, and both as columns in the order of the ids."""

    def __init__(self, ids: NDArray[np.uint64], fingerprints: NDArray[np.uint64]) -> None:
        order = np.argsort(ids)
        self.ids, self.fingerprints = ids[order], fingerprints[order]

    @classmethod
    def of(cls, by_id: Mapping[str, bytes]) -> Marks:
        """Return fingerprints that are known by id."""
        return cls(ids_to_numbers(by_id), to_column(by_id.values()))

    def __len__(self) -> int:
        """Count them."""
        return len(self.ids)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids."""
        return iter(self._by_id)

    def __getitem__(self, identifier: str) -> bytes:
        """Return the fingerprint of an article."""
        return self._by_id[identifier]

    @cached_property
    def _by_id(self) -> dict[str, bytes]:
        return dict(zip(numbers_to_ids(self.ids), to_bytes(self.fingerprints), strict=True))

    def chosen(self, which: NDArray[np.bool_]) -> Marks:
        """Return some of them."""
        return Marks(self.ids[which], self.fingerprints[which])

    def compared(self, others: Marks) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Tell which of the articles are among the *others*, and which with the same fingerprint."""
        places, there = look_up(self.ids, others.ids)
        same = there.copy()
        same[there] = self.fingerprints[there] == others.fingerprints[places[there]]
        return there, same


#: Of no articles.
NO_MARKS = Marks(np.empty(0, np.uint64), np.empty(0, np.uint64))


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
    return None if age == UNDATED else EPOCH + timedelta(0, 0, ~age)
