"""Phrases: articles in which terms follow one another.

Most texts are short: the positions of a term in an article are the bits of one 64-bit number, and one shift and one
AND compare all of them at once, for all articles in one pass. Articles with later positions are compared position by
position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from search import ranking
from search.analysis import terms as terms_of
from search.engines.whoosh.bits import BITS, Bits
from search.engines.whoosh.candidates import Candidates
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.lengths import fields_at, first_positions
from search.engines.whoosh.locating import locate
from search.engines.whoosh.part import Part, Scores
from search.engines.whoosh.postings import FoundPostings, nothing
from search.engines.whoosh.rows import find_rows
from search.engines.whoosh.segment import Docs, Segment
from search.engines.whoosh.vocabulary import Vocabulary
from search.highlights import occurrences

#: More words between than this are as many as it takes.
MAX_SLOP = 99
#: Articles that are looked at in one go: few enough for what is in between to stay beside the processor.
_STRETCH = 1 << 14
_NONE = np.empty(0, np.intp)

Check = Callable[[], None]


def _unlimited() -> None:
    """Let it take as long as it takes."""


def phrase_postings(
    collection: Collection, terms: Sequence[str], slop: int, field: str | None, check: Check = _unlimited
) -> FoundPostings:
    """Return the leaf of terms in a row within one text, with at most *slop* positions between them in all.

    *check* is called every few milliseconds, and may raise.
    """
    found = [_in_part(collection, part, terms, min(slop, MAX_SLOP), field, check) for part in collection.parts]
    matched = [(docs + part.base, weights) for part, (docs, weights) in zip(collection.parts, found, strict=True)]
    if not matched:
        return nothing(collection)
    if len(matched) == 1:
        return FoundPostings(collection, *matched[0])
    docs, weights = (np.concatenate(arrays) for arrays in zip(*matched, strict=True))
    return FoundPostings(collection, docs, weights)


def count_titles(collection: Collection, part: Part, terms: Sequence[str], docs: Docs) -> int:
    """Count those of a part's articles that have terms in a row in their title; *docs* is sorted."""
    docs, ends = _find_ends(collection, part, terms, 0, _unlimited, docs)
    return len(np.unique(docs[ends < part.segment.lengths[docs, 0]]))


def _in_part(
    collection: Collection, part: Part, terms: Sequence[str], slop: int, field: str | None, check: Check
) -> tuple[Docs, Scores]:
    if not slop and (found := find_rows(part, terms, field, check)) is not None:
        return found
    docs, ends = _find_ends(collection, part, terms, slop, check)
    fields = fields_at(part.segment.lengths.take(docs, axis=0), ends)
    if slop:
        kept = _within_topics(part.segment, docs, fields, terms, slop, check)
        docs, fields = docs[kept], fields[kept]
    if field:
        kept = (fields == ranking.FIELDS.index(field)).nonzero()[0]
        docs, fields = docs[kept], fields[kept]
    return _weigh(part, docs, fields)


def _within_topics(segment: Segment, docs: Docs, fields: Docs, row: Sequence[str], slop: int, check: Check) -> Docs:
    """Return which ends to keep: a phrase with gaps must not reach from one topic into the next."""
    ends = (fields == len(ranking.FIELDS) - 1).nonzero()[0]
    names, of, listed = Vocabulary(segment.arrays, "topic"), segment.arrays["topic.of"], segment.arrays["topic"]
    owners, first, counts = np.unique(docs[ends], return_index=True, return_counts=True)
    #: How many ends are right in topics, which many articles have in common.
    known: dict[bytes, int] = {}
    right = np.zeros(len(owners), np.intp)
    for place, doc in enumerate(owners.tolist()):
        check()
        topics = listed[of[doc] : of[doc + 1]]
        if (key := topics.tobytes()) not in known:
            known[key] = sum(_count_ends(terms_of(names[topic]), row, slop) for topic in topics.tolist())
        right[place] = known[key]
    kept = np.ones(len(docs), bool)
    kept[ends] = np.arange(len(ends)) - first.repeat(counts) < right.repeat(counts)
    return kept.nonzero()[0]


def _count_ends(text: Sequence[str], row: Sequence[str], slop: int) -> int:
    return len(occurrences([[place for place, term in enumerate(text) if term == wanted] for wanted in row], slop))


def _find_ends(
    collection: Collection, part: Part, terms: Sequence[str], slop: int, check: Check, among: Docs | None = None
) -> tuple[Docs, Docs]:
    """Return where a phrase ends: articles of a part, of those *among* which it is sought, sorted; and positions."""
    numbers = {term: part.segment.terms.find(term) for term in terms}
    known = [number for number in numbers.values() if number is not None]
    if not terms or len(known) < len(numbers):
        return _NONE, _NONE
    found = Candidates(collection, part, known, among)
    which, ends = _find_places(part, found, [list(numbers).index(term) for term in terms], slop, check)
    docs = found.docs(which)
    if part.living is None:
        return docs, ends
    kept = part.living.take(docs).nonzero()[0]
    return docs[kept], ends[kept]


def _find_places(part: Part, found: Candidates, sequence: Sequence[int], slop: int, check: Check) -> tuple[Docs, Docs]:
    """Return the candidates where a phrase ends, sorted, and the positions."""
    near = np.concatenate([_NONE, *_near(found, sequence, slop, check)])
    is_long = part.bits.is_long.take(found.docs(near), mode="clip")
    pieces = [_find_bits(part, found, some, sequence, slop, check) for some in _cut(near[~is_long])]
    pieces += [_find_keys(part, found, some, sequence, slop, check) for some in _cut(near[is_long])]
    which, ends = (np.concatenate([_NONE, *arrays]) for arrays in zip((_NONE, _NONE), *pieces, strict=True))
    if is_long.any():
        order = which.argsort(kind="stable")
        which, ends = which[order], ends[order]
    return which, ends


def _cut(places: Docs) -> list[Docs]:
    """Cut into stretches."""
    return [places[at : at + _STRETCH] for at in range(0, len(places), _STRETCH)]


def _near(found: Candidates, sequence: Sequence[int], slop: int, check: Check) -> Iterator[Docs]:
    """Yield the candidates that may have the phrase: that have all terms, or as far as bits tell of long ones, too."""
    for start in range(0, len(found), _STRETCH):
        masks = found.bits(slice(start, start + _STRETCH))
        if slop:
            ended = np.logical_and.reduce([mask != 0 for mask in masks])
        else:
            ended = _follow([masks[term] for term in sequence], 0, check, is_round=True) != 0
        yield start + ended.nonzero()[0]


def _find_bits(
    part: Part, found: Candidates, which: Docs, sequence: Sequence[int], slop: int, check: Check
) -> tuple[Docs, Docs]:
    """Look in short articles, where a bit is a position."""
    masks = found.bits(which)
    row = [masks[term] for term in sequence]
    ended = _follow(row, 0, check) if not slop else _follow_in_fields(part, found.docs(which), row, slop, check)
    there = (ended != 0).nonzero()[0]
    places, ends = _bits_set(ended[there])
    return which[there[places]], ends


def _follow_in_fields(part: Part, docs: Docs, row: Sequence[Bits], slop: int, check: Check) -> Bits:
    """Keep to one field: between two of them lies but one position, which a phrase with gaps could reach over."""
    firsts = first_positions(part.segment.lengths.take(docs, axis=0))
    inside = [_field_bits(firsts, field) for field in range(firsts.shape[1])]
    ended: Bits = np.bitwise_or.reduce([_follow([mask & field for mask in row], slop, check) for field in inside])
    return ended


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


def _find_keys(
    part: Part, found: Candidates, which: Docs, sequence: Sequence[int], slop: int, check: Check
) -> tuple[Docs, Docs]:
    """Look in long texts: an article and a position are one number, in sorted arrays."""
    if 0 < slop < BITS - 1:
        # Bits that stand for several positions tell where not to look.
        masks = found.bits(which)
        which = which[_follow([masks[term] for term in sequence], slop, check, is_round=True) != 0]
    apart = 2 * (MAX_SLOP + 1)
    lengths, keys = part.segment.lengths.take(found.docs(which), axis=0), []
    for numbers, places in found.positions(which):
        rank = np.arange(len(which)).repeat(numbers)
        # Fields are moved too far apart for any slop.
        shift = fields_at(lengths.take(rank, axis=0), places) * apart if slop else 0
        keys.append((rank << 32) + places + shift)
    ends = _follow_keys([keys[term] for term in sequence], slop, check)
    rank, place = ends >> 32, ends & 0xFFFFFFFF
    if slop:
        firsts = first_positions(lengths)[rank, 1:] + np.arange(1, len(ranking.FIELDS)) * apart
        place -= (place[:, None] >= firsts).sum(axis=1) * apart
    return which[rank], place


def _follow(row: Sequence[Bits], slop: int, check: Check, *, is_round: bool = False) -> Bits:
    """Return the bits where the last term of a row ends it; the first bit may follow the last where that *is_round*."""
    #: By the positions that were left out so far.
    reached = [row[0]]
    for mask in row[1:]:
        check()
        following = []
        carried = reached[0]
        for used in range(min(slop, BITS - 2) + 1):
            # With one position more left out, from wherever that leads.
            carried = _moved(carried | reached[used] if 0 < used < len(reached) else carried, is_round=is_round)
            following.append(carried & mask)
        reached = following
    return reduce(np.bitwise_or, reached)


def _moved(bits: Bits, *, is_round: bool) -> Bits:
    moved: Bits = bits << np.uint64(1)
    if is_round:
        moved |= bits >> np.uint64(BITS - 1)
    return moved


def _follow_keys(row: Sequence[Docs], slop: int, check: Check) -> Docs:
    """Return the keys where the last term of a row ends it."""
    reached = {0: row[0]}
    for keys in row[1:]:
        following: dict[int, list[Docs]] = {}
        for used, before in reached.items():
            check()
            for left in range(slop - used + 1):
                places, there = locate(keys, before + left + 1, None)
                if there.any():
                    following.setdefault(used + left, []).append(keys[places[there]])
        reached = {used: _distinct(found) for used, found in following.items()}
    return _distinct(list(reached.values())) if reached else _NONE


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
