"""Words and phrases of a query over the arrays: which articles have them, and what they give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from search import ranking
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.found_words import find_word
from search.engines.whoosh.locating import locate
from search.engines.whoosh.part import Mask, Scores
from search.engines.whoosh.recent import is_frequent
from search.engines.whoosh.segment import Docs
from search.engines.whoosh.stem_postings import JoinedPostings, StemPostings

#: How many times more postings than articles there must be for a table not to be worth making.
_FEW = 4


class Postings(Protocol):
    """The articles that a word, phrase or pattern matches; a posting is counted from the leaf's first."""

    #: Articles that match.
    count: int

    def docs(self) -> Docs:
        """Return the articles, in order."""
        ...

    def postings(self) -> Docs | None:
        """Return the posting of each of :meth:`docs`; None where they are all postings, one after the other."""
        ...

    def locate(self, docs: Docs) -> tuple[Docs, Mask]:
        """Return the postings of *docs*, sorted articles, and which of them match."""
        ...

    def scores(self, postings: Docs | None) -> Scores:
        """Return the saturated frequency at *postings*, at all where None; from 0 to 1."""
        ...


class FoundPostings:
    """A leaf whose articles and frequencies were worked out before."""

    def __init__(self, collection: Collection, docs: Docs, frequencies: Scores, count: int | None = None) -> None:
        self._collection, self._docs = collection, docs
        self._scores = frequencies / (ranking.K1 + frequencies)
        #: Of all articles, where those that were worked out are only some.
        self.count = len(docs) if count is None else count

    def docs(self) -> Docs:
        """Return the articles."""
        return self._docs

    def postings(self) -> None:
        """Return None: all."""

    def locate(self, docs: Docs) -> tuple[Docs, Mask]:
        """Return where *docs* are among the articles."""
        return locate(self._docs, docs, self._collection)

    def scores(self, postings: Docs | None) -> Scores:
        """Return the saturated frequencies."""
        return self._scores if postings is None else self._scores.take(postings, mode="clip")


class FrequentPostings:
    """A word in so many articles that a table of what it gives each of them, 0 to most, is the quickest to work with.

    A posting is counted as its article is.
    """

    def __init__(self, collection: Collection, leaf: StemPostings | JoinedPostings) -> None:
        self._collection, self._leaf = collection, leaf
        self.count = leaf.count
        #: What it gives the articles that have it, where that was worked out for the table.
        self._scores: Scores | None = None
        table: Scores | None = collection.tables.get(leaf.term)
        #: The saturated frequency in each article, 0 where the word is not.
        self.table = self._make() if table is None else table

    def docs(self) -> Docs:
        """Return the articles."""
        return self._collection.everything if self.count == self._collection.count else self._leaf.docs()

    def postings(self) -> Docs:
        """Return the articles."""
        return self.docs()

    def locate(self, docs: Docs) -> tuple[Docs, Mask]:
        """Return *docs*, and which of them have the word."""
        return docs, self.table.take(docs, mode="clip") != 0

    def scores(self, postings: Docs | None) -> Scores:
        """Return the saturated frequencies."""
        docs = self.docs() if postings is None else postings
        if self._scores is not None and docs is self.docs():
            return self._scores
        # As many as there are of all articles are all of them, in order.
        return self.table if len(docs) == len(self.table) else self.table.take(docs, mode="clip")

    def _make(self) -> Scores:
        table = self._scores = self._leaf.scores(self._leaf.postings())
        if self.count < self._collection.size:
            table = np.zeros(self._collection.size)
            table[self._leaf.docs()] = self._scores
        return self._collection.tables.keep(self._leaf.term, table)


def with_table(collection: Collection, leaf: Postings, wanted: int | None = None) -> Postings:
    """Return a frequent word with its table, unless it is *wanted* for few articles only; any other leaf as it is."""
    if not isinstance(leaf, StemPostings | JoinedPostings) or not is_frequent(leaf.count, collection.size):
        return leaf
    is_worth = wanted is None or wanted * _FEW >= leaf.count or collection.tables.get(leaf.term) is not None
    return FrequentPostings(collection, leaf) if is_worth else leaf


def word_postings(collection: Collection, term: str, field: str | None) -> Postings:
    """Return the leaf of a word with all its forms."""
    found = [(part, find_word(part, term)) for part in collection.parts]
    leaves = [StemPostings(collection, part, word) for part, word in found if word]
    if field:
        return _in_field(collection, leaves, field)
    if not leaves:
        return nothing(collection)
    return leaves[0] if len(leaves) == 1 else JoinedPostings(collection, leaves)


def _in_field(collection: Collection, leaves: Sequence[StemPostings], field: str) -> FoundPostings:
    fields = tuple(name == field for name in ranking.FIELDS)
    found = [leaf.frequencies(fields) for leaf in leaves]
    if not found:
        return nothing(collection)
    docs, frequencies = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    return FoundPostings(collection, docs, frequencies)


def nothing(collection: Collection) -> FoundPostings:
    """Return the leaf that matches no article."""
    return FoundPostings(collection, np.empty(0, np.intp), np.empty(0))
