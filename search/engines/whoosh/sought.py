"""What a query's words and patterns look like in texts."""

from __future__ import annotations

from collections.abc import Iterable

from search.analysis import query_terms
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.expansion import expanded_terms
from search.query import Fuzzy, Leaf, Phrase, Prefix, Wildcard

#: Terms that count wherever they are, terms that count in a row, and the same with so many others in between.
Sought = tuple[set[str], list[tuple[str, ...]], list[tuple[tuple[str, ...], int]]]


def sought(collection: Collection, leaves: Iterable[Leaf], field: str) -> Sought:
    """Return what to highlight in a field, as :func:`search.highlights.highlight` takes it."""
    words: set[str] = set()
    phrases: list[tuple[str, ...]] = []
    loose: list[tuple[tuple[str, ...], int]] = []
    for leaf in leaves:
        row = query_terms(leaf.text)
        if leaf.field not in {None, field}:
            continue
        if isinstance(leaf, Prefix | Wildcard | Fuzzy):
            words |= expanded_terms(collection, leaf)
        elif isinstance(leaf, Phrase) and leaf.slop:
            loose.append((row, leaf.slop))
        elif isinstance(leaf, Phrase) or len(row) != 1:
            phrases.append(row)
        else:
            words |= collection.forms_of(row[0])
    return words, phrases, loose
