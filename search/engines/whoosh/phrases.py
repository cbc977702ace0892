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
from search.analysis import terms as terms_of
from search.engines.whoosh.arrays import Array, ranges
from search.engines.whoosh.collection import Collection, Mask, Part, Scores
from search.engines.whoosh.postings import BISECTION, FoundPostings, locate, nothing
from search.engines.whoosh.segment import Docs
from search.highlights import occurrences

#: More words between than this are as many as it takes.
MAX_SLOP = 99
_BITS = 64
Bits = NDArray[np.uint64]


def phrase_postings(collection: Collection, terms: Sequence[str], slop: int, field: str | None) -> FoundPostings:
    """Return the leaf of terms in a row within one text, with at most *slop* positions between them in all."""
    found = [_in_part(collection, part, terms, min(slop, MAX_SLOP), field) for part in collection.parts]
    matched = [(docs + part.base, weights) for part, (docs, weights) in zip(collection.parts, found, strict=True)]
    if not matched:
        return nothing(collection)
    docs, weights = (np.concatenate(arrays) for arrays in zip(*matched, strict=True))
    return FoundPostings(collection, docs, weights)


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
    which, counts = _count_ends(part, found, [list(numbers).index(term) for term in terms], slop)
    if slop:
        _recount_topics(part, found.docs[which], counts, terms, slop)
    if field:
        counts[:, [name != field for name in ranking.FIELDS]] = 0
    if field or slop:
        kept = counts.any(axis=1)
        which, counts = which[kept], counts[kept]
    docs = found.docs[which]
    return docs, _weigh(part, docs, counts)


def _recount_topics(part: Part, docs: Docs, counts: NDArray[np.intp], row: Sequence[str], slop: int) -> None:
    """Count topic by topic, since a phrase with gaps could reach from one into the next."""
    for number in np.flatnonzero(counts[:, -1]).tolist():
        counts[number, -1] = sum(
            len(occurrences([[place for place, term in enumerate(topic) if term == wanted] for wanted in row], slop))
            for topic in map(terms_of, part.segment.stored.article(int(docs[number])).topics)
        )


class _Candidates:
    """The articles of a segment that have all of the terms, and the positions of each."""

    def __init__(self, collection: Collection, part: Part, terms: Sequence[int]) -> None:
        self._segment, self._collection = part.segment, collection
        by_size = sorted(terms, key=part.segment.size)
        postings = part.segment.postings_of(by_size[0])
        self.docs = part.segment.docs(part.segment.stem_of(by_size[0]))[postings]
        self._postings = {by_size[0]: postings}
        if part.living is not None:
            self._keep(part.living[self.docs])
        for term in by_size[1:]:
            self._require(term)
        #: For each term: how often it is in each article, and all its positions.
        self.positions = [self._segment.occurrences(term, self._postings[term]) for term in terms]

    def long(self) -> Docs:
        """Return which of the articles have a term at a position beyond the bits of a number."""
        tall = [places >= _BITS for _, places in self.positions]
        found = [
            np.repeat(np.arange(len(counts)), counts)[mask]
            for (counts, _), mask in zip(self.positions, tall, strict=True)
            if mask.any()
        ]
        return np.unique(np.concatenate(found)) if found else np.empty(0, np.intp)

    def _require(self, term: int) -> None:
        segment, stem = self._segment, self._segment.stem_of(term)
        if segment.size(term) > BISECTION * len(self.docs):
            postings, there = segment.locate(stem, self.docs)
        else:
            postings, there = locate(segment.docs(stem), self.docs, self._collection)
        self._postings[term] = postings
        if not there.all():
            self._keep(there)
        self._keep(segment.holding(term, self._postings[term]))

    def _keep(self, mask: Mask) -> None:
        if not mask.all():
            kept = np.flatnonzero(mask)
            self.docs = self.docs[kept]
            self._postings = {term: postings[kept] for term, postings in self._postings.items()}


def _count_ends(part: Part, found: _Candidates, sequence: Sequence[int], slop: int) -> tuple[Docs, NDArray[np.intp]]:
    """Return which candidates have the phrase, and in how many places it ends in each field; shape (those, fields)."""
    long = found.long()
    if not len(long):
        return _count_bits(part, found, None, sequence, slop)
    short = np.setdiff1d(np.arange(len(found.docs)), long, assume_unique=True)
    which, counts = _count_bits(part, found, short, sequence, slop)
    others, other_counts = _count_places(part, found, long, sequence, slop)
    order = np.argsort(np.concatenate([which, others]))
    return np.concatenate([which, others])[order], np.concatenate([counts, other_counts])[order]


def _count_bits(
    part: Part, found: _Candidates, which: Docs | None, sequence: Sequence[int], slop: int
) -> tuple[Docs, NDArray[np.intp]]:
    """Count in short texts, whose positions are bits of one number."""
    masks = [_bits(*_only(which, *positions)) for positions in found.positions]
    row = [masks[term] for term in sequence]
    ended = _follow(row, slop)
    there = np.flatnonzero(ended)
    matched = there if which is None else which[there]
    firsts = _first_positions(part, found.docs[matched])
    counts = np.zeros(firsts.shape, np.intp)
    for field in range(firsts.shape[1]):
        inside = _field_bits(firsts, field)
        # Between fields lies but one position, which a phrase with gaps could reach over.
        within = ended[there] & inside if slop == 0 else _follow([mask[there] & inside for mask in row], slop)
        counts[:, field] = np.bitwise_count(within)
    kept = counts.any(axis=1)
    return matched[kept], counts[kept]


def _count_places(
    part: Part, found: _Candidates, which: Docs, sequence: Sequence[int], slop: int
) -> tuple[Docs, NDArray[np.intp]]:
    """Count in long texts: an article and a position are one number, in sorted arrays."""
    width = np.int64(1) << 32
    apart = 2 * (MAX_SLOP + 1)
    firsts = _first_positions(part, found.docs[which])
    keys = []
    for held in found.positions:
        numbers, places = _only(which, *held)
        rank = np.repeat(np.arange(len(which)), numbers)
        field = (places[:, None] >= firsts[rank][:, 1:]).sum(axis=1)
        # Fields are moved too far apart for any slop.
        keys.append(rank * width + places + field * apart)
    rank, place = np.divmod(_follow_keys([keys[term] for term in sequence], slop), width)
    field = (place[:, None] >= firsts[rank][:, 1:] + np.arange(1, firsts.shape[1]) * apart).sum(axis=1)
    counts = np.zeros(firsts.shape, np.intp)
    np.add.at(counts, (rank, field), 1)
    kept = counts.any(axis=1)
    return which[kept], counts[kept]


def _first_positions(part: Part, docs: Docs) -> NDArray[np.intp]:
    """Return the first position of each field, shape (articles, fields)."""
    firsts = np.zeros((len(docs), len(ranking.FIELDS)), np.intp)
    np.cumsum(part.segment.lengths[docs][:, :-1] + np.intp(1), axis=1, out=firsts[:, 1:])
    return firsts


def _only(which: Docs | None, counts: Docs, places: Array) -> tuple[Docs, Array]:
    """Return the occurrences in some of the articles, in all where None."""
    if which is None:
        return counts, places
    begins = np.cumsum(counts) - counts
    return counts[which], places[ranges(begins[which], (begins + counts)[which])]


def _bits(counts: Docs, places: Array) -> Bits:
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
    ended: Bits = np.bitwise_or.reduce(reached)
    return ended


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


def _weigh(part: Part, docs: Docs, counts: NDArray[np.intp]) -> Scores:
    """Return the weighted frequency of each article, field by field."""
    lengths = part.segment.lengths[docs]
    weights = np.zeros(len(docs))
    for field in range(counts.shape[1]):
        there = np.flatnonzero(counts[:, field])
        weights[there] += counts[there, field] * part.factors(field, lengths[there, field])
    return weights
