"""Phrases: articles in which terms follow one another.

Most texts are short: the positions of a term in an article are the bits of one 64-bit number, and one shift and one
AND compare all of them at once, for all articles in one pass. Articles with later positions are compared position by
position.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search import ranking
from search.engines.whoosh.collection import Collection, Part, Scores
from search.engines.whoosh.leaves import ArrayLeaf, locate, nothing
from search.engines.whoosh.segment import Docs, ranges

#: More words between than this are as many as it takes.
MAX_SLOP = 99
_BITS = 64
Bits = NDArray[np.uint64]


def phrase_leaf(collection: Collection, terms: Sequence[str], slop: int, field: str | None) -> ArrayLeaf:
    """Return the leaf of terms in a row within one text, with at most *slop* positions between them in all."""
    found = [_in_part(collection, part, terms, min(slop, MAX_SLOP), field) for part in collection.parts]
    matched = [(docs + part.base, weights) for part, (docs, weights) in zip(collection.parts, found, strict=True)]
    if not matched:
        return nothing(collection)
    docs, weights = (np.concatenate(arrays) for arrays in zip(*matched, strict=True))
    return ArrayLeaf(collection, docs, weights)


def _in_part(
    collection: Collection, part: Part, terms: Sequence[str], slop: int, field: str | None
) -> tuple[Docs, Scores]:
    empty = np.empty(0, np.intp), np.empty(0)
    numbers = {term: part.segment.terms.find(term) for term in terms}
    if not terms or None in numbers.values():
        return empty
    found = _Candidates(collection, part, [number for number in numbers.values() if number is not None])
    if not len(found.docs):
        return empty
    ends = _Ends(part, found, [list(numbers).index(term) for term in terms], slop)
    counts = ends.per_field()
    if field:
        counts[:, [name != field for name in ranking.FIELDS]] = 0
    keep = counts.any(axis=1)
    docs = found.docs[keep]
    return docs, _weigh(part, docs, counts[keep])


class _Candidates:
    """The articles of a segment that have all of the terms, and the positions of each."""

    def __init__(self, collection: Collection, part: Part, terms: Sequence[int]) -> None:
        self._segment = segment = part.segment
        held = {term: segment.postings_of(term) for term in terms}
        docs_of = {term: segment.docs(segment.stem_of(term))[postings] for term, postings in held.items()}
        docs = min(docs_of.values(), key=len)
        for other in sorted(docs_of.values(), key=len):
            if other is not docs:
                _, there = locate(other, docs, collection if part.base == 0 else None)
                docs = docs[there]
        if part.living is not None:
            docs = docs[part.living[docs]]
        self.docs = docs
        #: For each term: how often it is in each article, and all its positions.
        self.positions = [
            segment.occurrences(term, held[term][locate(docs_of[term], docs, None)[0]] if len(docs) else docs)
            for term in terms
        ]


class _Ends:
    """Where the phrase ends in each candidate."""

    def __init__(self, part: Part, found: _Candidates, sequence: Sequence[int], slop: int) -> None:
        self._part, self._found, self._sequence, self._slop = part, found, sequence, slop
        lengths = part.segment.lengths[found.docs].astype(np.intp)
        #: First position of each field, shape (articles, fields).
        self._firsts = np.concatenate(
            [np.zeros((len(lengths), 1), np.intp), np.cumsum(lengths + 1, axis=1)[:, :-1]], axis=1
        )
        last = [np.maximum.reduceat(places, np.cumsum(counts) - counts) for counts, places in found.positions]
        self._is_short = np.maximum.reduce(last) < _BITS

    def per_field(self) -> NDArray[np.intp]:
        """Return how many of them are in each field; shape (articles, fields)."""
        counts = np.zeros(self._firsts.shape, np.intp)
        short, long = np.flatnonzero(self._is_short), np.flatnonzero(~self._is_short)
        if len(short):
            counts[short] = self._count_bits(short)
        if len(long):
            self._count_places(long, counts)
        return counts

    def _count_bits(self, which: Docs) -> NDArray[np.intp]:
        masks = [_bits(*_only(which, *positions)) for positions in self._found.positions]
        row = [masks[term] for term in self._sequence]
        firsts = self._firsts[which]
        if self._slop == 0:
            ended = _follow(row, 0)
            return _popcounts(ended, firsts)
        counts = np.zeros(firsts.shape, np.intp)
        for field in range(firsts.shape[1]):
            inside = _field_bits(firsts, field)
            ended = _follow([mask & inside for mask in row], self._slop)
            counts[:, field] = np.bitwise_count(ended)
        return counts

    def _count_places(self, which: Docs, counts: NDArray[np.intp]) -> None:
        """Count in long texts: an article and a position are one number, in sorted arrays."""
        width = np.int64(1) << 32
        keys = []
        for occurrences in self._found.positions:
            numbers, places = _only(which, *occurrences)
            rank = np.repeat(np.arange(len(which)), numbers)
            field = (places[:, None] >= self._firsts[which][rank][:, 1:]).sum(axis=1)
            # Fields lie too far apart for any slop.
            keys.append(rank * width + places + field * 2 * (MAX_SLOP + 1))
        ended = _follow_keys([keys[term] for term in self._sequence], self._slop)
        rank, place = ended // width, ended % width
        firsts = self._firsts[which][rank] + np.arange(counts.shape[1]) * 2 * (MAX_SLOP + 1)
        field = (place[:, None] >= firsts[:, 1:]).sum(axis=1)
        np.add.at(counts, (which[rank], field), 1)


def _only(which: Docs, counts: Docs, places: NDArray[np.unsignedinteger]) -> tuple[Docs, Docs]:
    if len(which) == len(counts):
        return counts, places.astype(np.intp)
    begins = np.cumsum(counts) - counts
    return counts[which], places[ranges(begins[which], (begins + counts)[which])].astype(np.intp)


def _bits(counts: Docs, places: Docs) -> Bits:
    """Return the positions in each article as bits of one number."""
    bits = np.uint64(1) << places.astype(np.uint64)
    return bits if len(bits) == len(counts) else np.bitwise_or.reduceat(bits, np.cumsum(counts) - counts)


def _follow(row: Sequence[Bits], slop: int) -> Bits:
    """Return the bits where the last term of a row ends it."""
    #: By the positions that were left out so far.
    reached = [row[0]]
    for mask in row[1:]:
        following = [np.zeros_like(mask) for _ in range(min(slop, _BITS) + 1)]
        for used, before in enumerate(reached):
            for left in range(min(slop, _BITS - 2) - used + 1):
                following[used + left] |= before << np.uint64(left + 1) & mask
        reached = following
    return np.bitwise_or.reduce(reached)


def _follow_keys(row: Sequence[Docs], slop: int) -> Docs:
    """Return the keys where the last term of a row ends it."""
    reached = {0: row[0]}
    for keys in row[1:]:
        following: dict[int, list[Docs]] = {}
        for used, before in reached.items():
            for left in range(slop - used + 1):
                places, there = locate(keys, before + left + 1, None)
                if there.any():
                    following.setdefault(used + left, []).append(keys[places[there]])
        reached = {used: np.unique(np.concatenate(found)) for used, found in following.items()}
    return np.unique(np.concatenate(list(reached.values()))) if reached else np.empty(0, np.intp)


def _field_bits(firsts: NDArray[np.intp], field: int) -> Bits:
    """Return the bits of the positions in a field."""
    below = _below(firsts[:, field])
    return ~below if field + 1 == firsts.shape[1] else _below(firsts[:, field + 1]) & ~below


def _below(positions: Docs) -> Bits:
    shifts = np.minimum(positions, _BITS - 1).astype(np.uint64)
    return np.where(positions >= _BITS, ~np.uint64(0), (np.uint64(1) << shifts) - np.uint64(1))


def _popcounts(ended: Bits, firsts: NDArray[np.intp]) -> NDArray[np.intp]:
    counts = np.zeros(firsts.shape, np.intp)
    there = np.flatnonzero(ended)
    for field in range(firsts.shape[1]):
        counts[there, field] = np.bitwise_count(ended[there] & _field_bits(firsts[there], field))
    return counts


def _weigh(part: Part, docs: Docs, counts: NDArray[np.intp]) -> Scores:
    """Return the weighted frequency of each article, field by field."""
    lengths = part.segment.lengths[docs]
    weights = np.zeros(len(docs))
    for field in range(counts.shape[1]):
        there = np.flatnonzero(counts[:, field])
        weights[there] += counts[there, field] * part.factors(field, lengths[there, field])
    return weights
