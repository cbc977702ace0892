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


class Term(NamedTuple):
    """Where the postings of a term's stem are, and what tells it from other forms; none where it does not occur."""

    number: int
    start: int
    size: int
    #: As :func:`search._passes.find_row` takes the term: nothing where it does not occur.
    passed: tuple[Any, ...]


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


def term_at(segment: Segment, place: Place | None) -> Term:
    """Return what is known of a term where it is."""
    if place is None or place.term < 0:
        return Term(-1, 0, 0, ())
    is_tagged = place.tag_end > place.tag_start
    tags = segment.arrays["tag"][place.tag_start : place.tag_end] if is_tagged else None
    passed = segment.bounds_of(place.stem)[1], tags, place.tag, place.mixed_start, place.mixed_end
    return Term(place.term, place.start, place.end - place.start, passed)


def term_of(segment: Segment, number: int) -> Term:
    """Return what is known of a term by its number."""
    return term_at(segment, _place_of(segment, segment.stem_of(number), number))


def stem_arrays(segment: Segment) -> tuple[Any, ...]:
    """Return what a word is looked up in, as :func:`search._passes.find_word` takes it."""
    names = "stem.posting", "stem.tag", "term.tag", "mixed.term"
    return *map(segment.arrays.__getitem__, names), high_halves(len(segment))


def row_arrays(segment: Segment) -> tuple[Array, ...]:
    """Return what tells where terms stand in a row, as :func:`search._passes.find_row` takes it."""
    arrays, names = segment.arrays, ("block", "position", "mixed.posting", "mixed.start", "mixed.position")
    return arrays["doc"], arrays["code"], segment.totals, *(arrays[name] for name in names)


def term_arrays(segment: Segment) -> tuple[Any, ...]:
    """Return what is known of terms by their numbers, as :func:`search._passes.mark` takes it."""
    arrays, stems = segment.arrays, len(segment.stems)
    bounds = segment.bounds_of(0, stems)[1]
    of_stems = (
        bounds,
        arrays["stem.tag"],
        arrays["tag"],
        arrays["mixed.term"],
        max(1, (len(bounds) - 1) // max(1, stems)),
    )
    return arrays["term.stem"], arrays["term.tag"], *of_stems
