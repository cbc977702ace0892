"""The best few of many, without sorting them all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search import native
from search.engines.whoosh.segment import Docs
from search.ranking import DECIMALS

MARGIN = 10.0**-DECIMALS
_GROUPS = 8
#: More than these are rather sorted than kept in a heap.
FEW = 1024
SCALE = 10.0**DECIMALS


def best(keys: NDArray[np.float64], count: int, ties: NDArray[np.int64] | None = None) -> Docs:
    """Return the places of the *count* largest keys, largest first; of equal ones in the order of *ties*.

    Args:
        keys: shape (n,).
        count: how many at most.
        ties: smaller is earlier, shape (n,); by place where None.
    """
    if count <= 0:
        return np.empty(0, np.intp)
    if native.passes and count <= FEW:
        found = np.empty(min(count, len(keys)), np.intp)
        native.passes.rank(np.arange(len(keys)), keys, None, ties, None, SCALE, found)
        return found
    candidates = _candidates(keys, count)
    lowered = -keys.take(candidates).round(DECIMALS)
    order = lowered.argsort(kind="stable") if ties is None else np.lexsort((ties.take(candidates), lowered))
    return candidates.take(order[:count])


def _candidates(keys: NDArray[np.float64], count: int) -> Docs:
    """Return places that have the best among them, in order.

    The keys are dealt out to groups; the smallest of the *count* largest maxima of groups is no more than the smallest
    key that is wanted, and rarely much less.
    """
    groups = _GROUPS * count
    rows = len(keys) // groups
    if rows < 2:  # noqa: PLR2004 - a group of one is no group
        return np.arange(len(keys))
    maxima = np.maximum.reduce(keys[: rows * groups].reshape(rows, groups), axis=0)
    maxima.partition(groups - count)
    candidates: Docs = (keys >= maxima[groups - count] - MARGIN).nonzero()[0]
    return candidates
