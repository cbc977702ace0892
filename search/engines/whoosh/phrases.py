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
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.bits import BITS, Bits
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.lengths import fields_at, first_positions
from search.engines.whoosh.part import Mask, Part, Scores
from search.engines.whoosh.postings import BISECTION, FoundPostings, locate, nothing
from search.engines.whoosh.segment import Docs
from search.highlights import occurrences

#: More words between than this are as many as it takes.
MAX_SLOP = 99


def phrase_postings(collection: Collection, terms: Sequence[str], slop: int, field: str | None) -> FoundPostings:
    """Return the leaf of terms in a row within one text, with at most *slop* positions between them in all."""
    found = [_in_part(collection, part, terms, min(slop, MAX_SLOP), field) for part in collection.parts]
    matched = [(docs + part.base, weights) for part, (docs, weights) in zip(collection.parts, found, strict=True)]
    if not matched:
        return nothing(collection)
    docs, weights = (np.concatenate(arrays) for arrays in zip(*matched, strict=True))
    return FoundPostings(collection, docs, weights)


def count_titles(collection: Collection, part: Part, terms: Sequence[str], docs: Docs) -> int:
    """Count those of a part's articles that have terms in a row in their title; *docs* is sorted."""
    numbers = {term: part.segment.terms.find(term) for term in terms}
    if None in numbers.values():
        return 0
    found = _Candidates(collection, part, [number for number in numbers.values() if number is not None], docs)
    which, ends = _find_ends(part, found, [list(numbers).index(term) for term in terms], 0)
    docs = found.docs[which]
    return len(np.unique(docs[ends < part.segment.lengths[docs, 0]]))


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
    which, ends = _find_ends(part, found, [list(numbers).index(term) for term in terms], slop)
    docs = found.docs[which]
    fields = fields_at(part.segment.lengths.take(docs, axis=0), ends)
    if slop:
        kept = _within_topics(part, docs, fields, terms, slop)
        docs, fields = docs[kept], fields[kept]
    if field:
        kept = (fields == ranking.FIELDS.index(field)).nonzero()[0]
        docs, fields = docs[kept], fields[kept]
    return _weigh(part, docs, fields)


def _within_topics(part: Part, docs: Docs, fields: Docs, row: Sequence[str], slop: int) -> Docs:
    """Return which ends to keep: a phrase with gaps must not reach from one topic into the next."""
    topics = len(ranking.FIELDS) - 1
    kept = np.ones(len(docs), bool)
    for doc in np.unique(docs[fields == topics]).tolist():
        here = ((docs == doc) & (fields == topics)).nonzero()[0]
        right = sum(
            len(occurrences([[place for place, term in enumerate(topic) if term == wanted] for wanted in row], slop))
            for topic in map(terms_of, part.segment.stored.article(doc).topics)
        )
        kept[here[right:]] = False
    return kept.nonzero()[0]


class _Candidates:
    """The articles of a segment, or of *docs* alone, that have all of the terms, and the positions of each."""

    def __init__(self, collection: Collection, part: Part, terms: Sequence[int], docs: Docs | None = None) -> None:
        self._part, self._segment, self._collection = part, part.segment, collection
        by_size = sorted(terms, key=part.segment.size_of_stem)
        self._postings: dict[int, Docs] = {}
        if docs is None:
            first = by_size.pop(0)
            postings = self._postings[first] = part.segment.postings_of(first)
            docs = part.segment.docs(part.segment.stem_of(first))[postings]
        self.docs = docs
        if part.living is not None:
            self._keep(part.living[self.docs])
        for term in by_size:
            self._require(term)
        self._terms = terms

    def bits(self) -> list[Bits]:
        """Return for each term its first positions in each article, as bits."""
        return [self._part.bits.at(term, self._postings[term]) for term in self._terms]

    def positions(self, which: Docs) -> list[tuple[Docs, Array]]:
        """Return for each term how often it is in some of the articles, and all its positions there."""
        return [self._segment.occurrences(term, self._postings[term][which]) for term in self._terms]

    def _require(self, term: int) -> None:
        segment, stem = self._segment, self._segment.stem_of(term)
        if segment.size_of_stem(term) > BISECTION * len(self.docs):
            postings, there = segment.locate(stem, self.docs)
        else:
            postings, there = locate(segment.docs(stem), self.docs, self._collection)
        self._postings[term] = postings
        if np.count_nonzero(there) < len(there):
            self._keep(there)
        self._keep(segment.holding(term, self._postings[term]))

    def _keep(self, mask: Mask) -> None:
        if np.count_nonzero(mask) < len(mask):
            kept = mask.nonzero()[0]
            self.docs = self.docs.take(kept)
            self._postings = {term: postings.take(kept) for term, postings in self._postings.items()}


def _find_ends(part: Part, found: _Candidates, sequence: Sequence[int], slop: int) -> tuple[Docs, Docs]:
    """Return where the phrase ends: places of candidates, sorted, and positions in them."""
    masks = found.bits()
    row = [masks[term] for term in sequence]
    is_long = part.bits.is_long.take(found.docs, mode="clip")
    long = is_long.nonzero()[0]
    which, ends = _find_bits(part, found, row, slop)
    if not len(long):
        return which, ends
    kept = (~is_long[which]).nonzero()[0]
    which, ends = which[kept], ends[kept]
    near = _near(long, row, slop)
    if not len(near):
        return which, ends
    others, other_ends = _find_places(part, found, near, sequence, slop)
    which, ends = np.concatenate([which, others]), np.concatenate([ends, other_ends])
    order = which.argsort(kind="stable")
    return which[order], ends[order]


def _near(long: Docs, row: Sequence[Bits], slop: int) -> Docs:
    """Return which of the *long* articles may have the phrase, as far as bits tell that stand for several positions."""
    if slop >= BITS - 1:
        return long
    near: Docs = long[_follow([mask[long] for mask in row], slop, is_round=True) != 0]
    return near


def _find_bits(part: Part, found: _Candidates, row: Sequence[Bits], slop: int) -> tuple[Docs, Docs]:
    """Look in short articles, where a bit is a position; what is found in long ones means nothing."""
    ended = _follow(row, slop)
    if slop:
        # Between fields lies but one position, which a phrase with gaps could reach over.
        firsts = first_positions(part.segment.lengths.take(found.docs, axis=0))
        inside = [_field_bits(firsts, field) for field in range(firsts.shape[1])]
        ended = np.bitwise_or.reduce([_follow([mask & field for mask in row], slop) for field in inside])
    there = (ended != 0).nonzero()[0]
    places, ends = _bits_set(ended[there])
    return there[places], ends


def _bits_set(bits: Bits) -> tuple[Docs, Docs]:
    """Return all bits that are set: the places of the numbers, sorted, and which bits."""
    places, found = [np.arange(len(bits))], [_lowest(bits)]
    rest = bits & (bits - np.uint64(1))
    while (more := (rest != 0).nonzero()[0]).size:
        places.append(more)
        found.append(_lowest(rest[more]))
        rest &= rest - np.minimum(rest, np.uint64(1))
    if len(places) == 1:
        return places[0], found[0]
    joined = np.concatenate(places)
    order = joined.argsort(kind="stable")
    return joined[order], np.concatenate(found)[order]


def _lowest(bits: Bits) -> Docs:
    """Return the lowest bit that is set in each number."""
    lowest: Docs = np.bitwise_count((bits & -bits) - np.uint64(1)).astype(np.intp)
    return lowest


def _find_places(part: Part, found: _Candidates, which: Docs, sequence: Sequence[int], slop: int) -> tuple[Docs, Docs]:
    """Look in long texts: an article and a position are one number, in sorted arrays."""
    apart = 2 * (MAX_SLOP + 1)
    lengths, keys = part.segment.lengths.take(found.docs.take(which), axis=0), []
    for numbers, places in found.positions(which):
        rank = np.arange(len(which)).repeat(numbers)
        # Fields are moved too far apart for any slop.
        shift = fields_at(lengths.take(rank, axis=0), places) * apart if slop else 0
        keys.append((rank << 32) + places + shift)
    ends = _follow_keys([keys[term] for term in sequence], slop)
    rank, place = ends >> 32, ends & 0xFFFFFFFF
    if slop:
        firsts = first_positions(lengths)[rank, 1:] + np.arange(1, len(ranking.FIELDS)) * apart
        place -= (place[:, None] >= firsts).sum(axis=1) * apart
    return which[rank], place


def _follow(row: Sequence[Bits], slop: int, *, is_round: bool = False) -> Bits:
    """Return the bits where the last term of a row ends it; the first bit may follow the last where that *is_round*."""
    if not slop:
        ended = row[0]
        for mask in row[1:]:
            ended = _moved(ended, 1, is_round=is_round) & mask
        return ended
    #: By the positions that were left out so far.
    reached = [row[0]]
    for mask in row[1:]:
        following = [np.zeros_like(mask) for _ in range(min(slop, BITS) + 1)]
        for used, before in enumerate(reached):
            for left in range(min(slop, BITS - 2) - used + 1):
                following[used + left] |= _moved(before, left + 1, is_round=is_round) & mask
        reached = following
    every: Bits = np.bitwise_or.reduce(reached)
    return every


def _moved(bits: Bits, places: int, *, is_round: bool) -> Bits:
    moved: Bits = bits << np.uint64(places)
    if is_round:
        moved |= bits >> np.uint64(BITS - places)
    return moved


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
        reached = {used: _distinct(found) for used, found in following.items()}
    return _distinct(list(reached.values())) if reached else np.empty(0, np.intp)


def _distinct(lists: Sequence[Docs]) -> Docs:
    """Return all keys in order, each once, of lists that are so already."""
    return lists[0] if len(lists) == 1 else np.unique(np.concatenate(lists))


def _field_bits(firsts: NDArray[np.intp], field: int) -> Bits:
    """Return the bits of the positions in a field."""
    below = _below(firsts[:, field])
    return ~below if field + 1 == firsts.shape[1] else _below(firsts[:, field + 1]) & ~below


def _below(positions: Docs) -> Bits:
    shifts = np.minimum(positions, BITS - 1).astype(np.uint64)
    return np.where(positions >= BITS, ~np.uint64(0), (np.uint64(1) << shifts) - np.uint64(1))


def _weigh(part: Part, docs: Docs, fields: Docs) -> tuple[Docs, Scores]:
    """Return the articles of sorted ends, each once, and the weighted frequency of the phrase in them."""
    weights = part.factor(fields, part.segment.lengths[docs, fields])
    starts = np.diff(docs, prepend=-1).nonzero()[0]
    if len(starts) == len(docs):
        return docs, weights
    return docs[starts], np.add.reduceat(weights, starts)
