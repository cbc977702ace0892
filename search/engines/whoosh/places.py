"""Where the postings of a term and its positions are, as the passes take them."""

from __future__ import annotations

from typing import Any, NamedTuple

from search import native
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.grouping import high_halves
from search.engines.whoosh.segment import Segment
from search.engines.whoosh.vocabulary import encoded


class Place(NamedTuple):
    """Where the postings of a stem are, and its tags, of which there are none where it has but one form; and a term's.

    The term's number is negative where it is nowhere, though other forms of the stem are.
    """

    stem: int
    start: int
    end: int
    tag_start: int
    tag_end: int
    term: int
    tag: int
    mixed_start: int
    mixed_end: int


def find_place(segment: Segment, arrays: tuple[Any, ...], term: str, stem: str) -> Place | None:
    """Return where a term and its stem are, by :func:`stem_arrays`; None where the stem is not there."""
    terms, stems = segment.terms, segment.stems
    if native.passes:
        found = native.passes.find_word(encoded(term), encoded(stem), terms.arrays, stems.arrays, arrays)
        return Place(*found) if found else None
    number = stems.find(stem)
    return None if number is None else _place_of(segment, number, terms.find(term))


def _place_of(segment: Segment, stem: int, term: int | None) -> Place:
    """Return where a stem is, and one of its terms."""
    start, end = segment.range_of(stem)
    first, last = segment.arrays["stem.tag"][stem : stem + 2].tolist()
    if term is None:
        return Place(stem, start, end, first, last, -1, 0, 0, 0)
    mixed = segment.mixed(term)
    return Place(stem, start, end, first, last, term, int(segment.arrays["term.tag"][term]), mixed.start, mixed.stop)


def stem_arrays(segment: Segment) -> tuple[Any, ...]:
    """Return what a word is looked up in, as :func:`search._passes.find_word` takes it."""
    names = "stem.posting", "stem.tag", "term.tag", "mixed.term"
    return *map(segment.arrays.__getitem__, names), high_halves(len(segment))


def row_arrays(segment: Segment) -> tuple[Array, ...]:
    """Return what tells where terms stand, as :func:`search._passes.find_row` takes it."""
    arrays, names = segment.arrays, ("block", "position", "mixed.posting", "mixed.start", "mixed.position")
    of_terms = "term.stem", "term.tag", "mixed.term", "stem.posting", "stem.tag", "tag"
    return arrays["doc"], arrays["code"], segment.totals, *(arrays[name] for name in (*names, *of_terms))
