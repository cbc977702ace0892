"""What of an article is searched, and the terms of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from search.analysis import terms
from search.articles import Article


def field_texts(article: Article) -> dict[str, str]:
    """Return the searched texts by field; a line of a text is on its own, which keeps phrases within one topic."""
    return {
        "title": article.title,
        "excerpt": article.excerpt,
        "provider": article.provider.name,
        "topics": "\n".join(article.topics),
    }


# A writer asks twice for the text at hand: once for its length, and once through its library.
@lru_cache(maxsize=16)
def field_terms(text: str) -> tuple[tuple[str, int], ...]:
    r"""Return the terms of a field's text with their positions; between lines a position is left free.

    >>> field_terms("AI\nData Science")
    (('ai', 0), ('data', 2), ('science', 3))
    """
    return tuple((term, start + place) for start, line in _lines(text) for place, term in enumerate(line))


def line_starts(text: str) -> list[int]:
    r"""Return the position at which each line of a field's text begins; no phrase reaches from one into another.

    >>> line_starts("AI\nData Science\nNews")
    [0, 2, 5]
    """
    return [start for start, _ in _lines(text)]


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    start = 0
    for line in text.split("\n"):
        found = terms(line)
        yield start, found
        start += len(found) + 1
