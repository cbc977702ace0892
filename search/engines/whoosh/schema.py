"""The Whoosh schema: our terms in Whoosh's fields."""

from __future__ import annotations

from collections.abc import Iterator

from search import ranking
from search.engines.fields import field_terms
from search.engines.whoosh.library import ID, TEXT, Analyzer, Schema, Token


class LedeAnalyzer(Analyzer):
    """Whoosh's view of :mod:`search.analysis`; Whoosh keeps it by name in the index, so it must stay importable."""

    def __call__(self, value: str, *, positions: bool = False, **_: object) -> Iterator[Token]:
        """Yield the terms of *value*, which Whoosh expects to be one object filled anew."""
        token = Token(positions=positions, chars=False, removestops=False)
        for term, position in field_terms(value):
            token.text, token.boost, token.pos, token.stopped = term, 1.0, position, False
            yield token


def make_schema() -> Schema:
    """Return the schema of every generation: the searched fields with positions, and the id."""
    texts = {field: TEXT(analyzer=LedeAnalyzer(), phrase=True) for field in ranking.FIELDS}
    return Schema(id=ID(stored=True, unique=True), **texts)
