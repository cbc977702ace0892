"""Answers that were given before, kept until the index changes."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from typing import NamedTuple


class Answer(NamedTuple):
    """What was sent: the tag that tells it from any other answer, and its bytes."""

    tag: str
    content: bytes


class AnswerCache:
    """The answers of one generation, by what was asked; the least recently used go first. Threads may share it.

    Args:
        max_bytes: of answers and of what was asked, together; 0 keeps none.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._generation = ""
        self._answers: OrderedDict[str, Answer] = OrderedDict()
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
            return self._answers[asked]

    def keep(self, generation: str, asked: str, answer: Answer) -> None:
        """Remember an answer, unless it is larger than all there is room for; other generations' are forgotten."""
        size = _size(asked, answer)
        with self._lock:
            if generation != self._generation:
                self._answers.clear()
                self._generation, self._size = generation, 0
            if size > self._max_bytes or asked in self._answers:
                return
            self._answers[asked] = answer
            self._size += size
            while self._size > self._max_bytes:
                self._size -= _size(*self._answers.popitem(last=False))


def _size(asked: str, answer: Answer) -> int:
    return sum(map(sys.getsizeof, (asked, answer, answer.tag, answer.content)))
