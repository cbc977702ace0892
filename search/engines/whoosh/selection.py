"""The best few of many, without sorting them all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search.engines.whoosh.segment import Docs
from search.ranking import DECIMALS

MARGIN = 10.0**-DECIMALS
_GROUPS = 8


def best(keys: NDArray[np.float64], count: int, ties: NDArray[np.int64] | None = None) -> Docs:
    """Return the places of the *count* largest keys, largest first; of equal ones in the order of *ties*.

    Args:
        keys: shape (n,).
        count: how many at most.
        ties: smaller is earlier, shape (n,); by place where None.
    """
    if count <= 0:
        return np.empty(0, np.intp)
    candidates = _candidates(keys, count)
    rounded = np.round(keys[candidates], DECIMALS)
    if ties is None:
        return candidates[np.argsort(-rounded, kind="stable")[:count]]
    return candidates[np.lexsort((ties[candidates], -rounded))[:count]]


def _candidates(keys: NDArray[np.float64], count: int) -> Docs:
    """Return places that have the best among them, in order.

    The keys are dealt out to groups; the smallest of the *count* largest maxima of groups is no more than the smallest
    key that is wanted, and rarely much less.
    """
    groups = _GROUPS * count
    rows = len(keys) // groups
    if rows < 2:  # noqa: PLR2004 - a group of one is no group
        return np.arange(len(keys))
    maxima = keys[: rows * groups].reshape(rows, groups).max(axis=0)
    least = np.partition(maxima, groups - count)[groups - count]
    return np.flatnonzero(keys >= least - MARGIN)
