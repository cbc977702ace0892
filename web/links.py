"""A search as an address: the page's whole state is in its URL, and every link on it is another query, printed."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from flask import url_for
from msgspec.structs import replace

from search.analysis import fold
from search.query import Filters, Query
from search.query.parser import MAX_CHARACTERS

#: The facets that the page offers, in its order, with their headings.
FACETS = {"provider": "Publisher", "topic": "Topic", "category": "Category", "type": "Type"}


def to_parameters(query: Query) -> list[tuple[str, str]]:
    """Write *query* as the parameters that make it again; what is at its default is left out."""
    filters = query.filters
    # What lies beyond the limit is not searched, and would be repeated by every link of the page.
    pairs = [("q", query.parsed.text[:MAX_CHARACTERS])]
    pairs += [(name, value) for name in FACETS for value in chosen(filters, name)]
    pairs += [("from", _iso(filters.date_from)), ("to", _iso(filters.date_to))]
    pairs.append(("sort", query.sort if query.sort != "relevance" else ""))
    pairs.append(("match", query.match if query.match != "auto" else ""))
    pairs.append(("collapse", query.collapse if query.collapse != "title" else ""))
    pairs.append(("diversity", "" if query.diversity else "none"))
    pairs.append(("explain", "1" if query.explain else ""))
    pairs.append(("page", str(query.page) if query.page > 1 else ""))
    return [(name, value) for name, value in pairs if value]


def search_url(query: Query) -> str:
    """Return the address of the page that shows *query*."""
    parameters = urlencode(to_parameters(query))
    return url_for("pages.search") + (f"?{parameters}" if parameters else "")


def chosen(filters: Filters, facet: str) -> tuple[str, ...]:
    """Return the values of *facet* that are selected."""
    values: tuple[str, ...] = getattr(filters, facet)
    return values


def toggled(query: Query, facet: str, value: str) -> Query:
    """Return *query* with *value* selected where it was not, and the other way round, in whatever letter case."""
    values = chosen(query.filters, facet)
    rest = tuple(other for other in values if fold(other) != fold(value))
    return narrowed(query, **{facet: rest if len(rest) < len(values) else (*values, value)})


def narrowed(query: Query, **filters: object) -> Query:
    """Return *query* with other filters, from its first page."""
    return replace(query, page=1, filters=replace(query.filters, **filters))


def unfiltered(query: Query) -> Query:
    """Return *query* with its words alone."""
    return replace(query, page=1, filters=Filters())


def outward(url: str) -> str | None:
    """Return *url* if a browser may follow it; the parser lets no other in, and this is the second lock.

    >>> outward("javascript:alert(1)") is None
    True
    """
    return url if url.lower().startswith(("https://", "http://")) else None


def _iso(moment: date | None) -> str:
    return moment.isoformat() if moment else ""
