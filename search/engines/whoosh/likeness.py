"""The articles that are like another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from search.engines.whoosh.arrays import Array
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.part import Mask
from search.engines.whoosh.postings import Postings
from search.engines.whoosh.segment import Docs
from search.query import Like


class Alike:
    """The articles that have enough of the telling words of an article, without it and its copies.

    Args:
        collection: of the articles.
        node: the article, and how many words are enough.
        leaves: the postings of its words.
        check: raises once the time is over.
    """

    def __init__(
        self, collection: Collection, node: Like, leaves: Sequence[Postings], check: Callable[[], None]
    ) -> None:
        self._collection, self._node, self._leaves, self._check = collection, node, leaves, check
        self._postings = sum(leaf.count for leaf in leaves)
        #: Articles that might be alike.
        self.count = min(self._postings // node.least, collection.size)

    def docs(self) -> Docs:
        """Return the articles, in order."""
        shared = np.zeros(self._collection.size, np.uint8)
        for leaf in self._leaves:
            self._check()
            # No article is twice in a leaf, so that numpy's slow way to add at places is not needed.
            shared[leaf.docs()] += 1
        docs = np.flatnonzero(shared >= self._node.least)
        return docs.take(np.flatnonzero(self._others(docs)))

    def among(self, docs: Docs) -> Mask:
        """Tell which of *docs*, sorted articles that are there, are alike."""
        if len(docs) > self._postings:
            alike = np.zeros(self._collection.size, bool)
            alike[self.docs()] = True
            return alike.take(docs, mode="clip")
        shared: Array = np.zeros(len(docs), np.uint8)
        for leaf in self._leaves:
            self._check()
            shared += leaf.locate(docs)[1]
        return (shared >= self._node.least) & self._others(docs)

    def _others(self, docs: Docs) -> Mask:
        """Tell which of *docs* are neither the article nor copies of it."""
        own = self._collection.number_of(self._node.id)
        if own is None:
            return np.ones(len(docs), bool)
        copies = self._collection.copies
        others: Mask = (docs != own) & ((copies[own] == 0) | (copies.take(docs, mode="clip") != copies[own]))
        return others
