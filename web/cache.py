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
    """What was sent, and what whoever sends it again has to know."""

    #: Tells it from any other answer.
    tag: str
    content: bytes
    content_type: str = ""
    #: What the request was counted as.
    route: str = ""
    #: Whether somebody was typing, and may therefore ask more often.
    is_typing: bool = False
    #: The day that it is for, where that matters.
    day: str = ""


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

    def __contains__(self, asked: object) -> bool:
        """Tell whether an answer is kept, be it of a generation that is no longer served."""
        return asked in self._answers

    def find(self, generation: str, asked: str, *, packed: bool = False) -> Answer | None:
        """Return the answer that *generation* gave, by zstd where it is wanted *packed*; None where it is not kept."""
        with self._lock:
            if generation != self._generation or asked not in self._answers:
                return None
            self._answers.move_to_end(asked)
            kept = self._answers[asked]
        return kept if packed else kept._replace(content=self.unpacked(kept))

    def unpacked(self, kept: Answer) -> bytes:
        """Return the content of an answer that is packed."""
        with self._lock:
            return self._decompress(kept.content)

    def keep(self, generation: str, asked: str, answer: Answer) -> None:
        """Remember an answer, unless it is larger than all there is room for; other generations' are forgotten."""
        if not self._max_bytes:
            return
        with self._lock:
            kept = answer._replace(content=self._compress(answer.content))
            if generation != self._generation:
                self._answers.clear()
                self._generation, self._size = generation, 0
            if asked in self._answers:
                self._size -= _size(asked, self._answers.pop(asked))
            if _size(asked, kept) > self._max_bytes:
                return
            self._answers[asked] = kept
            self._size += _size(asked, kept)
            while self._size > self._max_bytes:
                self._size -= _size(*self._answers.popitem(last=False))


def _size(asked: str, answer: Answer) -> int:
    # What else it says is shared with others.
    return sum(map(sys.getsizeof, (asked, answer, answer.tag, answer.content)))
