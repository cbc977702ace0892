"""How long the fields of articles are, and so where each begins: between two of them one position is left free."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search.engines.whoosh.arrays import Array

Numbers = NDArray[np.intp]

# Everything goes field by field, which is many times quicker than article by article.


def lengths_in(lengths: Array, fields: int) -> Numbers:
    """Return how many terms each article has in the first *fields*; *lengths* has the shape (articles, fields)."""
    total: Numbers = lengths[:, 0].astype(np.intp)
    for field in range(1, fields):
        total += lengths[:, field]
    return total


def first_positions(lengths: Array) -> Numbers:
    """Return the first position of each field of each article, shape (articles, fields)."""
    firsts = np.zeros(lengths.shape, np.intp)
    for field in range(1, lengths.shape[1]):
        firsts[:, field] = firsts[:, field - 1] + lengths[:, field - 1] + 1
    return firsts


def fields_at(lengths: Array, positions: Numbers) -> Numbers:
    """Return the field, by number, of a position in each of the articles."""
    first, fields = np.zeros(len(lengths), np.intp), np.zeros(len(lengths), np.intp)
    for field in range(lengths.shape[1] - 1):
        first += lengths[:, field]
        first += 1
        fields += positions >= first
    return fields
