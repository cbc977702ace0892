"""Terms in a row without anything in between, found in one pass: over the postings of the rarest, or tables of bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import ModuleType
from typing import NamedTuple

import numpy as np

from search import native, ranking
from search.analysis import stem
from search.engines.whoosh.part import Part, Scores
from search.engines.whoosh.places import Place, find_place
from search.engines.whoosh.recent import is_frequent
from search.engines.whoosh.segment import Docs

#: Postings that are looked at in one go.
_STRETCH = 1 << 14
#: Terms of which a pass keeps the places.
_MAX_TERMS = 32
#: Articles from which on tables of frequent terms are quicker than passes.
_LARGE = 1 << 18
#: Postings of the rarest of some terms from which on what is found is kept, since that takes longer than all else.
_COSTLY = 4096
#: Terms of which a part remembers what is known.
_REMEMBERED = 4096


class Term(NamedTuple):
    """A term of a segment: its number, and where the postings of its stem begin, and how many those are."""

    number: int
    start: int
    size: int


#: What does not occur; no term has a negative number.
_NOWHERE = Term(-1, 0, 0)


def find_rows(
    part: Part, terms: Sequence[str], field: str | None, check: Callable[[], None]
) -> tuple[Docs, Scores] | None:
    """Return the articles of a part that have terms in a row, and how often, weighed by field; None without passes."""
    known = {term: look_up(part, term) for term in terms}
    listed = sorted(known.values(), key=lambda term: term.size)
    size = listed[0].size if listed else 0
    if not size:
        return np.empty(0, np.intp), np.empty(0)
    if not native.passes or len(listed) > _MAX_TERMS:
        return None
    wanted = ranking.FIELDS.index(field) if field else -1
    row = [known[term] for term in terms]
    if size < _COSTLY:
        return _find(native.passes, part, listed, row, wanted, check)
    key = wanted, *[term.number for term in row]
    found = part.rows.get(key)
    if found is None:
        docs, scores = _find(native.passes, part, listed, row, wanted, check)
        found = part.rows.keep(key, np.stack([docs, scores.view(np.intp)]))
    return found[0], found[1].view(np.float64)


def _find(
    passes: ModuleType,
    part: Part,
    listed: Sequence[Term],
    row: Sequence[Term],
    wanted: int,
    check: Callable[[], None],
) -> tuple[Docs, Scores]:
    """Find a row of terms, which are *listed* with the rarest first."""
    size, places = listed[0].size, bytes(map(listed.index, row))
    sought = [term.number for term in listed], places, part.row_arrays, part.segment.lengths, part.field_factors
    if _is_for_tables(part, listed):
        tables = [part.bits.whole_table(term.number) for term in listed]
        find, among = partial(passes.follow, *sought, wanted, tables, part.bits.beyond), (0, len(part.segment))
    else:
        find, among = partial(passes.find_row, *sought, wanted), (listed[0].start, listed[0].start + size)
    return _living(part, *_in_stretches(find, *among, size, check))


def _in_stretches(
    find: Callable[..., int], first: int, end: int, room: int, check: Callable[[], None]
) -> tuple[Docs, Scores]:
    docs, scores, count = np.empty(room, np.intp), np.empty(room), 0
    for start in range(first, end, _STRETCH):
        check()
        count += find(start, min(start + _STRETCH, end), docs[count:], scores[count:])
    return docs[:count], scores[:count]


def _living(part: Part, docs: Docs, scores: Scores) -> tuple[Docs, Scores]:
    """Keep what is still there."""
    if part.living is None:
        return docs, scores
    kept = part.living.take(docs).nonzero()[0]
    return docs.take(kept), scores.take(kept)


def _is_for_tables(part: Part, listed: Sequence[Term]) -> bool:
    """Tell whether all terms are so frequent, and were sought before, that tables of them are worth making.

    Among fewer articles a pass is as quick, and memory that nobody touched before takes longer than both.
    """
    if len(part.segment) < _LARGE or not is_frequent(listed[0].size, len(part.segment)):
        return False
    numbers = {term.number for term in listed}
    is_known = part.sought.issuperset(numbers)
    part.sought.update(numbers)
    return is_known


def look_up(part: Part, term: str) -> Term:
    """Return where a term is; of those that were searched last, it is remembered."""
    known: Term | None = part.terms.get(term)
    if known is None:
        if len(part.terms) >= _REMEMBERED:
            part.terms.clear()
        place = find_place(part.segment, part.stem_arrays, term, stem(term))
        known = part.terms[term] = _term_at(place) if place and place.term >= 0 else _NOWHERE
    return known


def _term_at(place: Place) -> Term:
    return Term(place.term, place.start, place.end - place.start)
