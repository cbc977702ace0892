"""What several lists of articles have together: all of their articles, and the sums of their scores."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search import native
from search.engines.whoosh.part import Scores
from search.engines.whoosh.segment import Docs

#: Shares of the articles above which marking them is quicker than sorting: of fewer marks, NumPy finds each by itself.
DENSE = 8
#: Articles that are added up in one go: few enough for what is in between to stay beside the processor.
_STRETCH = 1 << 15

_local = threading.local()


def union(lists: Sequence[Docs], size: int) -> Docs:
    """Return the articles that are in any of the lists, in order; all are below *size*.

    >>> union([np.array([3, 5]), np.array([2, 5])], 9).tolist()
    [2, 3, 5]
    """
    if len(lists) == 1 and _is_ascending(lists[0]):
        return lists[0]
    if not _is_dense(lists, size):
        return _distinct(lists)
    marks = np.zeros(size, bool)
    for docs in lists:
        marks[docs] = True
    return marks.nonzero()[0]


def add_up(
    lists: Sequence[tuple[Docs, Scores]], size: int, tables: Sequence[tuple[Scores, float]] = ()
) -> tuple[Docs, Scores]:
    """Return the articles of all lists, in order, and the sum of what the lists have for each: more than nothing.

    Args:
        lists: articles and their scores.
        size: all articles are below.
        tables: have something for every article, which may be nothing, to be taken so many times.

    >>> docs, sums = add_up([(np.array([3, 5]), np.array([1.0, 2.0])), (np.array([5, 5]), np.array([4.0, 8.0]))], 9)
    >>> docs.tolist(), sums.tolist()
    ([3, 5], [1.0, 14.0])
    """
    if len(lists) == 1 and not tables and _is_ascending(lists[0][0]):
        docs, scores = lists[0]
        return docs, scores
    # There are no tables where there are passes.
    if native.passes and not tables:
        room = min(size, sum(len(docs) for docs, _ in lists))
        found, scores = np.empty(room, np.intp), np.empty(room)
        room = native.passes.add_up(list(lists), _table(size), found, scores)
        return found[:room], scores[:room]
    listed = [docs for docs, _ in lists]
    is_dense = bool(tables) or _is_dense(listed, size)
    docs = np.arange(0) if is_dense else _distinct(listed)
    sums = _table(size)
    if tables:
        _add_tables(tables, sums)
    else:
        sums[slice(None) if is_dense else docs] = 0
    for own, scores in lists:
        np.add.at(sums, own, scores)
    # Looking for what is true is much quicker than for numbers.
    docs = (sums != 0).nonzero()[0] if is_dense else docs
    return docs, sums.take(docs)


def _add_tables(tables: Sequence[tuple[Scores, float]], sums: Scores) -> None:
    """Make *sums* what the tables give, one stretch after the other."""
    for start in range(0, len(sums), _STRETCH):
        stretch = slice(start, start + _STRETCH)
        first, *others = tables
        np.multiply(first[0][stretch], first[1], out=sums[stretch])
        for table, times in others:
            sums[stretch] += times * table[stretch]


def _distinct(lists: Sequence[Docs]) -> Docs:
    # Half as many bytes as they have: processors sort them in a fraction of the time.
    docs = np.sort(np.concatenate([*lists, np.empty(0, np.intp)], dtype=np.uint32, casting="unsafe"))
    is_first = np.ones(len(docs), bool)
    np.not_equal(docs[1:], docs[:-1], out=is_first[1:])
    return docs[is_first].astype(np.intp)


def _is_dense(lists: Sequence[Docs], size: int) -> bool:
    return sum(map(len, lists)) * DENSE >= size


def _is_ascending(docs: Docs) -> bool:
    return bool((docs[1:] > docs[:-1]).all())


def _table(size: int) -> NDArray[np.float64]:
    """Return this thread's memory for a number an article, with whatever was last left in it."""
    found: NDArray[np.float64] | None = getattr(_local, "table", None)
    if found is None or len(found) < size:
        found = _local.table = np.zeros(size)
    return found[:size]
