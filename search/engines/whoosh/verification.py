"""Segments against the articles they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from search.engines.whoosh.arrays import Array
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.dictionary import Dictionary
from search.engines.whoosh.inversion import invert
from search.engines.whoosh.segment import Segment


def verify(collection: Collection) -> list[str]:
    """Analyse every article anew, and return where the postings of its segment are others."""
    return [fault for part in collection.parts for fault in _faults(part.segment)]


def _faults(segment: Segment) -> Iterator[str]:
    articles = [segment.stored.article(number) for number in range(len(segment))]
    expected = invert(articles, Dictionary())
    differing = [name for name, array in expected.items() if not _equal(segment.arrays, name, array)]
    if differing:
        yield f"the postings are other than those of the articles: {', '.join(differing)}"


def _equal(arrays: Mapping[str, Array], name: str, expected: Array) -> bool:
    return name in arrays and np.array_equal(arrays[name], expected)
