"""Where in a text the searched words are."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence

from search.analysis import tokenize
from search.results import Span


def highlight(
    text: str,
    words: Collection[str],
    phrases: Sequence[Sequence[str]],
    loose: Sequence[tuple[Sequence[str], int]] = (),
) -> tuple[Span, ...]:
    """Return the spans of *words* (terms that count wherever they are) and *phrases* (terms that count in a row).

    *loose* phrases let so many other terms stand in between; their spans reach from the first to the last term.

    Spans are in code points of *text*, in order; those that touch or overlap are one.

    >>> highlight("The U.S. bans SenseTime", {"us"}, [["bans", "sensetime"]])
    ((4, 8), (9, 23))
    """
    tokens = tokenize(text)
    spans = [(token.start, token.end) for token in tokens if token.term in words]
    for phrase, slop in [*((phrase, 0) for phrase in phrases), *loose]:
        columns = [[place for place, token in enumerate(tokens) if token.term == term] for term in phrase]
        spans += [(tokens[first].start, tokens[last].end) for first, last in occurrences(columns, slop)]
    return merged(sorted(spans))


def occurrences(columns: Sequence[Sequence[int]], slop: int) -> list[tuple[int, int]]:
    """Return where a phrase occurs in order: its last places, each with the nearest first one.

    Args:
        columns: the places, rising, of each of its terms.
        slop: places of other terms that may be in between, in total.

    >>> occurrences([[0, 4], [6, 9]], 1)
    [(4, 6)]
    """
    found = []
    for last in columns[-1] if columns else ():
        first = _nearest_first(columns[:-1], last)
        if first is not None and last - first - (len(columns) - 1) <= slop:
            found.append((first, last))
    return found


def _nearest_first(columns: Sequence[Sequence[int]], last: int) -> int | None:
    """Go back from *last* through the columns, each time to the nearest place before."""
    place = last
    for column in reversed(columns):
        before = bisect_left(column, place)
        if before == 0:
            return None
        place = column[before - 1]
    return place


def merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Make one of sorted spans that touch or overlap."""
    listed: list[Span] = []
    for start, end in spans:
        if listed and start <= listed[-1][1]:
            listed[-1] = (listed[-1][0], max(end, listed[-1][1]))
        else:
            listed.append((start, end))
    return tuple(listed)
