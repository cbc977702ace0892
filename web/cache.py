"""Answers that were given before, kept until the index changes."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from typing import NamedTuple

import zstandard

#: Of compression: a third of the bytes, for a small part of the time that a search takes.
_LEVEL = 1


class Answer(NamedTuple):
    """What was sent: the tag that tells it from any other answer, and its bytes."""

    tag: str
    content: bytes


class AnswerCache:
    """The answers of one generation, by what was asked; the least recently used go first. Threads may share it.

    Args:
        max_bytes: of the answers, which are compressed, and of what was asked, together; 0 keeps none.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._generation = ""
        #: Their content is compressed.
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        # No two threads may use one of these at once, so they are used under the lock.
        self._compress = zstandard.ZstdCompressor(level=_LEVEL).compress
        self._decompress = zstandard.ZstdDecompressor().decompress
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self._size

    def find(self, generation: str, asked: str) -> Answer | None:
        """Return the answer that *generation* gave, None where it is not kept."""
        with self._lock:
            if generation != self._generation or asked not in self._answers:
                return None
            self._answers.move_to_end(asked)
            packed = self._answers[asked]
            return Answer(packed.tag, self._decompress(packed.content))

    def keep(self, generation: str, asked: str, answer: Answer) -> None:
        """Remember an answer, unless it is larger than all there is room for; other generations' are forgotten."""
        if not self._max_bytes:
            return
        with self._lock:
            packed = Answer(answer.tag, self._compress(answer.content))
            size = _size(asked, packed)
            if generation != self._generation:
                self._answers.clear()
                self._generation, self._size = generation, 0
            if size > self._max_bytes or asked in self._answers:
                return
            self._answers[asked] = packed
            self._size += size
            while self._size > self._max_bytes:
                self._size -= _size(*self._answers.popitem(last=False))


def _size(asked: str, answer: Answer) -> int:
    return sum(map(sys.getsizeof, (asked, answer, answer.tag, answer.content)))
