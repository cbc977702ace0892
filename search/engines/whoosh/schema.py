"""The Whoosh schema: our terms in Whoosh's fields, and what is stored of an article."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from search import ranking
from search.analysis import tokenize
from search.articles import Article
from search.engines.fields import field_terms, field_texts
from search.engines.whoosh.attributes import UNKNOWN
from search.engines.whoosh.library import COLUMN, ID, STORED, TEXT, Analyzer, NumericColumn, Schema, Token
from search.keys import UNDATED, age_to_moment, moment_to_age

#: Fields that are stored, and neither searched nor sorted by.
STORED_ONLY = ("url", "domain", "type", "category", "is_published", "image")


class LedeAnalyzer(Analyzer):
    """Whoosh's view of :mod:`search.analysis`; Whoosh keeps it by name in the index, so it must stay importable."""

    def __call__(self, value: str, *, positions: bool = False, chars: bool = False, **_: object) -> Iterator[Token]:
        """Yield the terms of *value*, which Whoosh expects to be one object filled anew."""
        token = Token(positions=positions, chars=chars, removestops=False)
        places = list(_places(value)) if chars else None
        for number, (term, position) in enumerate(field_terms(value)):
            token.text, token.boost, token.pos, token.stopped = term, 1.0, position, False
            if places:
                token.startchar, token.endchar = places[number]
            yield token


class MomentField(COLUMN):
    """A field of moments, stored and sorted by; Whoosh keeps it by name in the index, like the analyzer.

    The column counts microseconds from 1970; the undated come first.
    """

    stored = True

    def __init__(self) -> None:
        super().__init__(NumericColumn("q", default=~UNDATED))

    def to_column_value(self, value: datetime) -> int:
        """Return what is sorted by."""
        return ~moment_to_age(as_utc(value))

    def from_column_value(self, value: int) -> datetime | None:
        """Undo :meth:`to_column_value`."""
        return age_to_moment(~value)


class NumberField(COLUMN):
    """A field of numbers, stored and sorted by; the unknown come first."""

    stored = True

    def __init__(self) -> None:
        super().__init__(NumericColumn("i", default=UNKNOWN))


def make_schema() -> Schema:
    """Return the schema of every generation: the id, the searched fields with positions, and the rest of an article."""
    texts = {field: TEXT(analyzer=LedeAnalyzer(), phrase=True, stored=True) for field in ranking.FIELDS}
    stored = {field: STORED() for field in STORED_ONLY}
    numbers = {"published_at": MomentField(), "quality": NumberField(), "heat": NumberField()}
    return Schema(id=ID(stored=True, unique=True), **texts, **stored, **numbers)


def stored_values(article: Article) -> dict[str, Any]:
    """Return an article by field, without what is unknown of it; so Whoosh stores it, and takes it in add_document.

    A searched field is the text that is searched: the provider's name, one topic a line.
    """
    image = article.image
    values = {
        "id": article.id,
        **field_texts(article),
        "url": article.url,
        "domain": article.provider.domain,
        "published_at": article.published_at,
        "type": article.type,
        "category": article.category,
        "quality": article.quality,
        "heat": article.heat,
        "is_published": article.is_published,
        "image": {"url": image.url, "width": image.width, "height": image.height} if image else None,
    }
    return {field: value for field, value in values.items() if value is not None}


def as_utc(moment: datetime) -> datetime:
    """Return an aware moment; a naive one is UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _places(text: str) -> Iterator[tuple[int, int]]:
    """Yield the characters of each of :func:`search.engines.fields.field_terms`."""
    offset = 0
    for line in text.split("\n"):
        yield from ((offset + token.start, offset + token.end) for token in tokenize(line))
        offset += len(line) + 1
