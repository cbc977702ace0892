"""Titles as completions need them: which articles have certain words in theirs, and how many have a whole title."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from search.analysis import query_terms, stem
from search.engines.whoosh.expansion import one_form
from search.engines.whoosh.grouping import HALF
from search.engines.whoosh.locating import BISECTION
from search.engines.whoosh.part import Mask, Part
from search.engines.whoosh.segment import Docs, Segment
from search.ranking import FIELDS

_NONE = np.empty(0, np.intp)
_TITLE = tuple(name == "title" for name in FIELDS)


def _titled(segment: Segment, first: int, end: int) -> Docs:
    """Return the articles that have in their title a term of the stems from *first* to before *end*."""
    own, bounds = segment.bounds_of(first, end - first)
    bounds, highs = bounds.astype(np.intp), (len(bounds) - 1) // max(end - first, 1)
    stretch = slice(int(bounds[0]), int(bounds[-1]))
    places = segment.in_title.take(segment.codes[stretch], mode="clip").nonzero()[0]
    docs = own[stretch].take(places).astype(np.intp)
    if highs > 1:
        counts = np.diff(places.searchsorted(bounds - bounds[0]))
        docs += np.repeat(np.tile(np.arange(highs) << HALF, end - first), counts)
    return docs


def titled(part: Part, words: Sequence[str], beginning: str) -> Docs:
    """Return the articles of a part with all *words* in their title, in any form, and a term with this *beginning*."""
    segment = part.segment
    found = np.zeros(len(segment), bool)
    for some in _beginning(part, beginning):
        found[some] = True
    if part.living is not None:
        found &= part.living
    docs = np.flatnonzero(found)
    numbers = [segment.stems.find(stem(word)) for word in words]
    if None in numbers:
        return docs[:0]
    for number in sorted((number for number in numbers if number is not None), key=segment.size):
        docs = docs.take(np.flatnonzero(_have(segment, number, docs)))
    return docs


def same_and_similar(part: Part, row: Sequence[str], title: int) -> tuple[int, Docs]:
    """Count the articles with a title, and return others that have the same words in theirs.

    Args:
        part: whose articles are looked at.
        row: the terms of the title.
        title: its hash.
    """
    segment = part.segment
    numbers = [segment.stems.find(text) for text in set(map(stem, row))]
    if None in numbers:
        return 0, _NONE
    stems = np.array(numbers, np.intp)
    first, *others = stems[np.argsort(segment.counts(stems), kind="stable")].tolist()
    docs = _titled(segment, first, first + 1)
    if part.living is not None:
        docs = docs.take(np.flatnonzero(part.living.take(docs)))
    is_same = segment.arrays["title.hash"].take(docs) == title
    similar = docs.take(np.flatnonzero(~is_same))
    for number in others:
        # Most titles have no others like them as soon as their two rarest words are known.
        if not len(similar):
            break
        similar = similar.take(np.flatnonzero(_have(segment, number, similar)))
    return int(np.count_nonzero(is_same)), similar


def count_form(part: Part, term: str) -> int:
    """Count the articles of a part that have a term in their title, in this form."""
    number = part.segment.terms.find(term)
    docs = _NONE if number is None else _of_form(part, number)
    return len(docs) if part.living is None else int(np.count_nonzero(part.living[docs]))


def holds(terms: Sequence[str], row: Sequence[str]) -> bool:
    """Tell whether terms have others in a row."""
    size = len(row)
    return any(terms[at : at + size] == row for at in range(len(terms) - size + 1))


def title_terms(segment: Segment, doc: int) -> tuple[str, ...]:
    """Return the terms of an article's title."""
    return query_terms(segment.stored.article(doc).title)


def _beginning(part: Part, beginning: str) -> Iterator[Docs]:
    """Yield the articles whose title has a term that begins so: for stretches of stems, and for single terms."""
    segment = part.segment
    alike = segment.terms.starting_with(beginning)
    stem_of = segment.arrays["term.stem"][alike.start : alike.stop].astype(np.intp)
    stems, counts = np.unique(stem_of, return_counts=True)
    bounds = segment.arrays["stem.form"]
    is_whole = counts == bounds[stems + 1] - bounds[stems]
    whole = stems[is_whole]
    breaks = np.flatnonzero(np.diff(whole) != 1) + 1
    for stretch in np.split(whole, breaks) if len(whole) else ():
        yield _titled(segment, int(stretch[0]), int(stretch[-1]) + 1)
    for place in np.flatnonzero(~is_whole[stems.searchsorted(stem_of)]).tolist():
        yield _of_form(part, alike[place])


def _of_form(part: Part, term: int) -> Docs:
    """Return the articles that have a term in their title."""
    docs, frequencies = one_form(part.segment, part.weights(_TITLE), term, 1.0)
    return docs[frequencies > 0]


def _have(segment: Segment, stem: int, docs: Docs) -> Mask:
    """Tell which of the articles have a stem in their title."""
    if segment.size(stem) > BISECTION * len(docs):
        postings, there = segment.locate(stem, docs)
        return there & segment.in_title.take(segment.codes.take(postings + segment.range_of(stem)[0]))
    table = np.zeros(len(segment), bool)
    table[_titled(segment, stem, stem + 1)] = True
    return table.take(docs)
