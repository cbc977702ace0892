"""Positions as bits: where a term stands in an article is one 64-bit number.

In a long article a bit stands for all positions that are a multiple of 64 apart, and only tells where to look closer.
"""

from __future__ import annotations

from functools import cached_property
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from search import native
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.lengths import lengths_in
from search.engines.whoosh.places import row_arrays
from search.engines.whoosh.recent import RecentArrays, is_frequent
from search.engines.whoosh.segment import Docs, Segment
from search.engines.whoosh.words import MIXED

#: Positions that have a bit.
BITS = 64
#: Stands for an article for whose positions twice as many bits are not enough.
_FAR = 0xFFFFFFFF
#: How many times more postings than are asked for a term may have for all of them to be worked out and kept.
_MANY = 4
#: Postings that are worked out in one go: few enough for what is in between to stay beside the processor.
_STRETCH = 1 << 14
Bits = NDArray[np.uint64]


class PositionBits:
    """The positions of a segment's terms as bits. Safe to share between threads.

    Phrases of frequent words ask for the same words again and again, so those are worked out once, for all articles,
    and kept up to *max_bytes*.
    """

    def __init__(self, segment: Segment, max_bytes: int) -> None:
        self._segment = segment
        self._kept = RecentArrays[int, Bits](max_bytes)

    @cached_property
    def is_long(self) -> NDArray[np.bool_]:
        """Which articles may have positions that share a bit; shape (articles,)."""
        is_long: NDArray[np.bool_] = self._reach > BITS
        return is_long

    @cached_property
    def beyond(self) -> NDArray[np.uint32]:
        """Which of the longer articles with bits of their own each is, as :func:`search._passes.lay_bits` takes it."""
        reach, beyond = self._reach, np.zeros(len(self._segment), np.uint32)
        longer = ((reach > BITS) & (reach <= 2 * BITS)).nonzero()[0]
        beyond[longer] = np.arange(1, len(longer) + 1)
        beyond[reach > 2 * BITS] = _FAR
        return beyond

    @cached_property
    def _reach(self) -> NDArray[np.intp]:
        """How many positions each article has, or fewer; shape (articles,)."""
        segment = self._segment
        # Between two texts is one position, and every topic is a text.
        texts = segment.lengths.shape[1] + np.diff(segment.arrays["topic.of"])
        reach: NDArray[np.intp] = lengths_in(segment.lengths, segment.lengths.shape[1]) + texts
        return reach

    def has_table(self, term: int, wanted: int) -> bool:
        """Tell whether a term is so frequent that it has a table, or is to get one for so many articles."""
        size = self._segment.size_of_stem(term)
        if not is_frequent(size, len(self._segment)):
            return False
        return wanted * _MANY >= size or self._kept.get(term) is not None

    def table(self, term: int) -> Bits:
        """Return the bits of a term that has a table in every article, 0 where it is not; shape (articles,)."""
        return self.whole_table(term)[: len(self._segment)]

    def whole_table(self, term: int) -> Bits:
        """Return the same, and where there are passes the further bits of longer articles behind it."""
        table = self._kept.get(term)
        if table is None:
            table = self._lay(native.passes, term) if native.passes else self._scattered(term)
            self._kept.keep(term, table)
        return table

    def _lay(self, passes: ModuleType, term: int) -> Bits:
        beyond, segment = self.beyond, self._segment
        table = np.zeros(len(segment) + 2 * int(beyond[beyond != _FAR].max(initial=0)), np.uint64)
        passes.lay_bits(term, row_arrays(segment), beyond, table)
        return table

    def _scattered(self, term: int) -> Bits:
        table = np.zeros(len(self._segment), np.uint64)
        table[self._segment.docs(self._segment.stem_of(term))] = self._everywhere(term)
        return table

    def at(self, term: int, postings: Docs) -> Bits:
        """Return the bits of a term at *postings* that hold it, sorted and counted from the first of its stem."""
        size = self._segment.size_of_stem(term)
        # What is kept of a frequent term is its table.
        if is_frequent(size, len(self._segment)):
            return _bits(*self._segment.occurrences(term, postings))
        known = self._kept.get(term)
        if known is None and len(postings) * _MANY < size:
            return _bits(*self._segment.occurrences(term, postings))
        if known is None:
            known = self._kept.keep(term, self._everywhere(term))
        return known.take(postings, mode="clip")

    def _everywhere(self, term: int) -> Bits:
        """Return the bits of a term at all postings of its stem, 0 where they do not hold it."""
        segment, stem = self._segment, self._segment.stem_of(term)
        bits = np.concatenate([_bits(*found) for found in segment.stem_occurrences(stem, _STRETCH)])
        tags = segment.tags(stem)
        if tags is not None:
            bits[(tags != segment.arrays["term.tag"][term]) | (tags == MIXED)] = 0
            mixed = segment.mixed_postings(term, segment.range_of(stem)[0])
            bits[mixed] = _bits(*segment.occurrences(term, mixed))
        return bits


def _bits(counts: Docs, places: Array) -> Bits:
    """Return the positions in each article as bits of one number; what has no bit of its own shares one."""
    bits = np.uint64(1) << (places.astype(np.uint64) & np.uint64(BITS - 1))
    return bits if len(bits) == len(counts) else np.bitwise_or.reduceat(bits, counts.cumsum() - counts)
