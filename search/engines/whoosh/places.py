"""Where the postings of a term and its positions are, as the passes take them."""

from __future__ import annotations

from typing import Any, NamedTuple

from search.engines.whoosh.arrays import Array
from search.engines.whoosh.segment import Segment


class Term(NamedTuple):
    """Where the postings of a term's stem are, and what tells it from other forms; none where it does not occur."""

    number: int
    start: int
    size: int
    #: As :func:`search._passes.find_row` takes the term: nothing where it does not occur.
    passed: tuple[Any, ...]


def term_of(segment: Segment, number: int | None) -> Term:
    """Return what is known of a term."""
    if number is None:
        return Term(-1, 0, 0, ())
    stem, mixed = segment.stem_of(number), segment.mixed(number)
    start, end = segment.range_of(stem)
    tag = int(segment.arrays["term.tag"][number])
    passed = segment.bounds_of(stem)[1], segment.tags(stem), tag, mixed.start, mixed.stop
    return Term(number, start, end - start, passed)


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
