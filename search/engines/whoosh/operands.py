"""Parts of a query as sets of articles: what it takes to write one out, and to ask which articles it has."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from search.engines.whoosh.collection import Collection
from search.engines.whoosh.part import Mask
from search.engines.whoosh.postings import Postings
from search.engines.whoosh.segment import Docs
from search.engines.whoosh.sums import union
from search.errors import SearchTimeoutError


class Budget:
    """The time that a search may take."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._started = time.perf_counter()
        self._end = self._started + seconds

    def spent_ms(self) -> float:
        """Return the milliseconds since the search began."""
        return round((time.perf_counter() - self._started) * 1000, 3)

    def check(self) -> None:
        """Raise SearchTimeoutError once the time is over; to be called between steps of at most some milliseconds."""
        if time.perf_counter() > self._end:
            raise SearchTimeoutError(self._seconds)


class Operand(Protocol):
    """A part of a query: a set of articles that need not be written out."""

    #: How many articles at most.
    count: int

    def docs(self) -> Docs:
        """Return the articles, in order."""
        ...

    def among(self, docs: Docs) -> Mask:
        """Tell which of *docs*, sorted articles that are there, it has."""
        ...


class PostingSet:
    """The articles of a leaf."""

    def __init__(self, leaf: Postings) -> None:
        self._leaf = leaf
        self.count = leaf.count

    def docs(self) -> Docs:
        """Return the articles."""
        return self._leaf.docs()

    def among(self, docs: Docs) -> Mask:
        """Tell which of *docs* are among them."""
        return self._leaf.locate(docs)[1]


class All:
    """Every article."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self.count = collection.size

    def docs(self) -> Docs:
        """Return the articles."""
        return self._collection.everything

    def among(self, docs: Docs) -> Mask:
        """Tell which of *docs* are among them."""
        return np.ones(len(docs), bool)


class Complement:
    """The articles that an operand does not have."""

    def __init__(self, collection: Collection, operand: Operand) -> None:
        self._collection, self._operand = collection, operand
        self.count = collection.size

    def docs(self) -> Docs:
        """Return the articles."""
        everything = self._collection.everything
        return everything.take(self.among(everything).nonzero()[0])

    def among(self, docs: Docs) -> Mask:
        """Tell which of *docs* are among them."""
        return ~self._operand.among(docs)


class Intersection:
    """The articles that all operands have."""

    def __init__(self, operands: Sequence[Operand], budget: Budget) -> None:
        self._operands, self._budget = sorted(operands, key=cost), budget
        self.count = min(operand.count for operand in operands)

    def docs(self) -> Docs:
        """Return the articles."""
        return all_of(self._operands, self._budget)

    def among(self, docs: Docs) -> Mask:
        """Tell which of *docs* are among them."""
        mask = np.ones(len(docs), bool)
        for operand in self._operands:
            self._budget.check()
            mask &= operand.among(docs)
        return mask


class Union:
    """The articles that any operand has."""

    def __init__(self, collection: Collection, operands: Sequence[Operand], budget: Budget) -> None:
        self._collection, self._operands, self._budget = collection, operands, budget
        self.count = min(sum(operand.count for operand in operands), collection.size)

    def docs(self) -> Docs:
        """Return the articles."""
        lists = []
        for operand in self._operands:
            self._budget.check()
            lists.append(operand.docs())
        return union(lists, self._collection.size)

    def among(self, docs: Docs) -> Mask:
        """Tell which of *docs* are among them."""
        mask = np.zeros(len(docs), bool)
        for operand in self._operands:
            self._budget.check()
            mask |= operand.among(docs)
        return mask


def all_of(operands: Sequence[Operand], budget: Budget) -> Docs:
    """Return the articles that all operands have, of which there is at least one."""
    ordered = sorted(operands, key=cost)
    docs = ordered[0].docs()
    for operand in ordered[1:]:
        budget.check()
        docs = docs.take(operand.among(docs).nonzero()[0])
    return docs


def cost(operand: Operand) -> int:
    """Return what writing the operand out costs, for sorting: the rarest first."""
    return operand.count
