"""A segment at its place among the others of a generation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search import ranking
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.bits import PositionBits
from search.engines.whoosh.frequencies import weigh
from search.engines.whoosh.grouping import high_halves
from search.engines.whoosh.places import row_arrays, stem_arrays
from search.engines.whoosh.recent import RecentArrays
from search.engines.whoosh.segment import Docs, Segment
from search.keys import UNDATED

ALL_FIELDS = (True,) * len(ranking.FIELDS)
Mask = NDArray[np.bool_]
Scores = NDArray[np.float64]


class Part:
    """A segment at its place in the numbering, and what a frequency in it is worth.

    Args:
        segment: which it is.
        base: the number of its first article.
        living: which of its articles are there; None where all are.
        dead: how many postings of each stem are of others.
        max_bytes: of bits that are kept, and of rows.
    """

    def __init__(
        self, segment: Segment, base: int, living: Mask | None, dead: Array | None, max_bytes: tuple[int, int]
    ) -> None:
        self.segment, self.base = segment, base
        #: Which articles are still there; None where all are.
        self.living = living
        #: How many postings of each stem are of articles that are gone.
        self._dead = dead
        #: Articles that have a date; they come first.
        self.dated = int(segment.ages.searchsorted(UNDATED))
        self.bits = PositionBits(segment, max_bytes[0])
        #: The articles that have terms of many postings in a row, and how often: what was found last.
        self.rows = RecentArrays[tuple[int, ...], Array](max_bytes[1])
        #: What is known of the words that were searched last.
        self.words: dict[str, Any] = {}
        #: The same of the terms of phrases.
        self.terms: dict[str, Any] = {}
        #: Frequent terms that were sought in a row, which are few.
        self.sought: set[int] = set()
        self._averages = np.zeros(len(ranking.FIELDS))
        self._tables: dict[tuple[bool, ...], tuple[Scores, Scores]] = {}

    def use_averages(self, averages: NDArray[np.float64]) -> None:
        """Take the mean lengths of fields over all segments."""
        self._averages = averages

    def weights(self, fields: tuple[bool, ...]) -> Scores:
        """Return the weighted frequency of each combination of frequencies, in these fields."""
        return self._table(fields)[0]

    def saturated(self, fields: tuple[bool, ...]) -> Scores:
        """Return the saturated frequency of each combination: of another form of the word, and of the word, in turn."""
        return self._table(fields)[1]

    @cached_property
    def row_arrays(self) -> tuple[Array, ...]:
        """What tells where terms stand in a row, as :func:`search._passes.find_row` takes it."""
        return row_arrays(self.segment)

    @cached_property
    def stem_arrays(self) -> tuple[Any, ...]:
        """What a word is looked up in, as :func:`search._passes.find_word` takes it."""
        return stem_arrays(self.segment)

    @cached_property
    def span_arrays(self) -> tuple[Any, ...]:
        """Where the terms of titles and excerpts are in their texts, as :func:`search._passes.mark` takes it."""
        segment = self.segment
        return segment.lengths, segment.span_starts, segment.arrays["span"], segment.lengths.shape[1]

    @cached_property
    def word_arrays(self) -> tuple[Any, ...]:
        """What every word is looked up in, as :func:`search._passes.saturate` takes it."""
        arrays, tables = self.segment.arrays, (self.saturated(ALL_FIELDS), self.weights(ALL_FIELDS))
        of_codes = arrays["code"], arrays["tag"], arrays["mixed.posting"], arrays["mixed.code"], *tables
        of_docs = arrays["doc"], arrays["stem.posting"], high_halves(len(self.segment))
        return *of_codes, *of_docs, ranking.OTHER_FORM, ranking.K1

    @cached_property
    def field_factors(self) -> Scores:
        """What :meth:`factor` is made of: of each field its weight, its length's share, and its mean length."""
        named = [[table[name] for name in ranking.FIELDS] for table in (ranking.WEIGHTS, ranking.LENGTH)]
        return np.array([*named, np.maximum(self._averages, np.finfo(np.float64).tiny)]).reshape(-1)

    def factor(self, fields: Docs, lengths: Array) -> Scores:
        """Return what one occurrence adds to the weighted frequency in fields of these lengths."""
        shares = np.array([ranking.LENGTH[name] for name in ranking.FIELDS])[fields]
        weights = np.array([ranking.WEIGHTS[name] for name in ranking.FIELDS])[fields]
        averages = np.maximum(self._averages, np.finfo(np.float64).tiny)[fields]
        factors: Scores = weights / (1 - shares + shares * (lengths / averages))
        return factors

    def dead_postings(self, stem: int) -> int:
        """Return how many postings of a stem are of articles that are gone."""
        return 0 if self._dead is None else int(self._dead[stem])

    def count_form(self, term: int) -> int:
        """Return how many articles that are there have a term."""
        if self.living is None:
            return self.segment.count_form(term)
        postings = self.segment.postings_of(term)
        docs = self.segment.docs(self.segment.stem_of(term))[postings]
        return int(np.count_nonzero(self.living[docs]))

    def _table(self, fields: tuple[bool, ...]) -> tuple[Scores, Scores]:
        table = self._tables.get(fields)
        if table is None:
            weights = weigh(self.segment.extra, self._averages, fields)
            both = np.stack([ranking.OTHER_FORM * weights, weights], axis=1).reshape(-1)
            table = self._tables[fields] = (weights, both / (ranking.K1 + both))
        return table


def average_lengths(segments: Sequence[Segment], alive: Sequence[NDArray[np.bool_] | None]) -> NDArray[np.float64]:
    """Return the mean length of each field over the articles that have it; 0 where none has."""
    totals, filled = np.zeros(len(ranking.FIELDS)), np.zeros(len(ranking.FIELDS))
    for segment, living in zip(segments, alive, strict=True):
        lengths = segment.lengths if living is None else segment.lengths[living]
        totals += lengths.sum(axis=0, dtype=np.int64)
        filled += (lengths > 0).sum(axis=0)
    return np.divide(totals, filled, out=np.zeros_like(totals), where=filled > 0)
