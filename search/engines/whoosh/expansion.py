"""Patterns of words: the terms that a prefix, a wildcard or a misspelling stands for, and all their postings as one."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from search import ranking
from search.engines.whoosh.collection import ALL_FIELDS, Collection, Part, Scores
from search.engines.whoosh.leaves import ArrayLeaf, nothing
from search.engines.whoosh.segment import Docs, Segment

#: Postings that are looked at in one go, which bounds the memory of a search: about 40 bytes each.
CHUNK = 1 << 20
#: Shares of the articles above which a table of all of them is quicker than sorting.
_DENSE = 16

#: Numbers of terms, and the weight of each.
Terms = tuple[NDArray[np.int64], Scores]


def expanded_leaf(
    collection: Collection, find: Callable[[Segment], Terms], field: str | None, check: Callable[[], None]
) -> ArrayLeaf:
    """Return the leaf of all terms that *find* finds in a segment; *check* is called between steps, and may raise."""
    fields = tuple(name == field for name in ranking.FIELDS) if field else ALL_FIELDS
    found = [_in_part(part, *find(part.segment), fields, check) for part in collection.parts]
    if not found:
        return nothing(collection)
    docs, frequencies = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    return ArrayLeaf(collection, docs, frequencies)


def prefix_terms(segment: Segment, prefix: str) -> Terms:
    """Return the terms that begin with *prefix*."""
    found = segment.terms.starting_with(prefix)
    return np.arange(found.start, found.stop), np.ones(len(found))


def wildcard_terms(segment: Segment, pattern: str) -> Terms:
    """Return the terms that fit *pattern*: ``*`` stands for any characters, ``?`` for one."""
    literal = re.split(r"[*?]", pattern, maxsplit=1)[0]
    rest = re.compile("".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in re.split(r"([*?])", pattern)))
    near = segment.terms.starting_with(literal)
    fits = [number for number in near if rest.fullmatch(segment.terms[number])]
    return np.array(fits, np.int64), np.ones(len(fits))


def fuzzy_terms(segment: Segment, word: str, distance: int) -> Terms:
    """Return the terms with the same first letter that are at most *distance* edits away from *word*.

    Edits are those of the optimal string alignment: insertion, deletion, substitution, and transposition of two
    neighbours; Damerau (1964), "A technique for computer detection and correction of spelling errors".
    """
    near = segment.terms.starting_with(word[:1])
    distances = [edits(word, segment.terms[number], distance) for number in near]
    close = [place for place, found in enumerate(distances) if found <= distance]
    weights = [ranking.OTHER_FORM ** distances[place] for place in close]
    return np.array(close, np.int64) + near.start, np.array(weights)


def edits(first: str, second: str, limit: int) -> int:
    """Return the optimal string alignment distance, or ``limit + 1`` where it is more than *limit*.

    >>> edits("elections", "elecitons", 2)
    1
    """
    if abs(len(first) - len(second)) > limit:
        return limit + 1
    before: list[int] = []
    last = list(range(len(second) + 1))
    for row, letter in enumerate(first, 1):
        now = [row]
        for column, other in enumerate(second, 1):
            cost = min(now[-1] + 1, last[column] + 1, last[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == second[column - 2] and first[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            now.append(cost)
        if min(now) > limit:
            return limit + 1
        before, last = last, now
    return min(last[-1], limit + 1)


def _in_part(
    part: Part, terms: NDArray[np.int64], weights: Scores, fields: tuple[bool, ...], check: Callable[[], None]
) -> tuple[Docs, Scores]:
    """Add up what the terms give in each article of a part."""
    segment = part.segment
    table = part.weights(fields)
    found = _Sum(len(segment))
    stem_of = segment.arrays["term.stem"][terms]
    order = np.argsort(stem_of, kind="stable")
    terms, weights, stem_of = terms[order], weights[order], stem_of[order]
    stems, first, counts = np.unique(stem_of, return_index=True, return_counts=True)
    forms = np.diff(segment.arrays["stem.form"])[stems]
    is_whole = (counts == forms) & np.equal(np.minimum.reduceat(weights, first), 1) if len(stems) else counts > 0
    for some in _chunks(segment, stems[is_whole]):
        check()
        postings, docs = segment.docs_at(some)
        found.add(docs, table[segment.codes[postings]])
    partial = np.repeat(~is_whole, counts)
    for term, weight in zip(terms[partial].tolist(), weights[partial].tolist(), strict=True):
        check()
        found.add(*_one_form(segment, table, term, weight))
    docs, frequencies = found.result()
    keep = frequencies > 0
    if part.living is not None:
        keep &= part.living[docs]
    return docs[keep] + part.base, frequencies[keep]


def _one_form(segment: Segment, table: Scores, term: int, weight: float) -> tuple[Docs, Scores]:
    """Return the articles that have exactly this term, and its weighted frequency in each."""
    stem = segment.stem_of(term)
    start, _ = segment.range_of(stem)
    postings = segment.postings_of(term)
    frequencies = table[segment.codes[start + postings]]
    mixed = segment.mixed_postings(term, start)
    frequencies[postings.searchsorted(mixed)] = table[segment.arrays["mixed.code"][segment.mixed(term)]]
    return segment.docs(stem)[postings], weight * frequencies


def _chunks(segment: Segment, stems: NDArray[np.uint32]) -> list[NDArray[np.uint32]]:
    """Cut a list of stems where their postings would be too many for one go."""
    if not len(stems):
        return []
    numbers = np.cumsum(segment.counts(stems)) // CHUNK
    return np.split(stems, np.flatnonzero(np.diff(numbers)) + 1)


class _Sum:
    """Adds numbers up by article: in a list while they are few, in a table of all articles once they are many."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._waiting: list[tuple[Docs, Scores]] = []
        self._count = 0
        self._table: Scores | None = None

    def add(self, docs: Docs, numbers: Scores) -> None:
        self._waiting.append((docs, numbers))
        self._count += len(docs)
        if self._count * _DENSE > self._size:
            self._settle()

    def _settle(self) -> None:
        if not self._waiting:
            return
        docs, numbers = (np.concatenate(arrays) for arrays in zip(*self._waiting, strict=True))
        added = np.bincount(docs, numbers, self._size)
        self._table = added if self._table is None else self._table + added
        self._waiting, self._count = [], 0

    def result(self) -> tuple[Docs, Scores]:
        if self._table is None:
            return self._sorted()
        self._settle()
        docs = np.flatnonzero(self._table)
        return docs, self._table[docs]

    def _sorted(self) -> tuple[Docs, Scores]:
        if not self._waiting:
            return np.empty(0, np.intp), np.empty(0)
        docs, numbers = (np.concatenate(arrays) for arrays in zip(*self._waiting, strict=True))
        order = np.argsort(docs, kind="stable")
        docs, numbers = docs[order], numbers[order]
        starts = np.flatnonzero(np.diff(docs, prepend=-1))
        return docs[starts], np.add.reduceat(numbers, starts)
