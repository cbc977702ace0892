"""Positions as bits: where a term stands in an article is one 64-bit number.

In a long article a bit stands for all positions that are a multiple of 64 apart, and only tells where to look closer.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from search.engines.whoosh.arrays import Array
from search.engines.whoosh.lengths import lengths_in
from search.engines.whoosh.recent import RecentArrays, is_frequent
from search.engines.whoosh.segment import Docs, Segment

#: Positions that have a bit.
BITS = 64
#: How many times more postings than are asked for a term may have for all of them to be worked out and kept.
_MANY = 4
#: Bytes that are kept of a segment's bits; a table of a million articles takes eight million.
_KEPT_BYTES = 256 << 20
#: Postings that are worked out in one go: few enough for what is in between to stay beside the processor.
_STRETCH = 1 << 15
Bits = NDArray[np.uint64]


class PositionBits:
    """The positions of a segment's terms as bits. Safe to share between threads.

    Phrases of frequent words ask for the same words again and again, so those are worked out once, for all articles.
    """

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        self._kept = RecentArrays[int, Bits](_KEPT_BYTES)

    @cached_property
    def is_long(self) -> NDArray[np.bool_]:
        """Which articles may have positions that share a bit; shape (articles,)."""
        segment = self._segment
        # Between two texts is one position, and every topic is a text.
        texts = segment.lengths.shape[1] + np.diff(segment.arrays["topic.of"])
        is_long: NDArray[np.bool_] = lengths_in(segment.lengths, segment.lengths.shape[1]) + texts > BITS
        return is_long

    def is_frequent(self, term: int) -> bool:
        """Tell whether a term has a table."""
        return is_frequent(self._segment.size_of_stem(term), len(self._segment))

    def table(self, term: int) -> Bits:
        """Return the bits of a frequent term in every article, 0 where it is not; shape (articles,)."""
        table = self._kept.get(term)
        if table is None:
            docs = self._segment.docs(self._segment.stem_of(term))
            table = np.zeros(len(self._segment), np.uint64)
            for some, bits in self._all(term):
                table[docs[some]] = bits
            self._kept.keep(term, table)
        return table

    def at(self, term: int, postings: Docs) -> Bits:
        """Return the bits of a term at *postings* that hold it, sorted and counted from the first of its stem."""
        known = self._kept.get(term)
        if known is None and len(postings) * _MANY < self._segment.size_of_stem(term):
            return _bits(*self._segment.occurrences(term, postings))
        if known is None:
            known = np.zeros(self._segment.size_of_stem(term), np.uint64)
            for some, bits in self._all(term):
                known[some] = bits
            self._kept.keep(term, known)
        return known.take(postings, mode="clip")

    def _all(self, term: int) -> Iterator[tuple[Docs, Bits]]:
        """Yield all postings that hold a term, counted from the first of its stem, and their bits."""
        postings = self._segment.postings_of(term)
        for at in range(0, len(postings), _STRETCH):
            some = postings[at : at + _STRETCH]
            yield some, _bits(*self._segment.occurrences(term, some))


def _bits(counts: Docs, places: Array) -> Bits:
    """Return the positions in each article as bits of one number; what has no bit of its own shares one."""
    bits = np.uint64(1) << (places.astype(np.uint64) & np.uint64(BITS - 1))
    return bits if len(bits) == len(counts) else np.bitwise_or.reduceat(bits, counts.cumsum() - counts)
