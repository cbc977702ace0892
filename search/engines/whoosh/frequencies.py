"""How often a term is in each field, and how long the fields are, as one small number a posting.

Nearly all postings share a few thousand combinations of frequencies and lengths, so a posting keeps the number of its
combination, and what BM25F makes of one is computed once for each, not for each posting. As the frequencies and
lengths are exact, the average lengths may change without any posting being written anew.

A number below :data:`SIMPLE` says it all: one field, frequency up to 16, length up to 256. Any other is a row of the
segment's table of *extra* combinations: the frequencies of all fields, then their lengths (0 where the frequency is).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from search import ranking
from search.engines.whoosh.arrays import Array, ranges

_FIELDS = len(ranking.FIELDS)
_MAX_FREQUENCY, _MAX_LENGTH = 16, 256
#: Combinations that need no table.
SIMPLE = _FIELDS * _MAX_FREQUENCY * _MAX_LENGTH

Numbers = NDArray[np.uint32]


def encode_frequencies(
    field: NDArray[np.uint8], starts: NDArray[np.intp], lengths: Array, docs: NDArray[np.integer[Any]]
) -> tuple[Numbers, Numbers]:
    """Return the combination of each posting, and the extra ones.

    Args:
        field: of each occurrence, one posting after the other.
        starts: where the occurrences of each posting begin, shape (postings,).
        lengths: of the fields, shape (articles, fields).
        docs: the article of each posting, shape (postings,).
    """
    counts = np.diff(starts, append=len(field))
    first = field[starts].astype(np.int64)
    length = lengths.reshape(-1).take(docs * np.int64(_FIELDS) + first)
    # Nearly all postings are of one occurrence, whose field and length say it all.
    codes = (first * (_MAX_FREQUENCY * _MAX_LENGTH) + length - 1).astype(np.uint32)
    other = np.flatnonzero((counts > 1) | (length > _MAX_LENGTH))
    occurrences = field[ranges(starts[other], (starts + counts)[other])]
    places = np.repeat(np.arange(0, len(other) * _FIELDS, _FIELDS), counts[other]) + occurrences
    frequencies = np.bincount(places, minlength=len(other) * _FIELDS).reshape(-1, _FIELDS).astype(np.uint32)
    simple, tuples = _combinations(frequencies, lengths[docs[other]])
    extra, which = _distinct(tuples[simple < 0])
    simple[simple < 0] = SIMPLE + which
    codes[other] = simple
    return codes, extra


def _combinations(frequencies: Numbers, lengths: Array) -> tuple[NDArray[np.int64], Numbers]:
    """Return the simple combination of each row, -1 where it has none, and its row of an extra one."""
    field = frequencies.argmax(axis=1)
    rows = np.arange(len(field))
    frequency, length = frequencies[rows, field], lengths[rows, field]
    is_simple = (frequencies.sum(axis=1) == frequency) & (frequency <= _MAX_FREQUENCY) & (length <= _MAX_LENGTH)
    codes = (field * _MAX_FREQUENCY + frequency - 1) * _MAX_LENGTH + length - 1
    tuples = np.concatenate([frequencies, np.where(frequencies > 0, lengths, 0)], axis=1).astype(np.uint32)
    return np.where(is_simple, codes, -1).astype(np.int64), tuples


def join_extras(tables: list[Numbers]) -> tuple[list[NDArray[np.uint32]], Numbers]:
    """Return, for each of several tables of extra combinations, where its rows are in the common one, and that."""
    if not tables:
        return [], np.empty((0, 2 * _FIELDS), np.uint32)
    extra, which = _distinct(np.concatenate(tables))
    ends = np.cumsum([len(table) for table in tables])[:-1]
    return [part.astype(np.uint32) for part in np.split(which, ends)], extra


def join_codes(parts: list[tuple[Numbers, Numbers]]) -> tuple[list[Array], Numbers]:
    """Return the codes of several parts of a segment, of which each has its extra combinations, under common ones."""
    maps, extra = join_extras([own for _, own in parts])
    numbers = [np.concatenate([np.arange(SIMPLE, dtype=np.uint32), SIMPLE + places]) for places in maps]
    renumbered = [table.take(codes) for table, (codes, _) in zip(numbers, parts, strict=True)]
    return [smallest(codes, SIMPLE + len(extra)) for codes in renumbered], extra


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
