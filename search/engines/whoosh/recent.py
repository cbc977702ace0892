"""Arrays that took work, kept for whoever asks for them again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Generic, TypeVar

from numpy.typing import NDArray

#: Shares of the articles above which a number for every article is the quickest to work with.
FREQUENT = 8
#: Bytes of an entry beside its numbers: an array, its key, and a place in a dict.
_OVERHEAD = 512

_Key = TypeVar("_Key", bound=Hashable)
_Array = TypeVar("_Array", bound=NDArray[Any])


class RecentArrays(Generic[_Key, _Array]):
    """Arrays by what they are about; the least recently used go first. Threads may share it.

    Args:
        max_bytes: of the arrays and what keeping them takes, together; a larger one is not kept.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes, self._bytes = max_bytes, 0
        self._lock = threading.Lock()
        self._arrays: OrderedDict[_Key, _Array] = OrderedDict()

    def get(self, key: _Key) -> _Array | None:
        """Return an array that is kept, None where it is not."""
        with self._lock:
            found = self._arrays.get(key)
            if found is not None:
                self._arrays.move_to_end(key)
            return found

    def keep(self, key: _Key, array: _Array) -> _Array:
        """Keep an array, which nobody may change from now on, and return it."""
        array.flags.writeable = False
        with self._lock:
            if key not in self._arrays and _size(array) <= self._max_bytes:
                self._arrays[key] = array
                self._bytes += _size(array)
            while self._bytes > self._max_bytes:
                self._bytes -= _size(self._arrays.popitem(last=False)[1])
        return array


def _size(array: NDArray[Any]) -> int:
    return array.nbytes + _OVERHEAD


def is_frequent(count: int, size: int) -> bool:
    """Tell whether what *count* of *size* articles have is worth a number for every one of them."""
    return count * FREQUENT > size
