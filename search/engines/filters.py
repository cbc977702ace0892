"""Which articles a filter of the query language chooses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from search.analysis import fold
from search.engines.documents import Documents
from search.query import AsOf, Dates, Filter, Flag, InStory, Number, Site, Value


def chosen(node: Filter, documents: Documents) -> frozenset[int]:
    """Return the numbers of the articles that the filter chooses; what is unknown of an article never fits."""
    test = _test(node, documents)
    return frozenset(number for number in range(len(documents.articles)) if test(number))


def _test(node: Filter, documents: Documents) -> Callable[[int], bool]:  # noqa: C901, PLR0911 - one for each kind
    articles = documents.articles
    match node:
        case Number():
            return lambda number: _is_within(node, _number(node.name, documents, number))
        case Dates():
            first, last = node.first or date.min, node.last or date.max
            return lambda number: (day := documents.days[number]) is not None and first <= day <= last
        case AsOf():
            return lambda number: (documents.days[number] or date.min) <= node.day
        case Value():
            values, wanted = documents.facets[node.name], fold(node.text)
            return lambda number: wanted in map(fold, values[number])
        case Site():
            return lambda number: f".{articles[number].provider.domain}".endswith(f".{node.domain}")
        case InStory():
            return lambda number: documents.story_of(articles[number].id).id == node.id
        case Flag("image"):
            return lambda number: articles[number].image is not None
        case Flag():
            return lambda number: (articles[number].is_published is True) == (node.name == "published")


def _number(name: str, documents: Documents, number: int) -> int | None:
    if name == "outlets":
        return documents.outlets[number]
    article = documents.articles[number]
    return article.quality if name == "quality" else article.heat


def _is_within(node: Number, number: int | None) -> bool:
    if number is None:
        return False
    return (node.low is None or number >= node.low) and (node.high is None or number <= node.high)
