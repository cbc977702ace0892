"""The terms and stems of a segment under their final numbers, and which form of its stem each term is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search.engines.whoosh.arrays import Array
from search.engines.whoosh.vocabulary import pack_texts

#: Stands for "more than one form", or one with a higher number.
MIXED = 255


class Words:
    """Terms and stems, numbered in the order of their texts.

    Args:
        texts: of the terms, sorted.
        stem_texts: of the stems, sorted.
        stem_of: the number of each term's stem, shape (terms,).
    """

    def __init__(self, texts: Sequence[str], stem_texts: Sequence[str], stem_of: NDArray[np.intp]) -> None:
        self._texts, self._stem_texts, self._stem_of = texts, stem_texts, stem_of
        self.terms, self.stems = len(texts), len(stem_texts)
        self._by_stem = np.argsort(stem_of, kind="stable")
        self._first = bounds(stem_of[self._by_stem], self.stems)
        #: How many forms each stem has.
        self.forms = np.diff(self._first)
        places = np.empty(self.terms, np.intp)
        places[self._by_stem] = np.arange(self.terms) - self._first[stem_of[self._by_stem]]
        #: Which form of its stem each term is; MIXED for one beyond the numbers there are.
        self.tags = np.minimum(places, MIXED).astype(np.uint8)

    def arrays(self) -> dict[str, Array]:
        """Return the arrays of a segment that are about its words."""
        return {
            **pack_texts("term", self._texts),
            **pack_texts("stem", self._stem_texts),
            "term.stem": self._stem_of.astype(np.uint32),
            "term.tag": self.tags,
            "stem.form": self._first,
            "form": self._by_stem.astype(np.uint32),
        }


def bounds(sorted_numbers: Array, count: int) -> NDArray[np.uint32]:
    """Return where each of *count* numbers begins in an array that is sorted by them, and the end."""
    found = np.zeros(count + 1, np.uint32)
    np.cumsum(np.bincount(sorted_numbers, minlength=count), out=found[1:])
    return found
