"""Answers that were given before, kept until the index changes."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from typing import NamedTuple

import zstandard

#: Of compression: a third of the bytes, for a small part of the time that a search takes.
_LEVEL = 1
#: Shares of the bytes: of answers that were asked for once, as they are, and of what alone was asked before those.
_FRESH, _ASKED = 8, 8
#: Bytes that an entry takes beside what it holds.
_ENTRY = 100


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
    """The answers of one generation, by what was asked; threads may share it.

    Most questions come once. So an answer is kept as it is for a while, and only if it is asked for again is it
    compressed and kept for long; of those the least recently used go first. That something was asked for is remembered
    when its answer is gone.

    Johnson & Shasha (1994), "2Q: A Low Overhead High Performance Buffer Management Replacement Algorithm".

    Args:
        max_bytes: of the answers and of what was asked, together; 0 keeps none.
    """

    def __init__(self, max_bytes: int) -> None:
        self._lock = threading.Lock()
        self._generation = ""
        fresh, asked = max_bytes // _FRESH, max_bytes // _ASKED
        self._fresh, self._asked, self._packed = _Shelf(fresh), _Shelf(asked), _Shelf(max_bytes - fresh - asked)
        # No two threads may use one of these at once, so they are used under the lock.
        self._compress = zstandard.ZstdCompressor(level=_LEVEL).compress
        self._decompress = zstandard.ZstdDecompressor().decompress

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self._fresh.size + self._asked.size + self._packed.size

    def __contains__(self, asked: object) -> bool:
        """Tell whether an answer is kept, be it of a generation that is no longer served."""
        return asked in self._packed.answers or asked in self._fresh.answers

    def find(self, generation: str, asked: str, *, packed: bool = False) -> Answer | None:
        """Return the answer that *generation* gave, by zstd where it is wanted *packed*; None where it is not kept."""
        with self._lock:
            if generation != self._generation:
                return None
            kept = self._packed.find(asked)
            if kept is None and (fresh := self._fresh.take(asked)):
                kept = self._pack(asked, fresh)
        return kept if packed or kept is None else kept._replace(content=self.unpacked(kept))

    def unpacked(self, kept: Answer) -> bytes:
        """Return the content of an answer that is packed."""
        with self._lock:
            return self._decompress(kept.content)

    def keep(self, generation: str, asked: str, answer: Answer) -> None:
        """Remember an answer, unless it is larger than all there is room for; other generations' are forgotten."""
        with self._lock:
            if generation != self._generation:
                self._generation = generation
                for shelf in (self._fresh, self._asked, self._packed):
                    shelf.clear()
            known = self._asked.take(asked) or self._packed.take(asked) or self._fresh.take(asked)
            if known:
                self._pack(asked, answer)
            else:
                for gone in self._fresh.put(asked, answer):
                    self._asked.put(gone, answer._replace(content=b""))

    def _pack(self, asked: str, answer: Answer) -> Answer:
        packed = answer._replace(content=self._compress(answer.content))
        self._packed.put(asked, packed)
        return packed


class _Shelf:
    """Answers, by what was asked, in so many bytes; those that were used last stay."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.size = 0
        self.answers: OrderedDict[str, Answer] = OrderedDict()

    def find(self, asked: str) -> Answer | None:
        """Return an answer, which is used by that."""
        answer = self.answers.get(asked)
        if answer:
            self.answers.move_to_end(asked)
        return answer

    def take(self, asked: str) -> Answer | None:
        """Return an answer that is kept no longer."""
        answer = self.answers.pop(asked, None)
        if answer:
            self.size -= _size(asked, answer)
        return answer

    def put(self, asked: str, answer: Answer) -> list[str]:
        """Keep an answer that is not there; return what is kept no longer for it, itself if it is too large."""
        self.answers[asked] = answer
        self.size += _size(asked, answer)
        gone = []
        while self.size > self._max_bytes:
            gone.append(next(iter(self.answers)))
            self.take(gone[-1])
        return gone

    def clear(self) -> None:
        """Forget everything."""
        self.answers.clear()
        self.size = 0


def _size(asked: str, answer: Answer) -> int:
    # What else it says is shared with others.
    return sum(map(sys.getsizeof, (asked, answer.tag, answer.content))) + _ENTRY
