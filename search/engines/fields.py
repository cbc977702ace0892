"""What of an article is searched, and the terms of it."""

from __future__ import annotations

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
    placed: list[tuple[str, int]] = []
    position = 0
    for line in text.split("\n"):
        for term in terms(line):
            placed.append((term, position))
            position += 1
        position += 1
    return tuple(placed)
