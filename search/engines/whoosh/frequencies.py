"""How often a term is in each field, and how long the fields are, as one small number a posting.

Nearly all postings share a few thousand combinations of frequencies and lengths, so a posting keeps the number of its
combination, and what BM25F makes of one is computed once for each, not for each posting. As the frequencies and
lengths are exact, the average lengths may change without any posting being written anew.

A number below :data:`SIMPLE` says it all: one field, frequency up to 16, length up to 256. Any other is a row of the
segment's table of *extra* combinations: the frequencies of all fields, then their lengths (0 where the frequency is).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search import ranking
from search.engines.whoosh.arrays import Array

_FIELDS = len(ranking.FIELDS)
_MAX_FREQUENCY, _MAX_LENGTH = 16, 256
#: Combinations that need no table.
SIMPLE = _FIELDS * _MAX_FREQUENCY * _MAX_LENGTH

Numbers = NDArray[np.uint32]


def encode_frequencies(frequencies: Numbers, lengths: Numbers) -> tuple[NDArray[np.unsignedinteger], Numbers]:
    """Return the combination of each posting, and the extra ones.

    Args:
        frequencies: of a term by field, shape (postings, fields).
        lengths: of the fields of its article, same shape.
    """
    field = frequencies.argmax(axis=1)
    rows = np.arange(len(field))
    frequency, length = frequencies[rows, field], lengths[rows, field]
    is_simple = (frequencies.sum(axis=1) == frequency) & (frequency <= _MAX_FREQUENCY) & (length <= _MAX_LENGTH)
    codes = ((field * _MAX_FREQUENCY + frequency - 1) * _MAX_LENGTH + length - 1).astype(np.uint32)
    other = np.flatnonzero(~is_simple)
    tuples = np.concatenate([frequencies[other], np.where(frequencies[other] > 0, lengths[other], 0)], axis=1)
    extra, which = _distinct(tuples.astype(np.uint32))
    codes[other] = SIMPLE + which
    return smallest(codes, SIMPLE + len(extra)), extra


def join_extras(tables: list[Numbers]) -> tuple[list[NDArray[np.uint32]], Numbers]:
    """Return, for each of several tables of extra combinations, where its rows are in the common one, and that."""
    extra, which = _distinct(np.concatenate(tables) if tables else np.empty((0, 2 * _FIELDS), np.uint32))
    ends = np.cumsum([len(table) for table in tables])[:-1]
    return [part.astype(np.uint32) for part in np.split(which, ends)], extra


def used_extras(extra: Numbers, *codes: NDArray[np.uint32]) -> tuple[Array, ...]:
    """Return the extra combinations that some of *codes* name, and the codes with the numbers that they have then."""
    named = np.zeros(len(extra), bool)
    for part in codes:
        named[part[part >= SIMPLE] - SIMPLE] = True
    numbers = np.arange(SIMPLE + len(extra), dtype=np.uint32)
    numbers[SIMPLE:][named] = np.arange(SIMPLE, SIMPLE + np.count_nonzero(named))
    return extra[named], *(smallest(numbers[part], SIMPLE + int(named.sum())) for part in codes)


def smallest(codes: NDArray[np.uint32], count: int) -> NDArray[np.unsignedinteger]:
    """Return *codes*, all below *count*, in the smallest type that the codes of a segment come in."""
    return codes.astype(np.uint16) if count <= 1 << 16 else codes


def decode_frequencies(codes: NDArray[np.unsignedinteger], extra: Numbers) -> tuple[Numbers, Numbers]:
    """Undo :func:`encode_frequencies`; the length of a field without the term is given as 0."""
    table = np.concatenate([_simple(), extra])
    rows = table[codes]
    return rows[:, :_FIELDS], rows[:, _FIELDS:]


def weigh(extra: Numbers, averages: NDArray[np.float64], fields: tuple[bool, ...]) -> NDArray[np.float64]:
    """Return what BM25F makes of each combination before saturation, the simple ones first.

    Args:
        extra: of the segment.
        averages: mean length of each field over the articles that have it; 0 where none has.
        fields: which of them count.

    Robertson & Zaragoza (2009), "The Probabilistic Relevance Framework", eq. 3.17.
    """
    table = np.concatenate([_simple(), extra])
    weights = np.zeros(len(table))
    for number, (name, average) in enumerate(zip(ranking.FIELDS, averages.tolist(), strict=True)):
        if fields[number]:
            share, weight = ranking.LENGTH[name], ranking.WEIGHTS[name]
            relative = table[:, _FIELDS + number] / average if average else 1.0
            weights += table[:, number] * (weight / (1 - share + share * relative))
    return weights


def _simple() -> Numbers:
    rows = np.zeros((SIMPLE, 2 * _FIELDS), np.uint32)
    number = np.arange(SIMPLE)
    field = number // (_MAX_FREQUENCY * _MAX_LENGTH)
    rows[number, field] = number // _MAX_LENGTH % _MAX_FREQUENCY + 1
    rows[number, _FIELDS + field] = number % _MAX_LENGTH + 1
    return rows


def _distinct(rows: Numbers) -> tuple[Numbers, NDArray[np.int64]]:
    """Return the distinct rows, sorted, and which of them each row is."""
    if (rows[:, :_FIELDS] < _MAX_FREQUENCY).all() and (rows[:, _FIELDS:] < _MAX_LENGTH).all():
        packed = np.zeros(len(rows), np.uint64)
        for column in range(2 * _FIELDS):
            packed = packed << np.uint64(4 if column < _FIELDS else 8) | rows[:, column]
        _, first, which = np.unique(packed, return_index=True, return_inverse=True)
        return rows[first], which
    distinct, which = np.unique(rows, axis=0, return_inverse=True)
    return distinct, which.reshape(-1)
