"""Ways out of a search that finds nothing: one thing less, and how many articles that would find."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from flask import url_for
from msgspec.structs import replace

from search.engine import Reader
from search.errors import NotFoundError
from search.query import Query, parse
from search.urls import article_id, check_url, domain_of
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
    """Try *query* without each of its parts, and in its looser readings; failing that, each part of it alone.

    Those with hits are returned, most hits first; ahead of them what is at an address, where the query is one.

    Raises:
        SearchTimeoutError: If one of them takes longer than a search may.
    """
    smaller = _tried(reader, _smaller(query, chips)) or _tried(reader, _alone(query, chips))
    return [*_at_address(reader, query.parsed.text.strip()), *smaller]


def _at_address(reader: Reader, text: str) -> Iterator[Exit]:
    """Offer the article at an address, and everything from its site: who pastes one has seen it somewhere."""
    try:
        url = check_url(text if "://" in text else f"https://{text}")
        domain = domain_of(url)
    except ValueError:
        return
    if "." not in domain or " " in text:
        return
    with suppress(NotFoundError):
        article = reader.article(article_id(url))
        address = url_for("pages.article", identifier=article.id)
        yield Exit(label="The article at this address:", quoted=article.title, url=address, hits=1)
    yield from _tried(reader, [("Everything from", domain, Query(parsed=parse(f"site:{domain}")))])


def _tried(reader: Reader, others: Iterable[tuple[str, str, Query]]) -> list[Exit]:
    tried = [
        Exit(label=label, quoted=quoted, url=search_url(other), hits=_hits(reader, other))
        for label, quoted, other in islice(others, MAX_TRIED)
    ]
    return sorted((found for found in tried if found.hits), key=lambda found: -found.hits)


def _smaller(query: Query, chips: Sequence[Chip]) -> Iterator[tuple[str, str, Query]]:
    """Leave out one thing."""
    if query.match == "all":
        yield "Allow corrections and most of the words", "", replace(query, page=1, match="auto")
    if query.match != "any":
        yield "Any of the words", "", replace(query, page=1, match="any")
    filters = [chip for chip in chips if chip.is_filter]
    if len(filters) > 1:
        yield "Without any filter", "", unfiltered(query)
    # What is left without the only word is every article, which the page links to anyway.
    for chip in chips if len(chips) > 1 else filters:
        if chip.excluded:
            yield "Also with", chip.excluded, chip.without
        else:
            yield "Without", f"{chip.title}: {chip.label}" if chip.title else chip.label, chip.without


def _alone(query: Query, chips: Sequence[Chip]) -> Iterator[tuple[str, str, Query]]:
    """Leave out everything else."""
    yield "Any of the words, without any filter", "", replace(unfiltered(query), match="any")
    for chip in chips:
        if chip.alone:
            yield "Only", chip.label, chip.alone


def _hits(reader: Reader, query: Query) -> int:
    return reader.search(replace(query, size=1, facets=False, explain=False)).total
