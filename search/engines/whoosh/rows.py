"""Terms in a row without anything in between, found in one pass over the postings of the rarest of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from search import native, ranking
from search.engines.whoosh.part import Part, Scores
from search.engines.whoosh.recent import is_frequent
from search.engines.whoosh.segment import Docs, Segment

#: Postings that are looked at in one go.
_STRETCH = 1 << 14
#: Terms of which a pass keeps the places.
_MAX_TERMS = 32
#: Articles from which on tables of frequent terms are quicker than passes.
_LARGE = 1 << 18
#: Terms of which a part remembers what is known.
_REMEMBERED = 4096


def find_rows(
    part: Part, terms: Sequence[str], field: str | None, check: Callable[[], None]
) -> tuple[Docs, Scores] | None:
    """Return the articles of a part that have terms in a row, and how often, weighed by field.

    Returns:
        None where tables of the terms are quicker, or there are no passes.
    """
    known = {term: look_up(part, term) for term in terms}
    listed = sorted(known, key=lambda term: known[term].size)
    size = known[listed[0]].size if listed else 0
    if not size:
        return np.empty(0, np.intp), np.empty(0)
    if not native.passes or len(listed) > _MAX_TERMS or _is_for_tables(part, terms, size):
        return None
    docs, scores = np.empty(size, np.intp), np.empty(size)
    sought = [known[term].passed for term in listed], bytes(map(listed.index, terms))
    arrays, lengths, factors = part.row_arrays, part.segment.lengths, part.field_factors
    wanted = ranking.FIELDS.index(field) if field else -1
    count, start = 0, known[listed[0]].start
    for first in range(start, start + size, _STRETCH):
        check()
        last = min(first + _STRETCH, start + size)
        room = docs[count:], scores[count:]
        count += native.passes.find_row(*sought, arrays, lengths, factors, wanted, first, last, *room)
    docs, scores = docs[:count], scores[:count]
    if part.living is None:
        return docs, scores
    kept = part.living.take(docs).nonzero()[0]
    return docs.take(kept), scores.take(kept)


def _is_for_tables(part: Part, terms: Sequence[str], size: int) -> bool:
    """Tell whether all terms are so frequent, and were sought before, that tables of them are worth making.

    Among fewer articles a pass is as quick, and memory that nobody touched before takes longer than both.
    """
    if len(part.segment) < _LARGE or not is_frequent(size, len(part.segment)):
        return False
    is_known = part.sought.issuperset(terms)
    part.sought.update(terms)
    return is_known


class Term(NamedTuple):
    """Where the postings of a term's stem are, and what tells it from other forms; none where it does not occur."""

    start: int
    size: int
    #: As :func:`search._passes.find_row` takes the term; nothing where it does not occur.
    passed: tuple[Any, ...]


def look_up(part: Part, term: str) -> Term:
    """Return what is known of a term; what was searched last is remembered."""
    known: Term | None = part.terms.get(term)
    if known is None:
        if len(part.terms) >= _REMEMBERED:
            part.terms.clear()
        known = part.terms[term] = _term_of(part.segment, term)
    return known


def _term_of(segment: Segment, term: str) -> Term:
    number = segment.terms.find(term)
    if number is None:
        return Term(0, 0, ())
    stem, mixed = segment.stem_of(number), segment.mixed(number)
    start, end = segment.range_of(stem)
    tag = int(segment.arrays["term.tag"][number])
    return Term(start, end - start, (segment.bounds_of(stem)[1], segment.tags(stem), tag, mixed.start, mixed.stop))
