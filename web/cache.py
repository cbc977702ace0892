"""Answers that were given before, kept until the index changes."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from typing import NamedTuple

import zstandard

#: Of compression: a third of the bytes, for a small part of the time that a search takes.
_LEVEL = 1
#: What part of the bytes may be of answers that are not compressed.
_WHOLE = 4
#: What part may be of other spellings.
_SPELLINGS = 16
#: Bytes that one takes beside itself.
_OVERHEAD = 128


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
    #: Whether the content is compressed, by zstd.
    is_packed: bool = False


class _Kept:
    """Answers by what was asked, the least recently used first, and how many bytes they are."""

    def __init__(self) -> None:
        self.answers: OrderedDict[str, Answer] = OrderedDict()
        #: What was asked last, by the tag of the answer.
        self.asked: dict[str, str] = {}
        self.size = 0

    def put(self, asked: str, answer: Answer) -> None:
        self.answers[asked] = answer
        self.asked[answer.tag] = asked
        self.size += _size(asked, answer)

    def take(self, asked: str) -> Answer | None:
        answer = self.answers.pop(asked, None)
        if answer:
            self.size -= _size(asked, answer)
            if self.asked.get(answer.tag) == asked:
                del self.asked[answer.tag]
        return answer

    def take_oldest(self) -> tuple[str, Answer]:
        asked, answer = next(iter(self.answers.items()))
        self.take(asked)
        return asked, answer

    def use(self, asked: str) -> Answer | None:
        answer = self.answers.get(asked)
        if answer is not None:
            self.answers.move_to_end(asked)
        return answer


class _Spellings:
    """Other spellings of what was asked, each with the one that the answer is kept by, and how many bytes they are."""

    def __init__(self) -> None:
        self.kept: OrderedDict[str, str] = OrderedDict()
        self.size = 0

    def put(self, asked: str, other: str, max_bytes: int) -> None:
        self.take(asked)
        if asked != other:
            self.kept[asked] = other
            self.size += sys.getsizeof(asked) + _OVERHEAD
        while self.size > max_bytes:
            self.take(next(iter(self.kept)))

    def take(self, asked: str) -> None:
        if self.kept.pop(asked, None) is not None:
            self.size -= sys.getsizeof(asked) + _OVERHEAD


class AnswerCache:
    """The answers of one generation, by what was asked. Threads may share it.

    They are found by the spelling of a request, which need not be read then, or else by the tag that all its
    spellings have in common. Only where they are more than there is room for, or somebody wants them so, they are
    compressed, the least recently used first: most answers are asked for once, and compressing them would take longer
    than sending those again that are asked for more often. Of the compressed ones, those go first that were not used
    or compressed for the longest.

    Args:
        max_bytes: of the answers and of what was asked, together; 0 keeps none.
        min_packed: bytes of the shortest answer that somebody may want compressed.
    """

    def __init__(self, max_bytes: int, min_packed: int = 0) -> None:
        self._max_bytes, self._min_packed = max_bytes, min_packed
        self._lock = threading.Lock()
        self._generation = ""
        self._whole, self._packed = _Kept(), _Kept()
        self._spellings = _Spellings()
        # No two threads may use one of these at once, so they are used under the lock.
        self._compress = zstandard.ZstdCompressor(level=_LEVEL).compress
        self._decompress = zstandard.ZstdDecompressor().decompress

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self._whole.size + self._packed.size + self._spellings.size

    def __contains__(self, asked: object) -> bool:
        """Tell whether an answer is kept, be it of a generation that is no longer served."""
        # Every request asks.
        return asked in self._whole.answers or asked in self._packed.answers or asked in self._spellings.kept

    def find(self, generation: str, asked: str, *, packed: bool = False) -> Answer | None:
        """Return the answer that *generation* gave, *packed* perhaps where that is wanted; None where none is kept."""
        with self._lock:
            if generation != self._generation:
                return None
            return self._use(self._spellings.kept.get(asked, asked), packed=packed)

    def find_same(self, generation: str, asked: str, tag: str) -> Answer | None:
        """Return the answer that *generation* gave to the same request in another spelling; None where none is kept.

        It is found by *asked* from now on.
        """
        with self._lock:
            other = self._whole.asked.get(tag, self._packed.asked.get(tag))
            if generation != self._generation or other is None:
                return None
            found = self._use(other, packed=False)
            self._spellings.put(asked, other, self._max_bytes // _SPELLINGS)
            self._make_room()
            return found

    def keep(self, generation: str, asked: str, answer: Answer) -> None:
        """Remember an answer, unless it is larger than all there is room for; other generations' are forgotten."""
        if not self._max_bytes:
            return
        with self._lock:
            if generation != self._generation:
                self._whole, self._packed, self._spellings = _Kept(), _Kept(), _Spellings()
                self._generation = generation
            self._spellings.take(asked)
            self._whole.take(asked)
            self._packed.take(asked)
            if _size(asked, answer) <= self._max_bytes // _WHOLE:
                self._whole.put(asked, answer)
            elif _size(asked, packed := self._pack(answer)) <= self._max_bytes:
                self._packed.put(asked, packed)
            self._make_room()

    def _use(self, asked: str, *, packed: bool) -> Answer | None:
        whole = self._whole.use(asked)
        if whole is None:
            found = self._packed.use(asked)
            return found if packed or found is None else self._unpack(found)
        if not packed or len(whole.content) < self._min_packed:
            return whole
        self._whole.take(asked)
        found = self._pack(whole)
        self._packed.put(asked, found)
        self._make_room()
        return found

    def _make_room(self) -> None:
        while self.size > self._max_bytes:
            if self._whole.size > self._max_bytes // _WHOLE:
                asked, answer = self._whole.take_oldest()
                self._packed.put(asked, self._pack(answer))
            else:
                self._packed.take_oldest()

    def _pack(self, answer: Answer) -> Answer:
        return answer._replace(content=self._compress(answer.content), is_packed=True)

    def _unpack(self, answer: Answer) -> Answer:
        return answer._replace(content=self._decompress(answer.content), is_packed=False)


def _size(asked: str, answer: Answer) -> int:
    # What else it says is shared with others.
    return sum(map(sys.getsizeof, (asked, answer, answer.tag, answer.content)))
