"""Ways out of a search that finds nothing: one thing less, and how many articles that would find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from search.engine import Reader
from search.query import Query
from web.links import search_url, unfiltered
from web.panels import Chip

#: Each is a search of its own, so there are only so many.
MAX_TRIED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """A search that finds something, one click away."""

    label: str
    #: What it leaves out; text of the reader's own, empty where the label says everything.
    quoted: str
    url: str
    hits: int


def ways_out(reader: Reader, query: Query, chips: Sequence[Chip]) -> list[Exit]:
    """Try *query* without each of its parts, and in its looser readings; those with hits are returned, most hits first.

    Raises:
        SearchTimeoutError: If one of them takes longer than a search may.
    """
    tried = [
        Exit(label=label, quoted=quoted, url=search_url(other), hits=_hits(reader, other))
        for label, quoted, other in _others(query, chips)
    ]
    return sorted((found for found in tried if found.hits), key=lambda found: -found.hits)


def _others(query: Query, chips: Sequence[Chip]) -> Iterator[tuple[str, str, Query]]:
    if query.match == "all":
        yield "Allow corrections and most of the words", "", replace(query, page=1, match="auto")
    if query.match != "any":
        yield "Any of the words", "", replace(query, page=1, match="any")
    filters = [chip for chip in chips if chip.is_filter]
    if len(filters) > 1:
        yield "No filter", "", unfiltered(query)
    # All words at once would be every article, which the page links to anyway.
    removable = chips if len(chips) > 1 else filters
    for chip in (*filters, *(chip for chip in removable if not chip.is_filter))[:MAX_TRIED]:
        yield "Without", f"{chip.title}: {chip.label}" if chip.title else chip.label, chip.without


def _hits(reader: Reader, query: Query) -> int:
    return reader.search(replace(query, size=1, facets=False, explain=False)).total
